// What the policy and its worker thread say to each other. Everything in it can be cloned or transferred.

import type { GraphSpec } from './graph-spec.js'
import type { GraphName } from './manifest.js'

export type Provider = 'cpu' | 'cuda' | 'tensorrt'

/** A graph's bytes; the path of one that keeps its weights in a file beside it, from which they are mapped into memory. */
export type GraphSource = Uint8Array | string

export interface WorkerSettings {
  readonly graphs: Readonly<Partial<Record<GraphName, GraphSource>>>
  readonly signatures: Readonly<Partial<Record<GraphName, GraphSpec>>>
  /** Tried in this order. */
  readonly providers: readonly Provider[]
  readonly threads: number
}

/** One run of a graph: its inputs by role, as the manifest's signature has them. */
export interface RunRequest {
  readonly id: number
  readonly graph: GraphName
  readonly inputs: Readonly<Record<string, Float32Array | Uint8Array | BigInt64Array>>
}

/** Asks the thread to leave when it is done with what it computes now; what still waits is not begun. */
export const goodbye = 'goodbye'

/** Why a provider was not used. */
export interface ProviderAttempt {
  readonly provider: Provider
  readonly reason: string
}

/** `shape`: a graph is not what its signature says. `provider`: none could be used. `graph`: it cannot be opened or run. */
export type WorkerFailure = 'shape' | 'provider' | 'graph'

export type WorkerReply =
  | { readonly kind: 'ready'; readonly provider: Provider; readonly attempts: readonly ProviderAttempt[] }
  | {
      readonly kind: 'result'
      readonly id: number
      /** By role. */
      readonly outputs: Readonly<Record<string, Float32Array | BigInt64Array>>
      readonly durationMs: number
    }
  | { readonly kind: 'failed'; readonly id: number | null; readonly failure: WorkerFailure; readonly message: string }
