// Rigid transforms as 4x4 row-major matrices (ARCHITECTURE.md, "Frames").

import type { Mat4, Vec3 } from '../control/types.js'

/** `T` from a position and the rows of a rotation (9 numbers, row-major). */
export function transform(position: ArrayLike<number>, rotation: ArrayLike<number>): Mat4 {
  const [r, p] = [rotation, position]
  return Float64Array.of(
    ...[r[0]!, r[1]!, r[2]!, p[0]!],
    ...[r[3]!, r[4]!, r[5]!, p[1]!],
    ...[r[6]!, r[7]!, r[8]!, p[2]!],
    ...[0, 0, 0, 1],
  )
}

/** The product `a * b` of two 3x3 rotations, row-major. */
export function rotate(a: ArrayLike<number>, b: ArrayLike<number>): number[] {
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

export function subtract(a: Vec3, b: Vec3): Vec3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

export function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

export function unit(a: Vec3): Vec3 {
  const length = Math.hypot(...a)
  return [a[0] / length, a[1] / length, a[2] / length]
}
