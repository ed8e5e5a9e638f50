// Scores as published: a pose within 1 cm and 15 degrees, a zone by the share of sample points inside, sentence after
// sentence. Bodies stand where the tests put them; no physics runs.

import { expect, test } from 'vitest'
import { block as blockShape, cuboid, openBox, type PlacedObject, stand as standShape } from '../../src/sim/objects.js'
import type { Physics } from '../../src/sim/physics/physics.js'
import { openMoves, Score } from '../../src/sim/score.js'
import type { Goal, TaskScene } from '../../src/sim/tasks/task.js'

type Pose = readonly [x: number, y: number, z: number, yawDeg: number]

/** Poses by label, changed at will. */
function bodies(objects: readonly Pick<PlacedObject, 'label' | 'shape'>[], poses: Record<number, Pose>, held?: number) {
  return {
    objects,
    held,
    objectPose(label: number) {
      const [x, y, z, yawDeg] = poses[label]!
      const [cos, sin] = [Math.cos((yawDeg * Math.PI) / 180), Math.sin((yawDeg * Math.PI) / 180)]
      return Float64Array.of(cos, -sin, 0, x, sin, cos, 0, y, 0, 0, 1, z, 0, 0, 0, 1)
    },
  } as unknown as Physics
}

const stand = { label: 1, shape: standShape }
const [red, blue] = [
  { label: 2, shape: blockShape },
  { label: 3, shape: blockShape },
]

function stackGoal(object: number, yM: number, maxReward: number): Goal {
  const targets = [{ label: 1, p_object_m: [0, yM, 0.03] as const, yawRad: 0 }]
  const moves = [{ object, targets, symmetryRad: Math.PI / 2 }]
  return { sentence: `block ${object}`, moves, toleranceM: 0.01, maxReward, rotations: true }
}

function sceneOf(...goals: Goal[]): TaskScene {
  return { goals, sentence: goals[0]!.sentence, maxSteps: 12 }
}

test.each([
  ['on its place', [0.5, 0.05, 0.03, 0], true],
  ['9 mm off', [0.509, 0.05, 0.03, 0], true],
  ['11 mm off', [0.511, 0.05, 0.03, 0], false],
  ['9 mm off in both directions, 13 mm in all', [0.509, 0.059, 0.03, 0], false],
  ['turned by 14 degrees', [0.5, 0.05, 0.03, 14], true],
  ['turned by 16 degrees', [0.5, 0.05, 0.03, 16], false],
  ['turned by a quarter and 14 degrees', [0.5, 0.05, 0.03, 104], true],
  ['turned by 45 degrees', [0.5, 0.05, 0.03, 45], false],
] as const)('a block %s is matched: %#', (_, pose, matched) => {
  const score = new Score(sceneOf(stackGoal(2, 0.05, 1)))
  score.update(bodies([stand, red], { 1: [0.5, 0, 0, 0], 2: pose }))
  expect(score.achieved).toBe(matched)
  expect(score.value).toBe(matched ? 1 : 0)
})

test('the place turns with the stand', () => {
  const score = new Score(sceneOf(stackGoal(2, 0.05, 1)))
  score.update(bodies([stand, red], { 1: [0.5, 0, 0, 90], 2: [0.45, 0, 0.03, 90] }))
  expect(score.achieved).toBe(true)
})

test('of two arrangements either counts, and only the first is offered for what is still to be moved', () => {
  const [left, right] = [0.05, -0.05].map((yM) => ({ label: 1, p_object_m: [0, yM, 0.03] as const, yawRad: 0 }))
  const moves = [
    { object: 2, targets: [left!, right!], symmetryRad: Math.PI / 2 },
    { object: 3, targets: [right!, left!], symmetryRad: Math.PI / 2 },
  ]
  const goal: Goal = { ...stackGoal(2, 0, 1), moves, isOneArrangement: true }
  const at = (redPose: Pose, bluePose: Pose) =>
    bodies([stand, red, blue], { 1: [0.5, 0, 0, 0], 2: redPose, 3: bluePose })
  const scoreAt = (physics: Physics) => {
    const score = new Score(sceneOf(goal))
    score.update(physics)
    return score.value
  }
  expect(scoreAt(at([0.5, 0.05, 0.03, 0], [0.5, -0.05, 0.03, 0]))).toBe(1)
  expect(scoreAt(at([0.5, -0.05, 0.03, 0], [0.5, 0.05, 0.03, 0]))).toBe(1)
  const open = openMoves(goal, at([0.5, -0.09, 0.03, 0], [0.5, 0.09, 0.03, 0]))
  expect(open.map(({ move, targets }) => [move.object, targets])).toEqual([
    [2, [left]],
    [3, [right]],
  ])
})

