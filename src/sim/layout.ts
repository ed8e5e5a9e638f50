// Where objects stand at the start: at random, apart from each other, and where the arm gets to them.

import type { ToolGeometry } from '../native/kinematics.js'
import { type ColorName, rgbOf } from './colors.js'
import { type ObjectKind, type ObjectShape, type PlacedObject, shapes } from './objects.js'
import type { Random } from './random.js'
import { isReachableAround, isWayReachable, publishedWorkspace } from './reach.js'

/** Room for the cup beside an object, metres. */
const clearanceM = 0.012
const triesPerObject = 400
const triesPerLayout = 50

/** The table while it is being laid. */
export interface Layout {
  readonly objects: readonly PlacedObject[]
  place(kind: ObjectKind, color: ColorName, shape?: ObjectShape): PlacedObject
}

class TableFull extends Error {}

/** Lays the table by calling `lay`; starts again with the same stream when some object found no room. */
export function layTable<T>(
  random: Random,
  tool: ToolGeometry,
  lay: (layout: Layout) => T,
): [T, readonly PlacedObject[]] {
  for (let attempt = 0; attempt < triesPerLayout; attempt++) {
    const objects: PlacedObject[] = []
    const place = (kind: ObjectKind, color: ColorName, shape: ObjectShape = shapes[kind]): PlacedObject => {
      const object: PlacedObject = {
        label: objects.length + 1,
        kind,
        shape,
        color,
        rgb: rgbOf(color),
        p_base_m: freeSpot(random, shape, objects, tool),
        yawRad: random.uniform(-Math.PI, Math.PI),
      }
      objects.push(object)
      return object
    }
    try {
      return [lay({ objects, place }), objects]
    } catch (error) {
      if (!(error instanceof TableFull)) throw error
    }
  }
  throw new Error(`Found no room for all objects in ${triesPerLayout} attempts`)
}

function freeSpot(
  random: Random,
  { footprintM, workRadiusM }: ObjectShape,
  others: readonly PlacedObject[],
  tool: ToolGeometry,
): readonly [number, number] {
  const { xMinM, xMaxM, yMinM, yMaxM } = publishedWorkspace
  for (let attempt = 0; attempt < triesPerObject; attempt++) {
    const x = random.uniform(xMinM + footprintM, xMaxM - footprintM)
    const y = random.uniform(yMinM + footprintM, yMaxM - footprintM)
    const isFree = others.every(({ shape, p_base_m }) => {
      const apartM = Math.hypot(x - p_base_m[0], y - p_base_m[1])
      return apartM >= footprintM + shape.footprintM + clearanceM
    })
    if (!isFree || !isReachableAround(x, y, workRadiusM, tool)) continue
    // The cup works round the middle of each: the way is as wide as the narrower of the two asks.
    const isOpen = others.every(({ shape, p_base_m }) =>
      isWayReachable([x, y], p_base_m, Math.min(workRadiusM, shape.workRadiusM), tool),
    )
    if (isOpen) return [x, y]
  }
  throw new TableFull()
}
