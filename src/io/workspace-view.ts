// Whether frames show the workspace at all. A wrong pose, wrong intrinsics or a camera that looks elsewhere make a map
// without data, which everything after it would take for an empty table.

import { CliportError } from '../control/errors.js'
import { inverse } from '../control/geometry.js'
import type { HeightmapSpec, RgbdFrame } from '../control/types.js'

/**
 * Below this share of the points with depth, nothing of the workspace was seen. A table fills 30 to 85 % of real frames
 * (../shared/real-tabletop); a column or two of a picture whose focal length is wrong by far are 0.4 %.
 */
const leastShare = 5e-3

/** A pose of another meaning has been taken for T_base_camera when these shares say so: as written, and as meant. */
const mistaken = { mostAsWritten: 0.02, leastAsMeant: 0.2 } as const

/** As many points of a frame are looked at, evenly spread. */
const samples = 20_000

/**
 * @throws CliportError FRAME_INVALID when no frame shows the workspace, with what each of them shows and where;
 *                      POSE_INVALID for a pose that misses the workspace and, inverted, transposed or taken to be
 *                      that of the camera's body, would look right at it
 */
export function expectWorkspaceSeen(frames: readonly RgbdFrame[], workspace: HeightmapSpec): void {
  const views = frames.map((frame) => ({ frame, points: pointsOf(frame) }))
  for (const { frame, points } of views) {
    const asWritten = shareInside(points, frame.T_base_camera, workspace)
    if (asWritten >= mistaken.mostAsWritten) continue
    const meant = meanings(frame.T_base_camera).find(
      ({ T }) => shareInside(points, T, workspace) > mistaken.leastAsMeant,
    )
    if (meant !== undefined) throw looksAway(frame, asWritten, meant.looks)
  }
  if (views.some(({ frame, points }) => shareInside(points, frame.T_base_camera, workspace) >= leastShare)) return
  throw nothingSeen(frames, workspace)
}

/** FRAME_INVALID for frames of which no point lies in the workspace. */
export function nothingSeen(frames: readonly RgbdFrame[], workspace: HeightmapSpec): CliportError {
  const { xMinM, xMaxM, yMinM, yMaxM, zMinM, zMaxM } = workspace
  const seen = frames.map((frame) => `camera '${frame.camera}' sees ${describePoints(frame)}`).join('; ')
  return new CliportError(
    'FRAME_INVALID',
    `Nothing of the workspace (x ${xMinM}..${xMaxM}, y ${yMinM}..${yMaxM}, z ${zMinM}..${zMaxM} m) was seen: ${seen}`,
    {
      stage: 'project',
      hint: 'Check T_base_camera, intrinsics and depth unit of the camera, and the section workspace of the settings (docs/realsense.md)',
    },
  )
}

/** Points of a frame in the camera's coordinates, x, y, z after another; metres. */
function pointsOf({ depthM, intrinsics: { width, fx, fy, cx, cy } }: RgbdFrame): Float64Array {
  const stride = Math.max(1, Math.ceil(Math.sqrt(depthM.length / samples)))
  const points: number[] = []
  for (let v = 0; v * width < depthM.length; v += stride) {
    for (let u = 0; u < width; u += stride) {
      const z = depthM[v * width + u]!
      if (z > 0 && z < Number.POSITIVE_INFINITY) points.push(((u - cx) * z) / fx, ((v - cy) * z) / fy, z)
    }
  }
  return Float64Array.from(points)
}

/** Share 0..1 of the points that lie in the workspace. */
function shareInside(points: Float64Array, T: Float64Array, spec: HeightmapSpec): number {
  let inside = 0
  for (let i = 0; i < points.length; i += 3) {
    const [x, y, z] = transformed(points, i, T)
    if (x >= spec.xMinM && x < spec.xMaxM && y >= spec.yMinM && y < spec.yMaxM && z >= spec.zMinM && z < spec.zMaxM) {
      inside++
    }
  }
  return points.length === 0 ? 0 : inside / (points.length / 3)
}

function transformed(points: Float64Array, i: number, T: Float64Array): [number, number, number] {
  const [x, y, z] = [points[i]!, points[i + 1]!, points[i + 2]!]
  const row = (at: number) => T[at]! * x + T[at + 1]! * y + T[at + 2]! * z + T[at + 3]!
  return [row(0), row(4), row(8)]
}

/** '307200 points, 0.52..1.40 m away, at x -0.1..0.9, y .., z .. m': from the 5th to the 95th percentile. */
function describePoints(frame: RgbdFrame): string {
  const points = pointsOf(frame)
  if (points.length === 0) return 'no depth'
  const away: number[] = []
  const axes: [number[], number[], number[]] = [[], [], []]
  for (let i = 0; i < points.length; i += 3) {
    away.push(points[i + 2]!)
    transformed(points, i, frame.T_base_camera).forEach((value, axis) => {
      axes[axis]!.push(value)
    })
  }
  const count = frame.depthM.reduce((sum, depth) => sum + (depth > 0 && depth < Number.POSITIVE_INFINITY ? 1 : 0), 0)
  const [x, y, z] = axes.map(rangeOf)
  return `${count} points, ${rangeOf(away)} m away, at x ${x}, y ${y}, z ${z} m`
}

function rangeOf(values: number[]): string {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!.toFixed(2)
  return `${at(0.05)}..${at(0.95)}`
}

/** What else may have been written where T_base_camera was meant. */
function meanings(T: Float64Array): { looks: string; T: Float64Array }[] {
  const R = (row: number, column: number) => T[4 * row + column]!
  const rotated = (columnOf: (row: number) => [number, number, number]) =>
    Float64Array.of(...[0, 1, 2].flatMap((row) => [...columnOf(row), T[4 * row + 3]!]), 0, 0, 0, 1)
  return [
    { looks: "inverted (the base in the camera's frame)", T: inverse(T) },
    { looks: 'transposed in its rotation', T: rotated((row) => [R(0, row), R(1, row), R(2, row)]) },
    {
      looks:
        "like the pose of the camera's body (x forward, y left, z up) instead of its optical frame (x right, y down, z forward)",
      T: rotated((row) => [-R(row, 1), -R(row, 2), R(row, 0)]),
    },
  ]
}

function looksAway({ camera }: RgbdFrame, share: number, looks: string): CliportError {
  return new CliportError(
    'POSE_INVALID',
    `T_base_camera of camera '${camera}' points it away from the workspace (${(100 * share).toFixed(1)} % of its points are in it): it looks ${looks}`,
    {
      stage: 'project',
      hint: 'Write the pose of the depth camera (x right, y down, z forward) in the base frame: p_base = T_base_camera * p_camera',
    },
  )
}
