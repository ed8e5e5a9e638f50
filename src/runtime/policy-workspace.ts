// A policy learnt heights above its own zero. On a real cell the map begins lower, so that noise below the table's plane
// is not lost; for the policy the heights are counted from its zero again, and what lies below is table.

import type { Policy } from '../control/ports.js'
import type { Heightmap, HeightmapSpec } from '../control/types.js'

/** The same policy for heightmaps whose z range differs from its own; anything else is left to the policy to refuse. */
export function withOwnHeights(policy: Policy): Policy {
  return {
    info: policy.info,
    propose: (heightmap, goal, options) => policy.propose(rebase(heightmap, policy.info.workspace), goal, options),
    close: () => policy.close(),
  }
}

/** Heights counted from `spec.zMinM`, cut at its bounds. */
export function rebase(heightmap: Heightmap, { zMinM, zMaxM }: HeightmapSpec): Heightmap {
  const { spec } = heightmap
  if (spec.zMinM === zMinM && spec.zMaxM === zMaxM) return heightmap
  const shiftM = spec.zMinM - zMinM
  const mostM = zMaxM - zMinM
  const heightM = heightmap.heightM.map((height) => Math.min(mostM, Math.max(0, height + shiftM)))
  return { ...heightmap, spec: { ...spec, zMinM, zMaxM }, heightM }
}
