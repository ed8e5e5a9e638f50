// How a stage of the cycle ends it with an outcome that is no surprise, and what a person is told of it.

import { describeViolation, type Violation } from './check.js'
import { CliportError } from './errors.js'
import { describeReason } from './reason.js'
import type { Execution, Outcome } from './types.js'
import type { Verdict } from './verify.js'

/** Ends the cycle from within a stage with an outcome that is no surprise. */
export class Conclusion extends Error {
  constructor(
    readonly outcome: Outcome,
    reason: string,
  ) {
    super(reason)
  }
}

/** Why nothing begins after a stop in the middle of a transport, and what a person does. */
export const stillHolding =
  'the end effector still holds something: put a hand or a box under it, let go of it (cliport release with a service, else cliport link release), then begin again'

/** The execution, unless it did not run to its end. @throws Conclusion or CliportError ARM_STOPPED, ARM_FAULT */
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

function heartbeatTimeout(): CliportError {
  return new CliportError('ARM_STOPPED', 'The arm stopped by itself: the heartbeats of this process came too late', {
    stage: 'execute',
    hint: 'Something held this process up for longer than the watchdog allows; look at the load of the machine',
  })
}

export function describeViolations(violations: readonly Violation[]): string {
  return `the plan was refused: ${violations.map(describeViolation).join('; ')}`
}

export function describeFailure({ result, droppedAt }: Verdict): string {
  if (result === 'missed') return 'the grasp missed: nothing was held'
  const where =
    droppedAt === undefined
      ? ''
      : `; something new lies at x ${droppedAt[0].toFixed(2)}, y ${droppedAt[1].toFixed(2)} m`
  return `what was held is not where it was to go${where}`
}
