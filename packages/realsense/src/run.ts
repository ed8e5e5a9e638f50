// One run of the native session; a restart of the camera makes a new one.

import type { Hold } from './frame.js'
import type { NativeCounts, NativeSession } from './native.js'

export interface Run {
  readonly session: NativeSession
  /** Host monotonic time. */
  readonly startedNs: bigint
  taken: number
  /** It has streamed. */
  announced: boolean
  failed: boolean
  onFinished?: () => void
}

/**
 * Ends a run, in bounded time.
 *
 * @param onCounts called once with what the run counted
 * @returns whether the library let go of the camera in time and stopped every sensor
 */
export function stopRun(run: Run, timeoutMs: number, onCounts: (counts: NativeCounts) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (finished: boolean) => {
      clearTimeout(timer)
      run.onFinished = undefined
      const status = run.session.status()
      onCounts(status.counts)
      run.session.close()
      resolve(finished && status.clean)
    }
    const timer = setTimeout(() => finish(false), timeoutMs)
    run.onFinished = () => finish(true)
    run.session.keepAlive(true)
    run.session.stop()
    if (run.session.status().finished) finish(true)
  })
}

/** A frame that was copied into the ring: valid until `keep` more were taken. */
export function copyOf(run: Run, keep: number): Hold {
  const order = ++run.taken
  return { isValid: () => run.taken - order < keep, release: () => {} }
}

/** A frame in the library's own memory: valid until it is released or the run ends. */
export function leaseOf(run: Run, lease: number, isCurrent: () => boolean): Hold {
  run.taken++
  let out = true
  return {
    isValid: () => out && isCurrent(),
    release: () => {
      if (out && isCurrent()) run.session.release(lease)
      out = false
    },
  }
}
