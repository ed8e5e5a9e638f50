// What may go wrong with a controller, in words for people. Each error carries the last states of the arm.

import { describeReason, type Reason } from '../../control/reason.js'
import type { Execution, RobotState } from '../../control/types.js'
import { LinkError } from './link-error.js'
import type { PeerOptions } from './options.js'
import type { Refusal } from './transport.js'

const refusalHints: Readonly<Partial<Record<Reason, string>>> = {
  latched: 'The arm was stopped or has faulted: a person inspects it, then clears the stop (cliport link recover)',
  lease_taken: 'Another program holds the arm: end it, or wait half a second after it has ended',
  not_armed: 'Arm first: every start, stop and fault leaves the arm disarmed',
  joint_limit: 'A joint is outside its limits: move the arm back by hand, then arm again',
  measurement_invalid: 'The robot reports joint angles that are not numbers: restart its control unit',
  busy: 'The arm still moves, or the control thread is starved: try again, then look at the load',
  unsupported: 'Leave out what this controller does not carry out: `cliport link status` lists what it does',
  end_effector_lost: 'Look whether the end effector has power and is connected, then try again',
  end_effector_range: 'Ask for a width and force within what the end effector can do: see `cliport link status`',
  expired: 'The plan came too late to be run: look at the load of both machines and at the network',
}

/** A reason with its words. */
type Why = { readonly reason: Reason; readonly detail: string }

export class LinkFailures {
  constructor(
    private readonly address: string,
    private readonly options: PeerOptions,
    private readonly states: () => readonly RobotState[],
  ) {}

  lost(what: string, cause?: unknown): LinkError {
    return this.#error('LINK_PEER_LOST', what, {
      hint: this.options.isSimulatedCell
        ? 'The controller of the simulated cell has ended, or this machine is too busy to simulate: end other programs'
        : 'The arm stops by itself 100 ms after the last heartbeat. Check whether the controller still runs and what ' +
          'it printed last, then arm again',
      ...(cause === undefined ? {} : { cause }),
    })
  }

  unanswered(what: string): LinkError {
    return this.lost(`did not answer '${what}' within ${this.options.answerTimeoutMs} ms`)
  }

  absent(what: string): LinkError {
    return this.#error('LINK_ABSENT', what, {
      stage: 'start',
      hint: 'Check that cliport-controller runs, that it printed this address when it was ready, and that no firewall blocks it',
      retryable: true,
    })
  }

  noState(port: number | undefined): LinkError {
    return this.absent(`answers, but sent no state from port ${port} within ${this.options.connectTimeoutMs} ms`)
  }

  keysDoNotFit(why: Refusal): LinkError {
    const isOurs = why === 'runtime_unknown'
    return this.#error(
      'LINK_AUTH_FAILED',
      isOurs ? "does not know this runtime's key" : 'does not hold the key that this runtime expects of it',
      {
        stage: 'start',
        hint: isOurs
          ? "Add this machine's runtime.pub to the file 'runtimes' beside the controller's keys, and start the controller again (docs/link.md)"
          : "Copy the controller's controller.pub beside this machine's keys, if that is the controller you mean (docs/link.md)",
        reason: why,
      },
    )
  }

  otherVersion(message: string): LinkError {
    return this.#error('LINK_PROTOCOL', `speaks another version: ${message}`, {
      stage: 'start',
      hint: 'Install the same release of cliport-edge on both sides',
    })
  }

  unreadable(cause: unknown): LinkError {
    return this.#error('LINK_PROTOCOL', 'sent what is no message of the link', {
      stage: 'start',
      hint: 'Something else listens at this address, or another release of cliport-edge',
      cause,
    })
  }

  refused(what: string, why: Why): LinkError {
    const { reason } = why
    return this.#error('LINK_REFUSED', `${what}: ${describeReason(why)}`, {
      hint: refusalHints[reason] ?? 'See docs/errors.md for what the reason means',
      reason,
    })
  }

  /** A plan that did not end as it should. */
  ended(what: string, execution: Execution): LinkError {
    const { reason } = execution
    switch (execution.status) {
      case 'rejected':
        return this.refused(`refused ${what}`, execution)
      case 'fault':
        return this.#error('ARM_FAULT', `faulted in ${what}: ${describeReason(execution)}`, {
          hint: 'Look at the arm and remove the cause, then clear the fault (cliport link recover)',
          reason,
        })
      default:
        return this.#error('ARM_STOPPED', `stopped in ${what}: ${describeReason(execution)}`, {
          hint: this.#stopHint(reason),
          reason,
        })
    }
  }

  #stopHint(reason: string): string {
    if (reason !== 'watchdog') return 'Look at the arm, then clear the stop (cliport link recover)'
    if (this.options.isSimulatedCell) {
      return 'The simulated arm waited, and this program still sent no heartbeat: it hung, or the machine is too busy'
    }
    return (
      'No heartbeat of this program reached the controller in time: the network, or a machine that is too busy. ' +
      'Look at the arm, then clear the stop (cliport link recover)'
    )
  }

  #error(
    code: ConstructorParameters<typeof LinkError>[0],
    what: string,
    options: Partial<ConstructorParameters<typeof LinkError>[2]> & { readonly hint: string },
  ): LinkError {
    return new LinkError(
      code,
      `The controller at ${this.address} ${what}`,
      { stage: 'execute', ...options },
      this.states(),
    )
  }
}
