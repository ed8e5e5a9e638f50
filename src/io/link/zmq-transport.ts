// The link over ZeroMQ: DEALER for commands, conflated SUB for the state, DEALER for stops; CURVE on each of them.

import { Dealer, Subscriber } from 'zeromq'
import { type LinkKeys, linkKeys } from './keys.js'
import type { LinkPorts, LinkTransport, Refusal } from './transport.js'

const reconnecting = { linger: 0, reconnectInterval: 20, reconnectMaxInterval: 200 } as const

const dealerOptions = {
  ...reconnecting,
  // What cannot be sent now is an error now: a queue would deliver old commands to whoever answers later.
  sendTimeout: 0,
  immediate: true,
  sendHighWaterMark: 64,
  receiveHighWaterMark: 1024,
  heartbeatInterval: 1000,
  heartbeatTimeout: 3000,
  maxMessageSize: 1024 * 1024,
} as const

/** A peer that hangs up so often in the middle of a handshake cannot read it: one may be a controller that just ends. */
const hangUpsThatMeanNo = 3

type Bytes = (bytes: Uint8Array) => void

export class ZmqTransport implements LinkTransport {
  readonly streams = true
  readonly #host: string
  readonly #commands: Dealer
  readonly #stops: Dealer
  readonly #states: Subscriber
  readonly #events: Subscriber
  #ports: LinkPorts | null = null
  #replyHandler: Bytes = () => {}
  #stateHandler: Bytes = () => {}
  #eventHandler: Bytes = () => {}
  #refusedHandler: (why: Refusal) => void = () => {}

  /**
   * @param address of the command socket, e.g. tcp://127.0.0.1:5600
   * @param keys absent: those of this user
   */
  constructor(
    readonly address: string,
    keys: LinkKeys = linkKeys(),
  ) {
    const curve = curveOptions(keys)
    this.#host = address.slice(0, address.lastIndexOf(':'))
    this.#commands = new Dealer({ ...dealerOptions, ...curve })
    this.#stops = new Dealer({ ...dealerOptions, ...curve })
    this.#states = new Subscriber({ ...reconnecting, ...curve, conflate: true })
    this.#events = new Subscriber({ ...reconnecting, ...curve, receiveHighWaterMark: 1024 })
    this.#watchHandshakes()
    this.#commands.connect(address)
    this.#states.subscribe()
    this.#events.subscribe()
    for (const dealer of [this.#commands, this.#stops]) void read(dealer, (reply) => this.#replyHandler(reply))
    void read(this.#states, (state) => this.#stateHandler(state))
    void read(this.#events, (event) => this.#eventHandler(event))
  }

  send(request: Uint8Array): Promise<void> {
    return this.#commands.send(request)
  }

  sendStop(request: Uint8Array): Promise<void> {
    return this.#stops.send(request)
  }

  onReply(handler: Bytes): void {
    this.#replyHandler = handler
  }

  onState(handler: Bytes): void {
    this.#stateHandler = handler
  }

  /**
   * The answers come with the replies as well, but not for sure: an `immediate` socket drops what has not been read when
   * its connection ends, and so would never say how a plan ended whose controller has just gone.
   */
  onEvents(handler: Bytes): void {
    this.#eventHandler = handler
  }

  onRefused(handler: (why: Refusal) => void): void {
    this.#refusedHandler = handler
  }

  welcomed(ports: LinkPorts): void {
    const before = this.#ports
    if (before?.state === ports.state && before.event === ports.event && before.stop === ports.stop) return
    const move = (socket: Dealer | Subscriber, from: number | undefined, to: number) => {
      if (from !== undefined) socket.disconnect(`${this.#host}:${from}`)
      socket.connect(`${this.#host}:${to}`)
    }
    move(this.#states, before?.state, ports.state)
    move(this.#stops, before?.stop, ports.stop)
    move(this.#events, before?.event, ports.event)
    this.#ports = ports
  }

  async close(): Promise<void> {
    for (const socket of [this.#commands, this.#stops, this.#states, this.#events]) socket.close()
  }

  /** The command socket is the first to connect, so its handshakes tell for all. */
  #watchHandshakes(): void {
    const { events } = this.#commands
    let hangUps = 0
    events.on('handshake', () => {
      hangUps = 0
    })
    events.on('handshake:error:auth', () => this.#refusedHandler('runtime_unknown'))
    events.on('handshake:error:protocol', () => this.#refusedHandler('controller_unknown'))
    events.on('handshake:error:other', () => {
      if (++hangUps >= hangUpsThatMeanNo) this.#refusedHandler('controller_unknown')
    })
  }
}

/** What a socket needs to get through the controller's handshake. */
export function curveOptions({ controllerPublic, runtimePublic, runtimeSecret }: LinkKeys) {
  return { curveServerKey: controllerPublic, curvePublicKey: runtimePublic, curveSecretKey: runtimeSecret }
}

/** Until the socket is closed. Several frames are no message of the link. */
async function read(socket: Dealer | Subscriber, handler: Bytes): Promise<void> {
  for await (const frames of socket) {
    if (frames.length === 1) handler(frames[0]!)
  }
}
