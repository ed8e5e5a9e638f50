// Errors of the link carry what the arm last said, newest state last.

import { CliportError, type CliportErrorOptions, type ErrorCode } from '../../control/errors.js'
import type { RobotState } from '../../control/types.js'

export class LinkError extends CliportError {
  constructor(
    code: ErrorCode,
    message: string,
    options: CliportErrorOptions & {
      /** The controller's word for it, e.g. 'lease_taken'. */
      readonly reason?: string
    },
    readonly states: readonly RobotState[] = [],
  ) {
    super(code, message, options)
    this.reason = options.reason ?? ''
  }

  readonly reason: string

  /** For recordings and logs, which have the states already. */
  toJSON(): object {
    const { code, stage, message, hint, reason } = this
    return { code, stage, message, hint, reason }
  }
}
