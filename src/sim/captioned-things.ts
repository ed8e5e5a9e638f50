// What captioned household scenes are made of: small things that may lie anywhere, and what other things lie in or on.

import type { ColorName } from './colors.js'
import { surface } from './composite.js'
import { fitting, trainObjects } from './household-objects.js'
import { bodyOf, trainShapes } from './kit-shapes.js'
import { revolve } from './mesh.js'
import { bowl, cuboid, type ObjectShape, openBox } from './objects.js'
import type { Random } from './random.js'
import { captionedKinds, dishProfile, randomShape } from './tabletop-shapes.js'

export interface CaptionedThing {
  /** As a sentence calls it. */
  readonly kind: string
  readonly color: ColorName
  readonly shape: ObjectShape
}

/** A spot in the frame of what holds things; where its surface is, and the room on it, metres. */
export interface HolderSpot {
  readonly p_object_m: readonly [number, number, number]
  readonly roomM: readonly [number, number]
}

export interface Holder extends CaptionedThing {
  readonly spots: readonly HolderSpot[]
}

/** Kinds that stand by themselves and are moved as one piece. */
const smallKinds = ['block', 'carton', 'can', 'tin', 'lid', 'cup', 'ball'] as const

/** Household things with a flat top, on which something may lie. */
const flatNames: readonly string[] = ['book', 'tablet', 'eraser', 'bar of soap', 'calculator', 'cheese wedge']

const flatThings = trainObjects.filter(({ name }) => flatNames.includes(name))

/** Nouns of the scenes: the training side of the household things and of the flat shapes, and kinds of captioned scenes. */
export const captionedNouns: readonly string[] = [
  ...captionedKinds,
  ...trainObjects.map(({ name }) => name),
  ...trainShapes.map(({ name }) => name),
]

/** Kinds that come in colours have a least size: in little room none of them may fit. */
const triesPerThing = 50

/** A thing that fits a rectangle: of the household (half of the time), a flat shape, or of a kind that comes in colours. */
export function smallThing(
  random: Random,
  palette: readonly ColorName[],
  roomM: readonly [number, number] = [0.18, 0.18],
): CaptionedThing {
  const dice = random.next()
  const color = random.pick(palette)
  // Made to fit, however little room there is.
  const household = (): CaptionedThing => {
    const thing = random.pick(trainObjects)
    return { kind: thing.name, color, shape: fitting(thing, roomM) }
  }
  if (dice < 0.5) return household()
  if (dice < 0.65) {
    const side = Math.min(0.08, ...roomM) * random.uniform(0.75, 1)
    const thing = random.pick(trainShapes)
    return { kind: thing.name, color, shape: bodyOf(thing, side, 0.02) }
  }
  for (let attempt = 0; attempt < triesPerThing; attempt++) {
    const kind = random.pick(smallKinds)
    const shape = loose(kind, randomShape(kind, random))
    if (shape.sizeM[0] <= roomM[0] && shape.sizeM[1] <= roomM[1]) return { kind, color, shape }
  }
  return household()
}

/** A long thing that leans where one of its ends lies higher. */
export function longThing(random: Random, palette: readonly ColorName[]): CaptionedThing {
  for (;;) {
    const thing = smallThing(random, palette)
    const [x, y, z] = thing.shape.sizeM
    if (x >= 0.11 && x > 1.4 * y && z < 0.06) return thing
  }
}

/** Something low with a flat top. */
export function flatThing(random: Random, palette: readonly ColorName[]): Holder {
  const color = random.pick(palette)
  const dice = random.next()
  if (dice < 0.6) {
    const thing = random.pick(flatThings)
    return onTop({ kind: thing.name, color, shape: fitting(thing, [0.18, 0.18]) }, 0.8)
  }
  const sizeM = [random.uniform(0.07, 0.13), random.uniform(0.07, 0.16), random.uniform(0.02, 0.06)] as const
  if (dice < 0.8) return onTop({ kind: 'carton', color, shape: cuboid(sizeM) }, 0.9)
  const kind = random.pick(['tin', 'lid'] as const)
  return onTop({ kind, color, shape: loose(kind, randomShape(kind, random)) }, 0.7)
}

