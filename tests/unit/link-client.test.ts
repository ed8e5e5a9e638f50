// The client on a clock and a transport that only the test moves.

import { create } from '@bufbuild/protobuf'
import { fc, test as propertyTest } from '@fast-check/vitest'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Execution } from '../../src/control/types.js'
import { LinkClient } from '../../src/io/link/client.js'
import { ClockOffset } from '../../src/io/link/clock-offset.js'
import { EventLoopTime } from '../../src/io/link/event-loop-time.js'
import { EndEffectorStateSchema, EventKind, Reason } from '../../src/io/link/gen/link_pb.js'
import { linkDefaults } from '../../src/io/link/options.js'
import { moveTo, plan } from '../fixtures/link-peers.js'
import { ScriptedPeer, SteppedTime, settle } from '../fixtures/scripted-peer.js'

let peer: ScriptedPeer
let time: SteppedTime

beforeEach(() => {
  peer = new ScriptedPeer()
  time = new SteppedTime()
})

async function connected(): Promise<LinkClient> {
  const link = LinkClient.connect(peer, {}, time.timing)
  await settle()
  peer.state(1n)
  return link
}

/** A plan that the controller has begun; how it ends is in `outcome.result` or `outcome.error`. */
async function running() {
  const link = await connected()
  await link.arm()
  const outcome: { result?: Execution; error?: unknown } = {}
  link.execute(plan(moveTo(0.5, 0, 0.3))).then(
    (result) => {
      outcome.result = result
    },
    (error) => {
      outcome.error = error
    },
  )
  await settle()
  const id = peer.last('plan')!.value.id
  peer.event({ kind: EventKind.EVENT_ACCEPTED }, id)
  peer.event({ kind: EventKind.EVENT_STARTED }, id)
  let stampNs = 2n
  return { link, outcome, id, alive: () => peer.state(++stampNs, id), idle: () => peer.state(++stampNs) }
}

test('hello is repeated until it is answered, and the ports that Welcome names are connected', async () => {
  peer.muteHello = true
  const connecting = LinkClient.connect(peer, {}, time.timing)
  await time.pass(200)
  expect(peer.count('hello')).toBeGreaterThan(5)
  peer.muteHello = false
  await time.pass(20)
  peer.state(1n)
  expect((await connecting).backend).toBe('scripted')
  expect(peer.ports).toEqual({ state: 2, event: 3, stop: 4 })
})

test('a peer that never answers is absent after the configured time', async () => {
  peer.muteHello = true
  const connecting = LinkClient.connect(peer, {}, time.timing)
  const outcome = expect(connecting).rejects.toMatchObject({ code: 'LINK_ABSENT', retryable: true })
  await time.pass(linkDefaults.connectTimeoutMs)
  await outcome
})

test('a peer that answers but sends no state is absent, and the port is named', async () => {
  const connecting = LinkClient.connect(peer, {}, time.timing)
  const outcome = expect(connecting).rejects.toThrow('sent no state from port 2')
  await time.pass(linkDefaults.connectTimeoutMs + 20)
  await outcome
})

test('another version of the protocol is no absent peer', async () => {
  peer.version = 3
  await expect(LinkClient.connect(peer, {}, time.timing)).rejects.toMatchObject({ code: 'LINK_PROTOCOL' })
})

test('an answer that is no message is an error of the protocol', async () => {
  peer.muteHello = true
  const connecting = LinkClient.connect(peer, {}, time.timing)
  await settle()
  peer.garbage()
  await expect(connecting).rejects.toMatchObject({ code: 'LINK_PROTOCOL' })
})

test('heartbeats begin with the lease, one a tick, each with a new counter', async () => {
  const link = await connected()
  await time.pass(200)
  expect(peer.count('heartbeat')).toBe(0)
  await link.arm()
  await time.pass(200)
  const counters = peer.requests.flatMap(({ body }) => (body.case === 'heartbeat' ? [body.value.counter] : []))
  expect(counters).toEqual(Array.from({ length: 10 }, (_, i) => BigInt(i + 1)))
})

test('no heartbeat is made up for a time in which the event loop stood still', async () => {
  const link = await connected()
  await link.arm()
  await time.block(1000)
  expect(peer.count('heartbeat')).toBe(1)
})

