import { fc, test as propertyTest } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import {
  type CheckContext,
  checkJointPlan,
  checkPlan,
  describeViolation,
  type Violation,
} from '../../src/control/check.js'
import type { JointPlan, Plan, Segment, Vec3 } from '../../src/control/types.js'
import { emptyMap, raise, reachesAll, settings } from '../fixtures/table.js'

const start = { p_base_m: [0.5, 0, 0.2] as Vec3, yawRad: 0 }
const context: CheckContext = {
  start,
  kinematics: reachesAll,
  limits: settings.limits,
  heightmap: null,
  payloadHeightM: 0,
}
const move = (p_base_m: Vec3, speedMps = 0.4): Segment => ({ kind: 'move', p_base_m, yawRad: 0, speedMps })
const descend = (p_base_m: Vec3, speedMps = 0.08): Segment => ({ kind: 'descend', p_base_m, yawRad: 0, speedMps })
const planOf = (...segments: Segment[]): Plan => ({ name: 'pick', segments })
const codes = (plan: Plan, over: Partial<CheckContext> = {}) => {
  const result = checkPlan(plan, { ...context, ...over })
  return Array.isArray(result) ? result.map(({ code, index }) => `${index} ${code}`) : []
}

test('a plan within every limit is returned, marked as checked', () => {
  const plan = planOf(move([0.4, 0.1, 0.2]), descend([0.4, 0.1, 0.02]), { kind: 'grasp' })
  expect(checkPlan(plan, context)).toBe(plan)
})

test('every violation is reported, not only the first', () => {
  expect(codes(planOf(descend([0.5, 0.1, 0.1], 0.3), move([9, 0, 0.2], 99)))).toEqual([
    '0 PLAN_TOO_FAST',
    '0 PLAN_NOT_VERTICAL',
    '1 PLAN_TOO_FAST',
    '1 PLAN_OUTSIDE_WORKSPACE',
  ])
})

test('a plan without a segment, and one with more than the controller takes, are refused', () => {
  expect(codes(planOf())).toEqual(['0 PLAN_EMPTY'])
  expect(codes(planOf(...Array(17).fill(move([0.5, 0, 0.2]))))).toEqual(['0 PLAN_TOO_LONG'])
})

test('a descent may go straight down only', () => {
  expect(codes(planOf(descend([0.5, 0, 0.05])))).toEqual([])
  expect(codes(planOf(descend([0.5, 0.001, 0.05])))).toEqual(['0 PLAN_NOT_VERTICAL'])
  expect(codes(planOf(descend([0.5, 0, 0.25])))).toEqual(['0 PLAN_NOT_VERTICAL'])
})

test('a descent is slower than a move may be', () => {
  expect(codes(planOf(descend([0.5, 0, 0.05], 0.2)))).toEqual(['0 PLAN_TOO_FAST'])
})

test.each([0, -0.1])('a speed of %d m/s is refused', (speedMps) => {
  expect(codes(planOf(move([0.4, 0, 0.2], speedMps)))).toEqual(['0 PLAN_TOO_FAST'])
})

test('a line that the arm cannot follow in its middle is refused although both ends are reachable', () => {
  const inverse = (p: Vec3) => (Math.abs(p[1]) < 0.05 ? null : [0, 0, 0, 0, 0, 0, 0])
  const plan = planOf(move([0.5, 0.3, 0.2]))
  const from = { p_base_m: [0.5, -0.3, 0.2] as Vec3, yawRad: 0 }
  expect(codes(plan, { start: from, kinematics: { ...reachesAll, inverse } })).toEqual(['0 PLAN_UNREACHABLE'])
})

test('what moves sideways keeps clear of what was seen, with what it carries; straight up and down is free', () => {
  const heightmap = emptyMap()
  raise(heightmap, [0.5, 0.15], 0.04, 0.1)
  const over = planOf(move([0.5, 0.3, 0.2]))
  expect(codes(over, { heightmap })).toEqual([])
  expect(codes(over, { heightmap, payloadHeightM: 0.09 })).toEqual(['0 PLAN_TOO_LOW'])
  expect(
    codes(planOf(move([0.5, 0.15, 0.2]), descend([0.5, 0.15, 0.05]), move([0.5, 0.15, 0.2])), { heightmap }),
  ).toEqual([])
})

const post = { xMinM: 0.4, xMaxM: 0.5, yMinM: 0.1, yMaxM: 0.2, zMinM: 0, zMaxM: 0.25 }
const withPost = { limits: { ...settings.limits, keepOut: [post] } }

test('a line through a keep-out box is refused, with what hangs below the tool and the wrist above it', () => {
  const over = (z: number) => planOf(move([0.45, 0, z]), move([0.45, 0.3, z]))
  expect(codes(over(0.2), withPost)).toEqual(['1 PLAN_IN_KEEP_OUT'])
  expect(codes(over(0.3), withPost)).toEqual([])
  expect(codes(over(0.3), { ...withPost, payloadHeightM: 0.06 })).toEqual(['1 PLAN_IN_KEEP_OUT'])
  expect(codes(planOf(move([0.45, 0.03, 0.3]), descend([0.45, 0.03, 0.1])), withPost)).toEqual(['1 PLAN_IN_KEEP_OUT'])
  expect(codes(planOf(move([0.45, 0.01, 0.3]), descend([0.45, 0.01, 0.1])), withPost)).toEqual([])
})