/** A box, a bowl or a plate. */
export function container(random: Random, palette: readonly ColorName[]): Holder {
  const color = random.pick(palette)
  const dice = random.next()
  if (dice < 0.45) return boxOfCells(random, color)
  if (dice < 0.72)
    return { kind: 'bowl', color, shape: bowl, spots: [{ p_object_m: [0, 0, 0.005], roomM: [0.05, 0.05] }] }
  const radiusM = random.uniform(0.075, 0.11)
  const side = 1.1 * plateFloor * radiusM
  return {
    ...{ kind: 'plate', color, shape: plate(radiusM) },
    spots: [{ p_object_m: [0, 0, 0.004], roomM: [side, side] }],
  }
}

/** An open box whose floor is divided into one to four spots. */
function boxOfCells(random: Random, color: ColorName): Holder {
  const [x, y, z] = [random.uniform(0.13, 0.26), random.uniform(0.13, 0.26), random.uniform(0.04, 0.08)]
  const [across, along] = [x > 0.2 ? 2 : 1, y > 0.2 ? 2 : 1]
  const [roomX, roomY] = [(x - 0.02) / across, (y - 0.02) / along]
  const spots: HolderSpot[] = []
  for (let i = 0; i < across; i++) {
    for (let j = 0; j < along; j++) {
      const p_object_m = [(i - (across - 1) / 2) * roomX, (j - (along - 1) / 2) * roomY, 0.002] as const
      spots.push({ p_object_m, roomM: [roomX - 0.012, roomY - 0.012] })
    }
  }
  return { kind: 'box', color, shape: openBox([x, y, z]), spots }
}

function onTop(thing: CaptionedThing, share: number): Holder {
  const [x, y, z] = thing.shape.sizeM
  const topM = z - thing.shape.restM
  return { ...thing, spots: [{ p_object_m: [0, 0, topM], roomM: [share * x, share * y] }] }
}

/** Shapes of captioned scenes are fastened boxes to physics; these move, and collide as what they look like. */
function loose(kind: (typeof smallKinds)[number], { fixed: _, ...shape }: ObjectShape): ObjectShape {
  const [x, , z] = shape.sizeM
  switch (kind) {
    case 'block':
    case 'carton':
      return shape
    case 'ball':
      return { ...shape, geomsXml: `<geom type="sphere" size="${x / 2}" pos="0 0 ${x / 2}" ${surface}/>` }
    default:
      return { ...shape, geomsXml: `<geom type="cylinder" size="${x / 2} ${z / 2}" pos="0 0 ${z / 2}" ${surface}/>` }
  }
}

/** Radius of a plate's flat floor as a share of its own. */
const plateFloor = 0.62

/** A plate with a rim that rises by 1.5 cm; it collides as its floor and a ring of leaning boxes. */
function plate(radiusM: number): ObjectShape {
  const heightM = 0.015
  const floorM = plateFloor * radiusM
  const segments = 16
  const lean = Math.atan2(radiusM - floorM, heightM)
  const slant = Math.hypot(radiusM - floorM, heightM)
  const middleM = (radiusM + floorM) / 2
  const rim = Array.from({ length: segments }, (_, i) => {
    const angle = (2 * Math.PI * i) / segments
    const position = [middleM * Math.cos(angle), middleM * Math.sin(angle), heightM / 2]
    const half = [0.002, radiusM * Math.tan(Math.PI / segments), slant / 2]
    return `<geom type="box" size="${half.join(' ')}" pos="${position.join(' ')}" euler="0 ${lean} ${angle}"/>`
  })
  return {
    sizeM: [2 * radiusM, 2 * radiusM, heightM],
    restM: 0,
    footprintM: radiusM,
    workRadiusM: 0.02,
    massKg: 0.2,
    fixed: true,
    geomsXml: `<geom type="cylinder" size="${floorM} 0.002" pos="0 0 0.002"/>${rim.join('')}`,
    mesh: (color) => revolve([0, 0, 0], [0, 0, 1], dishProfile(radiusM, heightM), 36, color),
  }
}
