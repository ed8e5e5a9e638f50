// "put the red blocks in a green bowl" (CLIPort, put-block-in-bowl): one to three bowls, at most as many blocks, six
// distractors of other colours.

import { type ColorName, colorNames, colorOfWord } from '../colors.js'
import { block as blockShape, bowl as bowlShape } from '../objects.js'
import {
  asPublished,
  colorVariants,
  type Goal,
  type SceneRequest,
  type Target,
  type Task,
  type TaskScene,
} from './task.js'

const distractors = 6
/** A block's centre within this of the bowl's counts as in the bowl, as published. */
const toleranceM = 0.05

const rows = colorVariants('put-block-in-bowl', { seen: 99.5, unseen: 66.5 })

export const task: Task = {
  name: 'put-block-in-bowl',
  variants: [...rows, ...asPublished(rows)],
  nouns: { block: ['block', 'cube', 'brick'], bowl: ['bowl', 'dish'] },
  forms: ['put the <pick> in a <place>'],
  colored: { pick: ['block'], place: ['bowl'] },
  deviations: [
    "A distractor has any colour of the scene's split but that of its own kind in the sentence, so that a block may have the colour of the wanted bowls; published, and in the rows as published: the other nine of the eleven colours in turn.",
    'Distractor bowls are fixed to the table as the wanted ones are; published: loose.',
  ],
  build,
}

function build({ random, palette, goal, place, asPublished: isAsPublished }: SceneRequest): TaskScene {
  const [someBowl, someBlock] = random.sample(palette, 2) as [ColorName, ColorName]
  const asked = goal === undefined ? undefined : parseGoal(goal)
  const { block, bowl } = asked ?? { block: someBlock, bowl: someBowl }

  const bowlCount = random.integer(1, 3)
  const blockCount = random.integer(1, bowlCount)
  const bowls = Array.from({ length: bowlCount }, () => place('bowl', bowl, bowlShape))
  const blocks = Array.from({ length: blockCount }, () => place('block', block, blockShape))
  for (let i = 0; i < distractors; i++) {
    const kind = random.next() > 0.5 ? 'block' : 'bowl'
    const wanted = kind === 'block' ? block : bowl
    const others = colorNames.filter((candidate) => candidate !== block && candidate !== bowl)
    const color = isAsPublished
      ? others[i % others.length]!
      : random.pick(palette.filter((candidate) => candidate !== wanted))
    place(kind, color, kind === 'block' ? blockShape : bowlShape)
  }

  const sentence = goal ?? `put the ${block} blocks in a ${bowl} bowl`
  const targets = bowls.map(({ label }): Target => ({ label, p_object_m: [0, 0, 0], yawRad: 0 }))
  const understood: Goal = {
    sentence,
    moves: blocks.map(({ label }) => ({ object: label, targets, symmetryRad: 0 })),
    toleranceM,
    maxReward: 1,
    rotations: false,
  }
  return {
    goals: goal !== undefined && !asked ? [] : [understood],
    sentence,
    maxSteps: blockCount + 1,
  }
}

/** The colours that a sentence asks for, or undefined where it is not one of this task's. */
export function parseGoal(sentence: string): { readonly block: ColorName; readonly bowl: ColorName } | undefined {
  const article = '(?:(?:all|the|an?|any|one|of|every|each)\\s+)*'
  const pattern = `^put\\s+${article}(\\w+)\\s+(?:blocks?|cubes?)\\s+(?:in|into|inside)\\s+${article}(\\w+)\\s+bowls?\\W*$`
  const words = new RegExp(pattern, 'i').exec(sentence.trim())
  const [block, bowl] = [colorOfWord(words?.[1] ?? ''), colorOfWord(words?.[2] ?? '')]
  return block && bowl ? { block, bowl } : undefined
}
