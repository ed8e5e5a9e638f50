// Where objects stand at the start: at random, apart from each other, and where the arm gets to them.

import type { ToolGeometry } from '../native/kinematics.js'
import { type ColorName, rgbOf } from './colors.js'
import { type ObjectKind, type PlacedObject, shapes } from './objects.js'
import type { Random } from './random.js'
import { isReachableAround, isWayReachable, publishedWorkspace } from './reach.js'

/** Room for the cup beside an object, metres. */
const clearanceM = 0.012
/** A block may be picked this far from its middle, so its place must be reachable that far round, too. */
const workRadiusM = 0.02
const triesPerObject = 400
const triesPerLayout = 50

/** The table while it is being laid. */
export interface Layout {
  readonly objects: readonly PlacedObject[]
  place(kind: ObjectKind, color: ColorName): PlacedObject
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
    const place = (kind: ObjectKind, color: ColorName): PlacedObject => {
      const object: PlacedObject = {
        label: objects.length + 1,
        kind,
        color,
        rgb: rgbOf(color),
        p_base_m: freeSpot(random, kind, objects, tool),
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
  kind: ObjectKind,
  others: readonly PlacedObject[],
  tool: ToolGeometry,
): readonly [number, number] {
  const { footprintM } = shapes[kind]
  const { xMinM, xMaxM, yMinM, yMaxM } = publishedWorkspace
  for (let attempt = 0; attempt < triesPerObject; attempt++) {
    const x = random.uniform(xMinM + footprintM, xMaxM - footprintM)
    const y = random.uniform(yMinM + footprintM, yMaxM - footprintM)
    const isFree = others.every(({ kind: other, p_base_m }) => {
      const apartM = Math.hypot(x - p_base_m[0], y - p_base_m[1])
      return apartM >= footprintM + shapes[other].footprintM + clearanceM
    })
    if (!isFree || !isReachableAround(x, y, workRadiusM, tool)) continue
    if (others.every(({ p_base_m }) => isWayReachable([x, y], p_base_m, workRadiusM, tool))) return [x, y]
  }
  throw new TableFull()
}
