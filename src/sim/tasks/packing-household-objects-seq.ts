// "pack the coffee mug in the brown box", ... (CLIPort, packing-google-objects-seq, with household things made up here): a
// box split among several different things, one sentence for each.

import { fitting, type HouseholdObject, householdObjects } from '../household-objects.js'
import { householdDeviations, householdVariants, objectsOf, parseNamed, slotsOf } from '../household-packing.js'
import { openBox } from '../objects.js'
import { asPublished, type Goal, type SceneRequest, type Task, type TaskScene } from './task.js'

/** As published: what is in the box may stick out. */
const zoneTopM = 0.3
const sentencePattern = /^(?:pack|put)\s+the\s+(.+?)\s+(?:in|into|inside)\s+the\s+(?:brown\s+)?box\W*$/i

const rows = householdVariants('seq', { seen: 89.3, unseen: 78.9 })

export const task: Task = {
  name: 'packing-household-objects-seq',
  variants: [...rows, ...asPublished(rows)],
  nouns: {
    ...Object.fromEntries(householdObjects.map(({ name }) => [name, [name]])),
    box: ['box', 'crate', 'container'],
  },
  forms: ['pack the <pick> in the <place>'],
  colored: { pick: [], place: [] },
  deviations: [
    'All things are packed; published, and in the rows as published: a random number of them, at least one of which stays.',
    ...householdDeviations,
  ],
  build,
}

function build(request: SceneRequest): TaskScene {
  const { random, goal, place } = request
  const { boxM, slots } = slotsOf(random)
  const box = place('box', 'brown', openBox(boxM))
  const asked = goal === undefined ? undefined : parseNamed(goal, sentencePattern)
  const drawn: HouseholdObject[] = random.sample(
    objectsOf(request).filter((object) => object !== asked),
    slots.length,
  )
  const things = asked === undefined ? drawn : [asked, ...drawn.slice(1)]
  const placed = things.map((thing, i) => place(thing.name, 'white', fitting(thing, slots[i]!.roomM)))

  const goalOf = (i: number, sentence: string, maxReward: number): Goal => ({
    sentence,
    moves: [{ object: placed[i]!.label, targets: [slots[i]!.targetFor(box, placed[i]!.shape)], symmetryRad: Math.PI }],
    toleranceM: 0.01,
    zone: { label: box.label, sizeM: [boxM[0], boxM[1]], topM: zoneTopM },
    maxReward,
    rotations: true,
  })
  // Where the box has one part only there is nothing that could stay.
  const packed = request.asPublished && things.length > 1 ? random.integer(1, things.length - 1) : things.length
  const maxSteps = packed + 1
  if (goal !== undefined) return { goals: asked ? [goalOf(0, goal, 1)] : [], sentence: goal, maxSteps }
  const goals = things.slice(0, packed).map(({ name }, i) => goalOf(i, `pack the ${name} in the brown box`, 1 / packed))
  return { goals, sentence: goals[0]!.sentence, maxSteps }
}
