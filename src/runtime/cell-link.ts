// The link to a simulated cell in its free clock, without sockets: every request is a call, and time passes only in it.

import type { LinkTransport } from '../io/link/transport.js'
import type { Cell } from '../sim/api.js'

export class CellTransport implements LinkTransport {
  readonly address = 'the simulated cell'
  readonly streams = false
  readonly #cell: Pick<Cell, 'send' | 'state'>
  #replyHandler: (reply: Uint8Array) => void = () => {}
  #stateHandler: (state: Uint8Array) => void = () => {}
  #closed = false

  /** The cell stays its owner's: closing the transport does not close it. */
  constructor(cell: Pick<Cell, 'send' | 'state'>) {
    this.#cell = cell
  }

  /** @throws Error after `close`: the cell may then play another scene, which is not this link's */
  async send(request: Uint8Array): Promise<void> {
    if (this.#closed) throw new Error('The link to the simulated cell has been closed')
    const replies = await this.#cell.send(request)
    // The state first: a receiver of the plan's end then reads the pose at which it ended.
    this.#stateHandler(await this.#cell.state())
    for (const reply of replies) this.#replyHandler(reply)
  }

  sendStop(request: Uint8Array): Promise<void> {
    return this.send(request)
  }

  onReply(handler: (reply: Uint8Array) => void): void {
    this.#replyHandler = handler
  }

  onState(handler: (state: Uint8Array) => void): void {
    this.#stateHandler = handler
  }

  welcomed(): void {}

  async close(): Promise<void> {
    this.#closed = true
  }
}
