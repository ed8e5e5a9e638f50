// The simulated cell's cameras as the runtime sees them: without the labels, which are truth.

import { CliportError } from '../control/errors.js'
import type { Camera } from '../control/ports.js'
import type { RgbdFrame } from '../control/types.js'
import type { Cell } from './api.js'

/** @param timeoutS how long a look may take before the cameras count as stalled; Infinity: for ever */
export function createCellCamera(cell: Pick<Cell, 'capture'>, timeoutS: number): Camera {
  return {
    names: ['front', 'left', 'right'],
    async capture(signal) {
      signal?.throwIfAborted()
      const frames = await within(cell.capture(), timeoutS, signal)
      return frames.map(({ labels: _, ...frame }): RgbdFrame => frame)
    },
    async close() {},
  }
}

function within<T>(work: Promise<T>, timeoutS: number, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = Number.isFinite(timeoutS)
      ? setTimeout(() => end(() => reject(stalled(timeoutS))), timeoutS * 1000)
      : undefined
    const onAbort = () => end(() => reject(signal?.reason))
    const end = (settle: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      settle()
    }
    signal?.addEventListener('abort', onAbort)
    work.then(
      (value) => end(() => resolve(value)),
      (error) => end(() => reject(error)),
    )
  })
}

function stalled(timeoutS: number): CliportError {
  return new CliportError('CAMERA_STALLED', `The cameras delivered no frame within ${timeoutS} s`, {
    stage: 'capture',
    hint: 'Look at cables and power of the cameras, and whether another program holds them',
    retryable: true,
  })
}
