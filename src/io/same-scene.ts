// Whether frames that are to become one map show one scene. Pictures of two tables, or of one table at two times, fuse
// without a word into a map of things that were never there together.

import { CliportError } from '../control/errors.js'
import { inverse, multiply } from '../control/geometry.js'
import type { HeightmapSpec, RgbdFrame } from '../control/types.js'

/**
 * A camera sees through a point that is this much nearer than anything in its picture there, metres. The lowest things
 * that are handled are about as high; calibrations are several times better.
 */
const marginM = 0.025

/** Pixels round a point's own that count too: a contour is seldom where the other camera has it to the pixel. */
const aroundPx = 3

/**
 * Two frames contradict each other beyond this share of the points that both see. Pairs of one simulated scene have none;
 * depth at the edges of things may be wrong in one or two of a hundred points of a real camera, and is no contradiction.
 */
const mostSeenThrough = 0.04

/** Fewer points than these in both pictures say nothing. */
const leastShared = 200

/** As many points of a frame are looked at, evenly spread. */
const samples = 20_000

/**
 * @throws CliportError INPUT_INVALID naming two frames that cannot be of one scene: things that one of them shows stand
 *                      where the other one sees through
 */
export function expectOneScene(frames: readonly RgbdFrame[], workspace: HeightmapSpec): void {
  for (const shown of frames) {
    for (const looking of frames) {
      if (shown === looking) continue
      const share = seenThrough(shown, looking, workspace)
      if (share > mostSeenThrough) throw contradiction(shown, looking, share)
    }
  }
}

/** Share 0..1 of the points of `shown` in the workspace and in the picture of `looking` that the latter sees through. */
export function seenThrough(shown: RgbdFrame, looking: RgbdFrame, workspace: HeightmapSpec): number {
  const T_looking_shown = multiply(inverse(looking.T_base_camera), shown.T_base_camera)
  const { width, height, fx, fy, cx, cy } = shown.intrinsics
  const stride = Math.max(1, Math.ceil(Math.sqrt((width * height) / samples)))
  let shared = 0
  let through = 0
  for (let v = 0; v < height; v += stride) {
    for (let u = 0; u < width; u += stride) {
      const z = shown.depthM[v * width + u]!
      if (!(z > 0 && z < Number.POSITIVE_INFINITY)) continue
      const point = [((u - cx) * z) / fx, ((v - cy) * z) / fy, z] as const
      if (!isInside(transformed(point, shown.T_base_camera), workspace)) continue
      const [x, y, away] = transformed(point, T_looking_shown)
      const nearest = nearestDepth(looking, x, y, away)
      if (nearest === null) continue
      shared++
      if (nearest > away + marginM) through++
    }
  }
  return shared < leastShared ? 0 : through / shared
}

/** The least depth round a point of the camera's frame, metres; null where the camera does not look, or saw nothing. */
function nearestDepth({ intrinsics, depthM }: RgbdFrame, x: number, y: number, z: number): number | null {
  if (z <= 0) return null
  const { width, height, fx, fy, cx, cy } = intrinsics
  const [u, v] = [Math.round((x * fx) / z + cx), Math.round((y * fy) / z + cy)]
  if (u < aroundPx || v < aroundPx || u >= width - aroundPx || v >= height - aroundPx) return null
  let nearest = Number.POSITIVE_INFINITY
  for (let row = v - aroundPx; row <= v + aroundPx; row++) {
    for (let column = u - aroundPx; column <= u + aroundPx; column++) {
      const depth = depthM[row * width + column]!
      // Where nothing was seen, anything may be.
      if (!(depth > 0)) return null
      nearest = Math.min(nearest, depth)
    }
  }
  return nearest === Number.POSITIVE_INFINITY ? null : nearest
}

type Point = readonly [number, number, number]

function transformed([x, y, z]: Point, T: Float64Array): [number, number, number] {
  const row = (at: number) => T[at]! * x + T[at + 1]! * y + T[at + 2]! * z + T[at + 3]!
  return [row(0), row(4), row(8)]
}

function isInside([x, y, z]: Point, { xMinM, xMaxM, yMinM, yMaxM, zMinM, zMaxM }: HeightmapSpec): boolean {
  return x >= xMinM && x < xMaxM && y >= yMinM && y < yMaxM && z >= zMinM && z < zMaxM
}

function contradiction(shown: RgbdFrame, looking: RgbdFrame, share: number): CliportError {
  return new CliportError(
    'INPUT_INVALID',
    `The frames '${shown.camera}' and '${looking.camera}' are not of one scene: ${(100 * share).toFixed(0)} % of what '${shown.camera}' shows and '${looking.camera}' looks at stands where '${looking.camera}' sees through`,
    {
      stage: 'capture',
      hint: 'Give the folder of one look, whose subfolders are the cameras that looked at the same time; or correct T_base_camera of one of them',
    },
  )
}
