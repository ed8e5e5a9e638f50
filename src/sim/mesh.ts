// Triangle meshes of the cell: what the rasteriser draws. Corners run counter-clockwise seen from outside.

import { cross, subtract, unit } from '../control/geometry.js'
import type { Vec3 } from '../control/types.js'

/** RGB, 0..1. */
export type Rgb = readonly [number, number, number]

/** Triangles x 9 corners in metres, one colour each. */
export interface Mesh {
  readonly positionsM: Float32Array
  readonly colorRgb: Float32Array
}

/** A point of a profile: metres along the axis, metres from it. */
export type ProfilePoint = readonly [alongM: number, radiusM: number]

export function boxMesh([sizeX, sizeY, sizeZ]: Vec3, color: Rgb, centre: Vec3 = [0, 0, 0]): Mesh {
  const corner = (x: number, y: number, z: number): Vec3 => [
    centre[0] + (x * sizeX) / 2,
    centre[1] + (y * sizeY) / 2,
    centre[2] + (z * sizeZ) / 2,
  ]
  const [a, b, c, d] = [corner(-1, -1, -1), corner(1, -1, -1), corner(1, 1, -1), corner(-1, 1, -1)]
  const [e, f, g, h] = [corner(-1, -1, 1), corner(1, -1, 1), corner(1, 1, 1), corner(-1, 1, 1)]
  const faces = [
    ...[quad(a, d, c, b), quad(e, f, g, h), quad(a, b, f, e)],
    ...[quad(c, d, h, g), quad(b, c, g, f), quad(d, a, e, h)],
  ]
  return mesh(faces.flat(), color)
}

/**
 * A surface of revolution about the line from `from` along `axis`. The profile runs so that the outside lies on its
 * right seen with the axis pointing up: from the bottom outwards and up, then inwards to the axis.
 */
export function revolve(from: Vec3, axis: Vec3, profile: readonly ProfilePoint[], segments: number, color: Rgb): Mesh {
  const w = unit(axis)
  const u = unit(cross(Math.abs(w[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0], w))
  const v = cross(w, u)
  const point = ([along, radius]: ProfilePoint, segment: number): Vec3 => {
    const angle = (2 * Math.PI * segment) / segments
    const [x, y] = [radius * Math.cos(angle), radius * Math.sin(angle)]
    return [0, 1, 2].map((k) => from[k]! + along * w[k]! + x * u[k]! + y * v[k]!) as unknown as Vec3
  }
  const triangles: Vec3[][] = []
  for (let i = 1; i < profile.length; i++) {
    for (let segment = 0; segment < segments; segment++) {
      const [low, high] = [profile[i - 1]!, profile[i]!]
      const [a, b] = [point(low, segment), point(low, segment + 1)]
      const [c, d] = [point(high, segment + 1), point(high, segment)]
      if (low[1] > 0) triangles.push([a, b, c])
      if (high[1] > 0) triangles.push([a, c, d])
    }
  }
  return mesh(triangles, color)
}

/** Truncated cone with closed ends. */
export function coneMesh(
  from: Vec3,
  to: Vec3,
  fromRadiusM: number,
  toRadiusM: number,
  color: Rgb,
  segments = 24,
): Mesh {
  const axis = subtract(to, from)
  const length = Math.hypot(...axis)
  return revolve(
    from,
    axis,
    [
      [0, 0],
      [0, fromRadiusM],
      [length, toRadiusM],
      [length, 0],
    ],
    segments,
    color,
  )
}

/** Cylinder with round ends. */
export function capsuleMesh(from: Vec3, to: Vec3, radiusM: number, color: Rgb, segments = 24): Mesh {
  const axis = subtract(to, from)
  const length = Math.hypot(...axis)
  const steps = segments / 4
  const arc = (centreM: number, startRad: number): ProfilePoint[] =>
    Array.from({ length: steps + 1 }, (_, i) => {
      const angle = startRad + (i * Math.PI) / 2 / steps
      const radius = radiusM * Math.cos(angle)
      return [centreM + radiusM * Math.sin(angle), radius < 1e-9 ? 0 : radius]
    })
  return revolve(from, axis, [...arc(0, -Math.PI / 2), ...arc(length, 0)], segments, color)
}

export function merge(...meshes: readonly Mesh[]): Mesh {
  const join = (parts: Float32Array[]): Float32Array => {
    const all = new Float32Array(parts.reduce((n, part) => n + part.length, 0))
    let offset = 0
    for (const part of parts) {
      all.set(part, offset)
      offset += part.length
    }
    return all
  }
  return { positionsM: join(meshes.map((m) => m.positionsM)), colorRgb: join(meshes.map((m) => m.colorRgb)) }
}

/** Turned about the z axis, then moved. */
export function turned({ positionsM, colorRgb }: Mesh, yawRad: number, [x, y, z]: Vec3 = [0, 0, 0]): Mesh {
  const [cos, sin] = [Math.cos(yawRad), Math.sin(yawRad)]
  const moved = positionsM.map((value, i) => {
    if (i % 3 === 0) return x + cos * value - sin * positionsM[i + 1]!
    return i % 3 === 1 ? y + sin * positionsM[i - 1]! + cos * value : z + value
  })
  return { positionsM: moved, colorRgb }
}

function quad(a: Vec3, b: Vec3, c: Vec3, d: Vec3): Vec3[][] {
  return [
    [a, b, c],
    [a, c, d],
  ]
}

function mesh(triangles: readonly Vec3[][], color: Rgb): Mesh {
  return {
    positionsM: Float32Array.from(triangles.flat(2)),
    colorRgb: Float32Array.from(triangles.flatMap(() => color)),
  }
}

/** A convex outline, counter-clockwise seen from above, between two heights. */
export function prismMesh(
  outline: readonly (readonly [number, number])[],
  lowM: number,
  highM: number,
  color: Rgb,
): Mesh {
  const at = (i: number, z: number): Vec3 => [...outline[i % outline.length]!, z]
  const faces = outline.flatMap((_, i) => [
    ...quad(at(i, lowM), at(i + 1, lowM), at(i + 1, highM), at(i, highM)),
    ...(i < 2
      ? []
      : [
          [at(0, highM), at(i - 1, highM), at(i, highM)],
          [at(0, lowM), at(i, lowM), at(i - 1, lowM)],
        ]),
  ])
  return mesh(faces, color)
}