test('sequences increase within a session', async () => {
  const { alive } = await running()
  await time.pass(100, alive)
  const sequences = peer.requests.filter(({ body }) => body.case !== 'stop').map(({ header }) => header!.sequence)
  const sessions = new Set(peer.requests.map(({ header }) => header!.session))
  expect(sessions.size).toBe(2) // that of connect, and that of arm
  const ofArm = sequences.slice(sequences.lastIndexOf(1n))
  expect(ofArm).toEqual(ofArm.map((_, i) => BigInt(i + 1)))
})

test('what the controller is and does beyond plain segments is known from its welcome; what is newer is left out', async () => {
  const link = await connected()
  expect(link.endEffector).toBe('two_finger')
  expect(link.features).toEqual(['contact_speed', 'grasp_width'])
})

test('no state for the configured time while a plan runs is a lost peer', async () => {
  const { outcome, alive } = await running()
  await time.pass(300, alive)
  await time.pass(linkDefaults.stateTimeoutMs - linkDefaults.tickMs)
  expect(outcome).toEqual({})
  await time.pass(2 * linkDefaults.tickMs)
  expect(outcome.error).toMatchObject({ code: 'LINK_PEER_LOST' })
  const beats = peer.count('heartbeat')
  await time.pass(200)
  expect(peer.count('heartbeat')).toBe(beats) // who is lost is not kept armed
})

test('states that repeat the same stamp count as none', async () => {
  const { outcome, id } = await running()
  await time.pass(linkDefaults.stateTimeoutMs + 60, () => peer.state(2n, id))
  expect(outcome.error).toMatchObject({ code: 'LINK_PEER_LOST' })
})

describe('a simulated cell', () => {
  beforeEach(() => {
    peer.welcome.backend = 'cell'
  })

  test('whose time stands still is waited for: its machine is busy, and its sockets still speak', async () => {
    const { outcome, id } = await running()
    await time.pass(10 * linkDefaults.stateTimeoutMs, () => peer.state(2n, id))
    expect(outcome).toEqual({})
  })

  test('whose sockets say nothing any more is a lost peer', async () => {
    const { outcome, alive } = await running()
    await time.pass(300, alive)
    await time.pass(linkDefaults.absentTimeoutMs + 2 * linkDefaults.tickMs)
    expect(outcome.error).toMatchObject({ code: 'LINK_PEER_LOST', hint: expect.stringContaining('simulated cell') })
  })

  test('whose time never goes on is a lost peer in the end', async () => {
    const { outcome, id } = await running()
    await time.pass(linkDefaults.simulatedTimeoutMs + 60, () => peer.state(2n, id))
    expect(outcome.error).toMatchObject({ code: 'LINK_PEER_LOST', hint: expect.stringContaining('too busy') })
  })
})

test('a time in which our own event loop stood still is not held against the peer', async () => {
  const { outcome, alive } = await running()
  for (let i = 0; i < 5; i++) {
    await time.block(2000)
    alive()
  }
  expect(outcome).toEqual({})
})

test('an end that was lost on the way is asked for again', async () => {
  const { outcome, id, idle } = await running()
  await time.pass(linkDefaults.answerTimeoutMs + 40, idle)
  expect(peer.count('replay')).toBe(1)
  expect(outcome).toEqual({})
  peer.event({ kind: EventKind.EVENT_SEGMENT, contact: true }, id)
  peer.event({ kind: EventKind.EVENT_DONE, endEffector: create(EndEffectorStateSchema, { holding: true }) }, id)
  await settle()
  expect(outcome.result).toMatchObject({ status: 'done', holding: true, segments: [{ contact: true }] })
})

test('an end that is not known to the controller either is a lost peer', async () => {
  const { outcome, idle } = await running()
  await time.pass(2 * linkDefaults.answerTimeoutMs + 100, idle)
  expect(outcome.error).toMatchObject({
    code: 'LINK_PEER_LOST',
    message: expect.stringContaining('never said how it ended'),
  })
})

test('another instance at the same address is a lost peer', async () => {
  const { outcome } = await running()
  peer.state(99n, 0n, 78n)
  await settle()
  expect(outcome.error).toMatchObject({ code: 'LINK_PEER_LOST', message: expect.stringContaining('replaced') })
})

test('events that come twice count once', async () => {
  const { outcome, id } = await running()
  const twice = { kind: EventKind.EVENT_SEGMENT, sequence: 50n, segment: 0 }
  peer.event(twice, id)
  peer.event(twice, id)
  peer.event({ kind: EventKind.EVENT_DONE, sequence: 51n }, id)
  await settle()
  expect(outcome.result?.segments).toHaveLength(1)
})

