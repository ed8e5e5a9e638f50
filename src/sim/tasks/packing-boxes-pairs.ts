// "pack all the red and blue blocks into the brown box" (CLIPort, packing-boxes-pairs): an open box, blocks cut so that
// they fill it, and four distractors of other colours.

import type { Vec3 } from '../../control/types.js'
import { type ColorName, colorOfWord } from '../colors.js'
import { cuboid, openBox } from '../objects.js'
import { cut } from '../split.js'
import {
  asPublished,
  colorVariants,
  type Goal,
  type Move,
  type SceneRequest,
  type Task,
  type TaskScene,
} from './task.js'

const distractors = 4
/** As published. */
const maxSteps = 20
/** Sides of the box, as published, metres. */
const sides = { least: 0.05, greatest: 0.3, height: 0.05 }
/** No block is narrower than this; a piece is cut only where both parts can be as wide. */
const leastBlockM = 0.05
/** Room between blocks. */
const marginM = 0.01
/** Room between the outside of the box and the blocks. */
const edgeM = 0.01
/** A block's sample points must be lower than this above the table, as published. */
const zoneTopM = 0.0525

const rows = colorVariants('packing-boxes-pairs', { seen: 94.7, unseen: 86.2 })

export const task: Task = {
  name: 'packing-boxes-pairs',
  variants: [...rows, ...asPublished(rows)],
  nouns: { block: ['block', 'cube', 'brick'], box: ['box', 'crate', 'container'] },
  forms: ['pack all the <pick> into the <place>'],
  colored: { pick: ['block'], place: [] },
  deviations: [
    'Every colour that the sentence names is on the table; published, and in the rows as published, each block draws one of the two, so that 12 of 30 sentences name one that is absent.',
    'Distractors are 5 to 10 cm wide; published, and in the rows as published, as large as blocks that go into the box.',
    'Sides of the box from 7 cm; published: from 5 cm, where a box holds less than the narrowest block.',
    'A block is taken out of its place in the box and laid on the table with the yaw that it needs to be turned back to; the score counts what is inside, as published.',
  ],
  build,
}

function build({ random, palette, goal, place, asPublished: isAsPublished }: SceneRequest): TaskScene {
  const asked = goal === undefined ? undefined : parsePackGoal(goal)
  // A side that leaves less than the narrowest block inside its edges holds nothing.
  const side = () => random.uniform(sides.least + 2 * edgeM, sides.greatest)
  const size: Vec3 = [side(), side(), sides.height]
  const box = place('box', 'brown', openBox(size))
  const pieces = cut(
    { min: [edgeM - size[0] / 2, edgeM - size[1] / 2], max: [size[0] / 2 - edgeM, size[1] / 2 - edgeM] },
    { leastM: leastBlockM, marginM },
    random,
  )

  const wanted = asked ?? random.sample(palette, isAsPublished ? Math.min(2, pieces.length) : 2)
  const blocks = pieces.map((piece, i) => {
    // Every colour that the sentence names is there, as long as there are blocks enough; as published, it may be absent.
    const color = (isAsPublished ? undefined : wanted[i]) ?? random.pick(wanted)
    const width: Vec3 = [piece.max[0] - piece.min[0], piece.max[1] - piece.min[1], sides.height]
    return { piece, width, object: place('block', color, cuboid(width)) }
  })
  for (let i = 0; i < distractors; i++) {
    const copied = isAsPublished ? random.pick(blocks).width : undefined
    const width = (): number => random.uniform(leastBlockM, 2 * leastBlockM)
    const color = random.pick(palette.filter((candidate) => !wanted.includes(candidate)))
    place('block', color, cuboid(copied ?? [width(), width(), sides.height]))
  }

  const colors = isAsPublished ? wanted : [...new Set(blocks.map(({ object }) => object.color))]
  const sentence = goal ?? `pack all the ${colors.join(' and ')} blocks into the brown box`
  const moves = blocks.map(
    ({ piece, width, object }): Move => ({
      object: object.label,
      targets: [
        {
          label: box.label,
          p_object_m: [(piece.min[0] + piece.max[0]) / 2, (piece.min[1] + piece.max[1]) / 2, sides.height / 2],
          yawRad: 0,
        },
      ],
      symmetryRad: Math.abs(width[0] - width[1]) < 1e-3 ? Math.PI / 2 : Math.PI,
    }),
  )
  const understood: Goal = {
    sentence,
    moves,
    toleranceM: 0.01,
    zone: { label: box.label, sizeM: [size[0], size[1]], topM: zoneTopM },
    maxReward: 1,
    rotations: true,
  }
  return { goals: goal !== undefined && !asked ? [] : [understood], sentence, maxSteps }
}

/** The colours that a sentence asks for, or undefined where it is not one of this task's. */
function parsePackGoal(sentence: string): readonly ColorName[] | undefined {
  const pattern =
    /^(?:pack|put)\s+(?:all\s+)?(?:of\s+)?(?:the\s+)?(\w+)(?:\s+and\s+(\w+))?\s+(?:blocks?|boxes)\s+(?:in|into|inside)\s+the\s+(?:brown\s+)?box\W*$/i
  const words = pattern
    .exec(sentence.trim())
    ?.slice(1)
    .filter((word) => word !== undefined)
  const colors = words?.map(colorOfWord)
  if (!colors || colors.some((color) => color === undefined)) return undefined
  return [...new Set(colors as ColorName[])]
}
