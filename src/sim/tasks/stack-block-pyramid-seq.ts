// "put the red block on the lightest brown block", ... (CLIPort, stack-block-pyramid-seq): six blocks on a stand of three
// steps, a sentence for each of them.

import { type ColorName, colorOfWord } from '../colors.js'
import { block, stand as standShape } from '../objects.js'
import { colorVariants, type Goal, type SceneRequest, type Task, type TaskScene } from './task.js'

const blocks = 6
/** As published. */
const maxSteps = 12
/** A block's middle within this of its place's, in the table's plane, as published. */
const toleranceM = 0.01

const steps = ['lightest', 'middle', 'darkest'] as const

/**
 * Places on the stand, in its frame: along y as published; heights are those at which 4 cm blocks come to rest on the
 * 1 cm stand (the published ones, 3, 8 and 13 cm, leave the upper rows in the air).
 */
const places = [
  { yM: -0.05, zM: 0.03 },
  { yM: 0, zM: 0.03 },
  { yM: 0.05, zM: 0.03 },
  { yM: -0.025, zM: 0.07 },
  { yM: 0.025, zM: 0.07 },
  { yM: 0, zM: 0.11 },
] as const

/** Rows above the first: each place lies on two others. */
const supports: Readonly<Record<number, readonly [number, number]>> = { 3: [0, 1], 4: [1, 2], 5: [3, 4] }

export const task: Task = {
  name: 'stack-block-pyramid-seq',
  variants: colorVariants('stack-block-pyramid-seq', { seen: 96.8, unseen: 59.3 }),
  nouns: { block: ['block', 'cube', 'brick'], stand: ['stand'] },
  forms: ['put the <pick> on the <place>'],
  parts: steps.map((step) => `${step} brown block`),
  colored: { pick: ['block'], place: [] },
  deviations: [
    'The upper rows lie at the heights at which 4 cm blocks come to rest; published: 1 and 2 cm higher, which the score does not see.',
  ],
  build,
}

function build({ random, palette, goal, place }: SceneRequest): TaskScene {
  const stand = place('stand', 'brown', standShape)
  const asked = goal === undefined ? undefined : parseStackGoal(goal)
  const colors = random.sample(palette, blocks)
  if (asked) giveColor(colors, asked.step, asked.block)
  const placed = colors.map((color) => place('block', color, block))

  const goalAt = (i: number, sentence: string, maxReward: number): Goal => ({
    sentence,
    moves: [
      {
        object: placed[i]!.label,
        targets: [{ label: stand.label, p_object_m: [0, places[i]!.yM, places[i]!.zM], yawRad: 0 }],
        symmetryRad: Math.PI / 2,
      },
    ],
    toleranceM,
    maxReward,
    rotations: true,
    namedPlace: supports[i]?.map((under) => placed[under]!.label) ?? 'spots',
  })
  if (goal !== undefined) {
    return { goals: asked ? [goalAt(asked.step, goal, 1)] : [], sentence: goal, maxSteps }
  }
  const goals = colors.map((color, i) => goalAt(i, `put the ${color} block on ${placeName(i, colors)}`, 1 / blocks))
  return { goals, sentence: goals[0]!.sentence, maxSteps }
}

function placeName(i: number, colors: readonly ColorName[]): string {
  const under = supports[i]
  return under ? `the ${colors[under[0]]} and ${colors[under[1]]} blocks` : `the ${steps[i]} brown block`
}

/** Makes the block at `index` the one of that colour; no other block keeps it. */
function giveColor(colors: ColorName[], index: number, wanted: ColorName): void {
  const other = colors.indexOf(wanted)
  if (other >= 0) colors[other] = colors[index]!
  colors[index] = wanted
}

/**
 * The block and the step of the stand that a sentence asks for. Sentences about the upper rows name blocks that would
 * have to be stacked already; a scene begins with an empty stand, so they have no meaning at its start.
 */
function parseStackGoal(sentence: string): { readonly block: ColorName; readonly step: 0 | 1 | 2 } | undefined {
  const pattern =
    /^(?:put|stack|place)\s+(?:the|an?)\s+(\w+)\s+(?:block|cube)\s+on(?:to)?\s+the\s+(\w+)\s+brown\s+(?:block|step)\W*$/i
  const [, color = '', step = ''] = pattern.exec(sentence.trim()) ?? []
  const block = colorOfWord(color)
  const index = (steps as readonly string[]).indexOf(step.toLowerCase())
  return block && index >= 0 ? { block, step: index as 0 | 1 | 2 } : undefined
}
