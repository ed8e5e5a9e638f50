// Requests that wait for their replies, in threads and over sockets: each is answered, given up or ended once.

interface Waiting<Reply> {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: unknown) => void
}

export class Replies<Key, Reply> {
  readonly #waiting = new Map<Key, Waiting<Reply>>()
  #ended: Error | null = null

  /** @param onIdle nothing waits any more */
  constructor(private readonly onIdle: () => void = () => {}) {}

  get size(): number {
    return this.#waiting.size
  }

  /** Why nothing is answered any more; null: it is. */
  get ended(): Error | null {
    return this.#ended
  }

  has(key: Key): boolean {
    return this.#waiting.has(key)
  }

  /**
   * Sends a request and waits for its reply. Rejects with what `send` throws, and with the signal's reason on abort; a reply
   * that comes later is dropped.
   */
  wait(key: Key, send: () => void, signal?: AbortSignal): Promise<Reply> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#ended !== null) return Promise.reject(this.#ended)
    return new Promise<Reply>((resolve, reject) => {
      const aborted = () => this.reject(key, signal?.reason)
      const settled = () => signal?.removeEventListener('abort', aborted)
      signal?.addEventListener('abort', aborted, { once: true })
      this.#waiting.set(key, {
        resolve: (reply) => {
          settled()
          resolve(reply)
        },
        reject: (error) => {
          settled()
          reject(error)
        },
      })
      try {
        send()
      } catch (error) {
        this.reject(key, error)
      }
    })
  }

  resolve(key: Key, reply: Reply): void {
    this.#take(key)?.resolve(reply)
  }

  reject(key: Key, error: unknown): void {
    this.#take(key)?.reject(error)
  }

  /** Rejects what waits; the first reason stands. */
  end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
  }

  #take(key: Key): Waiting<Reply> | undefined {
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    if (this.#waiting.size === 0) this.onIdle()
    return waiting
  }
}
