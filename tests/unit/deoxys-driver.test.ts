// The deoxys link against a controller that behaves as deoxys does, on a clock of the test. Every trap of that protocol
// has a test here that fails when its handling is removed.

import { beforeEach, describe, expect, test } from 'vitest'
import type { Segment } from '../../src/control/types.js'
import { DeoxysDriver } from '../../src/io/deoxys/driver.js'
import type { DeoxysAnswer, DeoxysEvent } from '../../src/io/deoxys/events.js'
import { deoxysDefaults } from '../../src/io/deoxys/options.js'
import { createKinematics } from '../../src/io/kinematics.js'
import { DeoxysPlant, readCommand } from '../fixtures/deoxys-plant.js'

const options = deoxysDefaults
const tool = { flangeToTcpM: 0.1034, flangeToTcpYawRad: -Math.PI / 4 }
const tickMs = options.tickMs
const jointImpedance = 4

let plant: DeoxysPlant
let driver: DeoxysDriver
let events: DeoxysEvent[]
let sent: Uint8Array[]
let nowMs: number
let lastId: number
/** The thread that runs the cycle gives its signs of life. */
let mainLives: boolean

beforeEach(() => use(new DeoxysPlant()))

function use(next: DeoxysPlant): void {
  plant = next
  events = []
  sent = []
  nowMs = 0
  lastId = 0
  mainLives = true
  driver = new DeoxysDriver(createKinematics({ tool, jointMarginRad: 0.1 }), options, (event) => events.push(event), 0n)
}

function run(ms: number): void {
  for (const endMs = nowMs + ms; nowMs < endMs; ) {
    nowMs += tickMs
    if (mainLives) driver.alive()
    plant.step(tickMs)
    for (const bytes of plant.armStates.splice(0)) driver.takeArmState(bytes, BigInt(nowMs) * 1_000_000n)
    for (const bytes of plant.gripperStates.splice(0)) driver.takeGripperState(bytes)
    const { arm, gripper } = driver.tick(BigInt(nowMs) * 1_000_000n)
    if (arm !== null) {
      sent.push(arm)
      plant.command(arm)
    }
    if (gripper !== null) plant.gripperCommand(gripper)
  }
}

/** Until the command with this id is answered, for two minutes at most. */
function answerOf(id: number): DeoxysAnswer {
  for (let i = 0; i < 4800; i++) {
    const event = events.find((candidate) => candidate.kind === 'answer' && candidate.id === id)
    if (event?.kind === 'answer') return event.answer
    run(tickMs)
  }
  throw new Error('no answer')
}

function arm(): DeoxysAnswer {
  run(100)
  driver.arm(++lastId)
  return answerOf(lastId)
}

function begin(...segments: Segment[]): number {
  driver.execute(++lastId, { name: 'pick', segments })
  return lastId
}

function execute(...segments: Segment[]) {
  const answer = answerOf(begin(...segments))
  if (answer.kind !== 'executed') throw new Error(JSON.stringify(answer))
  return answer.execution
}

const move = (x: number, y: number, z: number, yawRad = 0, speedMps = 0.5): Segment => {
  return { kind: 'move', p_base_m: [x, y, z], yawRad, speedMps }
}
const descend = (x: number, y: number, z: number): Segment => {
  return { kind: 'descend', p_base_m: [x, y, z], yawRad: 0, speedMps: 0.1 }
}
const grasp: Segment = { kind: 'grasp' }
const release: Segment = { kind: 'release' }

function newestMode(): string | undefined {
  const state = events.findLast((event) => event.kind === 'state')
  return state?.kind === 'state' ? state.state.mode : undefined
}

function lossOf(): string | undefined {
  const lost = events.find((event) => event.kind === 'lost')
  return lost?.kind === 'lost' ? lost.failure.code : undefined
}

/** Greatest change of any joint since then, radians. */
function movedSince(ms: number): number {
  const since = plant.joints.filter(({ atMs }) => atMs > ms)
  return Math.max(...since.flatMap(({ qRad }) => qRad.map((q, i) => Math.abs(q - since[0]!.qRad[i]!))))
}

