// The cell's oracle behind the policy's port: what a perfect policy would do, for checking everything but the policy.

import type { Policy, PolicyInfo } from '../control/ports.js'
import type { Affordance, Heightmap, Proposal } from '../control/types.js'
import type { Cell, OracleAction } from './api.js'

export function createOraclePolicy(cell: Pick<Cell, 'truth' | 'oracle'>, workspace: PolicyInfo['workspace']): Policy {
  return {
    info: {
      name: 'oracle',
      architecture: 'oracle',
      workspace,
      rotations: 36,
      thresholds: { pick: 0.5, place: 0.5, remaining: 0.5, found: 0.5 },
    },
    async propose(heightmap) {
      const { remaining } = await cell.truth()
      return oracleProposal(heightmap, remaining ? await cell.oracle() : null, remaining)
    },
    async close() {},
  }
}

/** @param action null when nothing is left, or nothing that is left is visible */
export function oracleProposal(heightmap: Heightmap, action: OracleAction | null, remaining: boolean): Proposal {
  const nowhere: Affordance = {
    pixel: [0, 0],
    p_base_m: [heightmap.spec.xMinM, heightmap.spec.yMinM, 0],
    yawRad: 0,
    probability: 0,
  }
  const sure = (pose: OracleAction['pick']): Affordance => ({ ...pose, probability: 1 })
  return {
    ...(action === null || action.primitive === 'pick_place' ? {} : { primitive: action.primitive }),
    pick: action === null ? nowhere : sure(action.pick),
    place: action === null ? nowhere : sure(action.place),
    remaining: remaining ? 1 : 0,
    found: 1,
    knownWords: 1,
    timingMs: {},
  }
}
