// The controller core and the physics in lockstep: contact, vacuum, release.

import { fromBinary } from '@bufbuild/protobuf'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Vec3 } from '../../src/control/types.js'
import { type Event, EventKind, Mode, StateSchema } from '../../src/io/link/gen/link_pb.js'
import { type Cell, createCell, type TrueObject } from '../../src/sim/index.js'
import { CellDriver, descend, grasp, move, outcome, over, release } from './cell-driver.js'

let cell: Cell
let driver: CellDriver
beforeAll(() => {
  cell = createCell('caller')
})
beforeEach(async () => {
  await cell.reset({ task: 'put-block-in-bowl-seen-colors', seed: 10001, clock: 'free' })
  driver = new CellDriver(cell)
  await driver.arm()
})
afterAll(() => cell.close())

const state = async () => fromBinary(StateSchema, await cell.state())
const objects = async () => (await cell.truth()).objects
const object = async (label: number) => (await objects()).find((candidate) => candidate.label === label)!
const blocks = async () => (await objects()).filter(({ kind }) => kind === 'block')
const segment = (events: readonly Event[], index: number) =>
  events.find((event) => event.kind === EventKind.EVENT_SEGMENT && event.segment === index)!
const topOf = ({ p_base_m: [x, y, z] }: TrueObject): Vec3 => [x, y, z + 0.02]

/** A spot on the table with nothing within 10 cm. */
async function freeSpot(): Promise<Vec3> {
  const all = await objects()
  for (let x = 0.35; x < 0.6; x += 0.02) {
    for (let y = -0.3; y < 0.3; y += 0.02) {
      if (all.every(({ p_base_m: p }) => Math.hypot(p[0] - x, p[1] - y) > 0.1)) return [x, y, 0]
    }
  }
  throw new Error('The table is full')
}

test('a descent ends by contact on the surface of a block, at the height that its label says', async () => {
  const [block] = await blocks()
  const [x, y, topM] = topOf(block!)
  const events = await driver.plan(move(over([x, y, 0])), descend([x, y, 0.01]))
  expect(segment(events, 1)).toMatchObject({ contact: true })
  const reachedM = segment(events, 1).pBase!.zM
  expect(reachedM).toBeLessThan(topM)
  expect(reachedM).toBeGreaterThan(topM - 0.006)
})

test('a descent over nothing ends without contact where it was told to', async () => {
  const [x, y] = await freeSpot()
  const events = await driver.plan(move(over([x, y, 0])), descend([x, y, 0.05]))
  expect(segment(events, 1)).toMatchObject({ contact: false })
  expect(segment(events, 1).pBase!.zM).toBeCloseTo(0.05, 6)
  expect(outcome(events).kind).toBe(EventKind.EVENT_DONE)
})

test('the vacuum does not seal on the table', async () => {
  const [x, y] = await freeSpot()
  const events = await driver.plan(move(over([x, y, 0])), descend([x, y, -0.008]), grasp(), move(over([x, y, 0])))
  expect(segment(events, 1).contact).toBe(true)
  expect(outcome(events)).toMatchObject({ kind: EventKind.EVENT_DONE, endEffector: { holding: false } })
})

test('the vacuum does not seal in the air', async () => {
  const events = await driver.plan(grasp())
  expect(outcome(events)).toMatchObject({ kind: EventKind.EVENT_DONE, endEffector: { holding: false } })
})

test('what is held comes along and hangs still', async () => {
  const [block] = await blocks()
  const events = await driver.pick(topOf(block!))
  expect(outcome(events)).toMatchObject({ kind: EventKind.EVENT_DONE, endEffector: { holding: true } })
  const { p_base_m: held } = await object(block!.label)
  expect(held[2]).toBeGreaterThan(0.27)
  await driver.hover([0.5, 0, 0])
  const { p_base_m: carried } = await object(block!.label)
  expect(Math.hypot(carried[0] - 0.5, carried[1])).toBeLessThan(0.002)
})

test('the cup that presses on a held block is not taken for the ground under it', async () => {
  const [block] = await blocks()
  await driver.pick(topOf(block!))
  expect((await state()).contact).toBe(false)
})

test('a block can be put on another one, and stays there', async () => {
  const [lower, upper] = await blocks()
  await driver.pick(topOf(upper!))
  await driver.place([lower!.p_base_m[0], lower!.p_base_m[1], 0.04])
  await driver.park()
  const { p_base_m: p } = await object(upper!.label)
  expect(p[2]).toBeCloseTo(0.06, 3)
  expect(Math.hypot(p[0] - lower!.p_base_m[0], p[1] - lower!.p_base_m[1])).toBeLessThan(0.002)
})

test('a block that is let go in the air falls to the table', async () => {
  const [block] = await blocks()
  const [x, y] = await freeSpot()
  await driver.pick(topOf(block!))
  await driver.plan(move([x, y, 0.12]), release())
  const { p_base_m: p } = await object(block!.label)
  expect(p[2]).toBeCloseTo(0.02, 3)
})

test('driving sideways into a bowl stops the arm until a person clears it', async () => {
  const bowl = (await objects()).find(({ kind, p_base_m: [x] }) => kind === 'bowl' && x > 0.4)!
  const [x, y] = bowl.p_base_m
  const events = await driver.plan(move([x - 0.12, y, 0.3]), move([x - 0.12, y, 0.02]), move([x, y, 0.02], 0.2))
  expect(outcome(events)).toMatchObject({ kind: EventKind.EVENT_ENDED })
  expect((await state()).mode).toBe(Mode.STOPPED)
})

test('measured joints follow the reference and come to rest where the plan ends', async () => {
  await driver.hover([0.5, 0.1, 0])
  const { pBaseTool, dqRadps } = await state()
  expect(Math.hypot(pBaseTool!.xM - 0.5, pBaseTool!.yM - 0.1, pBaseTool!.zM - 0.3)).toBeLessThan(0.001)
  for (const speed of dqRadps) expect(Math.abs(speed)).toBeLessThan(0.01)
})

test('time stands still while nobody sends a command', async () => {
  const before = await cell.truth()
  await cell.capture()
  await cell.observe(64, 48)
  expect(await cell.truth()).toEqual(before)
})

test('a command that does not end within a simulated minute is an error', async () => {
  await driver.hover([0.4, 0, 0])
  await expect(driver.plan(move([0.6, 0, 0.3], 0.001))).rejects.toMatchObject({ code: 'CELL_FAILED' })
})
