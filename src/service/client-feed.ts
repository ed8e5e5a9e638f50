// What one client still has to get, in bounded memory: pictures and poses replace their older selves while they wait;
// events are never left out. A client that does not keep up even with events is sent away, and joins again with the whole
// state.

import type { Message } from './hub.js'

/** One connection, as far as the feed needs it. */
export interface FeedSocket {
  /** Bytes that the socket has taken and not sent. */
  readonly bufferedAmount: number
  send(body: string | Uint8Array, done: () => void): void
  /** Ends the connection. @param code of RFC 6455 */
  close(code: number, reason: string): void
}

/** A socket that has more than this unsent gets nothing for now. */
const mostBufferedBytes = 256 * 1024
/** Events that wait beyond this are no feed any more. */
const mostWaitingBytes = 4 * 1024 * 1024
/** Try again later: RFC 6455 with the IANA registry of close codes. */
const tryAgainLater = 1013

export class ClientFeed {
  readonly #events: string[] = []
  readonly #latest = new Map<string, string | Uint8Array>()
  #waitingBytes = 0
  #dropped = 0
  #ended = false

  /** @param onDrop hears of every picture and pose that was replaced before it could be sent */
  constructor(
    private readonly socket: FeedSocket,
    private readonly onDrop: () => void = () => {},
  ) {}

  /** Pictures and poses that were replaced before they could be sent. */
  get dropped(): number {
    return this.#dropped
  }

  /** Bytes that wait here. */
  get waitingBytes(): number {
    let bytes = this.#waitingBytes
    for (const body of this.#latest.values()) bytes += body.length
    return bytes
  }

  add({ body, latest }: Message): void {
    if (this.#ended) return
    if (latest === null) {
      this.#events.push(body as string)
      this.#waitingBytes += body.length
      if (this.#waitingBytes > mostWaitingBytes) this.#giveUp()
    } else {
      if (this.#latest.delete(latest)) this.#drop()
      this.#latest.set(latest, body)
    }
    this.#flush()
  }

  end(): void {
    this.#ended = true
    this.#events.length = 0
    this.#latest.clear()
    this.#waitingBytes = 0
  }

  #flush(): void {
    while (!this.#ended && this.socket.bufferedAmount < mostBufferedBytes) {
      const body = this.#next()
      if (body === null) return
      this.socket.send(body, () => this.#flush())
    }
  }

  #next(): string | Uint8Array | null {
    const event = this.#events.shift()
    if (event !== undefined) {
      this.#waitingBytes -= event.length
      return event
    }
    for (const [key, body] of this.#latest) {
      this.#latest.delete(key)
      return body
    }
    return null
  }

  #drop(): void {
    this.#dropped += 1
    this.onDrop()
  }

  #giveUp(): void {
    this.end()
    this.socket.close(tryAgainLater, 'events were not read in time: join again')
  }
}
