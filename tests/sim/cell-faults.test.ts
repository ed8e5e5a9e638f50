// Faults happen in the physics and at the sensors; nothing tells the runtime.

import { fromBinary } from '@bufbuild/protobuf'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EventKind, StateSchema } from '../../src/io/link/gen/link_pb.js'
import { type Cell, type CellFaults, createCell } from '../../src/sim/index.js'
import { CellDriver, isHolding, outcome, shiftM } from './cell-driver.js'

let cell: Cell
beforeAll(() => {
  cell = createCell('caller')
})
afterAll(() => cell.close())

async function start(faults: CellFaults, seed = 10001): Promise<CellDriver> {
  await cell.reset({ task: 'put-block-in-bowl-seen-colors', seed, clock: 'free', faults })
  const driver = new CellDriver(cell)
  await driver.arm()
  return driver
}

test('a grasp that fails touches the block, does not seal, and leaves it where it was', async () => {
  const driver = await start({ graspFailure: 1 })
  const before = await cell.truth()
  const action = (await cell.oracle())!
  const events = await driver.pick(action.pick.p_base_m)
  expect(events.some(({ kind, contact }) => kind === EventKind.EVENT_SEGMENT && contact)).toBe(true)
  expect(outcome(events)).toMatchObject({ kind: EventKind.EVENT_DONE, endEffector: { holding: false } })
  const after = await cell.truth()
  for (const { label } of after.objects) expect(shiftM(before.objects, after.objects, label)).toBeLessThan(0.001)
})

test('grasps fail anew each time, as often as asked for', async () => {
  const driver = await start({ graspFailure: 0.5 })
  const action = (await cell.oracle())!
  const held: boolean[] = []
  for (let i = 0; i < 12; i++) {
    held.push(isHolding(outcome(await driver.pick(action.pick.p_base_m))))
    await driver.place(action.pick.p_base_m)
  }
  const count = held.filter(Boolean).length
  expect(count).toBeGreaterThan(1)
  expect(count).toBeLessThan(11)
})

test('things that drift slide at their speed from a look until the arm sets off, and lie still before and after', async () => {
  const driver = await start({ driftMps: 0.05 }, 10003)
  const start0 = await cell.truth()
  await cell.wait(0.2)
  const unseen = await cell.truth()
  for (const { label } of unseen.objects) expect(shiftM(start0.objects, unseen.objects, label)).toBeLessThan(0.001)
  await cell.capture()
  await cell.wait(0.4)
  const slid = await cell.truth()
  expect(slid.timeS - unseen.timeS).toBeCloseTo(0.4, 6)
  const moved = slid.objects.filter(({ label }) => shiftM(unseen.objects, slid.objects, label) > 0.001)
  expect(unseen.validPicks.length).toBeGreaterThan(1)
  expect(moved.map(({ label }) => label).sort()).toEqual([...unseen.validPicks].sort())
  for (const { label } of moved) expect(shiftM(unseen.objects, slid.objects, label)).toBeCloseTo(0.02, 3)
  await driver.hover([0.5, 0, 0])
  const after = await cell.truth()
  for (const { label } of after.objects) expect(shiftM(slid.objects, after.objects, label)).toBeLessThan(0.001)
})

test('a wait is refused by the paced clock, which passes by itself', async () => {
  await cell.reset({ task: 'put-block-in-bowl-seen-colors', seed: 10001, clock: 'paced' })
  await expect(cell.wait(0.1)).rejects.toMatchObject({ code: 'CELL_FAILED' })
})

test('after a look everything still to be moved is nudged, by as much as asked for, before the arm has moved', async () => {
  const driver = await start({ nudgeM: [0.01, 0.02] }, 10003)
  const before = await cell.truth()
  await cell.capture()
  await driver.hover([0.5, 0, 0])
  const after = await cell.truth()
  const moved = after.objects.filter(({ label }) => shiftM(before.objects, after.objects, label) > 0.001)
  expect(before.validPicks.length).toBeGreaterThan(1)
  expect(moved.map(({ label }) => label).sort()).toEqual([...before.validPicks].sort())
  for (const { label, p_base_m: p } of moved) {
    expect(shiftM(before.objects, after.objects, label)).toBeGreaterThan(0.0099)
    expect(shiftM(before.objects, after.objects, label)).toBeLessThan(0.0201)
    expect(p[2]).toBeCloseTo(0.02, 3)
  }
})

test('nudges are the same for the same scene, and others in another', async () => {
  const ends: unknown[] = []
  for (const seed of [10003, 10003, 10009]) {
    const driver = await start({ nudgeM: [0.01, 0.02] }, seed)
    const before = await cell.truth()
    await cell.capture()
    await driver.hover([0.5, 0, 0])
    const after = await cell.truth()
    ends.push(before.validPicks.map((label) => shiftM(before.objects, after.objects, label)))
  }
  expect(ends[0]).toEqual(ends[1])
  expect(ends[0]).not.toEqual(ends[2])
})

test('nothing is moved when nobody has looked since', async () => {
  const driver = await start({ nudgeM: [0, 0.05] })
  const before = await cell.truth()
  await driver.hover([0.5, 0, 0])
  const after = await cell.truth()
  for (const { label } of after.objects) expect(shiftM(before.objects, after.objects, label)).toBeLessThan(0.001)
})

test('a controller that dies says no goodbye: no event ends its plan, its state stands still, the cell goes on', async () => {
  const driver = await start({ killControllerAtS: 1 })
  const events = await driver.hover([0.5, 0, 0])
  expect(events.some(({ kind }) => kind === EventKind.EVENT_STARTED)).toBe(true)
  expect(() => outcome(events)).toThrow('has not ended')
  const last = await cell.state()
  expect(fromBinary(StateSchema, last).stampNs).toBe(1_000_000_000n)
  expect(await driver.park()).toEqual([])
  expect(await cell.state()).toEqual(last)
  expect((await cell.truth()).objects.length).toBeGreaterThan(0)
})

test('a camera that stalls delivers nothing, and holds up nothing else', async () => {
  await start({ camera: { fromCapture: 1, fault: 'stall' } })
  expect((await cell.capture()).length).toBe(3)
  let delivered = false
  void cell.capture().then(() => {
    delivered = true
  })
  await cell.truth()
  await cell.observe(64, 48)
  expect(delivered).toBe(false)
})

test.each([
  ['nan', Number.NaN],
  ['zero', 0],
] as const)(
  'a camera with the fault "%s" delivers no depth from then on, while truth sees well',
  async (fault, depth) => {
    await start({ camera: { fromCapture: 1, fault } })
    const [good] = await cell.capture()
    expect(good!.depthM[240 * 640 + 320]).toBeGreaterThan(0.5)
    const before = await cell.truth()
    const [bad] = await cell.capture()
    expect(new Set(bad!.depthM)).toEqual(new Set([depth]))
    expect(await cell.truth()).toEqual(before)
  },
)