describe('before and while it is armed', () => {
  test('nothing is sent before arming, because the first message starts the controller', () => {
    run(3000)
    expect(sent).toHaveLength(0)
    expect(events.filter(({ kind }) => kind === 'met')).toHaveLength(1)
  })

  test('no state is passed on while deoxys only repeats the last one', () => {
    run(3000)
    expect(events.filter(({ kind }) => kind === 'state')).toHaveLength(0)
  })

  test('a plan before arming is refused and moves nothing', () => {
    run(100)
    expect(execute(move(0.5, 0, 0.3))).toMatchObject({ status: 'rejected', reason: 'not_armed' })
    expect(sent).toHaveLength(0)
  })

  test('the controller is led through a second without control into its law', () => {
    expect(arm()).toEqual({ kind: 'done' })
    const types = plant.received.map(({ type }) => type)
    expect(types.indexOf(jointImpedance)).toBeGreaterThanOrEqual(18)
    expect(new Set(types.slice(0, types.indexOf(jointImpedance)))).toEqual(new Set([0]))
    expect(plant.exited).toBe('')
    expect(newestMode()).toBe('armed')
  })

  test('an arm that was moved by hand since deoxys last read it stays where it is', () => {
    run(100)
    plant.qRad = plant.qRad.map((q) => q + 0.04) // what is published still is the old pose
    const atMs = plant.nowMs
    expect(arm()).toEqual({ kind: 'done' })
    run(2000)
    expect(movedSince(atMs)).toBeLessThan(0.001)
  })

  test('an arm that was moved by hand between two sessions stays where it is, although deoxys interpolates from the last goal', () => {
    arm()
    execute(move(0.5, 0.1, 0.3))
    driver.clear(++lastId)
    run(3000)
    plant.restart()
    plant.qRad = plant.qRad.map((q) => q - 0.04)
    const atMs = plant.nowMs
    run(100)
    driver.arm(++lastId)
    expect(answerOf(lastId)).toEqual({ kind: 'done' })
    run(1000)
    expect(movedSince(atMs)).toBeLessThan(0.001)
  })

  test('stiffness begins at zero and rises smoothly', () => {
    arm()
    const kp = plant.received.filter(({ type }) => type === jointImpedance).map((command) => command.kp[0]!)
    expect(kp[0]).toBe(0)
    for (const [i, value] of kp.slice(1).entries()) expect(value - kp[i]!).toBeLessThanOrEqual(11)
    run(100)
    expect(plant.received.at(-1)!.kp).toEqual(options.kpNmPerRad)
  })

  test('every command carries what the controller reads without looking', () => {
    arm()
    execute(move(0.48, 0, 0.3))
    expect(plant.exited).toBe('')
    for (const bytes of sent) {
      const command = readCommand(bytes)
      expect(command).toMatchObject({ hasEstimator: true, termination: false, isDelta: false })
      expect(command.interpolator).not.toBe(0)
      if (command.type !== 0) expect([command.kp.length, command.kd.length]).toEqual([7, 7])
    }
  })

  test('another tool than that of the settings is refused', () => {
    use(new DeoxysPlant())
    const longer = createKinematics({ tool: { ...tool, flangeToTcpM: 0.2 }, jointMarginRad: 0.1 })
    driver = new DeoxysDriver(longer, options, (event) => events.push(event), 0n)
    expect(arm()).toMatchObject({ kind: 'failed', failure: { code: 'LINK_REFUSED', reason: 'tool_mismatch' } })
  })

  test('a tool that does not point down is refused', () => {
    plant.qRad[5]! += 0.7
    expect(arm()).toMatchObject({ kind: 'failed', failure: { code: 'LINK_REFUSED', reason: 'posture' } })
  })

  test('a robot in an error is not armed, and its name is told', () => {
    run(100)
    driver.arm(++lastId)
    run(1200)
    plant.errorNumbers = [7]
    plant.mode = 4
    expect(answerOf(lastId)).toMatchObject({
      kind: 'failed',
      failure: { code: 'LINK_REFUSED', reason: 'joint_reflex' },
    })
  })

  test('states that only repeat after control has begun end in LINK_STATE_STALE', () => {
    plant.frozen = true
    expect(arm()).toMatchObject({ kind: 'failed', failure: { code: 'LINK_STATE_STALE' } })
    run(500)
    expect(readCommand(sent.at(-1)!).type).toBe(0)
  })

  test('a stop while it is being armed ends the arming', () => {
    run(100)
    driver.arm(++lastId)
    run(1500)
    driver.stop('a test')
    expect(answerOf(lastId)).toMatchObject({ kind: 'failed', failure: { code: 'LINK_REFUSED', reason: 'latched' } })
    run(500)
    expect(readCommand(sent.at(-1)!).type).toBe(0)
  })
})

