// Things put together from boxes, cylinders, cones and ellipsoids: each part collides as what it is.

import type { Vec3 } from '../control/types.js'
import { boxMesh, coneMesh, type Mesh, merge, type Rgb, revolve, turned } from './mesh.js'
import type { ObjectShape } from './objects.js'

/** A part in the thing's frame, whose origin lies under its middle on the table; metres. */
export type Part =
  | { readonly kind: 'box'; readonly sizeM: Vec3; readonly centreM: Vec3; readonly yawRad: number; readonly rgb: Rgb }
  | {
      readonly kind: 'round'
      readonly fromM: Vec3
      readonly toM: Vec3
      /** Radius at `fromM`, and at `toM`. */
      readonly radiusM: number
      readonly endRadiusM: number
      readonly rgb: Rgb
    }
  | { readonly kind: 'ball'; readonly radiiM: Vec3; readonly centreM: Vec3; readonly rgb: Rgb }

/** Rolling friction keeps round things where they lie. */
export const surface = 'condim="6" friction="1 0.005 0.003"'

export function box(sizeM: Vec3, centreM: Vec3, rgb: Rgb, yawRad = 0): Part {
  return { kind: 'box', sizeM, centreM, yawRad, rgb }
}

export function round(fromM: Vec3, toM: Vec3, radiusM: number, rgb: Rgb, endRadiusM = radiusM): Part {
  return { kind: 'round', fromM, toM, radiusM, endRadiusM, rgb }
}

export function ball(radiiM: Vec3, centreM: Vec3, rgb: Rgb): Part {
  return { kind: 'ball', radiiM, centreM, rgb }
}

/** The body of some parts, scaled. Its colours are its own, whatever colour the scene names. */
export function composite(parts: readonly Part[], scale: number): ObjectShape {
  const scaled = parts.map((part) => scaledPart(part, scale))
  const reach = (axis: 0 | 1 | 2) => Math.max(...scaled.map((part) => reachOf(part, axis)))
  const sizeM: Vec3 = [2 * reach(0), 2 * reach(1), reach(2)]
  return {
    sizeM,
    restM: 0,
    footprintM: Math.hypot(sizeM[0], sizeM[1]) / 2,
    workRadiusM: Math.max(0.02, Math.max(sizeM[0], sizeM[1]) / 2 - 0.01),
    massKg: 0.1,
    ownColors: true,
    geomsXml: scaled.map(geomXml).join(''),
    mesh: () => merge(...scaled.map(meshOf)),
  }
}

function scaledPart(part: Part, scale: number): Part {
  const by = (p: Vec3): Vec3 => [scale * p[0], scale * p[1], scale * p[2]]
  switch (part.kind) {
    case 'box':
      return { ...part, sizeM: by(part.sizeM), centreM: by(part.centreM) }
    case 'ball':
      return { ...part, radiiM: by(part.radiiM), centreM: by(part.centreM) }
    case 'round': {
      const { fromM, toM, radiusM, endRadiusM } = part
      return { ...part, fromM: by(fromM), toM: by(toM), radiusM: scale * radiusM, endRadiusM: scale * endRadiusM }
    }
  }
}

/** Farthest that a part reaches from the origin along an axis. */
function reachOf(part: Part, axis: 0 | 1 | 2): number {
  switch (part.kind) {
    case 'box': {
      const [x, y] = part.sizeM
      const [cos, sin] = [Math.abs(Math.cos(part.yawRad)), Math.abs(Math.sin(part.yawRad))]
      const extent: Vec3 = [cos * x + sin * y, sin * x + cos * y, part.sizeM[2]]
      return Math.abs(part.centreM[axis]) + extent[axis] / 2
    }
    case 'ball':
      return Math.abs(part.centreM[axis]) + part.radiiM[axis]
    case 'round': {
      const { fromM, toM, radiusM, endRadiusM } = part
      const lengthM = Math.hypot(...[0, 1, 2].map((k) => toM[k]! - fromM[k]!))
      const across = Math.sqrt(Math.max(0, 1 - ((toM[axis] - fromM[axis]) / lengthM) ** 2))
      return Math.max(Math.abs(fromM[axis]) + across * radiusM, Math.abs(toM[axis]) + across * endRadiusM)
    }
  }
}

/** A cone collides as the cylinder of its mean radius. */
function geomXml(part: Part): string {
  switch (part.kind) {
    case 'box': {
      const half = part.sizeM.map((side) => side / 2).join(' ')
      return `<geom type="box" size="${half}" pos="${part.centreM.join(' ')}" euler="0 0 ${part.yawRad}" ${surface}/>`
    }
    case 'ball':
      return `<geom type="ellipsoid" size="${part.radiiM.join(' ')}" pos="${part.centreM.join(' ')}" ${surface}/>`
    case 'round': {
      const { fromM, toM, radiusM, endRadiusM } = part
      const ends = [...fromM, ...toM].join(' ')
      return `<geom type="cylinder" fromto="${ends}" size="${(radiusM + endRadiusM) / 2}" ${surface}/>`
    }
  }
}

function meshOf(part: Part): Mesh {
  switch (part.kind) {
    case 'box':
      return turned(boxMesh(part.sizeM, part.rgb), part.yawRad, part.centreM)
    case 'ball':
      return stretched(part.radiiM, part.centreM, part.rgb)
    case 'round':
      return coneMesh(part.fromM, part.toM, part.radiusM, part.endRadiusM, part.rgb, 20)
  }
}

function stretched(radiiM: Vec3, centreM: Vec3, rgb: Rgb): Mesh {
  const steps = 10
  const profile = Array.from({ length: steps + 1 }, (_, i) => {
    const angle = (Math.PI * i) / steps
    return [-Math.cos(angle), i === 0 || i === steps ? 0 : Math.sin(angle)] as const
  })
  const { positionsM, colorRgb } = revolve([0, 0, 0], [0, 0, 1], profile, 20, rgb)
  return { positionsM: positionsM.map((value, i) => centreM[i % 3]! + radiiM[i % 3]! * value), colorRgb }
}
