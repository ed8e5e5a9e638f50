// The way from the last action to where the arm waits while the cameras look, and from where on they can.

import { turnOfLine } from './check.js'
import { distanceM } from './geometry.js'
import { type LinesOfSight, nearestLookPose } from './look.js'
import { type PlanSettings, planPark, type ToolPose } from './plan.js'
import type { Kinematics } from './ports.js'
import { type Heightmap, isMotion, type Plan, type Segment, type Vec3 } from './types.js'

/** A way on which the cameras can look before its end. */
export interface Withdrawal {
  readonly plan: Plan
  readonly end: ToolPose
  /** Segment after which the arm hides nothing, now and for the rest of the way. */
  readonly clearAfter: number
}

/** Points of the way that are looked at are so far apart; nearer to its end it is not worth a segment, metres. */
const stepM = 0.02

/** @param wanted where the arm is to wait; null: at the nearest pose at which it hides nothing */
export function planWithdrawal(
  sights: LinesOfSight,
  heightmap: Heightmap,
  start: ToolPose,
  { wanted, park, plan }: { readonly wanted: ToolPose | null; readonly park: ToolPose; readonly plan: PlanSettings },
  kinematics: Kinematics,
): Withdrawal {
  const end = wanted ?? nearestLookPose(sights, heightmap, start, park, kinematics, plan.toolRadiusM)
  const way = planPark(heightmap, start, end, kinematics, plan, heightmap.spec.zMaxM)
  const last = way.segments.length - 1
  const from = way.segments.slice(0, last).findLast(isMotion) ?? start
  const clear = firstClear(sights, from, end, kinematics, plan.toolRadiusM)
  if (clear === null || plan.blendRadiusM === 0) return { plan: way, end, clearAfter: last }
  const onTheWay: Segment = { kind: 'move', ...clear, speedMps: plan.travelSpeedMps, blendRadiusM: plan.blendRadiusM }
  const segments = [...way.segments.slice(0, last), onTheWay, way.segments[last]!]
  return { plan: { ...way, segments }, end, clearAfter: last }
}

/** The first point of a line from which on the arm hides nothing; null when that is its end, or hardly before. */
function firstClear(
  sights: LinesOfSight,
  from: ToolPose,
  to: ToolPose,
  kinematics: Kinematics,
  toolRadiusM: number,
): ToolPose | null {
  const count = Math.floor(distanceM(from.p_base_m, to.p_base_m) / stepM)
  const turnRad = turnOfLine(from, to, kinematics)
  let clear: ToolPose | null = null
  for (let i = count - 1; i >= 1; i--) {
    const share = i / count
    const mix = (axis: 0 | 1 | 2) => from.p_base_m[axis] + share * (to.p_base_m[axis] - from.p_base_m[axis])
    const p_base_m: Vec3 = [mix(0), mix(1), mix(2)]
    const pose = { p_base_m, yawRad: from.yawRad + share * turnRad }
    const qRad = kinematics.inverse(p_base_m, pose.yawRad)
    if (qRad === null || !sights.areFreeOf(kinematics.limbs(qRad, toolRadiusM))) break
    clear = pose
  }
  return clear
}
