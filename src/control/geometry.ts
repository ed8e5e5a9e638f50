// Geometry, once for the whole runtime: the heightmap's grid, rigid transforms, vectors and angles.
// Metres and radians. A transform is 4x4, row-major; `T_a_b` maps coordinates in b to coordinates in a.

import type { HeightmapSpec, Mat4, Pixel, Vec3 } from './types.js'

/** Cells over the workspace: row u along +y, column v along +x. Heightmaps and label maps are grids. */
export interface Grid {
  readonly spec: HeightmapSpec
  readonly rows: number
  readonly cols: number
}

export interface HeightGrid extends Grid {
  /** Height above `spec.zMinM` in metres, rows x cols, row-major. */
  readonly heightM: Float32Array
}

/** Nearest integer; of two that are equally near, the even one (IEEE 754, NumPy's rint, C++ std::nearbyint). */
export function roundHalfToEven(value: number): number {
  const low = Math.floor(value)
  const above = value - low
  if (above !== 0.5) return above < 0.5 ? low : low + 1
  return low % 2 === 0 ? low : low + 1
}

/** Rows (along y) and columns (along x) of a grid, as `HeightmapSpec::rows()` and `cols()` of native/core have them. */
export function gridSize(spec: HeightmapSpec): { rows: number; cols: number } {
  return {
    rows: roundHalfToEven((spec.yMaxM - spec.yMinM) / spec.pixelM),
    cols: roundHalfToEven((spec.xMaxM - spec.xMinM) / spec.pixelM),
  }
}

/** x of a column, as poses have it: no half cell (CLIPort's `pix_to_xyz`). */
export function xOfColumn({ xMinM, pixelM }: HeightmapSpec, v: number): number {
  return xMinM + v * pixelM
}

/** y of a row; likewise. */
export function yOfRow({ yMinM, pixelM }: HeightmapSpec, u: number): number {
  return yMinM + u * pixelM
}

/** Surface point of a cell, base frame: x from the column, y from the row, z from the map (CLIPort's `pix_to_xyz`). */
export function pointOf(grid: HeightGrid, pixel: Pixel): Vec3 {
  const { spec, heightM } = grid
  const [u, v] = pixel
  return [xOfColumn(spec, v), yOfRow(spec, u), spec.zMinM + heightM[indexOf(grid, pixel)]!]
}

/** Cell of a pose: the inverse of `pointOf`, rounded to the nearest (CLIPort's `xyz_to_pix`) and clamped to the grid. */
export function pixelOf({ spec, rows, cols }: Grid, x: number, y: number): Pixel {
  const clamp = (value: number, count: number) => Math.min(count - 1, Math.max(0, roundHalfToEven(value / spec.pixelM)))
  return [clamp(y - spec.yMinM, rows), clamp(x - spec.xMinM, cols)]
}

/** Cell into which the projection puts a point of the surface (by floor), or null outside of the grid. */
export function pixelContaining({ spec, rows, cols }: Grid, x: number, y: number): Pixel | null {
  const u = Math.floor((y - spec.yMinM) / spec.pixelM)
  const v = Math.floor((x - spec.xMinM) / spec.pixelM)
  return u >= 0 && u < rows && v >= 0 && v < cols ? [u, v] : null
}

/** Index of a cell in a row-major map. */
export function indexOf({ cols }: Pick<Grid, 'cols'>, [u, v]: Pixel): number {
  return u * cols + v
}

/** Cell at an index of a row-major map. */
export function pixelAt({ cols }: Pick<Grid, 'cols'>, index: number): Pixel {
  return [Math.floor(index / cols), index % cols]
}

export function subtract(a: Vec3, b: Vec3): Vec3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

export function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/** The same direction with length 1. */
export function unit(a: Vec3): Vec3 {
  const length = Math.hypot(...a)
  return [a[0] / length, a[1] / length, a[2] / length]
}

export function distanceM(a: Vec3, b: Vec3): number {
  return Math.hypot(...subtract(a, b))
}

/** `T` from a position and a rotation (9 numbers, row-major). */
export function transform(position: ArrayLike<number>, rotation: ArrayLike<number>): Mat4 {
  const [r, p] = [rotation, position]
  return Float64Array.of(
    ...[r[0]!, r[1]!, r[2]!, p[0]!],
    ...[r[3]!, r[4]!, r[5]!, p[1]!],
    ...[r[6]!, r[7]!, r[8]!, p[2]!],
    ...[0, 0, 0, 1],
  )
}

export function identity(): Mat4 {
  return transform([0, 0, 0], [1, 0, 0, 0, 1, 0, 0, 0, 1])
}

/** Origin of b in a, of `T_a_b`. */
export function translationOf(T: ArrayLike<number>): Vec3 {
  return [T[3]!, T[7]!, T[11]!]
}

/** Rotation of a transform, 9 numbers, row-major. */
export function rotationOf(T: ArrayLike<number>): number[] {
  return [T[0]!, T[1]!, T[2]!, T[4]!, T[5]!, T[6]!, T[8]!, T[9]!, T[10]!]
}

/** Angle of b's x axis about a's z axis, seen from above, in [-pi, pi]. */
export function yawOf(T: ArrayLike<number>): number {
  return Math.atan2(T[4]!, T[0]!)
}

