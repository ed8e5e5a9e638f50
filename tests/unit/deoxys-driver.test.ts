// The deoxys link against a controller that behaves as deoxys does, on a clock of the test. Every trap of that protocol
// has a test here, or in deoxys-plans and deoxys-stops, that fails when its handling is removed.

import { beforeEach, describe, expect, test } from 'vitest'
import { readCommand } from '../fixtures/deoxys-plant.js'
import { DeoxysRig, jointImpedance, move, options, tool } from '../fixtures/deoxys-rig.js'

let rig: DeoxysRig
beforeEach(() => {
  rig = new DeoxysRig()
})

describe('before and while it is armed', () => {
  test('nothing is sent before arming, because the first message starts the controller', () => {
    rig.run(3000)
    expect(rig.sent).toHaveLength(0)
    expect(rig.events.filter(({ kind }) => kind === 'met')).toHaveLength(1)
  })

  test('no state is passed on while deoxys only repeats the last one', () => {
    rig.run(3000)
    expect(rig.events.filter(({ kind }) => kind === 'state')).toHaveLength(0)
  })

  test('a plan before arming is refused and moves nothing', () => {
    rig.run(100)
    expect(rig.execute(move(0.5, 0, 0.3))).toMatchObject({ status: 'rejected', reason: 'not_armed' })
    expect(rig.sent).toHaveLength(0)
  })

  test('the controller is led through a second without control into its law', () => {
    expect(rig.arm()).toEqual({ kind: 'done' })
    const types = rig.plant.received.map(({ type }) => type)
    expect(types.indexOf(jointImpedance)).toBeGreaterThanOrEqual(18)
    expect(new Set(types.slice(0, types.indexOf(jointImpedance)))).toEqual(new Set([0]))
    expect(rig.plant.exited).toBe('')
    expect(rig.newestMode()).toBe('armed')
  })

  test('an arm that was moved by hand since deoxys last read it stays where it is', () => {
    rig.run(100)
    rig.plant.qRad = rig.plant.qRad.map((q) => q + 0.04) // what is published still is the old pose
    const atMs = rig.plant.nowMs
    expect(rig.arm()).toEqual({ kind: 'done' })
    rig.run(2000)
    expect(rig.movedSince(atMs)).toBeLessThan(0.001)
  })

  test('an arm that was moved by hand between two sessions stays where it is, although deoxys interpolates from the last goal', () => {
    rig.arm()
    rig.execute(move(0.5, 0.1, 0.3))
    rig.driver.clear(++rig.lastId)
    rig.run(3000)
    rig.plant.restart()
    rig.plant.qRad = rig.plant.qRad.map((q) => q - 0.04)
    const atMs = rig.plant.nowMs
    rig.run(100)
    rig.driver.arm(++rig.lastId)
    expect(rig.answerOf(rig.lastId)).toEqual({ kind: 'done' })
    rig.run(1000)
    expect(rig.movedSince(atMs)).toBeLessThan(0.001)
  })

  test('stiffness begins at zero and rises smoothly', () => {
    rig.arm()
    const kp = rig.plant.received.filter(({ type }) => type === jointImpedance).map((command) => command.kp[0]!)
    expect(kp[0]).toBe(0)
    for (const [i, value] of kp.slice(1).entries()) expect(value - kp[i]!).toBeLessThanOrEqual(11)
    rig.run(100)
    expect(rig.plant.received.at(-1)!.kp).toEqual(options.kpNmPerRad)
  })

  test('every command carries what the controller reads without looking', () => {
    rig.arm()
    rig.execute(move(0.48, 0, 0.3))
    expect(rig.plant.exited).toBe('')
    for (const bytes of rig.sent) {
      const command = readCommand(bytes)
      expect(command).toMatchObject({ hasEstimator: true, termination: false, isDelta: false })
      expect(command.interpolator).not.toBe(0)
      if (command.type !== 0) expect([command.kp.length, command.kd.length]).toEqual([7, 7])
    }
  })

  test('another tool than that of the settings is refused', () => {
    rig = new DeoxysRig({ ...tool, flangeToTcpM: 0.2 })
    expect(rig.arm()).toMatchObject({ kind: 'failed', failure: { code: 'LINK_REFUSED', reason: 'tool_mismatch' } })
  })

  test('a tool that does not point down is refused', () => {
    rig.plant.qRad[5]! += 0.7
    expect(rig.arm()).toMatchObject({ kind: 'failed', failure: { code: 'LINK_REFUSED', reason: 'posture' } })
  })

  test('a robot in an error is not armed, and its name is told', () => {
    rig.run(100)
    rig.driver.arm(++rig.lastId)
    rig.run(1200)
    rig.plant.errorNumbers = [7]
    rig.plant.mode = 4
    expect(rig.answerOf(rig.lastId)).toMatchObject({
      kind: 'failed',
      failure: { code: 'LINK_REFUSED', reason: 'joint_reflex' },
    })
  })

  test('states that only repeat after control has begun end in LINK_STATE_STALE', () => {
    rig.plant.frozen = true
    expect(rig.arm()).toMatchObject({ kind: 'failed', failure: { code: 'LINK_STATE_STALE' } })
    rig.run(500)
    expect(readCommand(rig.sent.at(-1)!).type).toBe(0)
  })

  test('a stop while it is being armed ends the arming', () => {
    rig.run(100)
    rig.driver.arm(++rig.lastId)
    rig.run(1500)
    rig.driver.stop('a test')
    expect(rig.answerOf(rig.lastId)).toMatchObject({
      kind: 'failed',
      failure: { code: 'LINK_REFUSED', reason: 'latched' },
    })
    rig.run(500)
    expect(readCommand(rig.sent.at(-1)!).type).toBe(0)
  })
})
