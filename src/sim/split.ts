// Rectangles cut into rectangles: the publication's k-d split of a box's inside.

import type { Random } from './random.js'

/** In plan, metres. */
export interface Piece {
  readonly min: readonly [number, number]
  readonly max: readonly [number, number]
}

/** No part is narrower than `leastM`, and parts lie `marginM` apart. */
export interface Cuts {
  readonly leastM: number
  readonly marginM: number
}

/** Cuts a piece in two at random until no part is wide enough to be cut. */
export function cut({ min, max }: Piece, cuts: Cuts, random: Random): Piece[] {
  const { leastM, marginM } = cuts
  const axes = ([0, 1] as const).filter((axis) => max[axis] - min[axis] > 2 * leastM + marginM)
  if (axes.length === 0) return [{ min, max }]
  const axis = random.pick(axes)
  const reachM = leastM + marginM / 2
  const at = random.uniform(min[axis] + reachM, max[axis] - reachM)
  const along = (corner: readonly [number, number], value: number): readonly [number, number] =>
    axis === 0 ? [value, corner[1]] : [corner[0], value]
  return [
    ...cut({ min, max: along(max, at - marginM / 2) }, cuts, random),
    ...cut({ min: along(min, at + marginM / 2), max }, cuts, random),
  ]
}