/** `T_a_c = T_a_b * T_b_c`. */
export function multiply(T_a_b: Mat4, T_b_c: Mat4): Mat4 {
  return transform(apply(T_a_b, translationOf(T_b_c)), multiplyRotations(rotationOf(T_a_b), rotationOf(T_b_c)))
}

/** `T_b_a` from a rigid `T_a_b`: the transposed rotation, and the translation turned back. */
export function inverse(T: Mat4): Mat4 {
  const turnedBack = (axis: number) => -(T[axis]! * T[3]! + T[4 + axis]! * T[7]! + T[8 + axis]! * T[11]!)
  return transform(
    [turnedBack(0), turnedBack(1), turnedBack(2)],
    [T[0]!, T[4]!, T[8]!, T[1]!, T[5]!, T[9]!, T[2]!, T[6]!, T[10]!],
  )
}

/** `p_a = T_a_b * p_b`. */
export function apply(T: ArrayLike<number>, [x, y, z]: Vec3): Vec3 {
  const row = (i: number) => T[i]! * x + T[i + 1]! * y + T[i + 2]! * z + T[i + 3]!
  return [row(0), row(4), row(8)]
}

/** `p_b` from `p_a` and a rigid `T_a_b`. */
export function applyInverse(T: ArrayLike<number>, p: Vec3): Vec3 {
  const d = subtract(p, translationOf(T))
  const along = (axis: number) => T[axis]! * d[0] + T[4 + axis]! * d[1] + T[8 + axis]! * d[2]
  return [along(0), along(1), along(2)]
}

/** In the plane of the table: where a point at `offset` from `at` comes to lie when it is turned about `at` by `yawRad`. */
export function turnedAbout(
  at: readonly [number, number, ...number[]],
  yawRad: number,
  [dx, dy]: readonly [number, number],
): readonly [x: number, y: number] {
  const [cos, sin] = [Math.cos(yawRad), Math.sin(yawRad)]
  return [at[0] + cos * dx - sin * dy, at[1] + sin * dx + cos * dy]
}

/** The product `a * b` of two rotations, 9 numbers each, row-major. */
export function multiplyRotations(a: ArrayLike<number>, b: ArrayLike<number>): number[] {
  const cell = (row: number, col: number) =>
    a[3 * row]! * b[col]! + a[3 * row + 1]! * b[3 + col]! + a[3 * row + 2]! * b[6 + col]!
  return Array.from({ length: 9 }, (_, i) => cell(Math.floor(i / 3), i % 3))
}

/** Rotation by `angleRad` about a unit axis (Rodrigues), 9 numbers, row-major. */
export function rotationAbout([x, y, z]: Vec3, angleRad: number): number[] {
  const c = Math.cos(angleRad)
  const s = Math.sin(angleRad)
  const t = 1 - c
  return [
    ...[t * x * x + c, t * x * y - s * z, t * x * z + s * y],
    ...[t * x * y + s * z, t * y * y + c, t * y * z - s * x],
    ...[t * x * z - s * y, t * y * z + s * x, t * z * z + c],
  ]
}

/**
 * Unit quaternion of a transform's rotation. The largest component comes from the trace or the diagonal, so that nothing
 * is divided by a small number (Shepperd, "Quaternion from rotation matrix", 1978).
 */
export function quaternionOf(T: ArrayLike<number>): { x: number; y: number; z: number; w: number } {
  const m = (row: number, col: number) => T[row * 4 + col]!
  const trace = m(0, 0) + m(1, 1) + m(2, 2)
  if (trace > 0) {
    const s = 2 * Math.sqrt(1 + trace)
    return { x: (m(2, 1) - m(1, 2)) / s, y: (m(0, 2) - m(2, 0)) / s, z: (m(1, 0) - m(0, 1)) / s, w: s / 4 }
  }
  const i = [0, 1, 2].reduce((best, axis) => (m(axis, axis) > m(best, best) ? axis : best))
  const [j, k] = [(i + 1) % 3, (i + 2) % 3] as [number, number]
  const s = 2 * Math.sqrt(1 + m(i, i) - m(j, j) - m(k, k))
  const q = [0, 0, 0]
  q[i] = s / 4
  q[j] = (m(i, j) + m(j, i)) / s
  q[k] = (m(i, k) + m(k, i)) / s
  return { x: q[0]!, y: q[1]!, z: q[2]!, w: (m(k, j) - m(j, k)) / s }
}

/** Camera at `position` that looks at `target`, its image upright in the base frame: x right, y down, z ahead. */
export function lookAt(position: Vec3, target: Vec3): Mat4 {
  const ahead = unit(subtract(target, position))
  const right = unit(cross(ahead, [0, 0, 1]))
  const down = cross(ahead, right)
  return transform(position, [
    ...[right[0], down[0], ahead[0]],
    ...[right[1], down[1], ahead[1]],
    ...[right[2], down[2], ahead[2]],
  ])
}

/** The same angle in (-pi, pi]. */
export function wrapRad(angleRad: number): number {
  const wrapped = angleRad - 2 * Math.PI * Math.floor((angleRad + Math.PI) / (2 * Math.PI))
  return wrapped <= -Math.PI ? Math.PI : wrapped
}

/** The shortest turn that looks the same on a thing of this symmetry; 0 where its yaw does not matter (symmetry 0). */
export function shortestTurnRad(turnRad: number, symmetryRad: number): number {
  return symmetryRad === 0 ? 0 : turnRad - symmetryRad * Math.round(turnRad / symmetryRad)
}
