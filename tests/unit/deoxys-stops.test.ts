// How the deoxys link stops, and what it does when its peer is not what it was (see deoxys-driver.test.ts).

import { beforeEach, describe, expect, test } from 'vitest'
import { readCommand } from '../fixtures/deoxys-plant.js'
import { DeoxysRig, move, options, tickMs } from '../fixtures/deoxys-rig.js'

let rig: DeoxysRig
beforeEach(() => {
  rig = new DeoxysRig()
})

describe('stops', () => {
  beforeEach(() => {
    rig.arm()
  })

  test('a stop ends the motion on its line, gently, and is latched until a person clears it', () => {
    const id = rig.begin(move(0.45, 0.3, 0.3))
    rig.run(3000)
    rig.driver.stop('a test')
    const atMs = rig.plant.nowMs
    expect(rig.answerOf(id)).toMatchObject({
      execution: { status: 'stopped', reason: 'stop_requested', detail: 'a test' },
    })
    expect(rig.plant.nowMs - atMs).toBeLessThanOrEqual(options.stopMs + 2 * tickMs)
    rig.run(1000)
    const restMs = rig.plant.nowMs
    expect(rig.plant.toolM[1]).toBeLessThan(0.29)
    rig.run(1000)
    expect(rig.movedSince(restMs)).toBeLessThan(0.001)
    expect(rig.newestMode()).toBe('stopped')
    expect(rig.execute(move(0.45, 0, 0.3))).toMatchObject({ status: 'rejected', reason: 'latched' })
    rig.driver.arm(++rig.lastId)
    expect(rig.answerOf(rig.lastId)).toMatchObject({ failure: { code: 'LINK_REFUSED', reason: 'latched' } })
    rig.driver.clear(++rig.lastId)
    expect(rig.answerOf(rig.lastId)).toEqual({ kind: 'done' })
    expect(rig.execute(move(0.45, 0, 0.3))).toMatchObject({ status: 'rejected', reason: 'not_armed' })
  })

  test('a main thread whose signs of life end in mid-plan has the arm stopped', () => {
    const id = rig.begin(move(0.45, 0.3, 0.3))
    rig.run(2000)
    rig.mainLives = false
    expect(rig.answerOf(id)).toMatchObject({ execution: { status: 'stopped', reason: 'watchdog' } })
    expect(rig.plant.toolM[1]).toBeLessThan(0.2)
  })

  test('a stall of the sending thread itself moves nothing by leaps', () => {
    rig.begin(move(0.45, 0.3, 0.3))
    rig.run(2000)
    rig.plant.step(400) // the controller holds the last goal meanwhile
    rig.plant.armStates.length = 0
    rig.nowMs += 400
    const beforeM = rig.plant.toolM[1]
    rig.run(tickMs)
    rig.plant.step(100)
    expect(rig.plant.toolM[1] - beforeM).toBeLessThan(0.015)
  })

  test('closing lets go of the arm with NO_CONTROL, and then nothing is sent', () => {
    rig.driver.leave()
    rig.run(2000)
    expect(rig.events.at(-1)).toEqual({ kind: 'left' })
    expect(rig.plant.received.at(-1)!.type).toBe(0)
    const count = rig.sent.length
    rig.run(1000)
    expect(rig.sent).toHaveLength(count)
  })

  test('closing in mid-plan stops the motion first', () => {
    const id = rig.begin(move(0.45, 0.3, 0.3))
    rig.run(2000)
    rig.driver.leave()
    expect(rig.answerOf(id)).toMatchObject({
      execution: { status: 'stopped', reason: 'stop_requested', detail: 'the link was closed' },
    })
    rig.run(2000)
    expect(rig.events.at(-1)).toEqual({ kind: 'left' })
  })
})

describe('a peer that is not what it was', () => {
  beforeEach(() => {
    rig.arm()
  })

  /** Nothing but NO_CONTROL, for as long as somebody looks. */
  function expectNoMoreControl(): void {
    rig.sent.length = 0
    rig.run(3000)
    expect(new Set(rig.sent.map((bytes) => readCommand(bytes).type))).toEqual(new Set([0]))
    expect(rig.execute(move(0.45, 0, 0.3))).toMatchObject({ status: 'rejected', reason: 'latched' })
  }

  test('states that only repeat in mid-plan end it with LINK_STATE_STALE, although their counter advances', () => {
    const id = rig.begin(move(0.45, 0.3, 0.3))
    rig.run(1000)
    rig.plant.frozen = true
    expect(rig.answerOf(id)).toMatchObject({ failure: { code: 'LINK_STATE_STALE', reason: 'state_stale' } })
    expectNoMoreControl()
  })

  test('a controller that publishes no state ends the plan with LINK_PEER_LOST', () => {
    const id = rig.begin(move(0.45, 0.3, 0.3))
    rig.run(1000)
    rig.plant.publishesNoState = true
    expect(rig.answerOf(id)).toMatchObject({ failure: { code: 'LINK_PEER_LOST', reason: 'state_timeout' } })
    expectNoMoreControl()
  })

  test('a controller that is lost while nothing runs is noticed, and not asked to move when it is back', () => {
    rig.plant.exited = 'killed'
    rig.run(1000)
    expect(rig.lossOf()).toBe('LINK_PEER_LOST')
    rig.plant.restart()
    const atMs = rig.plant.nowMs
    expectNoMoreControl()
    expect(rig.movedSince(atMs)).toBe(0)
  })

  test('a controller that was restarted within a moment is noticed by its counter', () => {
    rig.run(200)
    rig.plant.restart()
    rig.run(100)
    expect(rig.lossOf()).toBe('LINK_PEER_LOST')
    expectNoMoreControl()
  })

  test('a reflex ends the plan as a fault with its name, and the recovered controller is not asked to move', () => {
    const id = rig.begin(move(0.45, 0.3, 0.3))
    rig.run(1000)
    rig.plant.errorNumbers = [8, 31]
    rig.plant.mode = 4
    expect(rig.answerOf(id)).toMatchObject({
      execution: { status: 'fault', reason: 'cartesian_reflex', detail: 'also start_elbow_sign_inconsistent' },
    })
    rig.plant.exited = 'libfranka: cartesian_reflex'
    rig.run(1000)
    rig.plant.restart() // deoxys' script does that, and recovers the robot by itself
    const atMs = rig.plant.nowMs
    expectNoMoreControl()
    expect(rig.movedSince(atMs)).toBe(0)
    expect(rig.newestMode()).toBe('fault')
  })

  test('a pressed stop button is a fault', () => {
    rig.plant.mode = 5
    rig.run(100)
    expect(rig.newestMode()).toBe('fault')
    expect(rig.events.findLast(({ kind }) => kind === 'state')).toMatchObject({
      state: { reason: 'user_stop', detail: '' },
    })
    expect(rig.execute(move(0.5, 0, 0.3))).toMatchObject({ status: 'rejected', reason: 'latched' })
  })

  test('an arm that does not follow is a fault', () => {
    rig.plant.qRad[0]! += 0.5
    rig.run(100)
    expect(rig.newestMode()).toBe('fault')
  })

  test.each([
    ['bytes that are no protobuf', new Uint8Array([255, 255, 255, 255])],
    ['a message of the gripper', new Uint8Array([9, 0, 0, 0, 0, 0, 0, 160, 63])],
    ['nothing', new Uint8Array()],
  ])('%s on the state port end it with LINK_PROTOCOL', (_, bytes) => {
    rig.plant.wrongStream = bytes
    rig.run(100)
    expect(rig.lossOf()).toBe('LINK_PROTOCOL')
    expectNoMoreControl()
  })
})
