// Flat things: convex outlines side by side, all of one height.

import type { Vec3 } from '../control/types.js'
import { type Mesh, merge, prismMesh } from './mesh.js'
import type { ObjectShape } from './objects.js'

/** Corners of a convex outline, counter-clockwise, metres. */
export type Outline = readonly (readonly [x: number, y: number])[]

/** Density of the published blocks, kg/m^3: 50 g in 4 cm. */
const densityKgpm3 = 0.05 / 0.04 ** 3

/**
 * A body that lies on the table, its origin in its middle.
 * @param name of its convex parts in the physics: the same for the same outlines and height only
 */
export function prism(name: string, outlines: readonly Outline[], heightM: number): ObjectShape {
  const corners = outlines.flat()
  const reach = (axis: 0 | 1) => Math.max(...corners.map((corner) => Math.abs(corner[axis])))
  const sizeM: Vec3 = [2 * reach(0), 2 * reach(1), heightM]
  const half = heightM / 2
  const parts = outlines.map((outline, i) => [`${name}-${i}`, outline] as const)
  const areaM2 = outlines.reduce((sum, outline) => sum + areaOf(outline), 0)
  return {
    sizeM,
    restM: half,
    footprintM: Math.max(...corners.map(([x, y]) => Math.hypot(x, y))),
    workRadiusM: Math.max(0.02, Math.max(...sizeM) / 2 - 0.0125),
    massKg: densityKgpm3 * areaM2 * heightM,
    geomsXml: parts.map(([part]) => `<geom type="mesh" mesh="${part}"/>`).join(''),
    convexM: Object.fromEntries(
      parts.map(([part, outline]) => [part, [-half, half].flatMap((z) => outline.map(([x, y]): Vec3 => [x, y, z]))]),
    ),
    mesh: (color): Mesh => merge(...outlines.map((outline) => prismMesh(outline, -half, half, color))),
  }
}

function areaOf(outline: Outline): number {
  return outline.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = outline[(i + 1) % outline.length]!
    return sum + (x * nextY - nextX * y) / 2
  }, 0)
}
