// "put the red star in the left star hole", ... (CLIPort, assembling-kits-seq): five flat shapes into their outlines on a
// kit, one sentence for each. The shapes of validation and test are others than those of training.

import { turnedAbout } from '../../control/geometry.js'
import type { Vec3 } from '../../control/types.js'
import { type ColorName, colorOfWord } from '../colors.js'
import { bodyOf, evaluationShapes, type KitShape, kitShapes, outlinesOf, trainShapes } from '../kit-shapes.js'
import { boxMesh, merge, prismMesh, type Rgb } from '../mesh.js'
import type { ObjectShape, PlacedObject } from '../objects.js'
import type { Random } from '../random.js'
import { asPublished, colorVariants, type Goal, type SceneRequest, type Task, type TaskScene } from './task.js'

/** A shape's middle within this of its hole's, in the table's plane, as published. */
const toleranceM = 0.01
const shapeM = { side: 0.08, height: 0.02 }
const kitM: Vec3 = [0.28, 0.2, 0.005]
/** Middles of the holes in the kit's frame, as published. */
const holesM = [
  [-0.09, 0.045],
  [0, 0.045],
  [0.09, 0.045],
  [-0.045, -0.045],
  [0.045, -0.045],
] as const
/** More holes of one shape have no names to tell them apart. */
const mostAlike = 3

const rows = colorVariants('assembling-kits-seq', { seen: 47, unseen: 43.8 })

export const task: Task = {
  name: 'assembling-kits-seq',
  variants: [...rows, ...asPublished(rows)],
  nouns: { ...Object.fromEntries(kitShapes.map(({ name }) => [name, [name]])), kit: ['kit'] },
  forms: ['put the <pick> in the <place>'],
  parts: ['hole', 'left hole', 'right hole', 'top hole', 'bottom hole', 'middle hole'],
  colored: { pick: kitShapes.map(({ name }) => name), place: [] },
  deviations: [
    'Left, right, top and bottom of a hole are as the robot sees the table (top: far from it); published, and in the rows as published: as the front camera shows it (top: near the robot).',
    'At most three shapes are alike, and a sentence names one hole; published, and in the rows as published, four and five may be, and two holes may have one name.',
    'Only shapes that are alike must differ in colour; published, and in the rows as published: all five do.',
    'Outlines are drawn here and differ from the published meshes in detail.',
  ],
  build,
}

interface Hole {
  readonly shape: KitShape
  readonly p_kit_m: readonly [number, number]
  readonly yawRad: number
}

function build({ random, palette, goal, place, isEvaluation, asPublished: isAsPublished }: SceneRequest): TaskScene {
  const asked = goal === undefined ? undefined : parseKitGoal(goal)
  const shapes = drawShapes(
    isEvaluation ? evaluationShapes : trainShapes,
    isAsPublished ? holesM.length : mostAlike,
    random,
  )
  if (asked) {
    shapes.forEach((shape, i) => {
      if (shape === asked.shape) shapes[i] = kitShapes.find((other) => !shapes.includes(other))!
    })
    shapes[0] = asked.shape
  }
  const holes = shapes.map((shape, i): Hole => ({ shape, p_kit_m: holesM[i]!, yawRad: random.uniform(0, 2 * Math.PI) }))
  const kit = place('kit', 'brown', kitShape(holes))
  const colors = isAsPublished ? random.sample(palette, shapes.length) : drawColors(shapes, palette, random)
  if (asked) colors[0] = asked.color
  const placed = shapes.map((shape, i) => place(shape.name, colors[i]!, bodyOf(shape, shapeM.side, shapeM.height)))

  const goalOf = (i: number, sentence: string, maxReward: number): Goal => {
    const { shape, p_kit_m, yawRad } = holes[i]!
    return {
      sentence,
      moves: [
        {
          object: placed[i]!.label,
          targets: [{ label: kit.label, p_object_m: [...p_kit_m, kitM[2] + shapeM.height / 2], yawRad }],
          symmetryRad: shape.symmetryRad,
        },
      ],
      toleranceM,
      maxReward,
      rotations: true,
      namedPlace: 'spots',
    }
  }
  const maxSteps = holes.length
  if (goal !== undefined) return { goals: asked ? [goalOf(0, goal, 1)] : [], sentence: goal, maxSteps }
  const order = random.sample([...holes.keys()], holes.length)
  const nameOf = isAsPublished ? publishedPlaceName : placeName
  const goals = order.map((i) => {
    const { name } = shapes[i]!
    return goalOf(i, `put the ${colors[i]} ${name} in the ${nameOf(i, holes, kit)}${name} hole`, 1 / holes.length)
  })
  return { goals, sentence: goals[0]!.sentence, maxSteps }
}

