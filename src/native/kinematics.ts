// Forward and inverse kinematics of the Franka arm: native/core's, the only ones in the project.

import { loadAddon } from './paths.js'

export interface ToolGeometry {
  /** Tool centre point from the flange along its z axis, metres. */
  readonly flangeToTcpM: number
  /** Rotation of the tool about the flange's z axis, radians. */
  readonly flangeToTcpYawRad: number
}

/** They share their kinematics and differ in their joint limits. */
export type ArmModel = 'panda' | 'fr3'

interface Addon {
  /** Fills `T_base_tool` (16 numbers, row-major) from 7 joint angles. */
  forward(qRad: Float64Array, tool: ToolGeometry, T_base_tool: Float64Array): void
  /** Fills `T_base_link` (8 matrices of 16: links 1..7 and flange) from 7 joint angles. */
  links(qRad: Float64Array, T_base_link: Float64Array): void
  /** Fills `limbs` (6 of 7 numbers: both ends' x, y, z and the radius, metres) from 7 joint angles. */
  limbs(qRad: Float64Array, tool: ToolGeometry, toolRadiusM: number, limbs: Float64Array): void
  /**
   * Tool straight down at x, y, z, turned by yaw about base z; fills `qRad` with the solution nearest the rest posture.
   * @param marginRad distance kept from every joint limit
   * @param arm whose limits; absent: the Panda's
   * @returns false when there is none
   */
  inverse(
    x: number,
    y: number,
    z: number,
    yawRad: number,
    tool: ToolGeometry,
    marginRad: number,
    qRad: Float64Array,
    arm?: ArmModel,
  ): boolean
  /** Range of each joint, radians: 7 minima, then 7 maxima; of the Panda when `arm` is absent. */
  jointLimits(arm?: ArmModel): Float64Array
}

let addon: Addon | undefined

export function kinematics(): Addon {
  addon ??= loadAddon<Addon>('kinematics')
  return addon
}