test('a block that is still held does not count', () => {
  const score = new Score(sceneOf(stackGoal(2, 0.05, 1)))
  score.update(bodies([stand, red], { 1: [0.5, 0, 0, 0], 2: [0.5, 0.05, 0.03, 0] }, 2))
  expect(score.value).toBe(0)
})

test('goals come into force one after the other, each adds its share, and one that was reached stays reached', () => {
  const score = new Score(sceneOf(stackGoal(2, 0.05, 0.5), stackGoal(3, -0.05, 0.5)))
  const away: Pose = [0.3, 0.3, 0.02, 0]
  const at = (redPose: Pose, bluePose: Pose) =>
    score.update(bodies([stand, red, blue], { 1: [0.5, 0, 0, 0], 2: redPose, 3: bluePose }))
  at(away, [0.5, -0.05, 0.03, 0])
  expect([score.value, score.sentence]).toEqual([0, 'block 2']) // the second, done before it was asked for
  at([0.5, 0.05, 0.03, 0], away)
  expect([score.value, score.sentence]).toEqual([0.5, 'block 3'])
  at(away, [0.5, -0.05, 0.03, 0])
  expect([score.value, score.achieved]).toEqual([1, true])
})

const box = { label: 1, shape: openBox([0.2, 0.1, 0.05]) }
const packed = [
  { label: 2, shape: cuboid([0.06, 0.06, 0.05]) },
  { label: 3, shape: cuboid([0.06, 0.06, 0.05]) },
]

function packGoal(): Goal {
  const targets = [{ label: 1, p_object_m: [0, 0, 0.025] as const, yawRad: 0 }]
  return {
    sentence: 'pack',
    moves: packed.map(({ label }) => ({ object: label, targets, symmetryRad: Math.PI / 2 })),
    toleranceM: 0.01,
    zone: { label: 1, sizeM: [0.2, 0.1], topM: 0.0525 },
    maxReward: 1,
    rotations: true,
  }
}

test.each([
  ['both inside', [0.45, 0, 0.027, 0], [0.55, 0, 0.027, 0], 1],
  ['one inside, one away', [0.45, 0, 0.027, 0], [0.3, 0.3, 0.025, 0], 0.5],
  // Points at -3, -1 and +1 cm: two of three columns are inside when the block's middle is 9 mm inside the wall.
  ['one inside, one by two thirds', [0.45, 0, 0.027, 0], [0.591, 0, 0.027, 0], 5 / 6],
  ['one inside, one on top of it', [0.45, 0, 0.027, 0], [0.45, 0, 0.077, 0], 0.5 + 0.5 * (1 / 3)],
  ['both away', [0.3, -0.3, 0.025, 0], [0.3, 0.3, 0.025, 0], 0],
] as const)('of two blocks, %s, the zone has its share of their sample points', (_, first, second, share) => {
  const score = new Score(sceneOf(packGoal()))
  const physics = bodies([box, ...packed], { 1: [0.5, 0, 0, 0], 2: first, 3: second })
  score.update(physics)
  expect(score.value).toBeCloseTo(share)
  expect(score.achieved).toBe(share === 1)
})

test('a block counts as packed only as a whole', () => {
  const physics = bodies([box, ...packed], { 1: [0.5, 0, 0, 0], 2: [0.45, 0, 0.027, 0], 3: [0.591, 0, 0.027, 0] })
  expect(openMoves(packGoal(), physics).map(({ move }) => move.object)).toEqual([3])
})
