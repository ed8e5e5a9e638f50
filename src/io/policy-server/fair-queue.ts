// Requests that wait for the policy: clients take turns, so that one with many requests delays nobody else's first.

/** How many may wait, and how much they may hold. */
export interface QueueLimits {
  readonly requests: number
  readonly requestsOfClient: number
  readonly bytes: number
}

interface Entry<T> {
  readonly item: T
  readonly bytes: number
}

/** First in, first out for each client; round robin between clients. */
export class FairQueue<T> {
  /** In the order of their turns: a client that has been served goes to the end. */
  readonly #clients = new Map<string, Entry<T>[]>()
  readonly #limits: QueueLimits
  #size = 0
  #bytes = 0

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#size
  }

  /**
   * Appends an item to its client's.
   * @returns which limit forbids it; null: it waits now
   */
  push(client: string, item: T, bytes: number): keyof QueueLimits | null {
    const waiting = this.#clients.get(client) ?? []
    if (this.#size >= this.#limits.requests) return 'requests'
    if (waiting.length >= this.#limits.requestsOfClient) return 'requestsOfClient'
    // An empty queue takes any request, or a large one could never be answered.
    if (this.#size > 0 && this.#bytes + bytes > this.#limits.bytes) return 'bytes'
    waiting.push({ item, bytes })
    this.#clients.set(client, waiting)
    this.#size++
    this.#bytes += bytes
    return null
  }

  /** Takes the next item of the client whose turn it is; undefined: nothing waits. */
  take(): T | undefined {
    const [next] = this.#clients
    if (next === undefined) return undefined
    const [client, waiting] = next
    const { item, bytes } = waiting.shift()!
    this.#clients.delete(client)
    if (waiting.length > 0) this.#clients.set(client, waiting)
    this.#size--
    this.#bytes -= bytes
    return item
  }
}
