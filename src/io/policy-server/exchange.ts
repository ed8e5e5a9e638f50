// Requests to a policy server and their replies, matched by an id: late replies to requests that were given up are dropped.

import { Dealer } from 'zeromq'
import { CliportError } from '../../control/errors.js'
import { Replies } from '../replies.js'
import type { ClientKeys } from './keys.js'
import { type Parts, wireLimits } from './wire.js'

/** As on the link: a peer that hangs up so often in the middle of a handshake cannot read it. */
const hangUpsThatMeanNo = 3

export class Exchange {
  readonly address: string
  readonly #socket: Dealer
  readonly #replies = new Replies<string, Parts>()
  readonly #timeoutMs: number
  #sending: Promise<void> = Promise.resolve()
  #reading = false
  #lastId = 0

  /** @param keys null: without CURVE */
  constructor(address: string, keys: ClientKeys | null, timeoutMs: number) {
    this.address = address
    this.#timeoutMs = timeoutMs
    this.#socket = new Dealer({
      linger: 0,
      // What waits unsent while there is no server would be answered when nobody wants it any more.
      immediate: true,
      sendTimeout: timeoutMs,
      reconnectInterval: 50,
      reconnectMaxInterval: 500,
      heartbeatInterval: 2000,
      heartbeatTimeout: 6000,
      maxMessageSize: wireLimits.partBytes,
      ...(keys === null
        ? {}
        : {
            curveServerKey: keys.serverPublic,
            curvePublicKey: keys.own.publicKey,
            curveSecretKey: keys.own.secretKey,
          }),
    })
    this.#watchHandshakes(keys !== null)
    this.#socket.connect(address)
  }

  /**
   * Sends a request and waits for its reply.
   * @param withinMs for a request that has been sent before, and has less than the whole time left
   * @throws CliportError POLICY_UNAVAILABLE when none comes in time, POLICY_AUTH_FAILED when the keys do not fit; the
   * signal's reason on abort
   */
  request(parts: Parts, signal?: AbortSignal, withinMs = this.#timeoutMs): Promise<Parts> {
    const id = `${++this.#lastId}`
    const timer = setTimeout(() => this.#replies.reject(id, this.#absent()), withinMs)
    const send = () => {
      this.#send(id, parts)
      void this.#read()
    }
    return this.#replies.wait(id, send, signal).finally(() => clearTimeout(timer))
  }

  /** Rejects what waits. Safe to call twice. */
  close(): void {
    this.#end(this.#failure('POLICY_UNAVAILABLE', 'was left: the policy is closed', 'Open it again'))
  }

  #send(id: string, parts: Parts): void {
    const message = [id, '', ...(parts as Buffer[])]
    this.#sending = this.#sending.then(async () => {
      // Given up while an earlier one was waiting for a connection.
      if (!this.#replies.has(id)) return
      await this.#socket.send(message).catch(() => this.#replies.reject(id, this.#replies.ended ?? this.#absent()))
    })
  }

  /** While somebody waits for a reply: a socket that is read keeps the process alive. */
  async #read(): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    try {
      while (this.#replies.size > 0) {
        const [id, , ...reply] = await this.#socket.receive()
        this.#replies.resolve(id?.toString() ?? '', reply)
      }
    } catch (error) {
      this.#end(error as Error)
    } finally {
      this.#reading = false
    }
  }

  #end(error: Error): void {
    this.#replies.end(error)
    this.#socket.close()
  }

  #watchHandshakes(hasKeys: boolean): void {
    const refuse = (why: string) => {
      const hint = hasKeys
        ? 'Its server.pub must be in the folder of policy.keys, and client.pub of that folder in its file clients (docs/policy-server.md)'
        : 'It may want keys: set policy.keys to their folder (docs/policy-server.md)'
      this.#end(this.#failure('POLICY_AUTH_FAILED', why, hint))
    }
    let hangUps = 0
    const { events } = this.#socket
    events.on('handshake', () => {
      hangUps = 0
    })
    events.on('handshake:error:auth', () => refuse("does not know this client's key"))
    events.on('handshake:error:protocol', () => refuse('refused the handshake: the keys do not fit'))
    events.on('handshake:error:other', () => {
      if (++hangUps >= hangUpsThatMeanNo) refuse('hangs up in every handshake: the keys do not fit')
    })
  }

  #absent(): CliportError {
    const hint = 'Start one there (cliport policy serve), check the address, or raise policy.timeout_s'
    return this.#failure('POLICY_UNAVAILABLE', `did not answer within ${this.#timeoutMs} ms`, hint)
  }

  #failure(code: 'POLICY_UNAVAILABLE' | 'POLICY_AUTH_FAILED', what: string, hint: string): CliportError {
    const retryable = code === 'POLICY_UNAVAILABLE'
    return new CliportError(code, `The policy server at ${this.address} ${what}`, { stage: 'propose', hint, retryable })
  }
}
