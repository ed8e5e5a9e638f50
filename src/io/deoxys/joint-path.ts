// A straight line of the tool as joint angles over time, for a controller that only takes joint angles.

import { distanceM, translationOf, yawOf } from '../../control/geometry.js'
import type { Kinematics } from '../../control/ports.js'
import type { Vec3 } from '../../control/types.js'
import type { DeoxysOptions } from './options.js'

export interface ToolTarget {
  readonly p_base_m: Vec3
  readonly yawRad: number
}

type Limits = Pick<DeoxysOptions, 'accelerationMps2' | 'yawSpeedRadps' | 'jointSpeedRadps' | 'postureRad'>

/** Greatest first and second derivative of the quintic below, whose duration is 1. */
const peakVelocity = 1.875
const peakAcceleration = 5.7735
const samples = 32

/** From 0 to 1 with velocity and acceleration zero at both ends. */
function quintic(t: number): number {
  const x = Math.min(1, Math.max(0, t))
  return x ** 3 * (10 + x * (-15 + 6 * x))
}

export class JointPath {
  private constructor(
    readonly durationMs: number,
    private readonly jointsAt: (share: number) => number[] | null,
  ) {}

  /**
   * The tool moves straight to the target and turns on the way, from rest to rest, by minimum jerk. Joints that are not
   * in the posture of `inverse` at the start (an arm led by hand) are led into it on the way.
   * @param speedMps greatest speed of the tool; yaw and joints may make it slower
   * @returns null when the arm does not reach everywhere on the line, or starts in too different a posture
   */
  static plan(
    fromRad: readonly number[],
    target: ToolTarget,
    speedMps: number,
    kinematics: Kinematics,
    limits: Limits,
  ): JointPath | null {
    const start = toolAt(kinematics, fromRad)
    const first = kinematics.inverse(start.p_base_m, start.yawRad)
    const last = kinematics.inverse(target.p_base_m, target.yawRad)
    if (first === null || last === null) return null
    const offsetRad = fromRad.map((q, i) => q - first[i]!)
    if (!offsetRad.every((offset) => Math.abs(offset) <= limits.postureRad)) return null
    // The way round that joint 7 can go: yaw is q1 - q7 and a constant of the tool.
    const turnRad = last[0]! - last[6]! - (first[0]! - first[6]!)
    const lengthM = distanceM(target.p_base_m, start.p_base_m)

    const jointsAt = (share: number): number[] | null => {
      const p = target.p_base_m.map((end, axis) => {
        const begin = start.p_base_m[axis]!
        return begin + share * (end - begin)
      }) as unknown as Vec3
      const q = kinematics.inverse(p, start.yawRad + share * turnRad)
      const rest = 1 - quintic(share)
      return q?.map((angle, i) => angle + rest * offsetRad[i]!) ?? null
    }

    let steepestRad = 0 // change of any joint over the whole line, at its steepest
    let before = jointsAt(0)
    for (let k = 1; k <= samples && before !== null; k++) {
      const now = jointsAt(k / samples)
      if (now === null) return null
      for (const [i, q] of now.entries()) steepestRad = Math.max(steepestRad, samples * Math.abs(q - before[i]!))
      before = now
    }
    if (before === null) return null
    const durationS = Math.max(
      (peakVelocity * lengthM) / speedMps,
      Math.sqrt((peakAcceleration * lengthM) / limits.accelerationMps2),
      (peakVelocity * Math.abs(turnRad)) / limits.yawSpeedRadps,
      (peakVelocity * steepestRad) / limits.jointSpeedRadps,
    )
    return new JointPath(durationS * 1000, jointsAt)
  }

  /** Joint angles after that time on the path; null only where rounding left the arm's reach. */
  at(elapsedMs: number): number[] | null {
    return this.jointsAt(this.durationMs === 0 ? 1 : quintic(elapsedMs / this.durationMs))
  }
}

/** Where the tool is at these joint angles. */
export function toolAt(kinematics: Kinematics, qRad: readonly number[]): ToolTarget {
  const T = kinematics.forward(qRad)
  return { p_base_m: translationOf(T), yawRad: yawOf(T) }
}
