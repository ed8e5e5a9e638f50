// The open loop, as the baseline of the closed one: one observation, an action for each object in it, no second
// observation. The cycle is the same; only its ports are replaced.

import { decideAtFirst } from '../control/decide.js'
import type { Policy } from '../control/ports.js'
import type { SuppressedSpot } from '../control/types.js'
import type { Cell, SimFrame } from '../sim/api.js'

/** Round a pick, so that what has been acted on is not proposed again: a 4 cm block, picked anywhere on it. */
const actedRadiusM = 0.045

/**
 * Cameras that show what they saw at first for ever. The cell is looked at all the same: its disturbances come between a
 * look and the next motion, and so are the same in both loops.
 */
export function firstFramesOnly(cell: Pick<Cell, 'capture'>): () => Promise<readonly SimFrame[]> {
  let first: readonly SimFrame[] | null = null
  return async () => {
    const frames = await cell.capture()
    first ??= frames
    return first
  }
}

/**
 * A policy that goes through everything that one look shows: each proposal leaves out what it has proposed before, and
 * when nothing is left of which it is sure, it says that it has finished.
 */
export function onceForEach(policy: Policy): Policy {
  const acted: SuppressedSpot[] = []
  return {
    info: policy.info,
    async propose(heightmap, goal, options) {
      const proposal = await policy.propose(heightmap, goal, { ...options, suppress: acted })
      const decision = decideAtFirst(proposal, policy.info.thresholds)
      if (decision.kind === 'act') {
        acted.push({ pixel: proposal.pick.pixel, radiusM: actedRadiusM })
        return proposal
      }
      return acted.length === 0 ? proposal : { ...proposal, remaining: 0, found: 1 }
    },
    close: () => policy.close(),
  }
}
