// The first start of a camera: a promise that ends with the first stream, an error, the caller's signal or the time-out.

import { RealSenseError } from './errors.js'
import type { CameraOptions } from './options.js'

export class Opening {
  /** Settles with the first start. */
  readonly done: Promise<void>
  #pending = true
  #settle!: { resolve(): void; reject(error: unknown): void }

  /**
   * @param isAwaited whether the camera is absent and the caller wants to wait for it: then there is no time-out
   * @param lastError the newest error, for the message of START_TIMEOUT
   */
  constructor(options: CameraOptions, isAwaited: () => boolean, lastError: () => RealSenseError | undefined) {
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    const onAbort = () => this.reject(new RealSenseError('ABORTED', 'Opening was aborted.'))
    options.signal?.addEventListener('abort', onAbort, { once: true })
    const startTimeoutMs = options.startTimeoutMs ?? 15_000
    const timer = setTimeout(() => {
      if (isAwaited()) return
      const error = lastError()
      const words = error ? ` Last error: ${error.message}` : ''
      this.reject(new RealSenseError('START_TIMEOUT', `The camera did not start within ${startTimeoutMs} ms.${words}`))
    }, startTimeoutMs)
    this.done
      .catch(() => {})
      .finally(() => {
        clearTimeout(timer)
        options.signal?.removeEventListener('abort', onAbort)
      })
  }

  /** The camera has neither streamed nor failed so far. */
  get pending(): boolean {
    return this.#pending
  }

  /** The camera streams. */
  succeed(): void {
    this.#pending = false
    this.#settle.resolve()
  }

  /** The camera's first start failed. */
  fail(error: unknown): void {
    this.#pending = false
    this.#settle.reject(error)
  }

  /** The caller waits no more; the camera itself goes on until it is closed. */
  reject(error: unknown): void {
    if (this.#pending) this.#settle.reject(error)
  }
}
