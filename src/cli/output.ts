// Standard output and standard error: a reader that has gone (`| head -1`, a closed terminal) is told apart from output
// that could not be written (a full disk).

import type { Writable } from 'node:stream'

/** The other end of a pipe was closed (EPIPE), or the terminal was (EIO). */
const readerGoneCodes: readonly (string | undefined)[] = ['EPIPE', 'EIO', 'ECONNRESET', 'ERR_STREAM_DESTROYED']

export class Output {
  readonly isTerminal: boolean
  readonly #stream: Writable
  readonly #onReaderGone = new Set<() => void>()
  #written: Promise<void> = Promise.resolve()
  #isReaderGone = false
  #failure: NodeJS.ErrnoException | null = null
  #isFailureTaken = false

  /** From here on no error of the stream ends the process. */
  constructor(stream: Writable & { readonly isTTY?: boolean }) {
    this.#stream = stream
    this.isTerminal = stream.isTTY === true
    stream.on('error', (error: NodeJS.ErrnoException) => this.#fail(error))
  }

  /** Nobody reads any more; writing goes on without effect. */
  get isReaderGone(): boolean {
    return this.#isReaderGone
  }

  /** Why something could not be written although there is a reader; null while all is well, and once it has been taken. */
  takeFailure(): NodeJS.ErrnoException | null {
    if (this.#failure === null || this.#isFailureTaken) return null
    this.#isFailureTaken = true
    return this.#failure
  }

  write(text: string): void {
    if (this.#isReaderGone || this.#failure !== null || text === '') return
    this.#written = new Promise((resolve) => {
      this.#stream.write(text, (error) => {
        if (error) this.#fail(error)
        resolve()
      })
    })
  }

  /** Waits until all that was written is out, or has failed. Never throws. */
  flush(): Promise<void> {
    return this.#written
  }

  /** @returns a function that ends it */
  onReaderGone(listener: () => void): () => void {
    this.#onReaderGone.add(listener)
    if (this.#isReaderGone) listener()
    return () => this.#onReaderGone.delete(listener)
  }

  /** The reader is known to be gone from somewhere else, e.g. because another stream went into the same pipe. */
  readerGone(): void {
    if (this.#isReaderGone) return
    this.#isReaderGone = true
    for (const listener of [...this.#onReaderGone]) listener()
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (readerGoneCodes.includes(error.code)) this.readerGone()
    else this.#failure ??= error
  }
}
