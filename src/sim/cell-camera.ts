// The simulated cell's cameras as the runtime sees them: without the labels, which are truth.

import { setTimeout as sleep } from 'node:timers/promises'
import { CliportError } from '../control/errors.js'
import type { Camera } from '../control/ports.js'
import type { RgbdFrame } from '../control/types.js'
import type { Cell, SimFrame } from './api.js'

/** How often the cell is asked whether it still works on the pictures, milliseconds. */
const askEveryMs = 50
/** A cell that does not even answer for so long hangs, or has no processor, seconds. */
const answerTimeoutS = 60
/** What is watched is asked for again after so long, where the settings let a camera take for ever, seconds. */
const longestWaitS = 5

/**
 * @param timeoutS for how long the cell may deliver nothing although it has nothing else to do, before its cameras count
 *   as stalled; Infinity: for ever. What a busy machine takes to draw the pictures does not count
 */
export function createCellCamera(
  cell: Pick<Cell, 'capture' | 'load'> & Partial<Pick<Cell, 'watch'>>,
  timeoutS: number,
): Camera {
  let watching: ReturnType<Cell['watch']> | null = null
  return {
    names: ['front', 'left', 'right'],
    async capture(signal) {
      signal?.throwIfAborted()
      const end = new AbortController()
      const ends = signal === undefined ? end.signal : AbortSignal.any([end.signal, signal])
      const watch = Number.isFinite(timeoutS) ? [untilStalled(cell, timeoutS, ends)] : []
      try {
        const frames = await Promise.race([cell.capture(), aborted(ends), ...watch])
        return frames.map(withoutLabels)
      } finally {
        end.abort()
      }
    },
    // One look for all who ask meanwhile: the cell draws all cameras at once.
    ...(cell.watch !== undefined && {
      async newest(name, signal) {
        watching ??= cell.watch!().finally(() => {
          watching = null
        })
        const found = (await watching).find(({ camera }) => camera === name)
        if (found !== undefined) return withoutLabels(found)
        const waitS = Math.min(timeoutS, longestWaitS)
        await sleep(waitS * 1000, undefined, { signal })
        throw stalled(waitS, name)
      },
    }),
    async close() {},
  }
}

function withoutLabels({ labels: _, ...frame }: SimFrame): RgbdFrame {
  return frame
}

/** Rejects with the signal's reason; never resolves. */
function aborted(signal: AbortSignal): Promise<never> {
  const promise = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  promise.catch(() => {}) // nobody may be waiting any more
  return promise
}

/** Rejects when the cameras have stalled. Counts the answers of an idle cell, not the time that they took. */
async function untilStalled(cell: Pick<Cell, 'load'>, timeoutS: number, signal: AbortSignal): Promise<never> {
  const askMs = Math.min(askEveryMs, timeoutS * 1000)
  for (let idleMs = 0; idleMs < timeoutS * 1000; ) {
    await sleep(askMs, undefined, { signal }).catch(() => signal.throwIfAborted()) // its reason, not an AbortError
    const { isBusy } = await unlessHanging(cell.load())
    if (!isBusy) idleMs += askMs
  }
  throw stalled(timeoutS)
}

function stalled(timeoutS: number, name?: string): CliportError {
  const who = name === undefined ? 'The simulated cameras' : `The simulated camera '${name}'`
  return new CliportError('CAMERA_STALLED', `${who} delivered no frame within ${timeoutS} s`, {
    stage: 'capture',
    hint: 'They stall because the simulated fault camera=stall@N was asked for; without it the cell waits for its pictures',
    retryable: true,
  })
}

/** @throws CliportError CELL_FAILED */
function unlessHanging<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(hangs()), answerTimeoutS * 1000)
    timer.unref()
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function hangs(): CliportError {
  return new CliportError('CELL_FAILED', `The simulated cell has not answered for ${answerTimeoutS} s`, {
    stage: 'capture',
    hint: 'This machine is too busy to simulate: end other programs. If it is not, report the seed',
  })
}
