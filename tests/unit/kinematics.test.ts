import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { createKinematics } from '../../src/io/kinematics.js'
import { kinematics as addon } from '../../src/native/kinematics.js'

const tool = { flangeToTcpM: 0.1034, flangeToTcpYawRad: -Math.PI / 4 }
const arm = createKinematics({ tool, jointMarginRad: 0.1 })
const readyRad = [0, -Math.PI / 4, 0, (-3 * Math.PI) / 4, 0, Math.PI / 2, Math.PI / 4]

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const anyRad = fc.tuple(...Array.from({ length: 7 }, () => between(-2.8, 2.8)))

test("Franka's ready posture has the tool down in front of the base", () => {
  const T_base_tool = arm.forward(readyRad)
  const expected = [1, 0, 0, 0.306891, 0, -1, 0, 0, 0, 0, -1, 0.486882, 0, 0, 0, 1]
  T_base_tool.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 6)
  })
})

propertyTest.prop([between(0.34, 0.6), between(-0.3, 0.3), between(0, 0.3), between(-1.2, 2.7)])(
  'the pose of the inverse is the pose that was asked for',
  (x, y, z, yawRad) => {
    const qRad = arm.inverse([x, y, z], yawRad)
    expect(qRad).toHaveLength(7)
    const T = arm.forward(qRad!)
    const expected = [Math.cos(yawRad), Math.sin(yawRad), 0, x, Math.sin(yawRad), -Math.cos(yawRad), 0, y, 0, 0, -1, z]
    expected.forEach((value, i) => {
      expect(T[i]).toBeCloseTo(value, 9)
    })
  },
)

propertyTest.prop([anyRad])('the links end in the flange, one tool length before the tool', (qRad) => {
  const links = new Float64Array(8 * 16)
  addon().links(Float64Array.from(qRad), links)
  const flange = links.subarray(7 * 16)
  const T_base_tool = arm.forward(qRad)
  for (const row of [0, 4, 8]) {
    expect(T_base_tool[row + 3]).toBeCloseTo(flange[row + 3]! + tool.flangeToTcpM * flange[row + 2]!, 12)
  }
})

test('a pose without a solution gives null', () => {
  expect(arm.inverse([0.75, 0.5, 0.02], 0)).toBeNull()
  expect(arm.inverse([Number.NaN, 0, 0.1], 0)).toBeNull()
})

test('a wider joint margin leaves fewer poses', () => {
  const cautious = createKinematics({ tool, jointMarginRad: 0.7 })
  expect(arm.inverse([0.5, 0, 0.1], 3)).not.toBeNull()
  expect(cautious.inverse([0.5, 0, 0.1], 3)).toBeNull()
})

test('each answer is its own, and no later call changes it', () => {
  const first = arm.inverse([0.5, 0.1, 0.1], 0)!
  const copy = [...first]
  arm.inverse([0.4, -0.1, 0.2], 1)
  expect(first).toEqual(copy)
})

test('joint angles of the wrong number or value are refused with what was received', () => {
  expect(() => arm.forward([0, 1, 2])).toThrow('Expected 7 finite joint angles but received [0,1,2]')
  expect(() => arm.forward([...readyRad.slice(0, 6), Number.NaN])).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID', stage: 'plan' }),
  )
})

test('a tool or margin that makes no sense is refused by name', () => {
  const flat = { ...tool, flangeToTcpM: Number.NaN }
  expect(() => createKinematics({ tool: flat, jointMarginRad: 0.1 })).toThrow(/tool\.flangeToTcpM/)
  expect(() => createKinematics({ tool, jointMarginRad: -0.1 })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', stage: 'config' }),
  )
})

test('the addon names the argument that does not fit', () => {
  const q = new Float64Array(7)
  expect(() => addon().forward(new Float64Array(6), tool, new Float64Array(16))).toThrow(
    'Expected 7 elements for qRad but received 6',
  )
  expect(() => addon().forward(q, tool, new Float64Array(12))).toThrow(
    'Expected 16 elements for T_base_tool but received 12',
  )
  expect(() => addon().links(q, new Float64Array(16))).toThrow('Expected 128 elements for T_base_link but received 16')
  expect(() => addon().inverse(0.5, 0, 0.1, 0, tool, 0.1, new Float32Array(7) as unknown as Float64Array)).toThrow(
    'Expected qRad to be a Float64Array',
  )
  expect(() => addon().inverse('far' as unknown as number, 0, 0.1, 0, tool, 0.1, q)).toThrow(
    'Expected x to be a number',
  )
})

test.each(['panda', 'fr3'] as const)(
  "joint ranges are those of the %s inside the margin, and the ready posture's",
  (model) => {
    const [exact, inside] = [0, 0.1].map((jointMarginRad) => createKinematics({ tool, arm: model, jointMarginRad }))
    expect(inside!.jointRangesRad).toHaveLength(7)
    inside!.jointRangesRad.forEach(([minRad, maxRad], i) => {
      const [exactMinRad, exactMaxRad] = exact!.jointRangesRad[i]!
      expect(minRad - exactMinRad).toBeCloseTo(0.1, 12)
      expect(exactMaxRad - maxRad).toBeCloseTo(0.1, 12)
      expect(minRad).toBeLessThan(readyRad[i]!)
      expect(maxRad).toBeGreaterThan(readyRad[i]!)
    })
  },
)

test("the Panda's fourth joint ends where Franka's table says", () => {
  const { jointRangesRad } = createKinematics({ tool, arm: 'panda', jointMarginRad: 0 })
  expect(jointRangesRad[3]).toEqual([-3.0718, -0.0698])
})
