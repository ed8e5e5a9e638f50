import { expect, test } from 'vitest'
import type { Execution, Vec3 } from '../../src/control/types.js'
import { hasMovedAway, verifyAction, verifyPush } from '../../src/control/verify.js'
import { emptyMap, raise } from '../fixtures/table.js'

const pick: Vec3 = [0.45, -0.2, 0.04]
const place: Vec3 = [0.5, 0.2, 0]
const done = (holding: boolean): Execution => ({
  status: 'done',
  reason: 'none',
  detail: '',
  segments: [],
  holding,
})
const mapWith = (...boxes: readonly (readonly [number, number, number?])[]) => {
  const map = emptyMap()
  for (const [x, y, heightM = 0.04] of boxes) raise(map, [x, y], 0.04, heightM)
  return map
}
const before = mapWith([0.45, -0.2])

test('gone from the pick and risen at the place is placed', () => {
  const verdict = verifyAction(before, mapWith([0.5, 0.2]), { pick, place }, done(true), done(false))
  expect(verdict.result).toBe('placed')
  expect(verdict.pickRiseM).toBeCloseTo(-0.04)
  expect(verdict.placeRiseM).toBeCloseTo(0.04)
})

test('a grasp that held nothing has missed, whatever the cameras show', () => {
  expect(verifyAction(before, mapWith([0.5, 0.2]), { pick, place }, done(false), null).result).toBe('missed')
})

test('what did not arrive is lost, and where it lies is told', () => {
  const verdict = verifyAction(before, mapWith([0.6, 0]), { pick, place }, done(true), done(false))
  expect(verdict.result).toBe('lost')
  expect(Math.hypot(verdict.droppedAt![0] - 0.6, verdict.droppedAt![1])).toBeLessThan(0.03)
})

test('what was lost out of view has no place', () => {
  expect(verifyAction(before, mapWith(), { pick, place }, done(true), done(false))).toMatchObject({ result: 'lost' })
  expect(verifyAction(before, mapWith(), { pick, place }, done(true), done(false)).droppedAt).toBeUndefined()
})

test('placing on top of something counts by the rise, not by the height', () => {
  const stack = mapWith([0.45, -0.2], [0.5, 0.2, 0.06])
  const verdict = verifyAction(stack, mapWith([0.5, 0.2, 0.1]), { pick, place }, done(true), done(false))
  expect(verdict.result).toBe('placed')
})

test('single flickering cells of a depth camera are no change', () => {
  const after = mapWith([0.45, -0.2])
  for (let i = 0; i < after.heightM.length; i += 7) after.heightM[i] = 0.09
  expect(verifyAction(before, after, { pick, place }, done(true), done(false)).result).toBe('lost')
})

test('a block that was nudged by a centimetre is elsewhere; one that lies where it was, on a noisy map, is not', () => {
  expect(hasMovedAway(before, mapWith([0.46, -0.2]), pick, 0.02)).toBe(true)
  expect(hasMovedAway(before, mapWith([0.45, -0.185]), pick, 0.02)).toBe(true)
  const noisy = mapWith([0.45, -0.2])
  for (let i = 0; i < noisy.heightM.length; i++) noisy.heightM[i]! += 0.004 * Math.sin(i)
  for (let i = 0; i < noisy.heightM.length; i += 40) noisy.heightM[i] = 0
  expect(hasMovedAway(before, noisy, pick, 0.02)).toBe(false)
})

test('a push that moved something beside its line is placed, one that met nothing has missed', () => {
  const crumb = (x: number, y: number) => {
    const map = emptyMap()
    raise(map, [x, y], 0.01, 0.01)
    return map
  }
  expect(verifyPush(crumb(0.47, 0), crumb(0.47, 0.1), { pick, place }).result).toBe('placed')
  expect(verifyPush(crumb(0.47, 0), crumb(0.47, 0), { pick, place }).result).toBe('missed')
  expect(verifyPush(crumb(0.7, 0), crumb(0.7, 0.1), { pick, place }).result).toBe('missed')
})

test('a rope, narrower than the spot that is looked at, is placed where it rose under the cup', () => {
  const rope = (x: number, y: number) => {
    const map = emptyMap()
    for (let i = -4; i <= 4; i++) raise(map, [x + 0.01 * i, y], 0.01, 0.01)
    return map
  }
  const moved = { pick: [0.45, -0.2, 0.01], place: [0.5, 0.2, 0] } as const
  expect(verifyAction(rope(0.45, -0.2), rope(0.5, 0.2), moved, done(true), done(false)).result).toBe('placed')
  expect(verifyAction(rope(0.45, -0.2), rope(0.5, 0.23), moved, done(true), done(false)).result).toBe('lost')
})
