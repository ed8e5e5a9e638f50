// The link over ZeroMQ: DEALER for commands, conflated SUB for the state, DEALER for stops.

import { Dealer, Subscriber } from 'zeromq'
import type { LinkPorts, LinkTransport } from './transport.js'

const dealerOptions = {
  linger: 0,
  // What cannot be sent now is an error now: a queue would deliver old commands to whoever answers later.
  sendTimeout: 0,
  immediate: true,
  sendHighWaterMark: 64,
  receiveHighWaterMark: 1024,
  reconnectInterval: 20,
  reconnectMaxInterval: 200,
  heartbeatInterval: 1000,
  heartbeatTimeout: 3000,
  maxMessageSize: 1024 * 1024,
} as const

export class ZmqTransport implements LinkTransport {
  readonly streams = true
  readonly #host: string
  readonly #commands = new Dealer(dealerOptions)
  readonly #stops = new Dealer(dealerOptions)
  readonly #states = new Subscriber({ conflate: true, linger: 0, reconnectInterval: 20, reconnectMaxInterval: 200 })
  #ports: LinkPorts | null = null
  #replyHandler: (reply: Uint8Array) => void = () => {}
  #stateHandler: (state: Uint8Array) => void = () => {}

  /** @param address of the command socket, e.g. tcp://127.0.0.1:5600 */
  constructor(readonly address: string) {
    this.#host = address.slice(0, address.lastIndexOf(':'))
    this.#commands.connect(address)
    this.#states.subscribe()
    for (const dealer of [this.#commands, this.#stops]) void read(dealer, (reply) => this.#replyHandler(reply))
    void read(this.#states, (state) => this.#stateHandler(state))
  }

  send(request: Uint8Array): Promise<void> {
    return this.#commands.send(request)
  }

  sendStop(request: Uint8Array): Promise<void> {
    return this.#stops.send(request)
  }

  onReply(handler: (reply: Uint8Array) => void): void {
    this.#replyHandler = handler
  }

  onState(handler: (state: Uint8Array) => void): void {
    this.#stateHandler = handler
  }

  welcomed(ports: LinkPorts): void {
    if (this.#ports?.state === ports.state && this.#ports.stop === ports.stop) return
    if (this.#ports) {
      this.#states.disconnect(`${this.#host}:${this.#ports.state}`)
      this.#stops.disconnect(`${this.#host}:${this.#ports.stop}`)
    }
    this.#states.connect(`${this.#host}:${ports.state}`)
    this.#stops.connect(`${this.#host}:${ports.stop}`)
    this.#ports = ports
  }

  async close(): Promise<void> {
    for (const socket of [this.#commands, this.#stops, this.#states]) socket.close()
  }
}

/** Until the socket is closed. Several frames are no message of the link. */
async function read(socket: Dealer | Subscriber, handler: (bytes: Uint8Array) => void): Promise<void> {
  for await (const frames of socket) {
    if (frames.length === 1) handler(frames[0]!)
  }
}
