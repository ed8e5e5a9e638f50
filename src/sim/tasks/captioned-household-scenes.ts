// Scenes that only have to be talked about, with the things of all tasks as they lie about in homes: alone, touching,
// leaning, stacked, in boxes, bowls and on plates and books. The truth tells where something may still be put.
// docs/captioned-scenes.md says what they contain.

import { turnedAbout } from '../../control/geometry.js'
import {
  type CaptionedThing,
  captionedNouns,
  container,
  flatThing,
  type Holder,
  longThing,
  smallThing,
} from '../captioned-things.js'
import type { PlacedObject } from '../objects.js'
import type { SceneRequest, Spot, Task, TaskScene } from './task.js'

export const task: Task = {
  name: 'captioned-household-scenes',
  variants: [{ name: 'captioned-household-scenes', split: 'full' }],
  nouns: Object.fromEntries(captionedNouns.map((noun) => [noun, [noun]])),
  forms: [],
  colored: { pick: [], place: [] },
  build,
}

/** Things of a group begin so far above what they come to lie on, metres. */
const dropM = 0.003

/** A scene while it is being laid. */
interface Laying {
  readonly request: SceneRequest
  readonly spots: Spot[]
}

type Group = (laying: Laying) => void

/** How often each of them comes, in parts. */
const groups: readonly (readonly [Group, number])[] = [
  [alone, 3],
  [touching, 2],
  [stacked, 2],
  [leaning, 2],
  [filled, 4],
]

function build(request: SceneRequest): TaskScene {
  const { random } = request
  const laying: Laying = { request, spots: [] }
  const all = groups.flatMap(([group, parts]) => Array.from({ length: parts }, () => group))
  for (let count = random.integer(3, 5); count > 0; count--) random.pick(all)(laying)
  return { goals: [], sentence: 'look', maxSteps: 1, spots: laying.spots, camerasAllRound: true }
}

function alone({ request }: Laying): void {
  const { kind, color, shape } = smallThing(request.random, request.palette)
  request.place(kind, color, shape)
}

/** Two or three in a row, side by side. */
function touching({ request }: Laying): void {
  const { random, palette, reserve, put } = request
  const things = Array.from({ length: random.integer(2, 3) }, () => smallThing(random, palette, [0.13, 0.13]))
  const lengthM = things.reduce((sum, { shape }) => sum + shape.sizeM[0], 0)
  const widthM = Math.max(...things.map(({ shape }) => shape.sizeM[1]))
  const row = reserve({
    sizeM: [lengthM, widthM, 0.1],
    footprintM: Math.hypot(lengthM, widthM) / 2,
    workRadiusM: 0.02,
  })
  let along = -lengthM / 2
  for (const { kind, color, shape } of things) {
    put(kind, color, shape, at(row, along + shape.sizeM[0] / 2, 0))
    along += shape.sizeM[0] + 0.0005
  }
}

/** One on top of another, or a pile of three. */
function stacked(laying: Laying): void {
  const { random, palette, place, put } = laying.request
  let holder: Holder = flatThing(random, palette)
  const lowest = place(holder.kind, holder.color, holder.shape)
  let heightM = holder.shape.sizeM[2]
  for (let more = random.integer(0, 2); more > 0; more--) {
    const roomM = holder.spots[0]!.roomM
    const isLast = more === 1
    const next: CaptionedThing = isLast ? smallThing(random, palette, roomM) : flatThing(random, palette)
    if (!isLast && !fits(next, roomM)) continue
    put(next.kind, next.color, next.shape, jittered(laying, lowest), heightM + dropM)
    if (isLast) return
    heightM += next.shape.sizeM[2] + dropM
    holder = next as Holder
  }
  // Nothing came on top of the lowest: something may be put there.
  if (heightM === lowest.shape.sizeM[2]) tellSpots(laying, lowest, holder.spots)
}

/** A long thing with one end on a low one. */
function leaning({ request }: Laying): void {
  const { random, palette, reserve, put } = request
  const [low, long] = [flatThing(random, palette), longThing(random, palette)]
  const [lowX, lowY, lowZ] = low.shape.sizeM
  const [longX, longY] = long.shape.sizeM
  const lengthM = lowX + 0.8 * longX
  const spot = reserve({
    sizeM: [lengthM, Math.max(lowY, longY), 0.1],
    footprintM: Math.hypot(lengthM, Math.max(lowY, longY)) / 2,
    workRadiusM: 0.02,
  })
  put(low.kind, low.color, low.shape, at(spot, -lengthM / 2 + lowX / 2, 0))
  // Its middle lies beyond the edge, so that the other end comes down on the table.
  const overM = random.uniform(0.1, 0.25) * longX
  put(long.kind, long.color, long.shape, at(spot, -lengthM / 2 + lowX + overM, 0), lowZ + dropM)
}

/** A box, a bowl or a plate with things in some of its spots. */
function filled(laying: Laying): void {
  const { random, palette, place, put } = laying.request
  const holder = container(random, palette)
  const placed = place(holder.kind, holder.color, holder.shape)
  const free = holder.spots.filter(({ p_object_m: [x, y, z], roomM }) => {
    if (random.next() < 0.4) return true
    const { kind, color, shape } = smallThing(random, palette, roomM)
    put(kind, color, shape, at(placed, x, y), z + dropM)
    return false
  })
  tellSpots(laying, placed, free)
}

function tellSpots({ spots }: Laying, { label }: PlacedObject, free: Holder['spots']): void {
  for (const { p_object_m, roomM } of free) spots.push({ label, p_object_m, yawRad: 0, roomM })
}

function fits({ shape: { sizeM } }: CaptionedThing, [x, y]: readonly [number, number]): boolean {
  return sizeM[0] <= x && sizeM[1] <= y
}

/** A pose in the frame of a spot: turned as it is. */
function at({ p_base_m, yawRad }: Pick<PlacedObject, 'p_base_m' | 'yawRad'>, dx: number, dy: number) {
  return { p_base_m: turnedAbout(p_base_m, yawRad, [dx, dy]), yawRad }
}

/** Not quite straight above. */
function jittered({ request: { random } }: Laying, { p_base_m: [x, y], yawRad }: PlacedObject) {
  const off = () => random.uniform(-0.006, 0.006)
  return { p_base_m: [x + off(), y + off()] as const, yawRad: yawRad + random.uniform(-0.3, 0.3) }
}
