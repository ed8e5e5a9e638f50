// Commands on their way.

import type { Error as ErrorMessage, Event } from './gen/link_pb.js'
import type { LinkError } from './link-error.js'

/** What the events of a command do, and when to wonder where they are. */
export interface Pending {
  /** Of its request, by which an error names it; 0 when none does. */
  readonly sequence: bigint
  /** @returns true when the command has ended */
  onEvent(event: Event): boolean
  /** The controller could make nothing of the request. */
  onError(error: ErrorMessage): void
  onTick(): void
  fail(error: Error): void
}

export class PendingCommands {
  readonly #byId = new Map<bigint, Pending>()
  #ended: LinkError | null = null

  get isEmpty(): boolean {
    return this.#byId.size === 0
  }

  /** After the end it fails at once: nothing would ever answer it, or say that its time is over. */
  add(id: bigint, pending: Pending): void {
    if (this.#ended === null) this.#byId.set(id, pending)
    else pending.fail(this.#ended)
  }

  onEvent(event: Event): void {
    if (this.#byId.get(event.commandId)?.onEvent(event)) this.#byId.delete(event.commandId)
  }

  onError(sequence: bigint, error: ErrorMessage): void {
    for (const [id, pending] of this.#byId) {
      if (pending.sequence !== sequence) continue
      this.#byId.delete(id)
      pending.onError(error)
    }
  }

  tick(): void {
    for (const { onTick } of [...this.#byId.values()]) onTick()
  }

  giveUp(id: bigint, error: LinkError): void {
    const pending = this.#byId.get(id)
    this.#byId.delete(id)
    pending?.fail(error)
  }

  giveUpAll(error: LinkError): void {
    for (const id of [...this.#byId.keys()]) this.giveUp(id, error)
  }

  /** The link is closed. */
  end(error: LinkError): void {
    this.#ended = error
    this.giveUpAll(error)
  }
}
