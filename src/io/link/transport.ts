// What carries the link's messages: sockets, or calls into the simulated cell. It knows nothing of their content.

/** Where the controller's other sockets are, as its Welcome names them; 0 where there is none. */
export interface LinkPorts {
  readonly state: number
  readonly event: number
  readonly stop: number
}

/**
 * Why a handshake failed: the controller does not know this runtime's key, or the peer does not hold the controller's
 * key that this runtime expects (another controller, or something else at its address).
 */
export type Refusal = 'runtime_unknown' | 'controller_unknown'

export interface LinkTransport {
  /** Where it leads, for people. */
  readonly address: string
  /**
   * Whether states, events and time go on by themselves. If not, all that a request leads to has been delivered when
   * `send` resolves, time stands still in between, and nobody needs heartbeats.
   */
  readonly streams: boolean
  /** Hands one `Request` over. @throws when there is no connection to hand it to */
  send(request: Uint8Array): Promise<void>
  /** The same, on the way that the controller serves first. */
  sendStop(request: Uint8Array): Promise<void>
  onReply(handler: (reply: Uint8Array) => void): void
  onState(handler: (state: Uint8Array) => void): void
  /** Events of every session, from the controller's event stream; absent where `send` delivers them. May repeat replies. */
  onEvents?(handler: (reply: Uint8Array) => void): void
  /** Nothing more will come: the keys do not fit. Absent where there are none. */
  onRefused?(handler: (why: Refusal) => void): void
  /** The controller has answered: connects what its Welcome names. */
  welcomed(ports: LinkPorts): void
  close(): Promise<void>
}
