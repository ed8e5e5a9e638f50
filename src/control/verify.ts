// Did the action do what it was meant to? Only from what a real cell has: the end effector's sensor and the cameras.

import { pointOf } from './geometry.js'
import { changedShare, changedShareAlong, coveredShare, medianRiseM } from './surface.js'
import type { Execution, Heightmap, Vec3 } from './types.js'

/**
 * What an action came to:
 * - `placed`: something was held and now lies where it was to go, or was pushed
 * - `missed`: the grasp held nothing, or not for the length of the lift; or the push met nothing
 * - `lost`: it was held, but the surface did not rise at the place: it fell on the way or rolled off
 */
export type ActionResult = 'placed' | 'missed' | 'lost'

/** What one step came to, by the heightmaps before and after it. */
export interface Verdict {
  readonly result: ActionResult
  /** Median change of the surface at the pick and at the place, metres. */
  readonly pickRiseM: number
  readonly placeRiseM: number
  /** Where something appeared that was not to be there; only when lost, and only when it is in view. */
  readonly droppedAt?: Vec3
}

/** Half the smallest height of anything that is picked; well above the noise of a depth camera's median. */
const leastChangeM = 0.005
const spotRadiusM = 0.012
/** What covers a smaller share of the spot at the pick is looked for in a smaller one at the place. */
const narrowShare = 0.6
const narrowRadiusM = 0.005

/** Far above a depth camera's noise, and below the height of anything that is picked. */
const movedM = 0.01
/** An object that moved by a centimetre uncovers a fifth of the spot round its middle; flicker is a few cells. */
const movedShare = 0.1

/** Whether what lay at a pick that missed lies elsewhere now: pushed by the tool, or moved by somebody. */
export function hasMovedAway(before: Heightmap, after: Heightmap, pick: Vec3, radiusM: number): boolean {
  return changedShare(before, after, pick, radiusM, movedM) > movedShare
}

/**
 * @param pick  execution of the pick plan: holding something after the grasp, or not
 * @param place null when the place plan was not run
 */
export function verifyAction(
  before: Heightmap,
  after: Heightmap,
  action: { readonly pick: Vec3; readonly place: Vec3 },
  pick: Execution,
  place: Execution | null,
): Verdict {
  const pickRiseM = medianRiseM(before, after, action.pick, spotRadiusM)
  const placeRiseM = medianRiseM(before, after, action.place, spotRadiusM)
  const changes = { pickRiseM, placeRiseM }
  // The place plan begins with the lift: what does not come along was never really held.
  if (!pick.holding || place === null || place.segments[0]?.holding === false) return { result: 'missed', ...changes }
  // A rope covers less than half of the usual spot.
  const isNarrow = coveredShare(before, action.pick, spotRadiusM, leastChangeM) < narrowShare
  const riseM = isNarrow ? medianRiseM(before, after, action.place, narrowRadiusM) : placeRiseM
  if (riseM >= leastChangeM) return { result: 'placed', ...changes }
  const droppedAt = highestRise(before, after)
  return { result: 'lost', ...changes, ...(droppedAt === null ? {} : { droppedAt }) }
}

/** What lies this far beside a stroke is pushed too: half a spatula. */
const strokeRadiusM = 0.05
/** Of the cells along a stroke: a single thing of 1 cm that moved changes more. */
const pushedShare = 0.002

/** Whether a push moved anything: what is not pushed leaves the surface along the stroke as it was. */
export function verifyPush(
  before: Heightmap,
  after: Heightmap,
  action: { readonly pick: Vec3; readonly place: Vec3 },
): Verdict {
  const pickRiseM = medianRiseM(before, after, action.pick, spotRadiusM)
  const placeRiseM = medianRiseM(before, after, action.place, spotRadiusM)
  const share = changedShareAlong(before, after, action.pick, action.place, strokeRadiusM, leastChangeM)
  return { result: share > pushedShare ? 'placed' : 'missed', pickRiseM, placeRiseM }
}

/** Centre of the 5 x 5 cells that rose the most, or null where nothing rose. */
function highestRise(before: Heightmap, after: Heightmap): Vec3 | null {
  const { rows, cols } = before
  const half = 2
  let best: { riseM: number; u: number; v: number } | null = null
  for (let u = half; u < rows - half; u += half) {
    for (let v = half; v < cols - half; v += half) {
      let riseM = Number.POSITIVE_INFINITY
      for (let du = -half; du <= half; du++) {
        for (let dv = -half; dv <= half; dv++) {
          const index = (u + du) * cols + v + dv
          riseM = Math.min(riseM, after.heightM[index]! - before.heightM[index]!)
        }
      }
      if (riseM >= leastChangeM && (best === null || riseM > best.riseM)) best = { riseM, u, v }
    }
  }
  return best === null ? null : pointOf(after, [best.u, best.v])
}
