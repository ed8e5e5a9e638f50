// Boxes in which no part of the arm may be: a camera's post, a bin's wall. What is planned and checked here is the tool
// with what hangs below it and the wrist above it; the controller looks at the whole arm.

import type { Vec3 } from './types.js'

/** Axis-aligned box in the base frame, metres. */
export interface Box {
  readonly xMinM: number
  readonly xMaxM: number
  readonly yMinM: number
  readonly yMaxM: number
  readonly zMinM: number
  readonly zMaxM: number
}

/** How far something reaches beyond the tool's tip. */
export interface Extent {
  readonly sidewaysM: number
  readonly belowM: number
  readonly aboveM: number
}

/** From the tip up to Franka's flange, and a little, metres: as tall as what hangs straight down is at least. */
export const toolHeightM = 0.2

/** Whether something of this extent touches the box while its tip goes straight from one point to the other. */
export function crosses(box: Box, from: Vec3, to: Vec3, { sidewaysM, belowM, aboveM }: Extent): boolean {
  const low = [box.xMinM - sidewaysM, box.yMinM - sidewaysM, box.zMinM - aboveM]
  const high = [box.xMaxM + sidewaysM, box.yMaxM + sidewaysM, box.zMaxM + belowM]
  // The share of the way that lies between each pair of faces; the three must have something in common.
  let enter = 0
  let leave = 1
  for (let axis = 0; axis < 3; axis++) {
    const start = from[axis]!
    const wayM = to[axis]! - start
    if (wayM === 0) {
      if (start <= low[axis]! || start >= high[axis]!) return false
      continue
    }
    const one = (low[axis]! - start) / wayM
    const other = (high[axis]! - start) / wayM
    enter = Math.max(enter, Math.min(one, other))
    leave = Math.min(leave, Math.max(one, other))
  }
  return enter < leave
}

/** z of the highest top of the boxes that a way passes over or through within `radiusM`; -Infinity when there is none. */
export function highestBoxAlongM(boxes: readonly Box[], from: Vec3, to: Vec3, radiusM: number): number {
  const anyHeight = { sidewaysM: radiusM, belowM: Infinity, aboveM: Infinity }
  return Math.max(-Infinity, ...boxes.filter((box) => crosses(box, from, to, anyHeight)).map(({ zMaxM }) => zMaxM))
}
