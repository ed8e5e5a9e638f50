// "pack the star in the brown box" (CLIPort, packing-shapes): one of five flat shapes into an open box, in one step. The
// shapes of validation and test are others than those of training.

import { bodyOf, evaluationShapes, type KitShape, kitShapes, trainShapes } from '../kit-shapes.js'
import { openBox } from '../objects.js'
import { asPublished, type Goal, type SceneRequest, type Task, type TaskScene, type TaskVariant } from './task.js'

const shapesOnTable = 5
const shapeM = { side: 0.075, height: 0.02 }
/** Sides of the box, as published, metres. */
const boxM = { least: 0.1, greatest: 0.15, height: 0.05 }
/** As published: what is in the box may stick out. */
const zoneTopM = 0.3

const rows: readonly TaskVariant[] = [{ name: 'packing-shapes', split: 'unseen', publishedPercent: 44 }]

export const task: Task = {
  name: 'packing-shapes',
  variants: [...rows, ...asPublished(rows)],
  nouns: { ...Object.fromEntries(kitShapes.map(({ name }) => [name, [name]])), box: ['box', 'crate', 'container'] },
  forms: ['pack the <pick> in the <place>'],
  colored: { pick: [], place: [] },
  deviations: [
    'Shapes may have the same colour; published, and in the row as published: five colours.',
    'Shapes are 7.5 cm wide; published: 8 cm, of which some do not fit into the smallest box.',
  ],
  build,
}

function build({ random, palette, goal, place, isEvaluation, asPublished: isAsPublished }: SceneRequest): TaskScene {
  const side = () => random.uniform(boxM.least, boxM.greatest)
  const sizeM = [side(), side(), boxM.height] as const
  const box = place('box', 'brown', openBox(sizeM))
  const asked = goal === undefined ? undefined : parsePackGoal(goal)
  const others = (isEvaluation ? evaluationShapes : trainShapes).filter((shape) => shape !== asked)
  const drawn = random.sample(others, shapesOnTable)
  const shapes = asked === undefined ? drawn : [asked, ...drawn.slice(1)]
  const colors = isAsPublished ? random.sample(palette, shapes.length) : shapes.map(() => random.pick(palette))
  const placed = shapes.map((shape, i) => place(shape.name, colors[i]!, bodyOf(shape, shapeM.side, shapeM.height)))

  const [wanted] = shapes as [KitShape]
  const sentence = goal ?? `pack the ${wanted.name} in the brown box`
  const understood: Goal = {
    sentence,
    moves: [
      {
        object: placed[0]!.label,
        targets: [{ label: box.label, p_object_m: [0, 0, shapeM.height / 2], yawRad: 0 }],
        symmetryRad: wanted.symmetryRad,
      },
    ],
    toleranceM: 0.01,
    zone: { label: box.label, sizeM: [sizeM[0], sizeM[1]], topM: zoneTopM },
    maxReward: 1,
    rotations: true,
  }
  return { goals: goal !== undefined && !asked ? [] : [understood], sentence, maxSteps: 1 }
}

/** The shape that a sentence asks for, or undefined where it is not one of this task's. */
function parsePackGoal(sentence: string): KitShape | undefined {
  const pattern = /^(?:pack|put)\s+the\s+(.+?)\s+(?:in|into|inside)\s+the\s+(?:brown\s+)?box\W*$/i
  const name = pattern.exec(sentence.trim())?.[1]?.toLowerCase()
  return kitShapes.find((shape) => shape.name.toLowerCase() === name)
}