describe('plans', () => {
  beforeEach(() => {
    expect(arm()).toEqual({ kind: 'done' })
  })

  test('a plan leads the tool along straight lines to its targets', () => {
    const fromMs = plant.nowMs
    const execution = execute(move(0.5, 0.1, 0.3), move(0.5, 0.1, 0.2, 0.5))
    expect(execution).toMatchObject({ status: 'done', reason: 'none', detail: '', holding: false })
    expect(execution.segments).toHaveLength(2)
    for (const [i, value] of [0.5, 0.1, 0.2].entries()) expect(plant.toolM[i]).toBeCloseTo(value, 2)
    expect(Math.atan2(plant.T_base_tool[4]!, plant.T_base_tool[0]!)).toBeCloseTo(0.5, 2)
    const kinematics = createKinematics({ tool, jointMarginRad: 0.1 })
    const way = plant.joints.filter(({ atMs }) => atMs >= fromMs).map(({ qRad }) => kinematics.forward(qRad))
    // The first segment is level and leads from (0.45, 0) to (0.5, 0.1): y = 2 (x - 0.45).
    const first = way.filter((T) => T[11]! > 0.298)
    expect(Math.max(...first.map((T) => Math.abs(T[7]! - 2 * (T[3]! - 0.45))))).toBeLessThan(0.006)
  })

  test('the tool is never faster than the link allows, however fast the plan wants it', () => {
    const fromMs = plant.nowMs
    execute(move(0.5, 0.2, 0.3, 0, 1.5))
    const kinematics = createKinematics({ tool, jointMarginRad: 0.1 })
    const way = plant.joints.filter(({ atMs }) => atMs >= fromMs).map(({ qRad }) => kinematics.forward(qRad))
    const steps = way.slice(50).map((T, i) => Math.hypot(...[3, 7, 11].map((axis) => T[axis]! - way[i]![axis]!)) / 0.05)
    expect(Math.max(...steps)).toBeLessThan(options.speedMps * 1.1)
    expect(Math.max(...steps)).toBeGreaterThan(options.speedMps * 0.8)
  })

  test('joints with friction still bring the tool to its target', () => {
    plant.frictionRad = 0.02
    const execution = execute(move(0.5, 0.1, 0.25))
    expect(execution.status).toBe('done')
    expect(Math.hypot(plant.toolM[0] - 0.5, plant.toolM[1] - 0.1, plant.toolM[2] - 0.25)).toBeLessThan(0.004)
  })

  test('a tool that cannot get there ends the plan as a fault, and the arm is held', () => {
    plant.frictionRad = 0.2
    expect(execute(move(0.46, 0.02, 0.29))).toMatchObject({
      status: 'fault',
      reason: 'tracking_error',
      detail: expect.stringContaining('mm from its target'),
    })
    expect(execute(move(0.45, 0, 0.3))).toMatchObject({ status: 'rejected', reason: 'latched' })
    run(200)
    expect(plant.received.at(-1)!.type).toBe(jointImpedance)
  })

  test('a descent ends on contact and stops pushing', () => {
    plant.surfaceZM = 0.1
    const execution = execute(move(0.45, 0, 0.13), descend(0.45, 0, 0.05))
    expect(execution).toMatchObject({ status: 'done' })
    expect(execution.segments.map(({ contact }) => contact)).toEqual([false, true])
    expect(execution.segments[1]!.p_base_m[2]).toBeCloseTo(0.1, 2)
    run(500)
    const goal = createKinematics({ tool, jointMarginRad: 0.1 }).forward(plant.received.at(-1)!.goalRad)
    expect(goal[11]).toBeGreaterThan(0.097)
    expect(execute(move(0.45, 0, 0.2))).toMatchObject({ status: 'done' })
  })

  test('a descent that meets nothing ends at its target without contact', () => {
    expect(execute(move(0.45, 0, 0.15), descend(0.45, 0, 0.1)).segments[1]).toMatchObject({ contact: false })
  })

  test('what is met on a sideways move ends the plan as a fault and is not pushed any more', () => {
    plant.surfaceZM = 0.25
    const execution = execute(move(0.5, 0.05, 0.15))
    expect(execution).toMatchObject({ status: 'fault', reason: 'unexpected_contact' })
    run(500)
    const goal = createKinematics({ tool, jointMarginRad: 0.1 }).forward(plant.received.at(-1)!.goalRad)
    expect(goal[11]).toBeGreaterThan(0.245)
  })

  test('a constant error of the force estimate is no contact', () => {
    plant.forceOffsetN = 30
    run(1000)
    expect(execute(move(0.45, 0, 0.15), descend(0.45, 0, 0.1)).segments[1]).toMatchObject({ contact: false })
  })

  test('what is between the fingers counts as held, and is let go', () => {
    plant.objectWidthM = 0.03
    expect(execute(grasp)).toMatchObject({ status: 'done', holding: true })
    expect(execute(release)).toMatchObject({ status: 'done', holding: false })
  })

  test.each([
    [{ kind: 'grasp', widthM: 0.02 }, 'grasp.widthM'],
    [{ kind: 'grasp', forceN: 30 }, 'grasp.forceN'],
    [{ kind: 'release', widthM: 0.05 }, 'release.widthM'],
  ] as const)('%o is refused before anything moves: deoxys has its own widths and forces', (segment, detail) => {
    const atMs = plant.nowMs
    expect(execute(move(0.5, 0, 0.3), segment)).toMatchObject({ status: 'rejected', reason: 'unsupported', detail })
    expect(movedSince(atMs)).toBeLessThan(1e-6)
  })

  test('the state tells what the fingers do', () => {
    plant.objectWidthM = 0.03
    execute(grasp)
    run(100)
    expect(events.findLast(({ kind }) => kind === 'state')).toMatchObject({
      state: { endEffector: { kind: 'two_finger', holding: true, widthM: expect.closeTo(0.03, 3) }, reason: 'none' },
    })
  })

  test('fingers that closed on nothing hold nothing, although deoxys calls it a grasp', () => {
    plant.objectWidthM = 0
    expect(execute(grasp)).toMatchObject({ status: 'done', holding: false })
  })

  test('the gripper is asked to grasp and to move only: deoxys takes a stop for homing', () => {
    plant.objectWidthM = 0.03
    execute(grasp, move(0.46, 0, 0.3), release)
    expect(new Set(plant.gripperReceived.map(({ payload }) => payload))).toEqual(
      new Set(['FrankaGripperGraspMessage', 'FrankaGripperMoveMessage']),
    )
  })

  test('a plan that needs a gripper whose process publishes nothing is refused before anything moves', () => {
    plant.gripperStateStopped = true
    run(1000)
    const atMs = plant.nowMs
    expect(execute(move(0.5, 0, 0.3), grasp)).toMatchObject({
      status: 'rejected',
      reason: 'end_effector_lost',
    })
    expect(movedSince(atMs)).toBeLessThan(1e-6)
    expect(execute(move(0.46, 0, 0.3))).toMatchObject({ status: 'done' })
  })

  test.each([
    ['out of reach', move(0.95, 0, 0.3), 'unreachable'],
    ['with a coordinate that is not a number', move(Number.NaN, 0, 0.3), 'not_finite'],
    ['without speed', move(0.5, 0, 0.3, 0, 0), 'too_fast'],
  ])('a plan %s is refused as a whole', (_, bad, reason) => {
    const atMs = plant.nowMs
    expect(execute(move(0.5, 0, 0.3), bad)).toMatchObject({
      status: 'rejected',
      reason,
    })
    expect(movedSince(atMs)).toBeLessThan(1e-6)
  })

  test('goals are absolute: losing every third and sending every fourth twice leads to the same place', () => {
    const id = begin(move(0.5, 0.1, 0.25))
    const command = plant.command.bind(plant)
    let count = 0
    plant.command = (bytes) => {
      if (++count % 3 === 0) return
      command(bytes)
    }
    expect(answerOf(id)).toMatchObject({ execution: { status: 'done' } })
    expect(plant.toolM[0]).toBeCloseTo(0.5, 2)
  })

  test('commands come often enough that no look of the controller finds none', () => {
    const before = plant.received.length
    run(10_000)
    expect(plant.received.length - before).toBeGreaterThanOrEqual(199)
    expect(plant.exited).toBe('')
  })
})

