// Those who wait for a frame, in the order in which they came.

import { RealSenseError } from './errors.js'
import type { CameraFrame } from './frame.js'
import { invalid } from './names.js'

export interface NextOptions {
  readonly signal?: AbortSignal
  /** Throws TIMEOUT when no frame comes in time; default: waits for ever. */
  readonly timeoutMs?: number
  /** Only a frame that arrived at or after this host monotonic time. */
  readonly afterNs?: bigint
}

export interface Waiter {
  readonly afterNs: bigint
  resolve(frame: CameraFrame | undefined): void
  reject(error: unknown): void
}

export class FrameWaiters {
  readonly #waiters: Waiter[] = []
  readonly #onChange: () => void
  readonly #situation: () => string

  /**
   * @param onChange  called when somebody begins or ends to wait
   * @param situation what the camera is doing, for the message of TIMEOUT
   */
  constructor(onChange: () => void, situation: () => string) {
    this.#onChange = onChange
    this.#situation = situation
  }

  get size(): number {
    return this.#waiters.length
  }

  get first(): Waiter | undefined {
    return this.#waiters[0]
  }

  /** @throws RealSenseError ABORTED, TIMEOUT, and whatever `reject` is given */
  wait(options: NextOptions): Promise<CameraFrame | undefined> {
    const { signal, timeoutMs, afterNs = 0n } = options
    if (timeoutMs !== undefined && !(timeoutMs > 0)) {
      return Promise.reject(invalid('timeoutMs', 'milliseconds above 0', timeoutMs))
    }
    if (signal?.aborted) return Promise.reject(aborted(signal))
    return new Promise((resolve, reject) => {
      const onTimeout = () =>
        waiter.reject(new RealSenseError('TIMEOUT', `No frame within ${timeoutMs} ms; ${this.#situation()}`))
      const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs)
      const onAbort = () => waiter.reject(aborted(signal!))
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        const index = this.#waiters.indexOf(waiter)
        if (index >= 0) this.#waiters.splice(index, 1)
        this.#onChange()
      }
      const waiter: Waiter = {
        afterNs,
        resolve(frame) {
          done()
          resolve(frame)
        },
        reject(error) {
          done()
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiters.push(waiter)
      this.#onChange()
    })
  }

  /** There will be no more frames. */
  resolveAll(): void {
    for (const waiter of [...this.#waiters]) waiter.resolve(undefined)
  }

  rejectAll(error: unknown): void {
    for (const waiter of [...this.#waiters]) waiter.reject(error)
  }
}

function aborted(signal: AbortSignal): RealSenseError {
  return new RealSenseError('ABORTED', 'Waiting for a frame was aborted.', { cause: signal.reason })
}
