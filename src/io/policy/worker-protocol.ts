// What the policy and its worker thread say to each other. Everything in it can be cloned or transferred.

import type { Execution, RoleInputs, RoleOutputs, RunnerSettings } from './graph-runner.js'
import type { GraphName } from './manifest.js'
import type { RunnerFailure } from './runner-failure.js'

export type WorkerSettings = RunnerSettings

/** One run of a graph. */
export interface RunRequest {
  readonly id: number
  readonly graph: GraphName
  readonly inputs: RoleInputs
}

/** Asks the thread to leave when it is done with what it computes now; what still waits is not begun. */
export const goodbye = 'goodbye'

export type WorkerReply =
  | { readonly kind: 'ready'; readonly execution: Execution }
  | { readonly kind: 'result'; readonly id: number; readonly outputs: RoleOutputs; readonly durationMs: number }
  | { readonly kind: 'failed'; readonly id: number | null; readonly failure: RunnerFailure; readonly message: string }
