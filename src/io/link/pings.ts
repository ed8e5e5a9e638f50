// Pings: round trips for people, and the offset of the clocks.

import type { Clock } from '../../control/ports.js'
import { Awaited } from './awaited.js'
import { ClockOffset } from './clock-offset.js'
import type { EventLoopTime } from './event-loop-time.js'
import type { LinkFailures } from './failures.js'
import type { LinkOptions } from './options.js'
import type { LinkSession } from './session.js'

export class Pings {
  readonly #offset = new ClockOffset()
  readonly #sent = new Map<bigint, { sentNs: bigint; answered: (roundTripNs: bigint) => void }>()
  #asked: Awaited<bigint> | null = null
  #sentMs = 0

  constructor(
    private readonly session: LinkSession,
    private readonly clock: Clock,
    private readonly loopTime: EventLoopTime,
    private readonly options: LinkOptions,
    private readonly failures: LinkFailures,
  ) {}

  /** Controller's clock minus ours; null before the first answer. */
  get offset(): ClockOffset['best'] {
    return this.#offset.best
  }

  /** @returns nanoseconds of one round trip @throws LinkError LINK_PEER_LOST when it is not answered in time */
  async ask(): Promise<bigint> {
    const awaited = new Awaited<bigint>(this.loopTime.ms + this.options.answerTimeoutMs)
    this.#send(awaited.resolve)
    this.#asked = awaited
    try {
      return await awaited.promise
    } finally {
      this.#asked = null
    }
  }

  onPong(sequence: bigint, controllerNs: bigint, receivedNs: bigint): void {
    const ping = this.#sent.get(sequence)
    this.#sent.delete(sequence)
    if (ping === undefined) return
    this.#offset.add(ping.sentNs, controllerNs, receivedNs)
    ping.answered(receivedNs - ping.sentNs)
  }

  /** @param greeted whether there is a controller to ping from time to time */
  tick(greeted: boolean): void {
    if (greeted && !this.#asked && this.loopTime.ms - this.#sentMs >= this.options.pingMs) this.#send()
    if (this.#asked && this.loopTime.ms >= this.#asked.overdueMs) this.#asked.reject(this.failures.unanswered('ping'))
  }

  /** Another controller has another clock. */
  reset(): void {
    this.#offset.reset()
    this.#sent.clear()
  }

  lose(error: Error): void {
    this.#asked?.reject(error)
  }

  #send(answered: (roundTripNs: bigint) => void = () => {}): void {
    this.#sentMs = this.loopTime.ms
    const sentNs = this.clock.nowNs()
    this.#sent.clear() // one at a time: an older one that is still out was too slow to tell anything
    const { sequence, sent } = this.session.request({ case: 'ping', value: {} })
    this.#sent.set(sequence, { sentNs, answered })
    void sent.catch(() => {})
  }
}
