import { create } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { describeReason, reasons } from '../../src/control/reason.js'
import type { JointPlan, Segment } from '../../src/control/types.js'
import {
  decodeState,
  endEffectorState,
  jointsMessage,
  modeOf,
  planMessage,
  reasonOf,
  robotState,
} from '../../src/io/link/codec.js'
import { type EndEffectorKind, EndEffectorStateSchema, Reason } from '../../src/io/link/gen/link_pb.js'
import { plan } from '../fixtures/link-peers.js'

const kindsOf = (...segments: Segment[]) =>
  planMessage(plan(...segments), 1n, 0.5).segments.map(({ kind: { case: name, value } }) => ({ ...value, name }))

test('a segment of a motion carries its pose with the yaw, a yaw of zero too', () => {
  const [descend] = kindsOf({ kind: 'descend', p_base_m: [0.5, 0.1, 0.2], yawRad: 0, speedMps: 0.1 })
  expect(descend).toMatchObject({
    name: 'descend',
    pose: { pBase: { xM: 0.5, yM: 0.1, zM: 0.2 }, orientation: { case: 'yawRad', value: 0 } },
    speedMps: 0.1,
  })
})

test("a width or force that is absent is the end effector's own: 0 on the wire", () => {
  expect(kindsOf({ kind: 'grasp' }, { kind: 'release' })).toMatchObject([
    { name: 'grasp', widthM: 0, forceN: 0, speedMps: 0 },
    { name: 'release', widthM: 0, speedMps: 0 },
  ])
  expect(kindsOf({ kind: 'grasp', widthM: 0.03, forceN: 20 }, { kind: 'release', widthM: 0.07 })).toMatchObject([
    { name: 'grasp', widthM: 0.03, forceN: 20 },
    { name: 'release', widthM: 0.07 },
  ])
})

test('a joint plan is one segment with all joints', () => {
  const home: JointPlan = { name: 'home', qRad: [0, 1, 2, 3, 4, 5, 6], speedMps: 0.1 }
  expect(jointsMessage(home, 4n, 0.5)).toMatchObject({
    id: 4n,
    segments: [{ kind: { case: 'joints', value: { qRad: [0, 1, 2, 3, 4, 5, 6], speedMps: 0.1 } } }],
  })
})

test('every reason of the wire has its name in control, and the other way round', () => {
  const numbers = Object.values(Reason).filter((value) => typeof value === 'number')
  expect(numbers).toHaveLength(reasons.length)
  for (const number of numbers) {
    expect(reasonOf({ reason: number, detail: 'words' })).toEqual({
      reason: Reason[number]!.toLowerCase(),
      detail: 'words',
    })
  }
})

test('a reason of a newer controller is a failure of the robot with its number, never no reason', () => {
  const newer = reasonOf({ reason: 9999, detail: 'words' })
  expect(newer).toEqual({ reason: 'robot_failed', detail: 'reason 9999 of a newer controller: words' })
  expect(describeReason(newer)).toBe('robot_failed: reason 9999 of a newer controller: words')
})

test('a reason reads with its words, and no reason is nothing', () => {
  expect(describeReason({ reason: 'stop_requested', detail: 'a hand in the cell' })).toBe(
    'stop_requested: a hand in the cell',
  )
  expect(describeReason({ reason: 'watchdog', detail: '' })).toBe('watchdog')
  expect(describeReason({ reason: 'none', detail: '' })).toBe('')
})

test('an end effector that measures no width has none, and one that is closed has 0', () => {
  const of = (init: Parameters<typeof create<typeof EndEffectorStateSchema>>[1]) =>
    endEffectorState(create(EndEffectorStateSchema, init))
  expect(of({ kind: 1, holding: true })).toEqual({ kind: 'suction_cup', holding: true, widthM: null })
  expect(of({ kind: 2, widthM: 0 })).toEqual({ kind: 'two_finger', holding: false, widthM: 0 })
  expect(of({ kind: 3 })).toEqual({ kind: 'digital_output', holding: false, widthM: null })
  expect(of({ kind: 99 as EndEffectorKind })).toEqual({ kind: 'none', holding: false, widthM: null })
})

test('a state without an end effector holds nothing, and a mode of a newer controller is none to move in', () => {
  expect(robotState(decodeState(new Uint8Array()), 1n)).toMatchObject({
    endEffector: { kind: 'none', holding: false, widthM: null },
    reason: 'none',
    detail: '',
  })
  expect([modeOf(6), modeOf(7)]).toEqual(['free_drive', 'fault'])
})
