// What is right on a real frame, by the labels of its objects. Pure.

import type { Pixel } from '../control/types.js'
import type { LabelMap } from '../sim/cell-renderer.js'
import { labelAt } from './episode-trace.js'

/** Labels of a map's cells, row by row; 0: the table, or unseen. */
export type Labelled = Pick<LabelMap, 'labels' | 'cols'>

/** Whether the cell shows one of the objects. */
export function shows(map: Labelled, wanted: readonly number[], at: Pixel | null): boolean {
  return at !== null && wanted.includes(labelAt(map, at))
}

/**
 * How far a place is from the middle of the nearest of its targets, as a share of the target's half sides: below 1 it is
 * within the ellipse that fills the target's bounding box. What a camera cannot see of a target, such as the inside of a
 * bowl, counts as its inside. Infinity where the cell shows another object, or no target is in view.
 */
export function distanceFromMiddle(map: Labelled, targets: readonly number[], at: Pixel): number {
  const label = labelAt(map, at)
  if (label !== 0 && !targets.includes(label)) return Number.POSITIVE_INFINITY
  return Math.min(
    ...targets.map((target) => {
      const box = boxOf(map, target)
      if (box === null) return Number.POSITIVE_INFINITY
      const [[top, left], [bottom, right]] = box
      const along = (value: number, least: number, most: number) =>
        (value - (least + most) / 2) / ((most - least + 1) / 2)
      return Math.hypot(along(at[0], top, bottom), along(at[1], left, right))
    }),
  )
}

/** First and last row and column that show the object; null: none does. */
function boxOf({ labels, cols }: Labelled, target: number): readonly [Pixel, Pixel] | null {
  let box: [[number, number], [number, number]] | null = null
  for (const [cell, label] of labels.entries()) {
    if (label !== target) continue
    const at: [number, number] = [Math.floor(cell / cols), cell % cols]
    box =
      box === null
        ? [at, at]
        : [
            [Math.min(box[0][0], at[0]), Math.min(box[0][1], at[1])],
            [Math.max(box[1][0], at[0]), Math.max(box[1][1], at[1])],
          ]
  }
  return box
}
