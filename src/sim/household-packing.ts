// What the two tasks that pack household things have in common: which things, and where in the box each goes.

import type { Vec3 } from '../control/types.js'
import { type HouseholdObject, heldOutObjects, householdObjects, trainObjects } from './household-objects.js'
import type { ObjectShape, PlacedObject } from './objects.js'
import type { Random } from './random.js'
import { cut, type Piece } from './split.js'
import type { SceneRequest, Target, TaskVariant } from './tasks/task.js'

/** Sides of the box, metres: no wider than the arm reaches all round. */
const sides = { least: 0.22, greatest: 0.3, height: 0.05 }
/** Room between the outside of the box and the things, and between them. */
const edgeM = 0.012
const cuts = { leastM: 0.09, marginM: 0.01 }

/** Seen things in all scenes; unseen ones, which training does not show, in those of validation and test. */
export function householdVariants(way: 'seq' | 'group', published: { readonly seen: number; readonly unseen: number }) {
  return (['seen', 'unseen'] as const).map(
    (split): TaskVariant => ({
      name: `packing-${split}-household-objects-${way}`,
      split,
      publishedPercent: published[split],
    }),
  )
}

/** Of both tasks, for docs/tasks.md. */
export const householdDeviations: readonly string[] = [
  'Things made up here instead of scanned objects (docs/household-objects.md), upright or lying as they are used; published: dropped a little tilted.',
  'Sides of the box 22 to 30 cm; published: 20 to 35 cm, where the arm reaches farther.',
]

/** As published: `seen` draws from all things in every scene. */
export function objectsOf({ split, isEvaluation }: Pick<SceneRequest, 'split' | 'isEvaluation'>) {
  if (split === 'seen') return householdObjects
  return isEvaluation ? heldOutObjects : trainObjects
}

/** A part of the box. */
export interface Slot {
  readonly roomM: readonly [number, number]
  /** The thing in the part's middle, lengthways where it is longer than wide. */
  targetFor(box: PlacedObject, shape: ObjectShape): Target
}

export interface PackedBox {
  readonly boxM: Vec3
  readonly slots: readonly Slot[]
}

/** A box cut at random into one to four parts. */
export function slotsOf(random: Random): PackedBox {
  const boxM = drawBox(random)
  return { boxM, slots: cut(inside(boxM), cuts, random).map(slotOf) }
}

/** A box in two halves. */
export function halvesOf(random: Random): PackedBox {
  const boxM = drawBox(random)
  const { min, max } = inside(boxM)
  const axis = boxM[0] > boxM[1] ? 0 : 1
  const upTo = (at: number): readonly [number, number] => (axis === 0 ? [at, max[1]] : [max[0], at])
  const from = (at: number): readonly [number, number] => (axis === 0 ? [at, min[1]] : [min[0], at])
  const halves = [
    { min, max: upTo(-cuts.marginM / 2) },
    { min: from(cuts.marginM / 2), max },
  ]
  return { boxM, slots: halves.map(slotOf) }
}

function drawBox(random: Random): Vec3 {
  const side = () => random.uniform(sides.least, sides.greatest)
  return [side(), side(), sides.height]
}

function inside([x, y]: Vec3): Piece {
  return { min: [edgeM - x / 2, edgeM - y / 2], max: [x / 2 - edgeM, y / 2 - edgeM] }
}

function slotOf({ min, max }: Piece): Slot {
  const roomM = [max[0] - min[0], max[1] - min[1]] as const
  return {
    roomM,
    targetFor({ label }, { sizeM }) {
      const isAcross = sizeM[0] > sizeM[1] !== roomM[0] > roomM[1]
      const floorM = 0.002
      const p_object_m = [(min[0] + max[0]) / 2, (min[1] + max[1]) / 2, floorM] as const
      return { label, p_object_m, yawRad: isAcross ? Math.PI / 2 : 0 }
    },
  }
}

/** The thing that a sentence asks for, or undefined where it names none. */
export function parseNamed(sentence: string, pattern: RegExp): HouseholdObject | undefined {
  const name = pattern.exec(sentence.trim())?.[1]?.toLowerCase()
  return householdObjects.find((object) => object.name === name)
}
