// Fault matrix, second part: what lies between the runtime and the controller. A real controller process.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { Dealer, Subscriber } from 'zeromq'
import { encodeRequest, planMessage } from '../../src/io/link/codec.js'
import { EventKind, Reason } from '../../src/io/link/gen/link_pb.js'
import { linkKeys } from '../../src/io/link/keys.js'
import { curveOptions, ZmqTransport } from '../../src/io/link/zmq-transport.js'
import { raiseThreadPriority } from '../../src/runtime/thread-priority.js'
import { outcome } from '../fixtures/fault-outcomes.js'
import { FaultRig, freeze, reported, shortWatchdogS, sideways } from '../fixtures/fault-rig.js'
import { moveTo, plan, RawLink, startController } from '../fixtures/link-peers.js'

let rig: FaultRig
beforeAll(raiseThreadPriority)
beforeEach(async () => {
  rig = await FaultRig.start()
})
afterEach(() => rig.close())

const group = 'the link'

/** The rig again, with other time-outs: of the watchdog, or of the link. */
async function restart(options: Parameters<typeof FaultRig.start>[0]): Promise<void> {
  await rig.close()
  rig = await FaultRig.start(options)
}

const startsIn = (of: FaultRig) => of.transport.events.filter(({ kind }) => kind === EventKind.EVENT_STARTED).length

test('a plan that is lost on its way never runs, and the runtime says that nobody answered', async () => {
  await restart({ link: { answerTimeoutMs: 1000 } })
  await rig.link.arm()
  rig.transport.tamper = (request, { body }) => (body.case === 'plan' ? [] : [request])
  rig.fault()
  const running = rig.link.execute(sideways)
  await expect(running).rejects.toMatchObject({ code: 'LINK_PEER_LOST' })
  const motion = rig.motion()
  expect(motion.distanceM).toBe(0)
  outcome({ group, fault: 'a command is lost', motion, arm: rig.modes, runtime: await reported(running) })
})

test('a plan that arrives twice runs once', async () => {
  await rig.link.arm()
  rig.transport.tamper = (request, { body }) => (body.case === 'plan' ? [request, request] : [request])
  rig.fault()
  const running = rig.link.execute(sideways)
  expect(await running).toMatchObject({ status: 'done' })
  expect(startsIn(rig)).toBe(1)
  outcome({
    group,
    fault: 'a command is duplicated',
    motion: rig.motion(),
    arm: `${rig.modes} (once)`,
    runtime: await reported(running),
  })
})

test('of two plans that overtake each other only the newer one runs', async () => {
  const session = new RawLink(new ZmqTransport(rig.controller.address))
  await session.send(session.encode({ case: 'acquire', value: { id: 1n } }))
  await session.event(({ commandId, kind }) => commandId === 1n && kind === EventKind.EVENT_ACCEPTED)
  const older = session.encode({ case: 'plan', value: planMessage(sideways, 2n, 5) })
  const newer = session.encode({ case: 'plan', value: planMessage(plan(moveTo(0.45, 0.01, 0.3)), 3n, 5) })
  rig.fault()
  await session.send(newer)
  await session.send(older)
  expect(await session.error()).toBe('sequence')
  // Nobody sends heartbeats here, so the short move arrives or is stopped; the long one must not begin.
  await rig.untilMode('armed', 'stopped', 'disarmed')
  const motion = rig.motion()
  expect(rig.link.state!.p_base_tool_m[1]).toBeLessThan(0.02)
  await session.transport.close()
  outcome({
    group,
    fault: 'commands are reordered',
    motion,
    arm: 'ran the newer command only',
    runtime: 'the older one: refused, sequence',
  })
})

test('heartbeats that are held up for longer than the watchdog stop the arm', async () => {
  await restart({ watchdogS: shortWatchdogS })
  const { running } = await rig.moving()
  rig.fault()
  rig.transport.tamper = (request) => {
    rig.transport.sendLater(request, 3000 * shortWatchdogS)
    return []
  }
  expect(await running).toMatchObject({ status: 'stopped', reason: 'watchdog' })
  rig.transport.tamper = (request) => [request]
  await rig.transport.sentAll() // what was held up arrives, and revives nothing
  await rig.expectLatched()
  outcome({
    group,
    fault: 'messages are delayed by longer than the watchdog',
    motion: rig.motion(),
    arm: rig.modes,
    runtime: await reported(running),
  })
})

