// What the driver of the deoxys link says, and what the two threads of the link say to each other.

import type { ErrorCode } from '../../control/errors.js'
import type { Execution, Plan, RobotState } from '../../control/types.js'
import type { ToolGeometry } from '../../native/kinematics.js'
import type { LinkReason } from '../link/link-error.js'
import type { DeoxysAddress } from './address.js'
import type { DeoxysOptions } from './options.js'

/** Why something was not done, for an error of the link. */
export interface DeoxysFailure {
  readonly code: ErrorCode
  readonly reason: LinkReason
  readonly message: string
}

export type DeoxysAnswer =
  | { readonly kind: 'done' }
  | { readonly kind: 'executed'; readonly execution: Execution }
  | { readonly kind: 'failed'; readonly failure: DeoxysFailure }

export type DeoxysEvent =
  /** The worker's command ports are open. */
  | { readonly kind: 'bound' }
  | { readonly kind: 'unbound'; readonly message: string }
  /** The first message that is a state of an arm. */
  | { readonly kind: 'met'; readonly simulated: boolean }
  | { readonly kind: 'state'; readonly state: RobotState }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: DeoxysAnswer }
  /** What made the link let go of the arm; also without a command that could tell. */
  | { readonly kind: 'lost'; readonly failure: DeoxysFailure }
  /** Nothing more will be sent. */
  | { readonly kind: 'left' }

export interface DeoxysOutput {
  readonly arm: Uint8Array | null
  readonly gripper: Uint8Array | null
}

/** What the worker thread is started with. */
export interface DeoxysWorkerSettings {
  readonly address: DeoxysAddress
  readonly options: DeoxysOptions
  readonly tool: ToolGeometry
  readonly jointMarginRad: number
}

/** From the thread that runs the cycle to the worker. */
export type DeoxysRequest =
  | { readonly kind: 'alive' }
  | { readonly kind: 'arm'; readonly id: number }
  | { readonly kind: 'execute'; readonly id: number; readonly plan: Plan }
  | { readonly kind: 'stop'; readonly detail: string }
  | { readonly kind: 'clear'; readonly id: number }
  | { readonly kind: 'leave' }
