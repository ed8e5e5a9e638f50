// What happens, to everybody who listens. Events reach each listener in order and all of them; of what is only a newest
// value (the arm's pose, a picture) a slow listener gets the newest.

import type { EventData, EventName, PictureHeader } from './api.js'

/** One message to a client: text, or a picture. `latest`: replaces an unsent one with the same key. */
export interface Message {
  readonly body: string | Uint8Array
  readonly latest: string | null
}

export type Listener = (message: Message) => void

/** Of these only the newest counts. */
const newestOnly: readonly EventName[] = ['robot', 'cameras']

export class Hub {
  readonly #listeners = new Set<Listener>()
  /** The service itself, which wants no pictures. */
  readonly #observers = new Set<Listener>()
  /** Newest picture of each kind and name, for whoever comes later. */
  readonly #pictures = new Map<string, Message>()
  #sequence = 0
  /** Pictures and poses that slow clients did not get. */
  dropped = 0

  /** @param clockMs the service's clock */
  constructor(private readonly clockMs: () => number) {}

  /** Number of clients. */
  get size(): number {
    return this.#listeners.size
  }

  emit<Name extends EventName>(event: Name, data: EventData<Name>): void {
    const isNewest = newestOnly.includes(event)
    if (!isNewest) this.#sequence += 1
    if (this.#listeners.size + this.#observers.size === 0) return
    this.#send({ body: this.#text(event, data), latest: isNewest ? event : null })
  }

  /** @param encoded the picture's file */
  picture(header: PictureHeader, encoded: Uint8Array): void {
    const key = `${header.kind}/${header.name}`
    const message = { body: pictureMessage(header, encoded), latest: key }
    this.#pictures.set(key, message)
    this.#send(message)
  }

  /** Pictures of these kinds are of something that is over. */
  forget(...kinds: readonly PictureHeader['kind'][]): void {
    for (const key of [...this.#pictures.keys()]) {
      if (kinds.some((kind) => key.startsWith(`${kind}/`))) this.#pictures.delete(key)
    }
  }

  /** The newest picture, as it was sent; null: none yet. */
  pictureOf(kind: string, name: string): Uint8Array | null {
    return (this.#pictures.get(`${kind}/${name}`)?.body as Uint8Array | undefined) ?? null
  }

  /**
   * Tells a listener the whole state, then everything from here on.
   * @returns a function that ends it
   */
  join(state: EventData<'state'>, listener: Listener): () => void {
    listener({ body: this.#text('state', state), latest: null })
    for (const picture of this.#pictures.values()) listener(picture)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Events as they happen, for the service itself.
   * @returns a function that ends it
   */
  listen(listener: Listener): () => void {
    this.#observers.add(listener)
    return () => this.#observers.delete(listener)
  }

  #text<Name extends EventName>(event: Name, data: EventData<Name>): string {
    return JSON.stringify({ event, sequence: this.#sequence, clock_ms: this.clockMs(), data })
  }

  #send(message: Message): void {
    for (const listener of [...this.#listeners]) listener(message)
    if (typeof message.body === 'string') for (const observer of this.#observers) observer(message)
  }
}

/** See `pictureHeaderSchema`. */
export function pictureMessage(header: PictureHeader, encoded: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header))
  const message = new Uint8Array(4 + json.length + encoded.length)
  new DataView(message.buffer).setUint32(0, json.length, true)
  message.set(json, 4)
  message.set(encoded, 4 + json.length)
  return message
}
