import { fc, test as propertyTest } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { checkPlan, isRefused } from '../../src/control/check.js'
import { pixelOf, pointOf, wrapRad } from '../../src/control/geometry.js'
import { planAction, planPark } from '../../src/control/plan.js'
import { planPush } from '../../src/control/plan-push.js'
import { highestAlongM } from '../../src/control/surface.js'
import { endOf } from '../../src/control/tool-pose.js'
import type { Heightmap, Segment, Vec3 } from '../../src/control/types.js'
import { aProposal, emptyMap, parkPose, raise, reachesAll, settings } from '../fixtures/table.js'

const x = fc.double({ min: 0.26, max: 0.74, noNaN: true })
const y = fc.double({ min: -0.49, max: 0.49, noNaN: true })
const box = fc.record({
  at: fc.tuple(x, y),
  sizeM: fc.double({ min: 0.01, max: 0.15, noNaN: true }),
  heightM: fc.double({ min: 0.005, max: 0.2, noNaN: true }),
})
const scene = fc.array(box, { maxLength: 8 }).map((boxes) => {
  const map = emptyMap()
  for (const { at, sizeM, heightM } of boxes) raise(map, at, sizeM, heightM)
  return map
})
const action = fc.record({ pick: fc.tuple(x, y), place: fc.tuple(x, y), yaw: fc.nat({ max: 35 }) })

function proposalFor(map: Heightmap, { pick, place, yaw }: { pick: number[]; place: number[]; yaw: number }) {
  const at = ([px, py]: number[], yawRad: number) => {
    const pixel = pixelOf(map, px!, py!)
    return { pixel, p_base_m: pointOf(map, pixel), yawRad, probability: 0.9 }
  }
  return aProposal(map, { pick: at(pick, 0), place: at(place, (-yaw * Math.PI) / 18) })
}

const plan = (map: Heightmap, of = aProposal(map)) => planAction(map, of, parkPose, reachesAll, settings.plan)
const context = (heightmap: Heightmap, payloadHeightM = 0) => {
  return { start: parkPose, kinematics: reachesAll, limits: settings.limits, heightmap, payloadHeightM }
}
const zOf = (segment: Segment | undefined) => (segment as { p_base_m: Vec3 }).p_base_m[2]

describe('the pick and place primitive', () => {
  const map = emptyMap()
  raise(map, [0.45, -0.2], 0.04, 0.04)
  const { pick, place, payloadHeightM } = plan(map)

  test('approaches from above, is slow from 5 mm above what was seen past the expected surface, and grasps', () => {
    expect(pick.segments.map(({ kind }) => kind)).toEqual(['move', 'move', 'descend', 'grasp'])
    const [transit, approach, descend] = pick.segments
    expect(zOf(transit)).toBeCloseTo(0.04 + 0.08)
    expect(zOf(approach)).toBeCloseTo(0.045)
    expect(zOf(descend)).toBeCloseTo(0.025)
    expect(descend).toMatchObject({ speedMps: settings.plan.descendSpeedMps })
  })

  test('lifts what it holds above everything on the way, carries it over, lowers it until contact and lets go', () => {
    expect(payloadHeightM).toBeCloseTo(0.04)
    expect(place.segments.map(({ kind }) => kind)).toEqual(['move', 'move', 'move', 'descend', 'release'])
    expect(zOf(place.segments[0])).toBeCloseTo(0.04 + 0.04 + 0.08)
    expect(zOf(place.segments[1])).toBeCloseTo(0.16)
    expect(zOf(place.segments[2])).toBeCloseTo(0.045)
    expect(zOf(place.segments[3])).toBeCloseTo(-0.01)
  })

  test('what is held is lowered fast into a bowl that is wider, and slowly where its rim may be under it', () => {
    const scene = emptyMap()
    raise(scene, [0.45, -0.2], 0.04, 0.04)
    raise(scene, [0.5, 0.2], 0.16, 0.06) // the rim, 2 cm wide
    const { rows, cols, heightM } = scene
    const hollow = (sizeM: number) => {
      const bowl = { ...scene, heightM: Float32Array.from(heightM) }
      const [u, v] = pixelOf(scene, 0.5, 0.2)
      const half = Math.round(sizeM / 2 / scene.spec.pixelM)
      for (let du = -half; du <= half; du++) {
        for (let dv = -half; dv <= half; dv++) bowl.heightM[Math.min(rows - 1, u + du) * cols + v + dv] = 0.01
      }
      return bowl
    }
    expect(zOf(plan(hollow(0.12)).place.segments[2])).toBeCloseTo(0.01 + 0.04 + 0.005)
    expect(zOf(plan(hollow(0.05)).place.segments[2])).toBeCloseTo(0.06 + 0.04 + 0.005)
  })

  test('every corner on the way is cut, and none where the settings say so', () => {
    const radii = (segments: readonly Segment[]) =>
      segments
        .filter(({ kind }) => kind === 'move')
        .map((segment) => (segment as { blendRadiusM?: number }).blendRadiusM)
    for (const radiusM of [...radii(pick.segments), ...radii(place.segments)]) expect(radiusM).toBeGreaterThan(0.005)
    const resting = planAction(map, aProposal(map), parkPose, reachesAll, { ...settings.plan, blendRadiusM: 0 })
    expect([...radii(resting.pick.segments), ...radii(resting.place.segments)].some((radius) => radius)).toBe(false)
  })

  test('a hole of the depth camera at the pick does not make the tool dive', () => {
    const holed = emptyMap()
    raise(holed, [0.45, -0.2], 0.04, 0.04)
    const proposal = aProposal(holed)
    const [u, v] = proposal.pick.pixel
    holed.heightM[u * holed.cols + v] = 0
    expect(zOf(plan(holed, proposal).pick.segments[1])).toBeCloseTo(0.045)
  })

  test('a wall between pick and place raises the way over it', () => {
    const walled = emptyMap()
    raise(walled, [0.45, -0.2], 0.04, 0.04)
    raise(walled, [0.48, 0], 0.1, 0.15)
    expect(zOf(plan(walled).place.segments[1])).toBeCloseTo(0.15 + 0.04 + 0.08)
  })

  test('the turn between pick and place is the proposed one, split so that the last joint stays near its middle', () => {
    const turned = proposalFor(map, { pick: [0.45, -0.2], place: [0.5, 0.2], yaw: 9 })
    const plans = plan(map, turned)
    const yaw = (segment: Segment | undefined) => (segment as { yawRad: number }).yawRad
    expect(yaw(plans.pick.segments[2])).toBeCloseTo(Math.PI / 4)
    expect(yaw(plans.place.segments[3]) - yaw(plans.pick.segments[2])).toBeCloseTo(-Math.PI / 2)
  })

  test('where the wrist cannot turn that far, another yaw with the same turn is chosen', () => {
    const narrow = { ...reachesAll, inverse: (_: Vec3, yawRad: number) => (yawRad > 0.5 ? null : [0]) }
    const turned = proposalFor(map, { pick: [0.45, -0.2], place: [0.5, 0.2], yaw: 9 })
    const plans = planAction(map, turned, parkPose, narrow, settings.plan)
    const yaws = [plans.pick.segments[2], plans.place.segments[3]].map(
      (segment) => (segment as { yawRad: number }).yawRad,
    )
    expect(yaws[0]).toBeLessThanOrEqual(0.5)
    expect(yaws[1]! - yaws[0]!).toBeCloseTo(-Math.PI / 2)
  })
})

