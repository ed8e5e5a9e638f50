// Whole episodes: oracle, plans, controller core, physics, cameras and truth together.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cell, createCell, type Truth } from '../../src/sim/index.js'
import { CellDriver, digest, shiftM } from './cell-driver.js'

const task = 'put-block-in-bowl-seen-colors'
let cell: Cell
beforeAll(() => {
  cell = createCell('caller')
})
afterAll(() => cell.close())

async function episode(seed: number, on: Cell = cell): Promise<{ truth: Truth; steps: number; maxSteps: number }> {
  const { maxSteps } = await on.reset({ task, seed, clock: 'free' })
  const driver = new CellDriver(on)
  await driver.arm()
  let steps = 0
  for (; steps < maxSteps; steps++) {
    await on.capture()
    const action = await on.oracle()
    if (!action) break
    await driver.act(action)
  }
  return { truth: await on.truth(), steps, maxSteps }
}

test.each([10001, 10003, 10005, 10017, 10031, 1, 0, 2])(
  'the oracle reaches the goal of scene %i within the step limit',
  async (seed) => {
    const { truth, steps, maxSteps } = await episode(seed)
    expect(truth).toMatchObject({ score: 1, achieved: true, remaining: false, validPicks: [], validPlaces: [] })
    expect(steps).toBe(maxSteps - 1)
  },
)

test('the same scene ends the same to the last bit, whatever the cell did before', async () => {
  const first = await episode(10003)
  await episode(10007)
  expect(await episode(10003)).toEqual(first)
})

test('a cell of its own sees and ends the same, too', async () => {
  const other = createCell('caller')
  const ends = [await episode(10009), await episode(10009, other)]
  expect(ends[1]).toEqual(ends[0])
  expect(digest(await other.capture())).toEqual(digest(await cell.capture()))
  await other.close()
})

test('a block that is let go over the middle of a bowl comes to lie there, flat on the floor', async () => {
  await cell.reset({ task, seed: 10005, clock: 'free' })
  const driver = new CellDriver(cell)
  await driver.arm()
  const before = await cell.truth()
  const [place] = before.validPlaces
  const block = before.objects.find(({ label }) => label === place!.object)!
  const [x, y] = block.p_base_m
  await driver.pick([x, y, 0.04])
  await driver.place(place!.p_base_m)
  await driver.park()

  const after = await cell.truth()
  const moved = after.objects.find(({ label }) => label === block.label)!
  expect(Math.hypot(moved.p_base_m[0] - place!.p_base_m[0], moved.p_base_m[1] - place!.p_base_m[1])).toBeLessThan(0.002)
  expect(moved.p_base_m[2]).toBeCloseTo(0.005 + 0.02, 3)
  expect(after.score).toBeCloseTo(1 / 3)
  expect(after.remaining).toBe(true)
  expect(after.validPlaces.some(({ target }) => target === place!.target)).toBe(false)
  for (const { label } of after.objects) {
    if (label !== block.label) expect(shiftM(before.objects, after.objects, label)).toBeLessThan(0.001)
  }
})

test('a block counts only once it was let go', async () => {
  await cell.reset({ task, seed: 10001, clock: 'free' })
  const driver = new CellDriver(cell)
  await driver.arm()
  const { validPlaces, objects } = await cell.truth()
  const [place] = validPlaces
  const block = objects.find(({ label }) => label === place!.object)!
  await driver.pick([block.p_base_m[0], block.p_base_m[1], 0.04])
  await driver.hover(place!.p_base_m)
  expect(await cell.truth()).toMatchObject({ score: 0, remaining: true })
})
