// How the cycle ends from within a stage.

import { describeViolation, type Violation } from './check.js'
import { CliportError } from './errors.js'
import { describeReason } from './reason.js'
import type { Execution, Outcome } from './types.js'

/** Ends the cycle from within a stage with an outcome that is no surprise. */
export class Conclusion extends Error {
  constructor(
    readonly outcome: Outcome,
    reason: string,
  ) {
    super(reason)
  }
}

/** @throws Conclusion for a plan that was refused or stopped; CliportError ARM_FAULT, ARM_STOPPED */
export function mustBeDone(execution: Execution): Execution {
  switch (execution.status) {
    case 'done':
      return execution
    case 'rejected':
      throw new Conclusion('refused', `the controller refused the plan: ${describeReason(execution)}`)
    case 'stopped':
      if (execution.reason === 'watchdog') throw heartbeatTimeout()
      throw new Conclusion('stopped', `the arm was stopped: ${describeReason(execution)}`)
    case 'fault':
      throw new CliportError('ARM_FAULT', `The controller faulted: ${describeReason(execution)}`, {
        stage: 'execute',
        hint: 'Look at the arm, remove what it touched, then clear the fault; the runtime never does that by itself',
      })
  }
}

export function describeViolations(violations: readonly Violation[]): string {
  return `the plan was refused: ${violations.map(describeViolation).join('; ')}`
}

function heartbeatTimeout(): CliportError {
  return new CliportError('ARM_STOPPED', 'The arm stopped by itself: the heartbeats of this process came too late', {
    stage: 'execute',
    hint: 'Something held this process up for longer than the watchdog allows; look at the load of the machine',
  })
}
