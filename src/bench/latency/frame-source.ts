// Where the frames of a latency benchmark come from: the cameras of a simulated cell, or one look of a recording.

import type { RgbdFrame } from '../../control/types.js'
import type { Cell } from '../../sim/api.js'

/** One look, and when it was what it shows and when it was complete; the instants may be known a moment later. */
export interface Look {
  readonly frames: readonly RgbdFrame[]
  readonly instants: Promise<{ readonly exposedNs: bigint; readonly readyNs: bigint }>
}

/** Delivers looks on demand. */
export interface FrameSource {
  readonly kind: 'cell' | 'replay'
  readonly cameras: readonly string[]
  /** @param dueNs when the look is due: now, or a little ago */
  look(dueNs: bigint): Promise<Look>
}

/** Looks of the simulated cell: rendered when asked for, in the cell's thread. */
export function cellSource(cell: Pick<Cell, 'capture' | 'load'>, cameras: readonly string[]): FrameSource {
  return {
    kind: 'cell',
    cameras,
    async look() {
      const frames = await cell.capture()
      const instants = cell.load().then(({ look }) => ({ exposedNs: look!.beganNs, readyNs: look!.readyNs }))
      instants.catch(() => {}) // heard by whoever awaits it
      return { frames: frames.map(({ labels: _, ...frame }): RgbdFrame => frame), instants }
    },
  }
}

/** The frames of a recording again and again, complete at the instant at which they are due, as from a camera. */
export function replaySource(recorded: readonly RgbdFrame[]): FrameSource {
  return {
    kind: 'replay',
    cameras: recorded.map(({ camera }) => camera),
    async look(dueNs) {
      // A driver hands over buffers that no cache has seen.
      const frames = recorded.map((frame) => ({
        ...frame,
        color: frame.color.slice(),
        depthM: frame.depthM.slice(),
        stampNs: dueNs,
      }))
      return { frames, instants: Promise.resolve({ exposedNs: dueNs, readyNs: dueNs }) }
    },
  }
}
