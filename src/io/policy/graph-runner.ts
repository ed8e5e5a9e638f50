// The port under the policy: something that opens a package's graphs on an execution provider and runs them, off the main
// thread. Two engines implement it: onnxruntime-node in a worker thread (policy-thread.ts), and this project's own on the
// library's C interface (native-runner.ts), which knows all options of the providers and takes another library.

import type { GraphSpec } from './graph-spec.js'
import type { GraphName } from './manifest.js'

/** Execution providers of ONNX Runtime that a policy may run on. */
export const providers = ['tensorrt', 'cuda', 'cpu'] as const
export type Provider = (typeof providers)[number]

export const engines = ['onnxruntime-node', 'native'] as const
export type EngineName = (typeof engines)[number]

/** A graph's bytes; the path of one that keeps its weights in a file beside it, from which they are mapped into memory. */
export type GraphSource = Uint8Array | string

export interface RunnerSettings {
  readonly graphs: Readonly<Partial<Record<GraphName, GraphSource>>>
  readonly signatures: Readonly<Partial<Record<GraphName, GraphSpec>>>
  /** Tried in this order; the first that works is used. */
  readonly providers: readonly Provider[]
  readonly threads: number
  /** Results of the graphs are a quarter of fp32's. */
  readonly isInt8: boolean
}

/** Why a provider was not used. */
export interface ProviderAttempt {
  readonly provider: Provider
  readonly reason: string
}

/** Execution provider, by ONNX Runtime's name -> operator -> number of nodes that it computes. */
export type NodeAssignments = Readonly<Record<string, Readonly<Record<string, number>>>>

/** What runs a policy's graphs. */
export interface Execution {
  readonly engine: EngineName
  /** Version of ONNX Runtime, and the file of its library. */
  readonly library: { readonly version: string; readonly path: string }
  /** The execution provider that computes the decision; the text is always read on the CPU. */
  readonly provider: Provider
  /** Providers that were tried before it, and why they were not used. */
  readonly attempts: readonly ProviderAttempt[]
  /** Which provider computes which nodes of each open graph; null where the engine or its library does not tell. */
  readonly nodes: Readonly<Partial<Record<GraphName, NodeAssignments>>> | null
}

/** By role, as the manifest's signature has them. */
export type RoleInputs = Readonly<Record<string, Float32Array | Uint8Array | BigInt64Array>>
export type RoleOutputs = Readonly<Record<string, Float32Array | BigInt64Array>>

export interface RunResult {
  readonly outputs: RoleOutputs
  /** In the graph alone. */
  readonly durationMs: number
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined
  /** Buffers of the inputs that may be handed over, and are empty afterwards. */
  readonly moved?: readonly ArrayBuffer[]
}

export interface GraphRunner {
  readonly execution: Execution
  /**
   * Runs a graph; runs are done one after another. The inputs must not be changed until it resolves. On abort the promise
   * rejects at once with the signal's reason.
   */
  run(graph: GraphName, inputs: RoleInputs, options?: RunOptions): Promise<RunResult>
  /** Rejects what waits and ends the engine's thread. */
  close(): Promise<void>
}