test('a plan that waited longer than it is valid never runs', async () => {
  const session = new RawLink(new ZmqTransport(rig.controller.address))
  await session.send(session.encode({ case: 'acquire', value: { id: 1n } }))
  await session.event(({ commandId, kind }) => commandId === 1n && kind === EventKind.EVENT_ACCEPTED)
  rig.fault()
  await freeze(rig.controller)
  await session.send(session.encode({ case: 'plan', value: planMessage(sideways, 2n, 0.4) }))
  await sleep(600)
  rig.controller.process.kill('SIGCONT')
  const answer = await session.event(({ commandId, kind }) => commandId === 2n && kind !== EventKind.EVENT_MODE)
  expect(answer).toMatchObject({ kind: EventKind.EVENT_REJECTED, reason: Reason.EXPIRED })
  await session.transport.close()
  const motion = rig.motion()
  expect(motion.distanceM).toBe(0)
  outcome({ group, fault: 'a command is older than it is valid', motion, arm: 'at rest', runtime: 'rejected: expired' })
})

test('a command connection that is half open: the arm stops, and the runtime says that it lost the controller', async () => {
  let halfOpen = () => {}
  const open: Socket[] = []
  const half = await FaultRig.start({
    watchdogS: shortWatchdogS,
    link: { answerTimeoutMs: 1000 },
    address: async ({ address }) => {
      const proxy = createServer((near) => {
        const far = connect(Number(new URL(address).port), '127.0.0.1')
        near.pipe(far)
        far.pipe(near)
        open.push(near, far)
        for (const end of [near, far]) end.on('error', () => {})
        halfOpen = () => {
          for (const end of open) end.unpipe().pause() // both ends stay open, nothing passes
          proxy.close()
        }
      })
      proxy.listen(0, '127.0.0.1')
      await once(proxy, 'listening')
      return `tcp://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    },
  })
  try {
    const { running } = await half.moving()
    half.fault()
    halfOpen()
    // The event stream has a connection of its own.
    expect(await running).toMatchObject({ status: 'stopped', reason: 'watchdog' })
    await half.untilMode('stopped')
    const lost = half.link.clear().then(
      () => 'cleared',
      ({ code }) => code as string,
    )
    expect(await lost).toBe('LINK_PEER_LOST')
    outcome({
      group,
      fault: 'TCP of the commands is half open: connected, but nothing passes',
      motion: half.motion(),
      arm: 'moving, stopping, stopped',
      runtime: `${await reported(running)}; to the next command: ${await lost}`,
    })
  } finally {
    for (const end of open) end.destroy()
    await half.close()
  }
})

test('a subscriber that never reads holds up nobody', async () => {
  const slow = new Subscriber({ receiveHighWaterMark: 1, linger: 0 })
  slow.subscribe()
  slow.connect(`tcp://127.0.0.1:${rig.controller.ports.state}`)
  slow.connect(`tcp://127.0.0.1:${rig.controller.ports.event}`)
  await rig.link.arm()
  rig.fault()
  const running = rig.link.execute(sideways)
  expect(await running).toMatchObject({ status: 'done' })
  slow.close()
  outcome({
    group,
    fault: 'a subscriber that never reads',
    motion: rig.motion(),
    arm: rig.modes,
    runtime: await reported(running),
  })
})

test('garbage, messages too large and of the wrong length change nothing for a moving arm', async () => {
  const { running } = await rig.moving()
  rig.fault()
  const dealer = new Dealer({ linger: 100, sendTimeout: 200, ...curveOptions(linkKeys()) })
  dealer.connect(rig.controller.address)
  const good = encodeRequest(
    { session: 9n, sequence: 1n, senderNs: 0n },
    { case: 'plan', value: planMessage(sideways, 9n, 5) },
  )
  const frames = [
    Buffer.from('nonsense'),
    Buffer.alloc(0),
    good.subarray(0, good.length - 3),
    Buffer.alloc(100_000, 1),
    Buffer.alloc(3_000_000, 1),
  ]
  for (const frame of frames) await dealer.send(frame).catch(() => {})
  const raw = connect(Number(new URL(rig.controller.address).port), '127.0.0.1')
  raw.on('error', () => {})
  raw.write(Buffer.alloc(1000, 0xa5))
  expect(await running).toMatchObject({ status: 'done' })
  dealer.close()
  raw.destroy()
  outcome({
    group,
    fault: 'malformed, oversized and cut-off messages',
    motion: rig.motion(),
    arm: rig.modes,
    runtime: await reported(running),
  })
})

test.each([
  ['NaN in a target', plan(moveTo(0.45, Number.NaN, 0.3)), 'not_finite'],
  ['a target outside the workspace', plan(moveTo(0.45, 0.9, 0.3)), 'outside_workspace'],
  ['a target out of reach, where the arm would be stretched', plan(moveTo(0.78, 0.55, 0.6)), 'unreachable'],
  ['a speed above the limit', plan(moveTo(0.45, 0.3, 0.3, 5)), 'too_fast'],
])('%s is refused before anything moves', async (fault, bad, reason) => {
  await rig.link.arm()
  rig.fault()
  const running = rig.link.execute(bad)
  expect(await running).toMatchObject({ status: 'rejected', reason })
  const motion = rig.motion()
  expect(motion.distanceM).toBe(0)
  outcome({ group, fault, motion, arm: rig.modes, runtime: await reported(running) })
})

test('a state that stands still while its messages go on is a lost controller', async () => {
  await restart({ link: { stateTimeoutMs: 500 } })
  const { running } = await rig.moving()
  rig.fault()
  rig.transport.frozen = true
  await expect(running).rejects.toMatchObject({ code: 'LINK_PEER_LOST' })
  outcome({
    group,
    fault: 'the state is frozen while its messages go on',
    motion: rig.motion(),
    arm: 'moved on: the heartbeats reach it',
    runtime: await reported(running),
  })
})

test("a sender's clock that is an hour off changes nothing", async () => {
  const session = new RawLink(new ZmqTransport(rig.controller.address))
  const senderNs = process.hrtime.bigint() + 3_600_000_000_000n
  await session.send(session.encode({ case: 'acquire', value: { id: 1n } }, { senderNs }))
  await session.event(({ commandId, kind }) => commandId === 1n && kind === EventKind.EVENT_ACCEPTED)
  rig.fault()
  let counter = 0n
  const beats = setInterval(() => {
    const value = { counter: ++counter }
    void session.send(session.encode({ case: 'heartbeat', value }, { senderNs: counter % 2n === 0n ? senderNs : 0n }))
  }, 20)
  await session.send(session.encode({ case: 'plan', value: planMessage(sideways, 2n, 0.5) }, { senderNs: 1n }))
  const end = await session.event(
    ({ commandId, kind }) => commandId === 2n && (kind === EventKind.EVENT_DONE || kind === EventKind.EVENT_ENDED),
  )
  clearInterval(beats)
  await session.transport.close()
  expect(end.kind).toBe(EventKind.EVENT_DONE)
  const motion = rig.motion()
  outcome({ group, fault: "the sender's clock jumps by an hour", motion, arm: 'moved and arrived', runtime: 'done' })
})

test('a port that is taken is an error of the second controller, and the first one moves on', async () => {
  const { running } = await rig.moving()
  rig.fault()
  const complaint = await startController(rig.controller.address).catch(({ message }) => message as string)
  expect(complaint).toMatch(/Could not bind .*already in use/)
  expect(await running).toMatchObject({ status: 'done' })
  const runtime = `${await reported(running)}; the second controller: Address already in use`
  outcome({ group, fault: 'the port is taken', motion: rig.motion(), arm: rig.modes, runtime })
})