describe('stops', () => {
  beforeEach(() => {
    arm()
  })

  test('a stop ends the motion on its line, gently, and is latched until a person clears it', () => {
    const id = begin(move(0.45, 0.3, 0.3))
    run(3000)
    driver.stop('a test')
    const atMs = plant.nowMs
    expect(answerOf(id)).toMatchObject({ execution: { status: 'stopped', reason: 'stop_requested', detail: 'a test' } })
    expect(plant.nowMs - atMs).toBeLessThanOrEqual(options.stopMs + 2 * tickMs)
    run(1000)
    const restMs = plant.nowMs
    expect(plant.toolM[1]).toBeLessThan(0.29)
    run(1000)
    expect(movedSince(restMs)).toBeLessThan(0.001)
    expect(newestMode()).toBe('stopped')
    expect(execute(move(0.45, 0, 0.3))).toMatchObject({ status: 'rejected', reason: 'latched' })
    driver.arm(++lastId)
    expect(answerOf(lastId)).toMatchObject({ failure: { code: 'LINK_REFUSED', reason: 'latched' } })
    driver.clear(++lastId)
    expect(answerOf(lastId)).toEqual({ kind: 'done' })
    expect(execute(move(0.45, 0, 0.3))).toMatchObject({ status: 'rejected', reason: 'not_armed' })
  })

  test('a main thread whose signs of life end in mid-plan has the arm stopped', () => {
    const id = begin(move(0.45, 0.3, 0.3))
    run(2000)
    mainLives = false
    expect(answerOf(id)).toMatchObject({ execution: { status: 'stopped', reason: 'watchdog' } })
    expect(plant.toolM[1]).toBeLessThan(0.2)
  })

  test('a stall of the sending thread itself moves nothing by leaps', () => {
    begin(move(0.45, 0.3, 0.3))
    run(2000)
    plant.step(400) // the controller holds the last goal meanwhile
    plant.armStates.length = 0
    nowMs += 400
    const beforeM = plant.toolM[1]
    run(tickMs)
    plant.step(100)
    expect(plant.toolM[1] - beforeM).toBeLessThan(0.015)
  })

  test('closing lets go of the arm with NO_CONTROL, and then nothing is sent', () => {
    driver.leave()
    run(2000)
    expect(events.at(-1)).toEqual({ kind: 'left' })
    expect(plant.received.at(-1)!.type).toBe(0)
    const count = sent.length
    run(1000)
    expect(sent).toHaveLength(count)
  })

  test('closing in mid-plan stops the motion first', () => {
    const id = begin(move(0.45, 0.3, 0.3))
    run(2000)
    driver.leave()
    expect(answerOf(id)).toMatchObject({
      execution: { status: 'stopped', reason: 'stop_requested', detail: 'the link was closed' },
    })
    run(2000)
    expect(events.at(-1)).toEqual({ kind: 'left' })
  })
})

