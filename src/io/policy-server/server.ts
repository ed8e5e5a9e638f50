// The socket of the policy server: a ROUTER, so that REQ and DEALER clients come in as they like; requests wait in a fair
// queue and are answered one at a time. Whatever a client sends, it gets one reply, and the server lives on.

import { Context, Router } from 'zeromq'
import { CliportError } from '../../control/errors.js'
import { admit, zapDomain } from './admission.js'
import { FairQueue, type QueueLimits } from './fair-queue.js'
import type { ServerKeys } from './keys.js'
import { type PolicyRequest, parseRequest, RequestError } from './request.js'
import { type ErrorReply, jsonPart, type Parts, type WireErrorCode, wireLimits } from './wire.js'

/** Computes the reply to one request. @param queueMs how long it has waited */
export type Answer = (request: PolicyRequest, queueMs: number, signal: AbortSignal) => Promise<Parts>

/** What a server needs. */
export interface ServerOptions {
  /** tcp://ADDRESS:PORT; port * is any free one. */
  readonly address: string
  /** null: anybody who reaches the socket is answered, which only loopback may be. */
  readonly keys: ServerKeys | null
  readonly limits: QueueLimits
  readonly answer: Answer
}

/** Counts since the start. */
export interface ServerCounts {
  /** Requests that were answered with what they asked for. */
  answered: number
  /** Requests that were answered with an error, BUSY left out. */
  refused: number
  busy: number
}

interface Waiting {
  /** What ZeroMQ needs to find the way back: the client's identity, and a REQ's empty part with what stands before it. */
  readonly envelope: Parts
  readonly parts: Parts
  readonly arrivedMs: number
}

export class PolicyServer {
  /** As bound, with the port. */
  readonly address: string
  readonly counts: ServerCounts = { answered: 0, refused: 0, busy: 0 }
  readonly #router: Router
  readonly #queue: FairQueue<Waiting>
  readonly #answer: Answer
  readonly #abort = new AbortController()
  readonly #admission: { close(): void } | null
  #sending: Promise<void> = Promise.resolve()
  #working: Promise<void> | null = null
  #reading: Promise<void> = Promise.resolve()

  private constructor(router: Router, admission: { close(): void } | null, { limits, answer }: ServerOptions) {
    this.#router = router
    this.#admission = admission
    this.#queue = new FairQueue(limits)
    this.#answer = answer
    this.address = router.lastEndpoint!
  }

  /** Binds the socket. @throws CliportError INPUT_INVALID for an address that cannot be bound */
  static async bind(options: ServerOptions): Promise<PolicyServer> {
    const { address, keys } = options
    const context = new Context()
    const router = new Router({
      context,
      linger: 0,
      maxMessageSize: wireLimits.partBytes,
      // A client that has gone must not hold up the others: what cannot be sent to it now is dropped.
      sendTimeout: 0,
      heartbeatInterval: 2000,
      heartbeatTimeout: 6000,
      ...(keys === null ? {} : { curveServer: true, curveSecretKey: keys.own.secretKey, zapDomain }),
    })
    const admission = keys === null ? null : await admit(context, keys.clients)
    try {
      await router.bind(address)
    } catch (cause) {
      router.close()
      admission?.close()
      throw new CliportError('INPUT_INVALID', `Could not listen on ${address}: ${(cause as Error).message}`, {
        stage: 'start',
        hint: 'Give an address of this machine with a free port, for example --bind tcp://127.0.0.1:7001',
        cause,
      })
    }
    const server = new PolicyServer(router, admission, options)
    server.#reading = server.#read()
    return server
  }

  /** Requests that wait; the one that is computed is not among them. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Ends the request that is computed, drops those that wait, and gives the port back. Safe to call twice. */
  async close(): Promise<void> {
    this.#abort.abort(new Error('the server ends'))
    this.#router.close()
    this.#admission?.close()
    await Promise.allSettled([this.#reading, this.#working, this.#sending])
  }

  async #read(): Promise<void> {
    for await (const frames of this.#router) {
      const { envelope, parts } = split(frames)
      const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0)
      const full = this.#queue.push(clientOf(frames), { envelope, parts, arrivedMs: performance.now() }, bytes)
      if (full === null) this.#working ??= this.#work()
      else {
        this.counts.busy++
        this.#send(envelope, [busy(full)])
      }
    }
  }

  async #work(): Promise<void> {
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) {
      if (this.#abort.signal.aborted) break
      const { envelope, parts, arrivedMs } = next
      this.#send(envelope, await this.#replyTo(parts, performance.now() - arrivedMs))
    }
    this.#working = null
  }

  async #replyTo(parts: Parts, queueMs: number): Promise<Parts> {
    try {
      const reply = await this.#answer(parseRequest(parts), queueMs, this.#abort.signal)
      this.counts.answered++
      return reply
    } catch (error) {
      this.counts.refused++
      return [errorPart(error)]
    }
  }

  /** One after the other: a socket sends one message at a time. */
  #send(envelope: Parts, reply: Parts): void {
    const message = [...envelope, ...reply] as Buffer[]
    this.#sending = this.#sending.then(() => this.#router.send(message)).catch(() => {})
  }
}

function clientOf([identity]: readonly Buffer[]): string {
  return identity?.toString('hex') ?? ''
}

/**
 * The envelope ends with an empty part: right behind the identity (REQ), or behind a request id of the client's (REQ with
 * correlation, DEALER). A DEALER may also send its request bare.
 */
function split([identity = Buffer.alloc(0), ...rest]: readonly Buffer[]): { envelope: Parts; parts: Parts } {
  const empty = rest.slice(0, 2).findIndex(({ byteLength }) => byteLength === 0)
  return { envelope: [identity, ...rest.slice(0, empty + 1)], parts: rest.slice(empty + 1) }
}

function busy(limit: keyof QueueLimits): Uint8Array {
  const which = {
    requests: 'as many requests wait as may',
    requestsOfClient: 'as many requests of this client wait as may',
    bytes: 'the requests that wait hold as much memory as they may',
  }
  return errorReply('BUSY', `The server is busy: ${which[limit]}`, 'Send it again later', true)
}

/** What went wrong, for the client. Of an error that nobody expects, no more than its message leaves the process. */
function errorPart(error: unknown): Uint8Array {
  if (error instanceof RequestError) return errorReply(error.code, error.message, error.hint, false)
  if (error instanceof CliportError) return errorReply(error.code, error.message, error.hint, error.retryable)
  return errorReply('UNEXPECTED', (error as Error)?.message ?? String(error), 'Report it with the request', false)
}

function errorReply(code: WireErrorCode, message: string, hint: string, retryable: boolean): Uint8Array {
  const reply: ErrorReply = { error: { code, message, hint, retryable } }
  return jsonPart(reply)
}
