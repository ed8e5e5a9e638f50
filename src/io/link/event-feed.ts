// The controller's event stream without holes: what a slow reader lost is asked for again (Replay).

import type { Event } from './gen/link_pb.js'

/** Puts events in order of their sequence, each once, from whichever way they come. */
export class EventFeed {
  readonly #waiting = new Map<bigint, Event>()
  #next: bigint
  #mayBeGone = false

  /** @param first sequence of the first event that is wanted */
  constructor(first: bigint) {
    this.#next = first
  }

  /** @returns the events that are due now, this one among them or not */
  add(event: Event): Event[] {
    if (event.sequence < this.#next) return []
    this.#waiting.set(event.sequence, event)
    if (this.#mayBeGone) [this.#next] = [...this.#waiting.keys()].sort((a, b) => Number(a - b)) as [bigint]
    this.#mayBeGone = false
    const due: Event[] = []
    for (let next = this.#waiting.get(this.#next); next !== undefined; next = this.#waiting.get(this.#next)) {
      this.#waiting.delete(this.#next)
      due.push(next)
      this.#next += 1n
    }
    return due
  }

  /** First sequence that is overdue, given the newest that the controller has told of; null when none is. */
  missing(newest: bigint): bigint | null {
    return this.#waiting.size > 0 || this.#next <= newest ? this.#next : null
  }

  /** The controller no longer keeps all of what was asked for: what comes next is the oldest that there is. */
  skipWhatIsGone(): void {
    this.#mayBeGone = true
  }
}