/** With replacement, as published. */
function drawShapes(pool: readonly KitShape[], most: number, random: Random): KitShape[] {
  const shapes: KitShape[] = []
  while (shapes.length < holesM.length) {
    const shape = random.pick(pool)
    if (shapes.filter((other) => other === shape).length < most) shapes.push(shape)
  }
  return shapes
}

/** Shapes of one kind have different colours: a sentence tells them apart by nothing else. */
function drawColors(shapes: readonly KitShape[], palette: readonly ColorName[], random: Random): ColorName[] {
  const colors: ColorName[] = []
  for (const shape of shapes) {
    const taken = colors.filter((_, i) => shapes[i] === shape)
    colors.push(random.pick(palette.filter((color) => !taken.includes(color))))
  }
  return colors
}

/**
 * What tells a hole from the others of its shape, as the robot sees the table: left and right along the base's y, top
 * (far) and bottom (near) along its x, whichever axis they lie farther apart on; empty where it is the only one.
 */
function placeName(index: number, holes: readonly Hole[], kit: PlacedObject): string {
  const alike = [...holes.keys()].filter((i) => holes[i]!.shape === holes[index]!.shape)
  if (alike.length === 1) return ''
  const at = (i: number, axis: 'x' | 'y') => turnedAbout([0, 0], kit.yawRad, holes[i]!.p_kit_m)[axis === 'x' ? 0 : 1]
  const spreadM = (axis: 'x' | 'y') => {
    const along = alike.map((i) => at(i, axis))
    return Math.max(...along) - Math.min(...along)
  }
  const axis = spreadM('x') > spreadM('y') ? 'x' : 'y'
  const ordered = alike.sort((a, b) => at(a, axis) - at(b, axis))
  const [least, most] = axis === 'x' ? (['bottom ', 'top '] as const) : (['right ', 'left '] as const)
  if (ordered[0] === index) return least
  return ordered.at(-1) === index ? most : 'middle '
}

/** The publication's own rule: of the heightmap's picture, whose top is near the robot and whose left lies at -y. */
function publishedPlaceName(index: number, holes: readonly Hole[], kit: PlacedObject): string {
  const at = (i: number) => turnedAbout([0, 0], kit.yawRad, holes[i]!.p_kit_m)
  const [x, y] = at(index)
  const ways = [...holes.keys()]
    .filter((i) => i !== index && holes[i]!.shape === holes[index]!.shape)
    .map((i) => [at(i)[0] - x, at(i)[1] - y] as const)
  if (ways.length === 0) return ''
  if (ways.every(([dx, dy]) => dx > Math.abs(dy))) return 'top '
  if (ways.every(([dx, dy]) => -dx > Math.abs(dy))) return 'bottom '
  if (ways.every(([, dy]) => dy > 0)) return 'left '
  return ways.every(([, dy]) => dy < 0) ? 'right ' : 'middle '
}

/** A thin board with the outlines drawn on it: as in the original, the holes have no depth. */
function kitShape(holes: readonly Hole[]): ObjectShape {
  const [x, y, z] = kitM
  const hole: Rgb = [0.12, 0.11, 0.1]
  const outlines = holes.flatMap(({ shape, p_kit_m, yawRad }) =>
    outlinesOf(shape, 1.03 * shapeM.side).map((outline) =>
      outline.map((corner) => turnedAbout(p_kit_m, yawRad, corner)),
    ),
  )
  return {
    sizeM: kitM,
    restM: 0,
    footprintM: Math.hypot(x, y) / 2,
    workRadiusM: 0.14,
    massKg: 0.5,
    fixed: true,
    geomsXml: `<geom type="box" size="${x / 2} ${y / 2} ${z / 2}" pos="0 0 ${z / 2}"/>`,
    mesh: (color) =>
      merge(
        boxMesh(kitM, color.map((channel) => Math.min(1, 1.45 * channel)) as unknown as Rgb, [0, 0, z / 2]),
        ...outlines.map((outline) => prismMesh(outline, z - 0.001, z + 0.0003, hole)),
      ),
  }
}

/** The shape and its colour that a sentence asks for, where the hole is of that shape. */
function parseKitGoal(sentence: string): { readonly shape: KitShape; readonly color: ColorName } | undefined {
  const pattern = /^(?:put|place)\s+the\s+(\w+)\s+(.+?)\s+(?:in|into)\s+the\s+(.+?)\s+hole\W*$/i
  const [, word = '', name = '', hole = ''] = pattern.exec(sentence.trim()) ?? []
  const shape = kitShapes.find((known) => known.name.toLowerCase() === name.toLowerCase())
  const color = colorOfWord(word)
  return shape && color && hole.toLowerCase() === shape.name.toLowerCase() ? { shape, color } : undefined
}
