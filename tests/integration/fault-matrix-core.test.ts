// Fault matrix, fifth part: what is measured is wrong, time jumps, a grasp fails. The core on a virtual clock.

import { beforeEach, expect, test } from 'vitest'
import { outcome } from '../fixtures/fault-outcomes.js'
import { descendTo, moveTo } from '../fixtures/link-peers.js'
import { SteppedArm } from '../fixtures/stepped-arm.js'

let arm: SteppedArm
beforeEach(() => {
  arm = new SteppedArm()
  expect(arm.arm()).toBe('accepted')
})

const group = 'measurement, time, grasp'

function moving(): void {
  expect(arm.run(moveTo(0.45, 0.3, 0.3, 0.25))).toBe('accepted')
  arm.steps(500)
  expect(arm.mode).toBe('moving')
  arm.fault()
}

/** Nothing ends a latched stop but a person, and then the arm is disarmed. */
function expectLatched(): void {
  expect(arm.arm()).toBe('latched')
  expect(arm.run(moveTo(0.45, 0.1, 0.3))).toBe('latched')
  arm.disturb = () => {}
  arm.steps(2000)
  expect(['stopped', 'fault']).toContain(arm.mode)
  expect(arm.clear()).toBe('accepted')
  arm.steps(5)
  expect(arm.mode).toBe('disarmed')
  expect(arm.run(moveTo(0.45, 0.1, 0.3))).toBe('not_armed')
}

test.each([
  ['a measured joint jumps by 0.2 rad', (q: Float64Array) => q.fill(q[1]! + 0.2, 1, 2), 'tracking_error'],
  ['a measured joint is NaN', (q: Float64Array) => q.fill(Number.NaN, 3, 4), 'measurement_invalid'],
  ['a measured joint is beyond its limit', (q: Float64Array) => q.fill(0.01, 3, 4), 'joint_limit'],
])('%s: the arm brakes and faults', (fault, change, reason) => {
  moving()
  arm.disturb = ({ qRad }) => change(qRad)
  arm.finish()
  expect(arm.mode).toBe('fault')
  expect(arm.reason).toBe(reason)
  const motion = arm.motion()
  const { end, modes } = arm
  expectLatched()
  outcome({ group, fault, motion, arm: modes, runtime: end })
})

test('a touch in the middle of a move stops the arm', () => {
  moving()
  arm.disturb = ({ flags }) => flags.fill(1, 0, 1)
  arm.finish()
  expect(arm.mode).toBe('stopped')
  expect(arm.reason).toBe('unexpected_contact')
  const motion = arm.motion()
  const { end, modes } = arm
  expectLatched()
  outcome({ group, fault: 'an unexpected touch', motion, arm: modes, runtime: end })
})

test("the controller's clock jumps by a second: taken for missed heartbeats, the arm stops without a jump", () => {
  moving()
  arm.heartbeats = false
  arm.step(1000)
  arm.heartbeats = true
  arm.finish()
  expect(arm.mode).toBe('stopped')
  expect(arm.reason).toBe('watchdog')
  const motion = arm.motion()
  const { end, modes } = arm
  expectLatched()
  outcome({ group, fault: "the controller's clock jumps by 1 s", motion, arm: modes, runtime: end })
})

test('no heartbeat for 100 ms stops the arm, for half a second costs the lease', () => {
  moving()
  arm.heartbeats = false
  arm.steps(99)
  expect(arm.mode).toBe('moving')
  arm.steps(3)
  expect(arm.mode).toBe('stopping')
  arm.finish()
  const motion = arm.motion()
  const { end, modes } = arm
  arm.heartbeats = true
  expectLatched()
  outcome({ group, fault: 'no heartbeat, on a virtual clock', motion, arm: modes, runtime: end })
})

test('a clearing while the arm still moves is refused', () => {
  moving()
  arm.send({ case: 'stop', value: { id: 900n, detail: 'a test' } })
  arm.steps(3)
  expect(arm.mode).toBe('stopping')
  expect(arm.clear()).toBe('busy')
  arm.finish()
  expect(arm.mode).toBe('stopped')
  const motion = arm.motion()
  const { end, modes } = arm
  expectLatched()
  outcome({ group, fault: 'a clearing comes too early', motion, arm: modes, runtime: `${end}; the clearing: busy` })
})

test('a grasp that misses ends as done without holding anything, and nothing waits for ever', () => {
  arm.fault()
  arm.disturb = ({ flags }) => flags.fill(arm.z <= 0.1 ? 1 : 0, 0, 1)
  expect(arm.run(descendTo(0.45, 0, 0.05), { kind: 'grasp' }, moveTo(0.45, 0, 0.3))).toBe('accepted')
  arm.finish()
  expect(arm.mode).toBe('armed')
  expect(arm.end).toBe('done, not holding')
  outcome({ group, fault: 'a grasp misses', motion: arm.motion(), arm: arm.modes, runtime: arm.end })
})

test('an object that is lost on the way shows in how the plan ends', () => {
  let held = true
  arm.disturb = ({ flags }) => {
    const touches = arm.z <= 0.1 ? 1 : 0
    const holding = held && arm.output.flags[0] === 1 && (touches === 1 || flags[1] === 1) ? 1 : 0
    flags.set([touches, holding])
  }
  expect(arm.run(descendTo(0.45, 0, 0.05), { kind: 'grasp' }, moveTo(0.45, 0, 0.3))).toBe('accepted')
  for (let i = 0; i < 10_000 && arm.input.flags[1] === 0; i++) arm.step()
  arm.steps(300)
  arm.fault()
  held = false
  arm.finish()
  expect(arm.end).toBe('done, not holding')
  outcome({ group, fault: 'the object is lost on the way', motion: arm.motion(), arm: arm.modes, runtime: arm.end })
})

test('a repeated request and a repeated id run once', () => {
  moving()
  const before = arm.events.length
  arm.send({ case: 'heartbeat', value: { counter: 1n } }, 1n)
  expect(arm.errors.at(-1)).toBe('sequence')
  arm.finish()
  const starts = arm.events.filter(({ kind }) => kind === 2)
  expect(starts).toHaveLength(1)
  expect(arm.events.length).toBeGreaterThan(before)
  outcome({
    group,
    fault: 'a request of before is repeated',
    motion: arm.motion(),
    arm: `${arm.modes} (once)`,
    runtime: `${arm.end}; the repetition: sequence`,
  })
})
