// "push the pile of red blocks into the green square" (CLIPort, separating-piles): fifty small blocks and two squares on
// the table; a spatula pushes them.

import { turnedAbout } from '../../control/geometry.js'
import { type ColorName, colorOfWord } from '../colors.js'
import { prismMesh } from '../mesh.js'
import { cuboid, type ObjectShape } from '../objects.js'
import { colorVariants, type Goal, type SceneRequest, type Target, type Task, type TaskScene } from './task.js'

/** As published. */
const maxSteps = 20
const blocks = 50
const blockM = 0.01
/** Side of a square, and of the area that the blocks lie in, as published. */
const squareM = 0.15
const pileM = 0.2
/** Higher above the table a block is not inside, as published. */
const zoneTopM = 0.3

export const task: Task = {
  name: 'separating-piles',
  variants: colorVariants('separating-piles', { seen: 93.1, unseen: 76.6 }),
  nouns: { block: ['block', 'cube', 'brick'], square: ['square'] },
  forms: ['push the pile of <pick> into the <place>'],
  primitive: 'push',
  colored: { pick: ['block'], place: ['square'] },
  deviations: [
    'The pile lies anywhere on the table and never in a square; published: always within 10 cm of x 0.50 m, y 0 m, whatever is there.',
    'No two blocks overlap at the start; published: some do, and spring apart.',
  ],
  build,
}

function build({ random, palette, goal, place, put, reserve }: SceneRequest): TaskScene {
  const asked = goal === undefined ? undefined : parsePushGoal(goal)
  const drawn = random.sample(palette, 3) as [ColorName, ColorName, ColorName]
  const { block, square } = asked ?? { block: drawn[0], square: drawn[1] }
  const other = asked ? random.pick(palette.filter((color) => color !== block && color !== square)) : drawn[2]

  const wanted = place('square', square, squareShape)
  place('square', other, squareShape)
  const pile = reserve(pileRoom)
  const shape = cuboid([blockM, blockM, blockM])
  const spots = scatter(blocks, random.uniform)
  const placed = spots.map((spot) =>
    put('block', block, shape, {
      p_base_m: turnedAbout(pile.p_base_m, pile.yawRad, spot),
      yawRad: random.uniform(-Math.PI, Math.PI),
    }),
  )

  const sentence = goal ?? `push the pile of ${block} blocks into the ${square} square`
  const target: Target = { label: wanted.label, p_object_m: [0, 0, blockM / 2], yawRad: 0 }
  const understood: Goal = {
    sentence,
    moves: placed.map(({ label }) => ({ object: label, targets: [target], symmetryRad: 0 })),
    toleranceM: 0.01,
    zone: { label: wanted.label, sizeM: [squareM, squareM], topM: zoneTopM },
    maxReward: 1,
    rotations: false,
    primitive: 'push',
  }
  return { goals: goal !== undefined && !asked ? [] : [understood], sentence, maxSteps, tool: 'spatula' }
}

/** Points in the pile's area, none so near to another that their blocks touch. */
function scatter(count: number, uniform: (low: number, high: number) => number): (readonly [number, number])[] {
  const points: (readonly [number, number])[] = []
  const half = (pileM - blockM) / 2
  while (points.length < count) {
    const [x, y] = [uniform(-half, half), uniform(-half, half)]
    if (points.every(([otherX, otherY]) => Math.hypot(x - otherX, y - otherY) > 1.5 * blockM)) points.push([x, y])
  }
  return points
}

const pileRoom = { sizeM: [pileM, pileM, blockM], footprintM: pileM / Math.SQRT2, workRadiusM: pileM / 2 } as const

/** Drawn on the table. */
const squareShape: ObjectShape = {
  sizeM: [squareM, squareM, 0.001],
  restM: 0,
  footprintM: squareM / Math.SQRT2,
  workRadiusM: squareM / 2,
  massKg: 0.1,
  fixed: true,
  geomsXml: '',
  mesh: (color) => {
    const half = squareM / 2
    return prismMesh(
      [
        [-half, -half],
        [half, -half],
        [half, half],
        [-half, half],
      ],
      -0.001,
      0.0004,
      color,
    )
  },
}

/** The colours that a sentence asks for, or undefined where it is not one of this task's. */
function parsePushGoal(sentence: string): { readonly block: ColorName; readonly square: ColorName } | undefined {
  const pattern =
    /^(?:push|sweep)\s+(?:the\s+pile\s+of|all|the)\s+(?:the\s+)?(\w+)\s+blocks\s+(?:in|into|onto)\s+the\s+(\w+)\s+square\W*$/i
  const words = pattern.exec(sentence.trim())
  const [block, square] = [colorOfWord(words?.[1] ?? ''), colorOfWord(words?.[2] ?? '')]
  return block && square && block !== square ? { block, square } : undefined
}
