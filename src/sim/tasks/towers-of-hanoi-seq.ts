// "move the red ring to the middle of the stand", ... (CLIPort, towers-of-hanoi-seq): three rings on a stand with three
// rods, one sentence for each of the seven moves that bring them from the first rod to the last.

import { turnedAbout } from '../../control/geometry.js'
import { type ColorName, colorOfWord } from '../colors.js'
import { hanoiRing, hanoiRodsM, hanoiStand } from '../hanoi-shapes.js'
import { colorVariants, type Goal, type SceneRequest, type Task, type TaskScene } from './task.js'

/** As published: the seven moves that are needed, twice. */
const maxSteps = 14
/** A ring's middle within this of its rod, in the table's plane, as published. */
const toleranceM = 0.01
/** Rods from -y to +y of the stand. */
const rods = ['lighter brown side', 'middle of the stand', 'darker brown side'] as const

export const task: Task = {
  name: 'towers-of-hanoi-seq',
  variants: colorVariants('towers-of-hanoi-seq', { seen: 98.7, unseen: 95.9 }),
  nouns: { ring: ['ring'], stand: ['stand'] },
  forms: ['move the <pick> to the <place>'],
  parts: rods,
  colored: { pick: ['ring'], place: [] },
  build,
}

interface Step {
  /** 0 is the smallest ring. */
  readonly ring: number
  readonly rod: number
}

function build({ random, palette, goal, place, put }: SceneRequest): TaskScene {
  const stand = place('stand', 'brown', hanoiStand)
  const colors = random.sample(palette, hanoiRing.outerM.length)
  const asked = goal === undefined ? undefined : parseMoveGoal(goal)
  if (asked) colors[0] = asked.color
  const first = rodAt(stand, 0)
  const rings = colors.map((color, i) => {
    const below = hanoiRing.outerM.length - 1 - i
    return put('ring', color, hanoiRing.shape(i), first, hanoiRodsM.baseHeight + below * hanoiRing.heightM)
  })

  const goalOf = ({ ring, rod }: Step, sentence: string, maxReward: number): Goal => ({
    sentence,
    moves: [
      {
        object: rings[ring]!.label,
        targets: [{ label: stand.label, p_object_m: [0, hanoiRodsM.y[rod]!, hanoiRodsM.baseHeight], yawRad: 0 }],
        symmetryRad: 0,
      },
    ],
    toleranceM,
    maxReward,
    rotations: true,
    namedPlace: 'spots',
  })
  if (goal !== undefined) {
    return { goals: asked ? [goalOf({ ring: 0, rod: asked.rod }, goal, 1)] : [], sentence: goal, maxSteps }
  }
  const steps = solve(hanoiRing.outerM.length, 0, 2, 1)
  const goals = steps.map((step) =>
    goalOf(step, `move the ${colors[step.ring]} ring to the ${rods[step.rod]}`, 1 / steps.length),
  )
  return { goals, sentence: goals[0]!.sentence, maxSteps }
}

function rodAt(
  { p_base_m, yawRad }: { readonly p_base_m: readonly [number, number]; readonly yawRad: number },
  rod: number,
) {
  return { p_base_m: turnedAbout(p_base_m, yawRad, [0, hanoiRodsM.y[rod]!]), yawRad }
}

/** The moves of the `count` smallest rings from one rod to another. */
export function solve(count: number, from: number, to: number, spare: number): Step[] {
  if (count === 0) return []
  return [...solve(count - 1, from, spare, to), { ring: count - 1, rod: to }, ...solve(count - 1, spare, to, from)]
}

/** The ring and the rod that a sentence asks for: of the tower as it stands at the start only the top ring is free. */
function parseMoveGoal(sentence: string): { readonly color: ColorName; readonly rod: number } | undefined {
  const [, word = '', place = ''] =
    /^(?:move|put)\s+the\s+(\w+)\s+ring\s+(?:to|on|onto)\s+the\s+(.+?)\W*$/i.exec(sentence.trim()) ?? []
  const color = colorOfWord(word)
  const rod = (rods as readonly string[]).indexOf(place.toLowerCase())
  return color && rod >= 0 ? { color, rod } : undefined
}