test('a keep-out box is passed over, as high as what is seen', () => {
  const map = emptyMap()
  const box = { xMinM: 0.45, xMaxM: 0.5, yMinM: -0.05, yMaxM: 0.05, zMinM: 0, zMaxM: 0.3 }
  const keepOut = [box]
  const across = proposalFor(map, { pick: [0.45, -0.2], place: [0.5, 0.2], yaw: 0 })
  const plans = planAction(map, across, parkPose, reachesAll, { ...settings.plan, keepOut })
  expect(zOf(plans.place.segments[1]) - plans.payloadHeightM).toBeGreaterThanOrEqual(
    0.3 + settings.plan.transitClearanceM,
  )
  const end = endOf(plans.pick, parkPose)
  const limits = { ...settings.limits, keepOut }
  expect(checkPlan(plans.place, { ...context(map, plans.payloadHeightM), start: end, limits })).toBe(plans.place)
})

propertyTest.prop([scene, action])('a plan never leaves the motion box and passes the check', (map, wanted) => {
  const plans = plan(map, proposalFor(map, wanted))
  expect(checkPlan(plans.pick, context(map))).toBe(plans.pick)
  const end = endOf(plans.pick, parkPose)
  expect(checkPlan(plans.place, { ...context(map, plans.payloadHeightM), start: end })).toBe(plans.place)
})

propertyTest.prop([scene, action])(
  'what is carried stays clear of everything that was seen on the way',
  (map, wanted) => {
    const proposal = proposalFor(map, wanted)
    const { place, payloadHeightM } = plan(map, proposal)
    const surfaceM = highestAlongM(map, proposal.pick.p_base_m, proposal.place.p_base_m, settings.plan.loadRadiusM)
    expect(Math.min(zOf(place.segments[0]), zOf(place.segments[1])) - payloadHeightM).toBeGreaterThanOrEqual(
      surfaceM + 0.079,
    )
  },
)

propertyTest.prop([scene, fc.tuple(x, y, fc.double({ min: 0, max: 0.3, noNaN: true }))])(
  'the way to the park position begins upwards and passes the check from anywhere',
  (map, p_base_m) => {
    const start = { p_base_m, yawRad: 0.3 }
    const surfaceM = highestAlongM(map, p_base_m, p_base_m, 0.05)
    fc.pre(p_base_m[2] >= surfaceM)
    const way = planPark(map, start, parkPose, reachesAll, settings.plan, 0.28)
    expect(isRefused(checkPlan(way, { ...context(map), start }))).toBe(false)
    expect(way.segments.at(-1)).toMatchObject({ p_base_m: parkPose.p_base_m })
  },
)

