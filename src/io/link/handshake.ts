// Hello and Welcome: who the controller is, and where its other sockets are.

import { Awaited } from './awaited.js'
import type { EventLoopTime } from './event-loop-time.js'
import type { LinkFailures } from './failures.js'
import type { Welcome } from './gen/link_pb.js'
import type { LinkError } from './link-error.js'
import type { LinkOptions } from './options.js'
import type { LinkSession } from './session.js'

export class Handshake {
  #greeting: Awaited<Welcome> | null = null
  #welcome: Welcome | null = null
  #instance = 0n
  #closed: LinkError | null = null

  /** @param streams of the transport: without it Hello is answered at once or never */
  constructor(
    private readonly session: LinkSession,
    private readonly streams: boolean,
    private readonly loopTime: EventLoopTime,
    private readonly options: LinkOptions,
    private readonly failures: LinkFailures,
  ) {}

  /** Of the controller that is spoken with; null until it has answered. */
  get welcome(): Welcome | null {
    return this.#welcome
  }

  /**
   * Repeats Hello until it is answered: the first may go out before there is a connection.
   * @returns the answer, and whether this instance of the controller was known before
   * @throws LinkError LINK_ABSENT when nobody answers in time, LINK_PEER_LOST once the link has been closed
   */
  async greet(): Promise<{ welcome: Welcome; isSame: boolean }> {
    if (this.#closed) throw this.#closed
    this.#welcome = null
    this.#greeting = new Awaited(this.loopTime.ms + this.options.connectTimeoutMs)
    this.#sayHello()
    const before = this.#instance
    const welcome = await this.#greeting.promise
    this.#greeting = null
    this.#instance = welcome.instance
    this.#welcome = welcome
    return { welcome, isSame: before === welcome.instance }
  }

  onWelcome(welcome: Welcome): void {
    this.#greeting?.resolve(welcome)
  }

  tick(): void {
    if (!this.#greeting) return
    if (this.loopTime.ms < this.#greeting.overdueMs) this.#sayHello()
    else this.#greeting.reject(this.failures.absent(`did not answer within ${this.options.connectTimeoutMs} ms`))
  }

  lose(error: Error): void {
    this.#greeting?.reject(error)
  }

  /** No greeting from now on: nothing ticks any more, so none could end. */
  close(error: LinkError): void {
    this.#closed = error
  }

  #sayHello(): void {
    this.session.request({ case: 'hello', value: {} }).sent.then(
      () => {
        if (!this.streams) this.#greeting?.reject(this.failures.absent('did not answer'))
      },
      () => {}, // no connection yet; the next tick tries again
    )
  }
}