test('yaw is looked at on the way that joint 7 takes, which may be the longer one', () => {
  // Joint 7 covers yaws from -2 to 2 rad: from one to the other it turns through zero.
  const seen: number[] = []
  const inverse = (_: Vec3, yawRad: number) => {
    seen.push(yawRad)
    return Math.abs(yawRad) > 2.1 ? null : [0, 0, 0, 0, 0, 0, -yawRad]
  }
  const target: Segment = { kind: 'move', p_base_m: [0.5, 0, 0.2], yawRad: 2, speedMps: 0.4 }
  const from = { p_base_m: [0.5, 0, 0.2] as Vec3, yawRad: -2 }
  expect(codes(planOf(target), { start: from, kinematics: { ...reachesAll, inverse } })).toEqual([])
  expect(seen.some((yawRad) => Math.abs(yawRad) < 0.3)).toBe(true)
})

propertyTest.prop([fc.nat(), fc.constantFrom(Number.NaN, Infinity, -Infinity)])(
  'one number that is not finite is enough to refuse a plan',
  (where, bad) => {
    const segments = [move([0.5, 0, 0.2]), descend([0.5, 0, 0.1])]
    const index = where % 2
    const p_base_m = [...(segments[index] as { p_base_m: Vec3 }).p_base_m]
    const numbers = { p_base_m, yawRad: 0, speedMps: 0.05 }
    if (where % 5 === 3) numbers.yawRad = bad
    else if (where % 5 === 4) numbers.speedMps = bad
    else p_base_m[where % 5] = bad
    segments[index] = { ...segments[index], ...numbers } as unknown as Segment
    expect(codes(planOf(...segments))).toContain(`${index} PLAN_NOT_FINITE`)
  },
)

propertyTest.prop([fc.tuple(...Array(3).fill(fc.double({ min: -2, max: 2, noNaN: true })))])(
  'a target is accepted exactly when it lies inside the motion box',
  (target) => {
    const p = target as unknown as Vec3
    const { motionBox: box } = settings.limits
    const inside =
      p[0] >= box.xMinM &&
      p[0] <= box.xMaxM &&
      p[1] >= box.yMinM &&
      p[1] <= box.yMaxM &&
      p[2] >= box.zMinM &&
      p[2] <= box.zMaxM
    expect(codes(planOf(move(p))).length === 0).toBe(inside)
  },
)

test.each([Number.NaN, Infinity, 1e300])('a measured tool position of %d m is no start for anything', (wild) => {
  expect(codes(planOf(move([0.4, 0, 0.2])), { start: { p_base_m: [wild, 0, 0.2], yawRad: 0 } })).toEqual([
    '0 PLAN_NOT_FINITE',
  ])
})

test('a violation reads as one sentence: where, what was expected, what came', () => {
  const [violation] = checkPlan(planOf(move([0.4, 0, 0.2], 2)), context) as readonly Violation[]
  expect(describeViolation(violation!)).toBe(
    'pick segment 0: PLAN_TOO_FAST, expected more than 0 and at most 0.5 m/s but received 2 m/s',
  )
})

describe('a joint plan', () => {
  const endsAt = ([x, y, z]: Vec3) => ({
    ...reachesAll,
    jointRangesRad: Array.from({ length: 7 }, () => [-2, 2] as const),
    forward: () => Float64Array.of(1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z, 0, 0, 0, 1),
  })
  const sound: JointPlan = { name: 'home', qRad: [0, 0, 0, 0, 0, 0, 0], speedMps: 0.1 }
  const checked = (over: Partial<JointPlan>, end: Vec3 = [0.4, 0, 0.5], limits = settings.limits) =>
    checkJointPlan({ ...sound, ...over }, { kinematics: endsAt(end), limits })
  const jointCodes = (...of: Parameters<typeof checked>) => {
    const result = checked(...of)
    return Array.isArray(result) ? result.map(({ code, index }) => `${index} ${code}`) : []
  }

  test('that ends within every limit is returned, marked as checked', () => {
    expect(checkJointPlan(sound, { kinematics: endsAt([0.4, 0, 0.5]), limits: settings.limits })).toBe(sound)
  })

  test.each([
    ['with an angle that is not a number', { qRad: [0, 0, Number.NaN, 0, 0, 0, 0] }],
    ['with six angles', { qRad: [0, 0, 0, 0, 0, 0] }],
    ['at an infinite speed', { speedMps: Infinity }],
  ])('%s is refused', (_, over) => {
    expect(jointCodes(over)).toEqual(['0 PLAN_NOT_FINITE'])
  })

  test.each([0, -0.1, 0.6])('at %d m/s is refused', (speedMps) => {
    expect(jointCodes({ speedMps })).toEqual(['0 PLAN_TOO_FAST'])
  })

  test('names every joint that ends outside its range inside the margin', () => {
    expect(jointCodes({ qRad: [0, 2.01, 0, 2, 0, -2.01, -2] })).toEqual([
      '1 PLAN_OUTSIDE_JOINT_LIMITS',
      '5 PLAN_OUTSIDE_JOINT_LIMITS',
    ])
  })

  test('that ends with the tool outside the motion box is refused', () => {
    expect(jointCodes({}, [0.4, 0.7, 0.5])).toEqual(['0 PLAN_OUTSIDE_WORKSPACE'])
  })

  test('that ends with the tool in a keep-out box is refused', () => {
    const box = { xMinM: 0.35, xMaxM: 0.45, yMinM: -0.1, yMaxM: 0.1, zMinM: 0, zMaxM: 0.6 }
    expect(jointCodes({}, [0.4, 0, 0.5], { ...settings.limits, keepOut: [box] })).toEqual(['0 PLAN_IN_KEEP_OUT'])
    expect(jointCodes({}, [0.4, 0, 0.65], { ...settings.limits, keepOut: [box] })).toEqual([])
  })
})
