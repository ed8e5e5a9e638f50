// Events of all sessions for whoever watches, without holes.

import { EventFeed } from './event-feed.js'
import type { EventLoopTime } from './event-loop-time.js'
import type { Event } from './gen/link_pb.js'
import type { LinkOptions } from './options.js'
import type { LinkSession } from './session.js'

export class EventStream {
  #feed: EventFeed | null = null
  #handler: (event: Event) => void = () => {}
  #last = 0n
  #missedSinceMs = 0

  constructor(
    private readonly session: LinkSession,
    private readonly loopTime: EventLoopTime,
    private readonly options: LinkOptions,
  ) {}

  /** Sequence of the newest event that has been heard. */
  get last(): bigint {
    return this.#last
  }

  /** One handler at a time; it gets every event from now on, in order, each once. */
  watch(handler: (event: Event) => void): void {
    this.#feed = new EventFeed(this.#last + 1n)
    this.#handler = handler
  }

  /** @param isSame whether this instance of the controller was known before */
  welcomed(last: bigint, isSame: boolean): void {
    this.#last = last
    if (this.#feed && !isSame) this.#feed = new EventFeed(last + 1n)
  }

  add(event: Event): void {
    if (event.sequence > this.#last) this.#last = event.sequence
    for (const due of this.#feed?.add(event) ?? []) this.#handler(due)
  }

  skipWhatIsGone(): void {
    this.#feed?.skipWhatIsGone()
  }

  /** Asks for events again that are due and have not come for a while. @param newest that the state has told of */
  tick(newest: bigint): void {
    const from = this.#feed?.missing(newest) ?? null
    if (from === null) this.#missedSinceMs = this.loopTime.ms
    if (from === null || this.loopTime.ms - this.#missedSinceMs < this.options.replayAfterMs) return
    this.#missedSinceMs = this.loopTime.ms
    this.session.replay(from)
  }
}
