// Questions about the top-down surface. Everything in metres in the base frame; z is `spec.zMinM` plus the map's height.

import type { Heightmap, HeightmapSpec, Pixel, Vec3 } from './types.js'

/** Rows (along y) and columns (along x) of a grid. */
export function gridSize(spec: HeightmapSpec): { rows: number; cols: number } {
  return {
    rows: Math.round((spec.yMaxM - spec.yMinM) / spec.pixelM),
    cols: Math.round((spec.xMaxM - spec.xMinM) / spec.pixelM),
  }
}

/** The published convention (CLIPort `pix_to_xyz`): x from the column, y from the row, z from the map. */
export function pointOf(heightmap: Heightmap, [u, v]: Pixel): Vec3 {
  const { spec, cols, heightM } = heightmap
  return [spec.xMinM + v * spec.pixelM, spec.yMinM + u * spec.pixelM, spec.zMinM + heightM[u * cols + v]!]
}

/** Cell that contains a point, clamped to the grid. */
export function pixelOf(heightmap: Heightmap, x: number, y: number): Pixel {
  const { spec, rows, cols } = heightmap
  const clamp = (value: number, count: number) => Math.min(count - 1, Math.max(0, Math.round(value / spec.pixelM)))
  return [clamp(y - spec.yMinM, rows), clamp(x - spec.xMinM, cols)]
}

/** Calls back with the index of every cell whose centre lies within `radiusM` of the segment from..to (x and y only). */
function eachCellNear(
  heightmap: Heightmap,
  from: readonly [number, number, ...number[]],
  to: readonly [number, number, ...number[]],
  radiusM: number,
  visit: (index: number) => void,
): void {
  const { spec, cols } = heightmap
  const [uMin, vMin] = pixelOf(heightmap, Math.min(from[0], to[0]) - radiusM, Math.min(from[1], to[1]) - radiusM)
  const [uMax, vMax] = pixelOf(heightmap, Math.max(from[0], to[0]) + radiusM, Math.max(from[1], to[1]) + radiusM)
  const dx = to[0] - from[0]
  const dy = to[1] - from[1]
  const lengthSquared = dx * dx + dy * dy
  for (let u = uMin; u <= uMax; u++) {
    const y = spec.yMinM + u * spec.pixelM - from[1]
    for (let v = vMin; v <= vMax; v++) {
      const x = spec.xMinM + v * spec.pixelM - from[0]
      const along = lengthSquared === 0 ? 0 : Math.min(1, Math.max(0, (x * dx + y * dy) / lengthSquared))
      const offX = x - along * dx
      const offY = y - along * dy
      if (offX * offX + offY * offY <= radiusM * radiusM) visit(u * cols + v)
    }
  }
}

/** Base z of the highest surface within `radiusM` of the straight way from..to; `spec.zMinM` off the map. */
export function highestAlongM(
  heightmap: Heightmap,
  from: readonly [number, number, ...number[]],
  to: readonly [number, number, ...number[]],
  radiusM: number,
): number {
  let highest = 0
  eachCellNear(heightmap, from, to, radiusM, (index) => {
    highest = Math.max(highest, heightmap.heightM[index]!)
  })
  return heightmap.spec.zMinM + highest
}

/** Base z of the highest surface within `radiusM` of a point. */
export function highestAtM(heightmap: Heightmap, at: readonly [number, number, ...number[]], radiusM: number): number {
  return highestAlongM(heightmap, at, at, radiusM)
}

/**
 * Median change of height from one map to the next within `radiusM` of a point, metres; positive where it rose.
 * The median, since single cells of a depth camera flicker and have holes. 0 off the map.
 */
export function medianRiseM(
  before: Heightmap,
  after: Heightmap,
  at: readonly [number, number, ...number[]],
  radiusM: number,
): number {
  const rises: number[] = []
  eachCellNear(before, at, at, radiusM, (index) => rises.push(after.heightM[index]! - before.heightM[index]!))
  rises.sort((a, b) => a - b)
  return rises.length === 0 ? 0 : rises[rises.length >> 1]!
}

/** Share 0..1 of the cells within `radiusM` of a point whose height differs by more than `leastM` from one map to the next. */
export function changedShare(
  before: Heightmap,
  after: Heightmap,
  at: readonly [number, number, ...number[]],
  radiusM: number,
  leastM: number,
): number {
  let [cells, changed] = [0, 0]
  eachCellNear(before, at, at, radiusM, (index) => {
    cells++
    if (Math.abs(after.heightM[index]! - before.heightM[index]!) > leastM) changed++
  })
  return cells === 0 ? 0 : changed / cells
}
