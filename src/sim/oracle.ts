// What somebody who knows the truth would do next (CLIPort, "Oracle, reward, metric").

import { indexOf, pixelOf, pointOf, translationOf, turnedAbout } from '../control/geometry.js'
import type { Pixel, Vec3 } from '../control/types.js'
import type { OracleAction } from './api.js'
import type { LabelMap } from './cell-renderer.js'
import type { Physics } from './physics/physics.js'
import type { Random } from './random.js'
import { openMoves, targetPose, turnTo } from './score.js'
import type { Goal } from './tasks/task.js'

/** The cup must lie on the object as a whole: its radius in cells, and one for rounding. */
const marginCells = 4

/**
 * Takes the object that is farthest from its nearest free target, of those that can be seen; picks it at a random cell
 * of its visible surface, and puts it down so that its middle comes to the target's. Null when nothing is left or
 * visible. Pick yaw is 0; place yaw is the turn of the object between pick and place, 0 where its yaw does not matter.
 */
export function oracleAction(
  goal: Goal | undefined,
  physics: Physics,
  map: LabelMap,
  random: Random,
): OracleAction | null {
  if (!goal) return null
  for (const { move, targets } of openMoves(goal, physics)) {
    const cells = pickableCells(map, move.object)
    if (cells.length === 0) continue
    const pick = pointAt(map, random.pick(cells))
    const object = translationOf(physics.objectPose(move.object))
    const target = targets[0]!
    const turnRad = goal.rotations ? turnTo(move.object, target, move.symmetryRad, physics) : 0
    const offset = [pick.p_base_m[0] - object[0], pick.p_base_m[1] - object[1]] as const
    const [x, y] = turnedAbout(targetPose(target, physics).p_base_m, turnRad, offset)
    const place = { ...pointAt(map, pixelOf(map, x, y)), yawRad: turnRad }
    return { primitive: goal.primitive ?? 'pick_place', pick, place }
  }
  return null
}

/** Labels of the objects of which at least one cell can be seen. */
export function visibleLabels(map: LabelMap): ReadonlySet<number> {
  return new Set(map.labels)
}

/** Cells of the object's mask that are well inside it; all of the mask where it is too small for that. */
function pickableCells(map: LabelMap, label: number): Pixel[] {
  const mask: Pixel[] = []
  for (let u = 0; u < map.rows; u++) {
    for (let v = 0; v < map.cols; v++) if (map.labels[indexOf(map, [u, v])] === label) mask.push([u, v])
  }
  for (let margin = marginCells; margin > 0; margin--) {
    const inside = mask.filter(([u, v]) => isInside(map, label, u, v, margin))
    if (inside.length > 0) return inside
  }
  return mask
}

function isInside(map: LabelMap, label: number, u: number, v: number, margin: number): boolean {
  for (let du = -margin; du <= margin; du++) {
    for (let dv = -margin; dv <= margin; dv++) {
      if (du * du + dv * dv > margin * margin) continue
      const [row, col] = [u + du, v + dv]
      if (row < 0 || col < 0 || row >= map.rows || col >= map.cols) return false
      if (map.labels[indexOf(map, [row, col])] !== label) return false
    }
  }
  return true
}

function pointAt(map: LabelMap, pixel: Pixel): { pixel: Pixel; p_base_m: Vec3; yawRad: number } {
  return { pixel, p_base_m: pointOf(map, pixel), yawRad: 0 }
}
