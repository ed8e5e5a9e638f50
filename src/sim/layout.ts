// Where objects stand at the start: at random, apart from each other, and where the arm gets to them.

import { publishedWorkspace } from '../control/published-workspace.js'
import type { ToolGeometry } from '../native/kinematics.js'
import { type ColorName, rgbOf } from './colors.js'
import type { ObjectShape, PlacedObject } from './objects.js'
import type { Random } from './random.js'
import { isReachableAround, isWayReachable } from './reach.js'

/** Room for the cup beside an object, metres. */
const clearanceM = 0.012
const triesPerObject = 400
const triesPerLayout = 50

/** Where something lies on the table. */
export type Spot = Pick<PlacedObject, 'p_base_m' | 'yawRad'>

/** The table while it is being laid. */
export interface Table {
  /** Puts an object where the arm reaches it and nothing else is, turned at random. */
  place(kind: string, color: ColorName, shape: ObjectShape): PlacedObject
  /** Puts an object just there, and so much above the table: on a stand or in a reserved spot, where the task keeps order. */
  put(kind: string, color: ColorName, shape: ObjectShape, spot: Spot, aboveM?: number): PlacedObject
  /** Room for several things, found like an object's; the task puts them there. */
  reserve(shape: Footprint): Spot
}

/** What the search for a free spot asks of a shape. */
export type Footprint = Pick<ObjectShape, 'sizeM' | 'footprintM' | 'workRadiusM'>

interface Taken extends Spot {
  readonly shape: Footprint
}

class TableFull extends Error {}

/** Lays the table by calling `lay`; calls it again, with the same stream going on, when some object found no room. */
export function layTable<T>(
  random: Random,
  tool: ToolGeometry,
  lay: (table: Table) => T,
): [T, readonly PlacedObject[]] {
  for (let attempt = 0; attempt < triesPerLayout; attempt++) {
    const objects: PlacedObject[] = []
    const taken: Taken[] = []
    const reserve = (shape: Footprint): Spot => {
      const spot = freeSpot(random, shape, taken, tool)
      taken.push({ ...spot, shape })
      return spot
    }
    const put: Table['put'] = (kind, color, shape, spot, aboveM = 0) => {
      const object = { label: objects.length + 1, kind, shape, color, rgb: rgbOf(color), ...spot, aboveM }
      objects.push(object)
      return object
    }
    const place: Table['place'] = (kind, color, shape) => put(kind, color, shape, reserve(shape))
    try {
      return [lay({ place, put, reserve }), objects]
    } catch (error) {
      if (!(error instanceof TableFull)) throw error
    }
  }
  throw new Error(`Found no room for all objects in ${triesPerLayout} attempts`)
}

function freeSpot(random: Random, shape: Footprint, others: readonly Taken[], tool: ToolGeometry): Spot {
  const { footprintM, workRadiusM } = shape
  const { xMinM, xMaxM, yMinM, yMaxM } = publishedWorkspace
  for (let attempt = 0; attempt < triesPerObject; attempt++) {
    const x = random.uniform(xMinM + footprintM, xMaxM - footprintM)
    const y = random.uniform(yMinM + footprintM, yMaxM - footprintM)
    const spot: Spot = { p_base_m: [x, y], yawRad: random.uniform(-Math.PI, Math.PI) }
    if (!others.every((other) => areApart(shape, spot, other))) continue
    if (!isReachableAround(x, y, workRadiusM, tool)) continue
    // The cup works round the middle of each: the way is as wide as the narrower of the two asks.
    const isOpen = others.every((other) =>
      isWayReachable([x, y], other.p_base_m, Math.min(workRadiusM, other.shape.workRadiusM), tool),
    )
    if (isOpen) return spot
  }
  throw new TableFull()
}

/** Whether the rectangles that two objects cover are a clearance apart along one of their four axes (separating axes). */
function areApart(shape: Footprint, spot: Spot, other: Taken): boolean {
  const apart = [other.p_base_m[0] - spot.p_base_m[0], other.p_base_m[1] - spot.p_base_m[1]] as const
  if (Math.hypot(...apart) >= shape.footprintM + other.shape.footprintM + clearanceM) return true
  return [spot.yawRad, other.yawRad].some((yawRad) =>
    [yawRad, yawRad + Math.PI / 2].some((axisRad) => {
      const betweenM = Math.abs(apart[0] * Math.cos(axisRad) + apart[1] * Math.sin(axisRad))
      const reachM = halfWidthM(shape, spot.yawRad, axisRad) + halfWidthM(other.shape, other.yawRad, axisRad)
      return betweenM >= reachM + clearanceM
    }),
  )
}

/** Half of what a shape's rectangle covers along a direction. */
function halfWidthM({ sizeM: [x, y] }: Footprint, yawRad: number, axisRad: number): number {
  return (x * Math.abs(Math.cos(axisRad - yawRad)) + y * Math.abs(Math.sin(axisRad - yawRad))) / 2
}
