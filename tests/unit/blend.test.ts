import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { greatestBlendM, problemOfBlend } from '../../src/control/blend.js'
import { checkPlan } from '../../src/control/check.js'
import type { Plan, Vec3 } from '../../src/control/types.js'
import { emptyMap, parkPose, raise, reachesAll, settings } from '../fixtures/table.js'

const at = (x: number, y: number, z: number) => ({ p_base_m: [x, y, z] as Vec3, yawRad: 0 })
const around = {
  kinematics: reachesAll,
  heightmap: emptyMap(),
  payloadHeightM: 0,
  clearanceM: 0.02,
  aroundM: 0.02,
  keepOut: [],
  keepOutRadiusM: 0.08,
  toolHeightM: 0.2,
}
/** Over something, then down to it. */
const down = { from: at(0.45, -0.2, 0.1), at: at(0.5, 0.1, 0.1), to: at(0.5, 0.1, 0.02) }

test('a corner over an empty table is cut as far as the lines are long and the clearance allows', () => {
  const radiusM = greatestBlendM(down, 0.2, around)
  expect(radiusM).toBeGreaterThan(0.06)
  expect(radiusM).toBeLessThanOrEqual(0.08)
  expect(greatestBlendM(down, 0.03, around)).toBe(0.03)
  expect(greatestBlendM(down, 0, around)).toBe(0)
})

test('what was seen under the cut corner keeps it short, and what hangs below the tool shorter', () => {
  const heightmap = emptyMap()
  raise(heightmap, [0.49, 0.04], 0.04, 0.05)
  const beside = { ...around, heightmap }
  const radiusM = greatestBlendM(down, 0.2, beside)
  expect(radiusM).toBeGreaterThan(0)
  expect(radiusM).toBeLessThan(greatestBlendM(down, 0.2, around))
  expect(greatestBlendM(down, 0.2, { ...beside, payloadHeightM: 0.03 })).toBeLessThan(radiusM)
  expect(problemOfBlend(down, 0.08, beside)).toMatchObject({ kind: 'too-low' })
})

test('a corner is not cut through a keep-out box, nor where the arm does not reach', () => {
  const box = { xMinM: 0.46, xMaxM: 0.5, yMinM: -0.02, yMaxM: 0, zMinM: 0, zMaxM: 0.09 }
  const keepOut = { ...around, keepOut: [box], keepOutRadiusM: 0.01 }
  const wide = { from: at(0.45, -0.2, 0.1), at: at(0.5, 0.1, 0.1), to: at(0.5, 0.1, -0.15) }
  expect(problemOfBlend(wide, 0.25, { ...keepOut, heightmap: null })).toMatchObject({ kind: 'keep-out' })
  const short = { ...reachesAll, inverse: (p: Vec3) => (p[1] > 0.05 && p[1] < 0.09 ? null : [0, 0, 0, 0, 0, 0, 0]) }
  expect(problemOfBlend(down, 0.07, { ...around, kinematics: short })).toMatchObject({ kind: 'unreachable' })
})

test('the check refuses a blend that is too wide, and one that is none', () => {
  const heightmap = emptyMap()
  raise(heightmap, [0.49, 0.04], 0.04, 0.07)
  const context = { start: at(0.45, -0.2, 0.1), kinematics: reachesAll, limits: settings.limits, heightmap }
  const plan = (blendRadiusM: number): Plan => ({
    name: 'pick',
    segments: [
      { kind: 'move', ...at(0.5, 0.1, 0.1), speedMps: 0.3, blendRadiusM },
      { kind: 'move', ...at(0.5, 0.1, 0.02), speedMps: 0.3 },
    ],
  })
  const code = (radiusM: number) => checkPlan(plan(radiusM), { ...context, payloadHeightM: 0 })
  expect(code(0.005)).toMatchObject({ name: 'pick' })
  expect(code(0.08)).toMatchObject([{ code: 'PLAN_TOO_LOW', index: 0 }])
  expect(code(-0.01)).toMatchObject([{ code: 'PLAN_NOT_FINITE' }])
  expect(code(Number.NaN)).toMatchObject([{ code: 'PLAN_NOT_FINITE' }])
})

const coordinate = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const pose = fc.tuple(coordinate(0.3, 0.7), coordinate(-0.4, 0.4), coordinate(0.1, 0.4))

propertyTest.prop([pose, pose, fc.tuple(coordinate(0.3, 0.7), coordinate(-0.4, 0.4)), coordinate(0.02, 0.2)])(
  'a radius that is found has no problem, and the check takes it',
  (from, corner, bump, heightM) => {
    const heightmap = emptyMap()
    raise(heightmap, bump, 0.1, heightM)
    const wanted = { from: { p_base_m: from, yawRad: 0 }, at: { p_base_m: corner, yawRad: 0 }, to: parkPose }
    const radiusM = greatestBlendM(wanted, 0.2, { ...around, heightmap })
    if (radiusM > 0) expect(problemOfBlend(wanted, radiusM, { ...around, heightmap })).toBeNull()
    expect(radiusM).toBeLessThanOrEqual(0.2)
  },
)
