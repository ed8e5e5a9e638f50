// What goes out: the requests of one session, numbered in order on each socket.

import { randomBytes } from 'node:crypto'
import type { Clock } from '../../control/ports.js'
import { encodeRequest, type RequestBody } from './codec.js'
import type { LinkTransport } from './transport.js'

/** A request on its way. */
export interface Sent {
  readonly sequence: bigint
  /** Rejects when there is no connection to hand it to. */
  readonly sent: Promise<void>
}

export class LinkSession {
  #id = randomSession()
  #sequence = 0n
  #stopSequence = 0n
  #commandId = 0n
  #beats = 0n

  constructor(
    private readonly transport: LinkTransport,
    private readonly clock: Clock,
  ) {}

  /** Random, never 0. */
  get id(): bigint {
    return this.#id
  }

  /** From now on another session, in which everything is numbered anew but the commands. */
  renew(): void {
    this.#id = randomSession()
    this.#sequence = 0n
    this.#stopSequence = 0n
    this.#beats = 0n
  }

  nextCommandId(): bigint {
    return ++this.#commandId
  }

  request(body: RequestBody): Sent {
    const sequence = ++this.#sequence
    const bytes = encodeRequest(this.#header(sequence), body)
    // In the next microtask, so that whoever waits for the answer has said so before it can come.
    return { sequence, sent: Promise.resolve().then(() => this.transport.send(bytes)) }
  }

  /** On the way that the controller serves first. @throws when there is no connection to hand it to */
  async stop(id: bigint, detail: string): Promise<void> {
    await this.transport.sendStop(
      encodeRequest(this.#header(++this.#stopSequence), { case: 'stop', value: { id, detail } }),
    )
  }

  /** An unsent heartbeat is no error: whoever waits for an answer will notice. */
  heartbeat(): void {
    void this.request({ case: 'heartbeat', value: { counter: ++this.#beats } }).sent.catch(() => {})
  }

  /** Asks for the events from this one on again. */
  replay(fromSequence: bigint): void {
    void this.request({ case: 'replay', value: { fromSequence } }).sent.catch(() => {})
  }

  #header(sequence: bigint) {
    return { session: this.#id, sequence, senderNs: this.clock.nowNs() }
  }
}

function randomSession(): bigint {
  return randomBytes(8).readBigUInt64LE() | 1n // never 0
}