propertyTest.prop([fc.double({ min: -100, max: 100, noNaN: true })])('a wrapped angle is the same angle', (angle) => {
  const wrapped = wrapRad(angle)
  expect(wrapped).toBeGreaterThan(-Math.PI - 1e-12)
  expect(wrapped).toBeLessThanOrEqual(Math.PI)
  expect(Math.cos(wrapped)).toBeCloseTo(Math.cos(angle), 9)
  expect(Math.sin(wrapped)).toBeCloseTo(Math.sin(angle), 9)
})

test('what is dragged lies on the table but for where it is held: low, slow, let go unpressed, and the tool leaves as high as after any other action', () => {
  const map = emptyMap()
  raise(map, [0.45, -0.2], 0.02, 0.01)
  const { pick, place, payloadHeightM } = plan(map, { ...aProposal(map), primitive: 'drag' })
  expect(zOf(place.segments[0])).toBeCloseTo(0.01 + 0.021)
  const carried = place.segments.slice(0, 2).map((segment) => (segment as { speedMps: number }).speedMps)
  expect(carried).toEqual([settings.plan.descendSpeedMps, settings.plan.descendSpeedMps])
  expect(zOf(place.segments[3])).toBeCloseTo(0.01)
  expect(isRefused(checkPlan(pick, context(map)))).toBe(false)
  const held = { ...context(map, payloadHeightM), start: endOf(pick, parkPose) }
  expect(isRefused(checkPlan(place, held))).toBe(false)
  const away = planPark(map, endOf(place, parkPose), parkPose, reachesAll, settings.plan, 0.28)
  expect(zOf(away.segments[0])).toBeCloseTo(0.01 + 0.08)
})

describe('the pushing primitive', () => {
  const push = (map: Heightmap, asked: { pick: number[]; place: number[] }, reaches = reachesAll) =>
    planPush(map, proposalFor(map, { ...asked, yaw: 0 }), parkPose, reaches, settings.plan)
  const map = emptyMap()
  raise(map, [0.45, -0.2], 0.1, 0.01)
  const along = { pick: [0.45, -0.2], place: [0.45, 0.2] }

  test('goes down 2 cm before the pick, pushes level to 5 cm before the place, draws back before it rises, and holds nothing', () => {
    const { pick, place } = push(map, along)
    expect(place).toBeNull()
    expect(pick.name).toBe('push')
    expect(pick.segments.map(({ kind }) => kind)).toEqual(['move', 'descend', 'push', 'push', 'move'])
    const [over, down, stroke, back, up] = pick.segments.map((segment) => (segment as { p_base_m: Vec3 }).p_base_m)
    expect(over![1]).toBeCloseTo(-0.22, 2)
    expect(down!.slice(0, 2)).toEqual(over!.slice(0, 2))
    expect(stroke![1]).toBeCloseTo(0.15, 2)
    expect(stroke![2]).toBe(down![2])
    expect(back![1]).toBeCloseTo(0.14, 2)
    expect(back![2]).toBe(stroke![2])
    expect(up!.slice(0, 2)).toEqual(back!.slice(0, 2))
    expect(up![2]).toBe(over![2])
    expect(over![2]).toBeGreaterThanOrEqual(0.08)
    expect(stroke![2]).toBeLessThan(0.005)
  })

  test('turns the blade across the stroke, by half a turn where the arm reaches only that', () => {
    const yawOf = (reaches: typeof reachesAll) =>
      (push(map, along, reaches).pick.segments[2] as { yawRad: number }).yawRad
    expect(yawOf(reachesAll)).toBeCloseTo(Math.PI / 2, 1)
    const halfTurned = { ...reachesAll, inverse: (_: Vec3, yawRad: number) => (yawRad < 0 ? [] : null) }
    expect(yawOf(halfTurned)).toBeCloseTo(-Math.PI / 2, 1)
  })

  test('passes the check through what it pushes; a move at that height, or a stroke that climbs, does not', () => {
    const { pick } = push(map, along)
    expect(isRefused(checkPlan(pick, context(map)))).toBe(false)
    const codesOf = (change: (segment: Segment) => Segment) => {
      const segments = pick.segments.map((segment) => (segment.kind === 'push' ? change(segment) : segment))
      const checked = checkPlan({ ...pick, segments }, context(map))
      return isRefused(checked) ? checked.map(({ code }) => code) : []
    }
    expect(codesOf((segment) => ({ ...segment, kind: 'move' }) as Segment)).toContain('PLAN_TOO_LOW')
    expect(codesOf((segment) => ({ ...segment, p_base_m: [0.45, 0.15, 0.1] }) as Segment)).toContain('PLAN_NOT_LEVEL')
    expect(codesOf((segment) => ({ ...segment, speedMps: 0.4 }) as Segment)).toContain('PLAN_TOO_FAST')
  })
})
