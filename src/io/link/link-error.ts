// Errors of the link carry what the arm last said, newest state last.

import { CliportError, type CliportErrorOptions, type ErrorCode } from '../../control/errors.js'
import type { Reason } from '../../control/reason.js'
import type { RobotState } from '../../control/types.js'

/** Why a link failed: the controller's reason, or what only this side of the link can say. */
export type LinkReason =
  | Reason
  /** The controller does not know this runtime's key. */
  | 'runtime_unknown'
  /** The peer does not hold the controller's key that this runtime expects. */
  | 'controller_unknown'
  /** Another program of this computer holds the command port. */
  | 'port_taken'
  /** The thread that sends has ended. */
  | 'thread_ended'
  | 'closed'
  /** No state within the time-out. */
  | 'state_timeout'
  /** States come, but the robot's clock in them stands still. */
  | 'state_stale'
  | 'restarted'
  /** Something else than states of an arm is published there. */
  | 'wrong_stream'
  /** The robot's tool is another one than that of the settings. */
  | 'tool_mismatch'
  /** The tool does not point down, or the elbow is turned aside. */
  | 'posture'

export class LinkError extends CliportError {
  constructor(
    code: ErrorCode,
    message: string,
    options: CliportErrorOptions & {
      readonly reason?: LinkReason
    },
    readonly states: readonly RobotState[] = [],
  ) {
    super(code, message, options)
    this.reason = options.reason ?? 'none'
  }

  readonly reason: LinkReason

  /** For recordings and logs, which have the states already. */
  toJSON(): object {
    const { code, stage, message, hint, reason } = this
    return { code, stage, message, hint, reason }
  }
}
