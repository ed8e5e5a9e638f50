// What is asked of the controller: each command from its request to its answer, its end, or its time-out.

import type { Reason } from '../../control/reason.js'
import type { Execution } from '../../control/types.js'
import { type RequestBody, reasonOf } from './codec.js'
import type { EventLoopTime } from './event-loop-time.js'
import type { EventStream } from './event-stream.js'
import type { LinkFailures } from './failures.js'
import { type Error as ErrorMessage, EventKind, type Plan as PlanMessage } from './gen/link_pb.js'
import type { LinkError } from './link-error.js'
import type { LinkOptions } from './options.js'
import { PendingCommands } from './pending.js'
import { PlanRun } from './plan-run.js'
import type { LinkSession } from './session.js'
import type { StateCache } from './state-cache.js'

/** A plan's message, given its id and for how long it is valid. */
export type PlanOf = (id: bigint, validForS: number) => PlanMessage

export interface Answer {
  readonly kind: 'accepted' | 'rejected'
  readonly reason: Reason
  readonly detail: string
  /** Of the cycle that answered, on the controller's clock; 0 when the request did not get so far. */
  readonly stampNs: bigint
}

export class LinkCommands {
  readonly pending = new PendingCommands()

  /**
   * @param streams of the transport: without it every consequence of a command has arrived when the command has been sent
   * @param lose ends the whole link, because the controller does not receive messages any more
   */
  constructor(
    private readonly session: LinkSession,
    private readonly states: StateCache,
    private readonly events: EventStream,
    private readonly streams: boolean,
    private readonly loopTime: EventLoopTime,
    private readonly options: LinkOptions,
    private readonly failures: LinkFailures,
    private readonly lose: (error: LinkError) => void,
  ) {}

  /** A command that is done when it is answered. @throws LinkError LINK_PEER_LOST when it is not, in time */
  ask(what: string, body: (id: bigint) => RequestBody, timeoutMs = this.options.answerTimeoutMs): Promise<Answer> {
    const id = this.session.nextCommandId()
    return new Promise((resolve, reject) => {
      const overdueMs = this.loopTime.ms + timeoutMs
      const { sequence, sent } = this.session.request(body(id))
      this.pending.add(id, {
        sequence,
        onEvent: (event) => {
          const kind = event.kind === EventKind.EVENT_ACCEPTED ? 'accepted' : 'rejected'
          resolve({ kind, ...reasonOf(event), stampNs: event.stampNs })
          return true
        },
        onError: (error) => resolve({ kind: 'rejected', ...whyOf(error), stampNs: 0n }),
        onTick: () => {
          if (this.loopTime.ms >= overdueMs) this.pending.giveUp(id, this.failures.unanswered(what))
        },
        fail: reject,
      })
      sent.then(
        () => {
          if (!this.streams) this.pending.giveUp(id, this.failures.unanswered(what))
        },
        (cause) => this.pending.giveUp(id, this.failures.lost(`cannot be reached for '${what}'`, cause)),
      )
    })
  }

  /** Sent again and again until it is answered. @throws LinkError LINK_PEER_LOST when it is not, in time */
  async stop(why: string): Promise<void> {
    const id = this.session.nextCommandId()
    const send = async () => {
      try {
        await this.session.stop(id, why)
      } catch {
        // The other way; if there is none either, the answer's time-out says so.
        await this.session.request({ case: 'stop', value: { id, detail: why } }).sent.catch(() => {})
      }
      if (!this.streams) this.pending.giveUp(id, this.failures.unanswered('stop'))
    }
    await new Promise<void>((resolve, reject) => {
      let sentMs = this.loopTime.ms
      const overdueMs = sentMs + this.options.answerTimeoutMs
      this.pending.add(id, {
        sequence: 0n,
        onEvent: () => {
          resolve()
          return true
        },
        onError: (error) => reject(this.failures.refused('did not stop', whyOf(error))),
        onTick: () => {
          if (this.loopTime.ms >= overdueMs) this.pending.giveUp(id, this.failures.unanswered('stop'))
          if (this.loopTime.ms < sentMs + this.options.stopRepeatMs) return
          sentMs = this.loopTime.ms
          void send()
        },
        fail: reject,
      })
      void send()
    })
  }

  /**
   * Until the plan has ended; its end and the cycle of it.
   * @throws LinkError LINK_PEER_LOST when the controller's states stop coming, or it never says how it ended
   */
  run(
    what: string,
    message: PlanOf,
    onSegment?: (index: number) => void,
  ): Promise<{ execution: Execution; stampNs: bigint }> {
    const { answerTimeoutMs, stateTimeoutMs, planValidForS } = this.options
    const id = this.session.nextCommandId()
    const firstEvent = this.events.last + 1n
    const run = new PlanRun()
    this.states.expectNews()
    let missedSinceMs = this.loopTime.ms
    let replayed = false
    return new Promise((resolve, reject) => {
      const { sequence, sent } = this.session.request({ case: 'plan', value: message(id, planValidForS) })
      this.pending.add(id, {
        sequence,
        onEvent: (event) => {
          const execution = run.add(event)
          if (event.kind === EventKind.EVENT_SEGMENT) onSegment?.(event.segment)
          if (execution) resolve({ execution, stampNs: event.stampNs })
          return execution !== null
        },
        onError: (error) => {
          const { holding } = this.states
          resolve({ execution: { status: 'rejected', ...whyOf(error), segments: [], holding }, stampNs: 0n })
        },
        onTick: () => {
          if (this.states.withoutNewsMs > stateTimeoutMs) {
            this.lose(this.failures.lost(`sent no new state for ${stateTimeoutMs} ms while it ran ${what}`))
            return
          }
          // The state says that the plan is over, or never began: then its last events are on their way, or lost.
          if (this.#isRunning(id)) missedSinceMs = this.loopTime.ms
          if (this.loopTime.ms - missedSinceMs <= answerTimeoutMs) return
          if (replayed) {
            const words = run.answered ? 'never said how it ended' : 'did not answer'
            this.pending.giveUp(id, this.failures.lost(`${words} ${what}`))
            return
          }
          replayed = true
          missedSinceMs = this.loopTime.ms
          this.session.replay(firstEvent)
        },
        fail: reject,
      })
      sent.then(
        () => {
          if (!this.streams) this.pending.giveUp(id, this.failures.lost(`vanished while it ran ${what}`))
        },
        (cause) => this.pending.giveUp(id, this.failures.lost(`cannot be reached for ${what}`, cause)),
      )
    })
  }

  #isRunning(id: bigint): boolean {
    const state = this.states.newest
    return state !== null && state.leaseSession === this.session.id && state.commandId === id
  }
}

/** What the controller could make nothing of: its reason, and its code among the words. */
function whyOf({ code, message, reason }: ErrorMessage): { reason: Reason; detail: string } {
  return reasonOf({ reason, detail: `${code}: ${message}` })
}
