// Questions about the top-down surface. Everything in metres in the base frame; z is `spec.zMinM` plus the map's height.

import { pixelOf, xOfColumn, yOfRow } from './geometry.js'
import type { Heightmap } from './types.js'

/** Whether any camera saw this cell. Unless the map says which it saw: nothing seen is black at height 0. */
export function isSeen({ heightM, color, seen }: Pick<Heightmap, 'heightM' | 'color' | 'seen'>, cell: number): boolean {
  if (seen !== undefined) return seen[cell] !== 0
  const at = 3 * cell
  return heightM[cell] !== 0 || color[at] !== 0 || color[at + 1] !== 0 || color[at + 2] !== 0
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
    const y = yOfRow(spec, u) - from[1]
    for (let v = vMin; v <= vMax; v++) {
      const x = xOfColumn(spec, v) - from[0]
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

/**
 * Greatest distance from a point of whatever stands there: of the cells around it, joined side by side, that are higher
 * than `aboveM` (base z); at most `mostM`. What touches it counts too. 0 where nothing stands.
 */
export function footprintRadiusM(
  heightmap: Heightmap,
  [x, y]: readonly [number, number, ...number[]],
  aboveM: number,
  mostM: number,
): number {
  const { spec, rows, cols, heightM } = heightmap
  const leastM = aboveM - spec.zMinM
  const seen = new Set<number>()
  const open: number[] = []
  const visit = (index: number) => {
    if (seen.has(index) || !(heightM[index]! > leastM)) return
    seen.add(index)
    open.push(index)
  }
  eachCellNear(heightmap, [x, y], [x, y], 2 * spec.pixelM, visit)
  let farthestM = 0
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    const u = Math.floor(index / cols)
    const v = index % cols
    const distanceM = Math.hypot(xOfColumn(spec, v) - x, yOfRow(spec, u) - y)
    if (distanceM >= mostM) return mostM
    farthestM = Math.max(farthestM, distanceM)
    if (u > 0) visit(index - cols)
    if (u + 1 < rows) visit(index + cols)
    if (v > 0) visit(index - 1)
    if (v + 1 < cols) visit(index + 1)
  }
  return farthestM
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
  return changedShareAlong(before, after, at, at, radiusM, leastM)
}

/** The same along a straight way. */
export function changedShareAlong(
  before: Heightmap,
  after: Heightmap,
  from: readonly [number, number, ...number[]],
  to: readonly [number, number, ...number[]],
  radiusM: number,
  leastM: number,
): number {
  let [cells, changed] = [0, 0]
  eachCellNear(before, from, to, radiusM, (index) => {
    cells++
    if (Math.abs(after.heightM[index]! - before.heightM[index]!) > leastM) changed++
  })
  return cells === 0 ? 0 : changed / cells
}

/** Share 0..1 of the cells within `radiusM` of a point that lie more than `aboveM` above the lowest of the workspace. */
export function coveredShare(
  heightmap: Heightmap,
  at: readonly [number, number, ...number[]],
  radiusM: number,
  aboveM: number,
): number {
  let [cells, covered] = [0, 0]
  eachCellNear(heightmap, at, at, radiusM, (index) => {
    cells++
    if (heightmap.heightM[index]! > aboveM) covered++
  })
  return cells === 0 ? 0 : covered / cells
}