test.each([
  ['stop_requested', Reason.STOP_REQUESTED, 'stopped'],
  ['watchdog', Reason.WATCHDOG, 'stopped'],
  ['unexpected_contact', Reason.UNEXPECTED_CONTACT, 'fault'],
  ['tracking_error', Reason.TRACKING_ERROR, 'fault'],
] as const)('a plan that ended by %s (%i) has the status %s', async (reason, number, status) => {
  const { outcome, id } = await running()
  peer.event({ kind: EventKind.EVENT_ENDED, reason: number, detail: 'words' }, id)
  await settle()
  expect(outcome.result).toMatchObject({ status, reason, detail: 'words' })
})

test('a plan that asks for more than the controller carries out is refused with the field', async () => {
  const { outcome, id } = await running()
  peer.event({ kind: EventKind.EVENT_REJECTED, reason: Reason.UNSUPPORTED, detail: 'segments[0].push' }, id)
  await settle()
  expect(outcome.result).toMatchObject({ status: 'rejected', reason: 'unsupported', detail: 'segments[0].push' })
  expect(outcome.result?.error).toMatchObject({ code: 'LINK_REFUSED', reason: 'unsupported' })
})

test('the result of a plan comes once the state tells of its end too', async () => {
  const { link, outcome, id } = await running()
  peer.event({ kind: EventKind.EVENT_DONE, stampNs: 50n }, id)
  peer.state(49n, id)
  await settle()
  expect(outcome).toEqual({})
  peer.state(50n)
  await settle()
  expect(outcome.result).toMatchObject({ status: 'done' })
  expect(link.state?.mode).toBe('armed')
})

test('the result of a plan is not held back by states that no longer come', async () => {
  const { outcome, id } = await running()
  peer.event({ kind: EventKind.EVENT_DONE, stampNs: 50n }, id)
  await settle()
  await time.pass(linkDefaults.stateTimeoutMs)
  expect(outcome.result).toMatchObject({ status: 'done' })
})

test('a stop is repeated until it is acknowledged', async () => {
  const link = await connected()
  const stopping = link.stop('a test')
  await time.pass(350)
  expect(peer.count('stop')).toBe(4)
  peer.event({ kind: EventKind.EVENT_ACCEPTED }, peer.last('stop')!.value.id)
  await stopping
  await time.pass(500)
  expect(peer.count('stop')).toBe(4)
})

test('a plan whose signal is aborted already is not sent, and nothing is stopped', async () => {
  const link = await connected()
  await link.arm()
  expect(await link.execute(plan(moveTo(0.5, 0, 0.3)), AbortSignal.abort())).toMatchObject({ status: 'stopped' })
  expect(peer.count('plan') + peer.count('stop')).toBe(0)
})

propertyTest.prop([
  fc.array(fc.record({ outMs: fc.integer({ min: 0, max: 50 }), backMs: fc.integer({ min: 0, max: 50 }) }), {
    minLength: 1,
    maxLength: 40,
  }),
  fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
])('the offset of the clocks is off by its own error at most, however long the ways are', (ways, trueOffsetNs) => {
  const offset = new ClockOffset()
  let nowNs = 0n
  for (const { outMs, backMs } of ways) {
    const sentNs = nowNs
    const arrivedNs = sentNs + BigInt(outMs) * 1_000_000n
    nowNs = arrivedNs + BigInt(backMs) * 1_000_000n
    offset.add(sentNs, arrivedNs + trueOffsetNs, nowNs)
  }
  const { offsetNs, errorNs } = offset.best!
  const difference = offsetNs - trueOffsetNs
  expect(difference < 0n ? -difference : difference).toBeLessThanOrEqual(errorNs)
})

propertyTest.prop([fc.array(fc.integer({ min: -100, max: 10_000 }))])(
  'waking time never goes back, and no gap counts for more than two ticks',
  (gapsMs) => {
    const loopTime = new EventLoopTime(20, 0n)
    let nowMs = 0
    for (const gapMs of gapsMs) {
      nowMs += gapMs
      const before = loopTime.ms
      loopTime.tick(BigInt(nowMs) * 1_000_000n)
      expect(loopTime.ms).toBeGreaterThanOrEqual(before)
      expect(loopTime.ms - before).toBeLessThanOrEqual(40)
    }
  },
)
