// A person picks and places by clicks, through the same straight line as a policy: planned, checked, executed, verified.

import type { CycleWatcher } from '../control/cycle.js'
import { CliportError } from '../control/errors.js'
import { pixelContaining, pointOf } from '../control/geometry.js'
import type { Policy } from '../control/ports.js'
import type { Affordance, Heightmap, Pixel } from '../control/types.js'
import type { Takeover } from './api.js'

/** A policy that proposes what a person has clicked, once. */
export interface PersonPolicy {
  readonly policy: Policy
  readonly watcher: CycleWatcher
}

/** @param policy whose workspace and thresholds hold; it is not asked */
export function personPolicy(policy: Policy, takeover: Takeover): PersonPolicy {
  const { lexicon: _, ...info } = policy.info
  let isPlaced = false
  return {
    policy: {
      info,
      async propose(heightmap) {
        const pick = clickedPose(heightmap, takeover.pick, takeover.pick_yaw_rad)
        const place = clickedPose(heightmap, takeover.place, takeover.place_yaw_rad)
        const doneReason = 'what a person took is where they wanted it'
        return { pick, place, remaining: isPlaced ? 0 : 1, found: 1, knownWords: 1, doneReason, timingMs: {} }
      },
      async close() {},
    },
    watcher: {
      stepped({ verdict }) {
        isPlaced = verdict.result === 'placed'
      },
    },
  }
}

/** @throws CliportError INPUT_INVALID for a click outside the workspace */
export function expectInside(heightmap: Heightmap, { pick, place }: Pick<Takeover, 'pick' | 'place'>): void {
  for (const click of [pick, place]) clickedPixel(heightmap, click)
}

function clickedPose(heightmap: Heightmap, click: Takeover['pick'], yawRad: number): Affordance {
  const pixel = clickedPixel(heightmap, click)
  return { pixel, p_base_m: pointOf(heightmap, pixel), yawRad, probability: 1 }
}

function clickedPixel(heightmap: Heightmap, click: Takeover['pick']): Pixel {
  const { rows, cols } = heightmap
  const pixel = 'pixel' in click ? click.pixel : pixelContaining(heightmap, click.p_base_m[0], click.p_base_m[1])
  if (pixel !== null && pixel[0] < rows && pixel[1] < cols) return pixel
  throw new CliportError(
    'INPUT_INVALID',
    `Expected a point of the workspace, ${rows} x ${cols} cells, but received ${JSON.stringify(click)}`,
    { stage: 'serve', hint: 'Click inside the map' },
  )
}
