// Where the arm waits while the cameras look: where its own volume, from forward kinematics, hides nothing of what they
// saw the last time, and is no part of what they see of the workspace.

import { applyInverse, distanceM, pointOf, subtract, translationOf } from './geometry.js'
import type { Kinematics, Limb } from './ports.js'
import type { Heightmap, RgbdFrame, Vec3 } from './types.js'

/** One look, as far as it matters here. */
interface Seen {
  readonly frames: readonly RgbdFrame[]
  readonly heightmap: Heightmap
}

interface Pose {
  readonly p_base_m: Vec3
  readonly yawRad: number
}

/** Added to every radius of the arm, metres: of calibration, and of what bends and swings. */
const marginM = 0.03
/** Points of the surface that are looked at are so far apart, metres. */
const gridM = 0.0125
/** A camera's depth may differ by so much from a point of the map that it has seen, metres. */
const depthToleranceM = 0.02
/** Between the points of a limb that are looked at. */
const alongM = 0.02

/** A point of the surface, and the cameras that have seen it. */
interface Sight {
  readonly point: Vec3
  readonly eyes: readonly Vec3[]
}

/** What the cameras saw, as lines of sight: which of them an arm blocks can be asked many times. */
export class LinesOfSight {
  readonly #sights: readonly Sight[]

  constructor(private readonly seen: Seen) {
    this.#sights = sightsOf(seen)
  }

  /** Points of the surface that some camera saw. */
  get count(): number {
    return this.#sights.length
  }

  /** Whether every point that was seen is still seen by one camera at least, and no limb is inside the map's volume. */
  areFreeOf(limbs: readonly Limb[]): boolean {
    return !limbs.some((limb) => isInView(limb, this.seen.heightmap)) && this.hiddenBy(limbs, 1) === 0
  }

  /** How many points no camera sees any more; stops counting at `most`. */
  hiddenBy(limbs: readonly Limb[], most = Number.POSITIVE_INFINITY): number {
    let hidden = 0
    for (const { point, eyes } of this.#sights) {
      if (eyes.some((eye) => !limbs.some((limb) => blocks(limb, eye, point)))) continue
      if (++hidden >= most) break
    }
    return hidden
  }
}

/**
 * The pose from which the cameras can look that costs the least way: from where the tool is, and from there to the middle
 * of the workspace, where the next action is on average. Between straight up and the park pose; the park pose itself where
 * nothing nearer hides nothing.
 * @param from where the tool is, clear of everything below
 */
export function nearestLookPose(
  sights: LinesOfSight,
  { spec }: Heightmap,
  from: Pose,
  park: Pose,
  kinematics: Kinematics,
  toolRadiusM: number,
): Pose {
  const middle: Vec3 = [(spec.xMinM + spec.xMaxM) / 2, (spec.yMinM + spec.yMaxM) / 2, (spec.zMinM + spec.zMaxM) / 2]
  const wayM = ({ p_base_m }: Pose) => distanceM(from.p_base_m, p_base_m) + distanceM(p_base_m, middle)
  const candidates = candidatesBetween(from, park, spec.zMaxM + toolRadiusM + marginM)
  for (const pose of candidates.sort((a, b) => wayM(a) - wayM(b))) {
    const qRad = kinematics.inverse(pose.p_base_m, pose.yawRad)
    if (qRad !== null && sights.areFreeOf(kinematics.limbs(qRad, toolRadiusM))) return pose
  }
  return park
}

/** Above the workspace, from over the tool to the park pose. */
function candidatesBetween(from: Pose, park: Pose, lowestZM: number): Pose[] {
  const [x, y] = from.p_base_m
  const [parkX, parkY, parkZ] = park.p_base_m
  const shares = [0, 0.2, 0.4, 0.6, 0.8, 1]
  return shares.flatMap((up) =>
    shares.map((back): Pose => {
      const z = lowestZM + up * Math.max(0, parkZ - lowestZM)
      return { p_base_m: [x + back * (parkX - x), y + back * (parkY - y), z], yawRad: from.yawRad }
    }),
  )
}

function sightsOf({ frames, heightmap }: Seen): Sight[] {
  const { rows, cols, heightM, spec } = heightmap
  const step = Math.max(1, Math.round(gridM / spec.pixelM))
  const sights: Sight[] = []
  for (let u = 0; u < rows; u += step) {
    for (let v = 0; v < cols; v += step) {
      if (!(heightM[u * cols + v]! > 0) && !isColored(heightmap, u * cols + v)) continue
      const point = pointOf(heightmap, [u, v])
      const eyes = frames.filter((frame) => sees(frame, point)).map((frame) => translationOf(frame.T_base_camera))
      if (eyes.length > 0) sights.push({ point, eyes })
    }
  }
  return sights
}

/** Cells in which nothing was seen are black and lie on the table. */
function isColored({ color }: Heightmap, index: number): boolean {
  return color[3 * index]! + color[3 * index + 1]! + color[3 * index + 2]! > 0
}

function sees({ intrinsics, T_base_camera, depthM }: RgbdFrame, point: Vec3): boolean {
  const [x, y, z] = applyInverse(T_base_camera, point)
  if (z <= 0) return false
  const { fx, fy, cx, cy, width, height } = intrinsics
  const column = Math.round((fx * x) / z + cx)
  const row = Math.round((fy * y) / z + cy)
  if (column < 0 || column >= width || row < 0 || row >= height) return false
  return Math.abs(depthM[row * width + column]! - z) < depthToleranceM
}

/** Whether a limb reaches into what the map shows. */
function isInView({ a, b, radiusM }: Limb, { spec }: Heightmap): boolean {
  const reachM = radiusM + marginM
  const count = Math.ceil(distanceM(a, b) / alongM) + 1
  for (let i = 0; i <= count; i++) {
    const [x, y, z] = a.map((value, axis) => value + (i / count) * (b[axis]! - value)) as unknown as Vec3
    const isOver =
      x > spec.xMinM - reachM && x < spec.xMaxM + reachM && y > spec.yMinM - reachM && y < spec.yMaxM + reachM
    if (isOver && z - reachM < spec.zMaxM) return true
  }
  return false
}

function blocks({ a, b, radiusM }: Limb, eye: Vec3, point: Vec3): boolean {
  return squaredDistance(a, b, eye, point) < (radiusM + marginM) ** 2
}

/** Squared distance of two segments (Ericson, "Real-Time Collision Detection", section 5.1.9). */
function squaredDistance(p1: Vec3, q1: Vec3, p2: Vec3, q2: Vec3): number {
  const d1 = subtract(q1, p1)
  const d2 = subtract(q2, p2)
  const r = subtract(p1, p2)
  const [a, e, b] = [dot(d1, d1), dot(d2, d2), dot(d1, d2)]
  const [c, f] = [dot(d1, r), dot(d2, r)]
  const clamp = (value: number) => Math.min(1, Math.max(0, value))
  const denominator = a * e - b * b
  let s = denominator > 1e-12 ? clamp((b * f - c * e) / denominator) : 0
  let t = e > 0 ? (b * s + f) / e : 0
  if (t < 0 || t > 1) {
    t = clamp(t)
    s = a > 0 ? clamp((b * t - c) / a) : 0
  }
  const off: Vec3 = [r[0] + s * d1[0] - t * d2[0], r[1] + s * d1[1] - t * d2[1], r[2] + s * d1[2] - t * d2[2]]
  return dot(off, off)
}

function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
