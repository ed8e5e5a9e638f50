// The tasks that need rotation and precision: what their scenes and sentences are, and that the oracle finishes them.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { suctionTool } from '../../src/sim/arm.js'
import { type Cell, createCell, type Truth } from '../../src/sim/index.js'
import { laidScene } from '../../src/sim/scene.js'
import { taskNamed } from '../../src/sim/tasks/index.js'
import { samplePoints } from '../../src/sim/zone.js'

let cell: Cell
beforeAll(() => {
  cell = createCell('caller')
})
afterAll(() => cell.close())

const [stackBlockPyramidSeq, packingBoxesPairs] = ['stack-block-pyramid-seq', 'packing-boxes-pairs'] as const

function scene(task: string, seed: number, goal?: string) {
  const { scene, objects } = laidScene(taskNamed(`${task}-seen-colors`), seed, suctionTool, goal)
  return [scene, objects] as const
}

const seeds = Array.from({ length: 12 }, (_, i) => i)

test('a pyramid is six sentences, each naming its block and what lies under its place', () => {
  for (const seed of seeds) {
    const [{ goals, maxSteps }, objects] = scene(stackBlockPyramidSeq, seed)
    const colors = goals.map(({ moves }) => objects.find(({ label }) => label === moves[0]!.object)!.color)
    expect(new Set(colors).size).toBe(6)
    const [a, b, c, d, e, f] = colors
    expect(goals.map(({ sentence }) => sentence)).toEqual([
      `put the ${a} block on the lightest brown block`,
      `put the ${b} block on the middle brown block`,
      `put the ${c} block on the darkest brown block`,
      `put the ${d} block on the ${a} and ${b} blocks`,
      `put the ${e} block on the ${b} and ${c} blocks`,
      `put the ${f} block on the ${d} and ${e} blocks`,
    ])
    expect(maxSteps).toBe(12)
    expect(goals.reduce((sum, { maxReward }) => sum + maxReward, 0)).toBeCloseTo(1)
  }
})

test('blocks of a pair fill the box without touching it or each other, and distractors have other colours', () => {
  for (const seed of seeds) {
    const [{ goals, sentence, maxSteps }, objects] = scene(packingBoxesPairs, seed)
    const [{ moves, zone }] = goals as [(typeof goals)[0]]
    const spots = moves.map(({ object, targets: [target] }) => {
      const [sx, sy] = objects.find(({ label }) => label === object)!.shape.sizeM
      expect(Math.min(sx, sy)).toBeGreaterThan(0.0499)
      const [x, y] = target!.p_object_m
      expect(Math.abs(x) + sx / 2).toBeLessThanOrEqual(zone!.sizeM[0] / 2 - 0.0099)
      expect(Math.abs(y) + sy / 2).toBeLessThanOrEqual(zone!.sizeM[1] / 2 - 0.0099)
      return { x, y, sx, sy }
    })
    for (const [i, p] of spots.entries()) {
      for (const q of spots.slice(i + 1)) {
        const gapM = Math.max(Math.abs(p.x - q.x) - (p.sx + q.sx) / 2, Math.abs(p.y - q.y) - (p.sy + q.sy) / 2)
        expect(gapM).toBeGreaterThan(0.0099)
      }
    }
    const [, first, second] = /^pack all the (\w+)(?: and (\w+))? blocks into the brown box$/.exec(sentence)!
    const named = objects.filter(({ kind, color }) => kind === 'block' && [first, second].includes(color))
    expect(named.map(({ label }) => label)).toEqual(moves.map(({ object }) => object))
    expect(objects.length).toBe(moves.length + 1 + 4)
    expect(maxSteps).toBe(20)
  }
})

test('sentences of a person make their scenes, and those that the task cannot make leave nothing to do', () => {
  const [stacked, onStand] = scene(stackBlockPyramidSeq, 3, 'Put the white block on the darkest brown block.')
  expect(onStand.find(({ label }) => label === stacked.goals[0]!.moves[0]!.object)!.color).toBe('white')
  expect(stacked.goals[0]!.moves[0]!.targets[0]!.p_object_m[1]).toBe(0.05)
  const [packed, inBox] = scene(packingBoxesPairs, 3, 'pack all the pink and white blocks into the brown box')
  for (const { object } of packed.goals[0]!.moves) {
    expect(['pink', 'white']).toContain(inBox.find(({ label }) => label === object)!.color)
  }
  expect(scene(stackBlockPyramidSeq, 3, 'pour me a coffee')[0].goals).toEqual([])
  expect(scene(packingBoxesPairs, 3, 'pour me a coffee')[0].goals).toEqual([])
})

test('sample points are a grid of 2 cm from one corner of the object', () => {
  expect(samplePoints([0.04, 0.04, 0.05])).toHaveLength(2 * 2 * 3)
  const xs = samplePoints([0.05, 0.05, 0.05]).map(([x]) => x)
  expect(Math.min(...xs)).toBeCloseTo(-0.025)
  expect(Math.max(...xs)).toBeCloseTo(0.015)
})

test('before the first action the place of a block is on its step of the stand, turned by quarters', async () => {
  await cell.reset({ task: 'stack-block-pyramid-seq-seen-colors', seed: 10001, clock: 'free' })
  const truth: Truth = await cell.truth()
  const stand = truth.objects.find(({ kind }) => kind === 'stand')!
  expect(truth).toMatchObject({ score: 0, remaining: true, rotations: true })
  expect(truth.validPicks).toHaveLength(1)
  const [place] = truth.validPlaces
  const [dx, dy] = [place!.p_base_m[0] - stand.p_base_m[0], place!.p_base_m[1] - stand.p_base_m[1]]
  expect([dx, dy]).toEqual([
    expect.closeTo(0.05 * Math.sin(stand.yawRad), 6),
    expect.closeTo(-0.05 * Math.cos(stand.yawRad), 6),
  ])
  expect(place).toMatchObject({ target: stand.label, symmetryRad: Math.PI / 2 })
  expect(place!.p_base_m[2]).toBeCloseTo(0.03)
})
