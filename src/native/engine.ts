// ONNX Runtime through its C interface: every option of its execution providers, cancellation, and a library of one's own
// choice. Computes on a thread of its own; onnxruntime-node computes on the thread that calls it (io/policy/policy-worker.ts).

import { loadAddon } from './paths.js'

/** Names and values by ONNX Runtime's own names; the library validates them. */
export type StringOptions = Readonly<Record<string, string>>

export interface NativeLibrary {
  /** The file that was loaded. */
  readonly path: string
  /** e.g. 1.30.0 */
  readonly version: string
  readonly build: string
  /** What it was built with, e.g. CPUExecutionProvider; not whether it works. */
  readonly providers: readonly string[]
}

export interface NativeTensor {
  readonly tensor: string
  /** `float32`, `uint8`, `int64`; another type's name for a graph that is no policy's. */
  readonly type: string
  /** -1: not fixed. */
  readonly shape: readonly number[]
}

/** Execution provider -> operator -> number of nodes that it computes. Empty where the library (before 1.24) does not tell. */
export type NodeAssignments = Readonly<Record<string, Readonly<Record<string, number>>>>

/**
 * A pool for the CPU's results: none; one whose memory goes back to the system after each run; or one that is kept, and laid
 * out ahead.
 */
export type GraphMemory = 'none' | 'within_run' | 'kept'

export interface NativeSettings {
  /** The graph, or its path. */
  readonly graph: Uint8Array | string
  /** A node goes to the first that takes it; what none takes, to the CPU. */
  readonly providers: readonly { readonly name: string; readonly options: StringOptions }[]
  /** That compute one run on the CPU. */
  readonly threads: number
  readonly memory: GraphMemory
  /** ONNX Runtime's session configuration. */
  readonly config: StringOptions
}

export interface NativeGraph {
  readonly inputs: readonly NativeTensor[]
  readonly outputs: readonly NativeTensor[]
  readonly assignments: NodeAssignments
  /** Warnings and errors that ONNX Runtime logged meanwhile. */
  readonly log: readonly string[]
}

/** What the engine's promises reject with. */
export interface NativeFailure extends Error {
  readonly code: 'LIBRARY' | 'VERSION' | 'OPTION' | 'PROVIDER' | 'GRAPH' | 'CANCELED'
  /** What ONNX Runtime logged meanwhile, which often has the reason. */
  readonly log?: readonly string[]
}

type Tensors = Readonly<Record<string, Float32Array | Uint8Array | BigInt64Array>>

/** Tasks are done one after another, in the order of the calls, on one thread. An idle engine keeps no process alive. */
export interface NativeEngine {
  library(): Promise<NativeLibrary>
  /** Whether the library accepts options for a provider; rejects with OPTION, or with PROVIDER when it does not load. */
  check(provider: string, options: StringOptions): Promise<void>
  /** Opens a graph under a name, in place of an older one. @param id for `cancel` */
  open(name: string, settings: NativeSettings, id: number): Promise<NativeGraph>
  /** Outputs by tensor name, and the milliseconds in the graph alone. @param inputs by tensor name, in the graph's types and sizes; must not be changed until it resolves */
  run(name: string, inputs: Tensors, id: number): Promise<{ readonly outputs: Tensors; readonly durationMs: number }>
  release(name: string): Promise<void>
  /** Ends a task, begun or not; its promise rejects with CANCELED. One that is over is left alone. */
  cancel(id: number): void
  /** Cancels all tasks and ends the thread. */
  close(): Promise<void>
}

interface Addon {
  readonly Engine: new (library: string) => NativeEngine
  /** Numbers of the slots of ONNX Runtime's function table that are called, by name. */
  readonly slots: Readonly<Record<string, number>>
  whyProviderDoesNotLoad(library: string, provider: string): string | null
  tensorRtVersion(): string | null
}

let addon: Addon | undefined

function engineAddon(): Addon {
  addon ??= loadAddon<Addon>('engine')
  return addon
}

/**
 * An engine on a library, which is loaded by its first task. The environment must turn telemetry off before
 * (io/policy/telemetry.ts).
 * @param library path, or a name that the system's loader knows
 * @throws Error when the addon is missing
 */
export function createEngine(library: string): NativeEngine {
  return new (engineAddon().Engine)(library)
}

/** Numbers of the slots that are called, by name; for the test that holds them against an independent list. */
export function engineSlots(): Readonly<Record<string, number>> {
  return engineAddon().slots
}

/**
 * Why the library of an execution provider beside ONNX Runtime's does not load, in the system loader's words, which name
 * the first missing part (ONNX Runtime itself writes that to stderr); null when it loads, or when the addon is missing.
 * @param provider `cuda` or `tensorrt`
 */
export function whyProviderDoesNotLoad(library: string, provider: string): string | null {
  try {
    return engineAddon().whyProviderDoesNotLoad(library, provider)
  } catch {
    return null
  }
}

/** Version of the TensorRT library that the system's loader finds, e.g. 10.3.0; null without one, or without the addon. */
export function tensorRtVersion(): string | null {
  try {
    return engineAddon().tensorRtVersion()
  } catch {
    return null
  }
}
