// "pack all the coffee mug objects in the brown box" (CLIPort, packing-google-objects-group, with household things made up
// here): two of one thing into a box, and two of another that stay.

import { fitting, type HouseholdObject, householdObjects } from '../household-objects.js'
import { halvesOf, householdDeviations, householdVariants, objectsOf, parseNamed } from '../household-packing.js'
import { openBox } from '../objects.js'
import type { Goal, Move, SceneRequest, Task, TaskScene } from './task.js'

/** As published: what is in the box may stick out. */
const zoneTopM = 0.3
const copies = 2
const sentencePattern =
  /^(?:pack|put)\s+all\s+(?:of\s+)?the\s+(.+?)\s+objects\s+(?:in|into|inside)\s+the\s+(?:brown\s+)?box\W*$/i

export const task: Task = {
  name: 'packing-household-objects-group',
  variants: householdVariants('group', { seen: 89.6, unseen: 84.8 }),
  nouns: {
    ...Object.fromEntries(householdObjects.map(({ name }) => [name, [name]])),
    box: ['box', 'crate', 'container'],
  },
  forms: ['pack all the <pick> in the <place>'],
  colored: { pick: [], place: [] },
  deviations: [
    'Two of the wanted thing and two of one other; published: as many things as the box has parts, the first two wanted, the next two of one other kind, the rest at random.',
    ...householdDeviations,
  ],
  build,
}

function build(request: SceneRequest): TaskScene {
  const { random, goal, place } = request
  const { boxM, slots } = halvesOf(random)
  const box = place('box', 'brown', openBox(boxM))
  const asked = goal === undefined ? undefined : parseNamed(goal, sentencePattern)
  const [drawn, other] = random.sample(
    objectsOf(request).filter((object) => object !== asked),
    2,
  ) as [HouseholdObject, HouseholdObject]
  const wanted = asked ?? drawn
  const [shape, otherShape] = [fitting(wanted, slots[0]!.roomM), fitting(other, slots[0]!.roomM)]
  const placed = Array.from({ length: copies }, () => place(wanted.name, 'white', shape))
  for (let i = 0; i < copies; i++) place(other.name, 'white', otherShape)

  const sentence = goal ?? `pack all the ${wanted.name} objects in the brown box`
  const targets = slots.map((slot) => slot.targetFor(box, shape))
  const understood: Goal = {
    sentence,
    moves: placed.map(({ label }, i): Move => ({ object: label, targets: [targets[i]!], symmetryRad: Math.PI })),
    toleranceM: 0.01,
    zone: { label: box.label, sizeM: [boxM[0], boxM[1]], topM: zoneTopM },
    maxReward: 1,
    rotations: true,
  }
  return { goals: goal !== undefined && !asked ? [] : [understood], sentence, maxSteps: copies + 1 }
}
