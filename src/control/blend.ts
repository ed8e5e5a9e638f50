// Corners that are cut. However a controller blends two lines, the tool stays inside the triangle that the blend radius
// marks off on them: what is planned and checked here is all of that triangle, so that nothing need be known of timing.

import { type Box, crosses } from './keep-out.js'
import type { Kinematics } from './ports.js'
import { highestAtM } from './surface.js'
import type { Heightmap, Vec3 } from './types.js'

/** Where the tool, which points straight down, is to be. */
interface Pose {
  readonly p_base_m: Vec3
  readonly yawRad: number
}

/** Two lines and the end that they share. */
export interface Corner {
  readonly from: Pose
  readonly at: Pose
  readonly to: Pose
}

/** What a blend must keep clear of; metres. */
export interface Surroundings {
  readonly kinematics: Kinematics
  /** What was seen; null before the first look. */
  readonly heightmap: Heightmap | null
  /** Length of what hangs below the tool. */
  readonly payloadHeightM: number
  /** Kept between whatever moves sideways and whatever was seen below it ... */
  readonly clearanceM: number
  /** ... within this distance of the tool. */
  readonly aroundM: number
  readonly keepOut: readonly Box[]
  /** Kept from those boxes sideways. */
  readonly keepOutRadiusM: number
  /** Height of what stands above the tip: kept from those boxes too. */
  readonly toolHeightM: number
}

/** Why a corner may not be cut so far. */
export type BlendProblem =
  | { readonly kind: 'too-low'; readonly at: Vec3; readonly surfaceM: number }
  | { readonly kind: 'keep-out'; readonly at: Vec3; readonly box: Box }
  | { readonly kind: 'unreachable'; readonly at: Vec3 }

const stepM = 0.005
/** Nearer to a vertical line than this, metres, a point is on it: nothing moves sideways there. */
const onLineM = 1e-3
/** Chords of the triangle that are looked at, as shares of the blend radius. */
const chords = [1, 0.75, 0.5, 0.25]

/** The first reason why a blend of this radius is not clear of everything, or null. */
export function problemOfBlend(corner: Corner, radiusM: number, around: Surroundings): BlendProblem | null {
  for (const share of chords) {
    const enter = between(corner.at, corner.from, share * radiusM)
    const leave = between(corner.at, corner.to, share * radiusM)
    const problem = problemOfChord(corner, enter, leave, around)
    if (problem !== null) return problem
  }
  return null
}

/**
 * The greatest blend radius up to `mostM` with which a corner is clear of everything, in steps of a fifth; 0 where it
 * must not be cut. No longer than either line.
 */
export function greatestBlendM(corner: Corner, mostM: number, around: Surroundings): number {
  const lengthM = Math.min(distance(corner.at, corner.from), distance(corner.at, corner.to))
  for (let radiusM = Math.min(mostM, lengthM); radiusM >= onLineM; radiusM *= 0.8) {
    if (problemOfBlend(corner, radiusM, around) === null) return radiusM
  }
  return 0
}

function problemOfChord(corner: Corner, enter: Pose, leave: Pose, around: Surroundings): BlendProblem | null {
  const { heightmap, payloadHeightM, clearanceM, aroundM, kinematics } = around
  const extent = { sidewaysM: around.keepOutRadiusM, belowM: payloadHeightM, aboveM: around.toolHeightM }
  const box = around.keepOut.find((candidate) => crosses(candidate, enter.p_base_m, leave.p_base_m, extent))
  if (box !== undefined) return { kind: 'keep-out', at: enter.p_base_m, box }

  const count = Math.max(1, Math.ceil(distance(enter, leave) / stepM))
  const verticals = [corner.from, corner.to].some((end) => sideways(end, corner.at) < onLineM)
  for (let i = 0; i <= count; i++) {
    const at = mix(enter, leave, i / count)
    if (kinematics.inverse(at.p_base_m, at.yawRad) === null) return { kind: 'unreachable', at: at.p_base_m }
    if (heightmap === null || (verticals && sideways(at, corner.at) < onLineM)) continue
    const surfaceM = highestAtM(heightmap, at.p_base_m, aroundM)
    if (at.p_base_m[2] - payloadHeightM < surfaceM + clearanceM) return { kind: 'too-low', at: at.p_base_m, surfaceM }
  }
  return null
}

/** The point on the way from one pose to another that is `lengthM` along it; the other at most. */
function between(from: Pose, to: Pose, lengthM: number): Pose {
  const wholeM = distance(from, to)
  return mix(from, to, wholeM <= lengthM ? 1 : lengthM / wholeM)
}

function mix(from: Pose, to: Pose, share: number): Pose {
  const p = from.p_base_m.map((value, axis) => value + share * (to.p_base_m[axis]! - value)) as unknown as Vec3
  return { p_base_m: p, yawRad: from.yawRad + share * (to.yawRad - from.yawRad) }
}

function distance(a: Pose, b: Pose): number {
  return Math.hypot(...a.p_base_m.map((value, axis) => value - b.p_base_m[axis]!))
}

function sideways(a: Pose, b: Pose): number {
  return Math.hypot(a.p_base_m[0] - b.p_base_m[0], a.p_base_m[1] - b.p_base_m[1])
}
