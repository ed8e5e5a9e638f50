// How the deoxys link runs plans (see deoxys-driver.test.ts).

import { beforeEach, describe, expect, test } from 'vitest'
import { createKinematics } from '../../src/io/kinematics.js'
import { DeoxysRig, descend, grasp, jointImpedance, move, options, release, tool } from '../fixtures/deoxys-rig.js'

let rig: DeoxysRig
beforeEach(() => {
  rig = new DeoxysRig()
})

describe('plans', () => {
  beforeEach(() => {
    expect(rig.arm()).toEqual({ kind: 'done' })
  })

  test('a plan leads the tool along straight lines to its targets', () => {
    const fromMs = rig.plant.nowMs
    const execution = rig.execute(move(0.5, 0.1, 0.3), move(0.5, 0.1, 0.2, 0.5))
    expect(execution).toMatchObject({ status: 'done', reason: 'none', detail: '', holding: false })
    expect(execution.segments).toHaveLength(2)
    for (const [i, value] of [0.5, 0.1, 0.2].entries()) expect(rig.plant.toolM[i]).toBeCloseTo(value, 2)
    expect(Math.atan2(rig.plant.T_base_tool[4]!, rig.plant.T_base_tool[0]!)).toBeCloseTo(0.5, 2)
    const kinematics = createKinematics({ tool, jointMarginRad: 0.1 })
    const way = rig.plant.joints.filter(({ atMs }) => atMs >= fromMs).map(({ qRad }) => kinematics.forward(qRad))
    // The first segment is level and leads from (0.45, 0) to (0.5, 0.1): y = 2 (x - 0.45).
    const first = way.filter((T) => T[11]! > 0.298)
    expect(Math.max(...first.map((T) => Math.abs(T[7]! - 2 * (T[3]! - 0.45))))).toBeLessThan(0.006)
  })

  test('the tool is never faster than the link allows, however fast the plan wants it', () => {
    const fromMs = rig.plant.nowMs
    rig.execute(move(0.5, 0.2, 0.3, 0, 1.5))
    const kinematics = createKinematics({ tool, jointMarginRad: 0.1 })
    const way = rig.plant.joints.filter(({ atMs }) => atMs >= fromMs).map(({ qRad }) => kinematics.forward(qRad))
    const steps = way.slice(50).map((T, i) => Math.hypot(...[3, 7, 11].map((axis) => T[axis]! - way[i]![axis]!)) / 0.05)
    expect(Math.max(...steps)).toBeLessThan(options.speedMps * 1.1)
    expect(Math.max(...steps)).toBeGreaterThan(options.speedMps * 0.8)
  })

  test('joints with friction still bring the tool to its target', () => {
    rig.plant.frictionRad = 0.02
    const execution = rig.execute(move(0.5, 0.1, 0.25))
    expect(execution.status).toBe('done')
    expect(Math.hypot(rig.plant.toolM[0] - 0.5, rig.plant.toolM[1] - 0.1, rig.plant.toolM[2] - 0.25)).toBeLessThan(
      0.004,
    )
  })

  test('a tool that cannot get there ends the plan as a fault, and the arm is held', () => {
    rig.plant.frictionRad = 0.2
    expect(rig.execute(move(0.46, 0.02, 0.29))).toMatchObject({
      status: 'fault',
      reason: 'tracking_error',
      detail: expect.stringContaining('mm from its target'),
    })
    expect(rig.execute(move(0.45, 0, 0.3))).toMatchObject({ status: 'rejected', reason: 'latched' })
    rig.run(200)
    expect(rig.plant.received.at(-1)!.type).toBe(jointImpedance)
  })

  test('a descent ends on contact and stops pushing', () => {
    rig.plant.surfaceZM = 0.1
    const execution = rig.execute(move(0.45, 0, 0.13), descend(0.45, 0, 0.05))
    expect(execution).toMatchObject({ status: 'done' })
    expect(execution.segments.map(({ contact }) => contact)).toEqual([false, true])
    expect(execution.segments[1]!.p_base_m[2]).toBeCloseTo(0.1, 2)
    rig.run(500)
    const goal = createKinematics({ tool, jointMarginRad: 0.1 }).forward(rig.plant.received.at(-1)!.goalRad)
    expect(goal[11]).toBeGreaterThan(0.097)
    expect(rig.execute(move(0.45, 0, 0.2))).toMatchObject({ status: 'done' })
  })

  test('a descent that meets nothing ends at its target without contact', () => {
    expect(rig.execute(move(0.45, 0, 0.15), descend(0.45, 0, 0.1)).segments[1]).toMatchObject({ contact: false })
  })

  test('what is met on a sideways move ends the plan as a fault and is not pushed any more', () => {
    rig.plant.surfaceZM = 0.25
    const execution = rig.execute(move(0.5, 0.05, 0.15))
    expect(execution).toMatchObject({ status: 'fault', reason: 'unexpected_contact' })
    rig.run(500)
    const goal = createKinematics({ tool, jointMarginRad: 0.1 }).forward(rig.plant.received.at(-1)!.goalRad)
    expect(goal[11]).toBeGreaterThan(0.245)
  })

  test('a constant error of the force estimate is no contact', () => {
    rig.plant.forceOffsetN = 30
    rig.run(1000)
    expect(rig.execute(move(0.45, 0, 0.15), descend(0.45, 0, 0.1)).segments[1]).toMatchObject({ contact: false })
  })

  test('what is between the fingers counts as held, and is let go', () => {
    rig.plant.objectWidthM = 0.03
    expect(rig.execute(grasp)).toMatchObject({ status: 'done', holding: true })
    expect(rig.execute(release)).toMatchObject({ status: 'done', holding: false })
  })

  test.each([
    [{ kind: 'grasp', widthM: 0.02 }, 'grasp.widthM'],
    [{ kind: 'grasp', forceN: 30 }, 'grasp.forceN'],
    [{ kind: 'release', widthM: 0.05 }, 'release.widthM'],
  ] as const)('%o is refused before anything moves: deoxys has its own widths and forces', (segment, detail) => {
    const atMs = rig.plant.nowMs
    expect(rig.execute(move(0.5, 0, 0.3), segment)).toMatchObject({ status: 'rejected', reason: 'unsupported', detail })
    expect(rig.movedSince(atMs)).toBeLessThan(1e-6)
  })

  test('the state tells what the fingers do', () => {
    rig.plant.objectWidthM = 0.03
    rig.execute(grasp)
    rig.run(100)
    expect(rig.events.findLast(({ kind }) => kind === 'state')).toMatchObject({
      state: { endEffector: { kind: 'two_finger', holding: true, widthM: expect.closeTo(0.03, 3) }, reason: 'none' },
    })
  })

  test('fingers that closed on nothing hold nothing, although deoxys calls it a grasp', () => {
    rig.plant.objectWidthM = 0
    expect(rig.execute(grasp)).toMatchObject({ status: 'done', holding: false })
  })

  test('the gripper is asked to grasp and to move only: deoxys takes a stop for homing', () => {
    rig.plant.objectWidthM = 0.03
    rig.execute(grasp, move(0.46, 0, 0.3), release)
    expect(new Set(rig.plant.gripperReceived.map(({ payload }) => payload))).toEqual(
      new Set(['FrankaGripperGraspMessage', 'FrankaGripperMoveMessage']),
    )
  })

  test('a plan that needs a gripper whose process publishes nothing is refused before anything moves', () => {
    rig.plant.gripperStateStopped = true
    rig.run(1000)
    const atMs = rig.plant.nowMs
    expect(rig.execute(move(0.5, 0, 0.3), grasp)).toMatchObject({
      status: 'rejected',
      reason: 'end_effector_lost',
    })
    expect(rig.movedSince(atMs)).toBeLessThan(1e-6)
    expect(rig.execute(move(0.46, 0, 0.3))).toMatchObject({ status: 'done' })
  })

  test.each([
    ['out of reach', move(0.95, 0, 0.3), 'unreachable'],
    ['with a coordinate that is not a number', move(Number.NaN, 0, 0.3), 'not_finite'],
    ['without speed', move(0.5, 0, 0.3, 0, 0), 'too_fast'],
  ])('a plan %s is refused as a whole', (_, bad, reason) => {
    const atMs = rig.plant.nowMs
    expect(rig.execute(move(0.5, 0, 0.3), bad)).toMatchObject({
      status: 'rejected',
      reason,
    })
    expect(rig.movedSince(atMs)).toBeLessThan(1e-6)
  })

  test('goals are absolute: losing every third and sending every fourth twice leads to the same place', () => {
    const id = rig.begin(move(0.5, 0.1, 0.25))
    const command = rig.plant.command.bind(rig.plant)
    let count = 0
    rig.plant.command = (bytes) => {
      if (++count % 3 === 0) return
      command(bytes)
    }
    expect(rig.answerOf(id)).toMatchObject({ execution: { status: 'done' } })
    expect(rig.plant.toolM[0]).toBeCloseTo(0.5, 2)
  })

  test('commands come often enough that no look of the controller finds none', () => {
    const before = rig.plant.received.length
    rig.run(10_000)
    expect(rig.plant.received.length - before).toBeGreaterThanOrEqual(199)
    expect(rig.plant.exited).toBe('')
  })
})
