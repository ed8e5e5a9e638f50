// The outline of a segment in plan.

import type { Grid } from '../geometry.js'

export interface Outline {
  /** Middle of the bounding box: row, column. */
  readonly middle: readonly [u: number, v: number]
  /** Bounding box: rows, columns. */
  readonly widthCells: readonly [number, number]
  /** Area of the convex hull, cells. */
  readonly areaCells: number
  /** Share of the circle round the hull's middle that the hull covers: 1 for a circle, 0.64 for a square. */
  readonly roundness: number
}

type Point = readonly [u: number, v: number]

export function hullOf({ cols }: Pick<Grid, 'cols'>, cells: Int32Array): Outline {
  const hull = convexHull(edgePoints(cols, cells))
  const [us, vs] = [hull.map(([u]) => u), hull.map(([, v]) => v)]
  const [uMin, uMax, vMin, vMax] = [Math.min(...us), Math.max(...us), Math.min(...vs), Math.max(...vs)]
  let [area, cu, cv] = [0, 0, 0]
  for (const [i, [u, v]] of hull.entries()) {
    const [nextU, nextV] = hull[(i + 1) % hull.length]!
    const wedge = u * nextV - nextU * v
    area += wedge / 2
    cu += (wedge * (u + nextU)) / 6
    cv += (wedge * (v + nextV)) / 6
  }
  const [centreU, centreV] = [cu / area, cv / area]
  const reach = Math.max(...hull.map(([u, v]) => Math.hypot(u - centreU, v - centreV)))
  return {
    middle: [(uMin + uMax) / 2, (vMin + vMax) / 2],
    widthCells: [uMax - uMin, vMax - vMin],
    areaCells: Math.abs(area),
    roundness: Math.abs(area) / (Math.PI * reach ** 2),
  }
}

/** Corners of the first and the last cell of each row. */
function edgePoints(cols: number, cells: Int32Array): Point[] {
  const ends = new Map<number, [number, number]>()
  for (let k = 0; k < cells.length; k++) {
    const v = cells[k]! % cols
    const u = (cells[k]! - v) / cols
    const end = ends.get(u)
    if (end === undefined) ends.set(u, [v, v])
    else if (v < end[0]) end[0] = v
    else if (v > end[1]) end[1] = v
  }
  return [...ends].flatMap(([u, [first, last]]): Point[] => [
    [u - 0.5, first - 0.5],
    [u + 0.5, first - 0.5],
    [u - 0.5, last + 0.5],
    [u + 0.5, last + 0.5],
  ])
}

/** Counter-clockwise (A. M. Andrew, "Another efficient algorithm for convex hulls in two dimensions", 1979). */
function convexHull(points: readonly Point[]): readonly Point[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1])
  const turn = (o: Point, a: Point, b: Point) => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])
  const half = (ordered: readonly Point[]) => {
    const chain: Point[] = []
    for (const point of ordered) {
      while (chain.length >= 2 && turn(chain.at(-2)!, chain.at(-1)!, point) <= 0) chain.pop()
      chain.push(point)
    }
    return chain.slice(0, -1)
  }
  return [...half(sorted), ...half(sorted.reverse())]
}