describe('a peer that is not what it was', () => {
  beforeEach(() => {
    arm()
  })

  /** Nothing but NO_CONTROL, for as long as somebody looks. */
  function expectNoMoreControl(): void {
    sent.length = 0
    run(3000)
    expect(new Set(sent.map((bytes) => readCommand(bytes).type))).toEqual(new Set([0]))
    expect(execute(move(0.45, 0, 0.3))).toMatchObject({ status: 'rejected', reason: 'latched' })
  }

  test('states that only repeat in mid-plan end it with LINK_STATE_STALE, although their counter advances', () => {
    const id = begin(move(0.45, 0.3, 0.3))
    run(1000)
    plant.frozen = true
    expect(answerOf(id)).toMatchObject({ failure: { code: 'LINK_STATE_STALE', reason: 'state_stale' } })
    expectNoMoreControl()
  })

  test('a controller that publishes no state ends the plan with LINK_PEER_LOST', () => {
    const id = begin(move(0.45, 0.3, 0.3))
    run(1000)
    plant.publishesNoState = true
    expect(answerOf(id)).toMatchObject({ failure: { code: 'LINK_PEER_LOST', reason: 'state_timeout' } })
    expectNoMoreControl()
  })

  test('a controller that is lost while nothing runs is noticed, and not asked to move when it is back', () => {
    plant.exited = 'killed'
    run(1000)
    expect(lossOf()).toBe('LINK_PEER_LOST')
    plant.restart()
    const atMs = plant.nowMs
    expectNoMoreControl()
    expect(movedSince(atMs)).toBe(0)
  })

  test('a controller that was restarted within a moment is noticed by its counter', () => {
    run(200)
    plant.restart()
    run(100)
    expect(lossOf()).toBe('LINK_PEER_LOST')
    expectNoMoreControl()
  })

  test('a reflex ends the plan as a fault with its name, and the recovered controller is not asked to move', () => {
    const id = begin(move(0.45, 0.3, 0.3))
    run(1000)
    plant.errorNumbers = [8, 31]
    plant.mode = 4
    expect(answerOf(id)).toMatchObject({
      execution: { status: 'fault', reason: 'cartesian_reflex', detail: 'also start_elbow_sign_inconsistent' },
    })
    plant.exited = 'libfranka: cartesian_reflex'
    run(1000)
    plant.restart() // deoxys' script does that, and recovers the robot by itself
    const atMs = plant.nowMs
    expectNoMoreControl()
    expect(movedSince(atMs)).toBe(0)
    expect(newestMode()).toBe('fault')
  })

  test('a pressed stop button is a fault', () => {
    plant.mode = 5
    run(100)
    expect(newestMode()).toBe('fault')
    expect(events.findLast(({ kind }) => kind === 'state')).toMatchObject({
      state: { reason: 'user_stop', detail: '' },
    })
    expect(execute(move(0.5, 0, 0.3))).toMatchObject({ status: 'rejected', reason: 'latched' })
  })

  test('an arm that does not follow is a fault', () => {
    plant.qRad[0]! += 0.5
    run(100)
    expect(newestMode()).toBe('fault')
  })

  test.each([
    ['bytes that are no protobuf', new Uint8Array([255, 255, 255, 255])],
    ['a message of the gripper', new Uint8Array([9, 0, 0, 0, 0, 0, 0, 160, 63])],
    ['nothing', new Uint8Array()],
  ])('%s on the state port end it with LINK_PROTOCOL', (_, bytes) => {
    plant.wrongStream = bytes
    run(100)
    expect(lossOf()).toBe('LINK_PROTOCOL')
    expectNoMoreControl()
  })
})
