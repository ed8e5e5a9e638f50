// Round trips of single messages from this thread, through the runtime's own transport and codec.

import { randomBytes } from 'node:crypto'
import { CliportError } from '../control/errors.js'
import { decodeReply, encodeRequest, type RequestBody } from '../io/link/codec.js'
import { EventKind, type Reply } from '../io/link/gen/link_pb.js'
import type { LinkTransport } from '../io/link/transport.js'
import type { RoundTripKind } from './processes.js'

const patienceMs = 5000

export class RoundTrips {
  readonly #transport: LinkTransport
  readonly #session = randomBytes(8).readBigUInt64LE() | 1n // never 0
  #sequence = 0n
  #id = 0n
  #onReply: (reply: Reply) => void = () => {}

  constructor(transport: LinkTransport) {
    this.#transport = transport
    transport.onReply((bytes) => this.#onReply(decodeReply(bytes)))
  }

  /** Pings until one comes back: there is no connection at first. */
  async connect(): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const isUp = await this.#ask({ case: 'ping', value: {} }, ({ body }) => body.case === 'pong', 50).then(
        () => true,
        () => false,
      )
      if (isUp) return
    }
    throw this.#unanswered()
  }

  /** One after the other. @returns microseconds of each */
  async batch(kind: RoundTripKind, count: number): Promise<number[]> {
    const durationsUs: number[] = []
    for (let i = 0; i < count; i++) {
      const beganNs = process.hrtime.bigint()
      await (kind === 'ping' ? this.#ping() : this.#command())
      durationsUs.push(Number(process.hrtime.bigint() - beganNs) / 1e3)
    }
    return durationsUs
  }

  #ping(): Promise<void> {
    return this.#ask({ case: 'ping', value: {} }, ({ body }) => body.case === 'pong')
  }

  /** A clear of an arm that is disarmed: it changes nothing, and the control loop acknowledges it. */
  #command(): Promise<void> {
    const id = ++this.#id
    const isAcknowledged = ({ body }: Reply) =>
      body.case === 'event' && body.value.commandId === id && body.value.kind === EventKind.EVENT_ACCEPTED
    return this.#ask({ case: 'clear', value: { id } }, isAcknowledged)
  }

  #ask(body: RequestBody, isAnswer: (reply: Reply) => boolean, timeoutMs = patienceMs): Promise<void> {
    return new Promise((resolve, reject) => {
      const overdue = setTimeout(() => reject(this.#unanswered()), timeoutMs)
      this.#onReply = (reply) => {
        if (!isAnswer(reply)) return
        clearTimeout(overdue)
        resolve()
      }
      const header = { session: this.#session, sequence: ++this.#sequence, senderNs: process.hrtime.bigint() }
      this.#transport.send(encodeRequest(header, body)).catch(() => {}) // the time-out says so
    })
  }

  #unanswered(): CliportError {
    return new CliportError('LINK_PEER_LOST', `The controller at ${this.#transport.address} did not acknowledge`, {
      stage: 'execute',
      hint: 'Run the benchmark again; if it happens again, look at what the controller prints',
    })
  }
}
