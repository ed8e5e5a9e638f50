// Fault matrix, first part: the runtime stalls, dies, or is fought over. A real controller process, a moving arm.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { LinkClient } from '../../src/io/link/client.js'
import { planMessage } from '../../src/io/link/codec.js'
import { EventKind } from '../../src/io/link/gen/link_pb.js'
import { ZmqTransport } from '../../src/io/link/zmq-transport.js'
import { raiseThreadPriority } from '../../src/runtime/thread-priority.js'
import { outcome } from '../fixtures/fault-outcomes.js'
import { block, FaultRig, reported, shortWatchdogS, sideways, unhurriedMps } from '../fixtures/fault-rig.js'
import { patient, RawLink } from '../fixtures/link-peers.js'

let rig: FaultRig
beforeAll(raiseThreadPriority)
beforeEach(async () => {
  rig = await FaultRig.start()
})
afterEach(() => rig.close())

const group = 'the runtime'

/** Another process as the runtime; `rig.link` only looks on. */
async function movingChild(speedMps = 0.25) {
  const script = fileURLToPath(new URL('../fixtures/runtime-child.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, rig.controller.address, JSON.stringify(patient), `${speedMps}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe('moving')
  return {
    child,
    exited,
    async result(): Promise<{ status: string; reason: string }> {
      return JSON.parse((await lines.next()).value as string)
    },
  }
}

/** With a controller that notices silence soon. */
async function watchful(): Promise<void> {
  await rig.close()
  rig = await FaultRig.start({ watchdogS: shortWatchdogS })
}

describe('a frozen runtime', () => {
  test('for 50 ms: the arm goes on and arrives', async () => {
    const { child, result, exited } = await movingChild()
    rig.fault()
    child.kill('SIGSTOP')
    await sleep(50)
    child.kill('SIGCONT')
    expect(await result()).toMatchObject({ status: 'done' })
    await exited
    outcome({ group, fault: 'SIGSTOP for 50 ms', motion: rig.motion(), arm: 'moved on and arrived', runtime: 'done' })
  })

  test.each([
    ['the watchdog', () => rig.link.state?.mode === 'stopped'],
    ['its lease', () => rig.link.state?.mode === 'stopped' && rig.link.lease === 'free'],
  ])('for longer than %s: the arm stops by itself and stays stopped', async (what, isOver) => {
    await watchful()
    const { child, result, exited } = await movingChild(unhurriedMps)
    rig.fault()
    child.kill('SIGSTOP')
    await expect.poll(isOver, { interval: 5, timeout: 50_000 }).toBe(true)
    child.kill('SIGCONT')
    const ended = await result()
    await exited
    await rig.untilMode('stopped')
    expect(ended).toMatchObject({ status: 'stopped', reason: 'watchdog' })
    await rig.expectLatched()
    const runtime = `${ended.status}: ${ended.reason}`
    outcome({ group, fault: `SIGSTOP for longer than ${what}`, motion: rig.motion(), arm: 'stopped, latched', runtime })
  })

  test('in its own event loop: the arm stops by itself and stays stopped', async () => {
    await watchful()
    const { running } = await rig.moving()
    rig.fault()
    block(3000 * shortWatchdogS)
    expect(await running).toMatchObject({ status: 'stopped', reason: 'watchdog' })
    await rig.untilMode('stopped')
    await rig.expectLatched()
    outcome({
      group,
      fault: "the cycle's thread blocked for longer than the watchdog",
      motion: rig.motion(),
      arm: rig.modes,
      runtime: await reported(running),
    })
  })
})

test('a runtime that is killed: the arm stops, and nobody inherits its lease without clearing', async () => {
  await watchful()
  const { child, exited } = await movingChild(unhurriedMps)
  rig.fault()
  child.kill('SIGKILL')
  await exited
  await rig.untilMode('stopped')
  await rig.expectLatched()
  const motion = rig.motion()
  await rig.link.clear()
  await rig.untilMode('disarmed')
  await rig.link.arm()
  outcome({ group, fault: 'SIGKILL', motion, arm: 'stopped, latched until cleared', runtime: 'gone' })
})

test('a second runtime gets neither lease nor motion, and the first one does not notice', async () => {
  const { running } = await rig.moving()
  rig.fault()
  const second = await LinkClient.connect(new ZmqTransport(rig.controller.address), patient)
  const refused = await second.arm().catch(({ code, reason }) => `${code}: ${reason}`)
  expect(refused).toBe('LINK_REFUSED: lease_taken')
  expect(await second.execute(sideways)).toMatchObject({ status: 'rejected', reason: 'no_lease' })
  expect(await running).toMatchObject({ status: 'done' })
  await second.close()
  const runtime = `${await reported(running)}; the second: ${refused}`
  outcome({ group, fault: 'two clients fight for the lease', motion: rig.motion(), arm: rig.modes, runtime })
})

test('an old session that is played again moves nothing', async () => {
  const recorded = new RawLink(new ZmqTransport(rig.controller.address))
  const acquire = recorded.encode({ case: 'acquire', value: { id: 1n } })
  const move = recorded.encode({ case: 'plan', value: planMessage(sideways, 2n, 5) })
  const release = recorded.encode({ case: 'release', value: { id: 3n } })
  await recorded.send(acquire)
  await recorded.event(({ commandId, kind }) => commandId === 1n && kind === EventKind.EVENT_ACCEPTED)
  await recorded.send(release)
  await recorded.event(({ commandId, kind }) => commandId === 3n && kind === EventKind.EVENT_ACCEPTED)
  await recorded.transport.close()
  rig.fault()
  const replayed = new RawLink(new ZmqTransport(rig.controller.address), recorded.session)
  for (const bytes of [acquire, move, release]) {
    await replayed.send(bytes)
    expect(await replayed.error()).toBe('sequence')
  }
  await replayed.transport.close()
  await rig.untilMode('disarmed')
  const motion = rig.motion()
  expect(motion.distanceM).toBe(0)
  outcome({ group, fault: 'an old session is played again', motion, arm: rig.modes, runtime: 'refused: sequence' })
})

test('a stop from a bystander is latched, and when it is released nothing moves by itself', async () => {
  const { running } = await rig.moving()
  rig.fault()
  const bystander = await LinkClient.connect(new ZmqTransport(rig.controller.address), patient)
  await bystander.stop('a hand in the cell')
  expect(await running).toMatchObject({ status: 'stopped', reason: 'stop_requested', detail: 'a hand in the cell' })
  await rig.expectLatched()
  await bystander.close()
  await rig.untilMode('stopped')
  const motion = rig.motion()
  await rig.link.clear()
  rig.fault()
  expect(await rig.link.execute(sideways)).toMatchObject({ status: 'rejected', reason: 'not_armed' })
  expect(rig.motion().distanceM).toBe(0)
  outcome({
    group,
    fault: 'stop pressed by a bystander, then released',
    motion,
    arm: 'stopped; after the release disarmed, at rest',
    runtime: `${await reported(running)}; afterwards: not_armed`,
  })
})
