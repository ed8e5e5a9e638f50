// What may go wrong between the runtime and a real controller process.

import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { Dealer } from 'zeromq'
import { exitCodeOf } from '../../src/control/errors.js'
import { LinkClient } from '../../src/io/link/client.js'
import { planMessage } from '../../src/io/link/codec.js'
import { EventKind } from '../../src/io/link/gen/link_pb.js'
import { linkKeys } from '../../src/io/link/keys.js'
import type { LinkError } from '../../src/io/link/link-error.js'
import type { LinkOptions } from '../../src/io/link/options.js'
import { curveOptions, ZmqTransport } from '../../src/io/link/zmq-transport.js'
import { block, shortWatchdogS } from '../fixtures/fault-rig.js'
import {
  type ControllerProcess,
  moveTo,
  patient,
  plan,
  RawLink,
  slowMove,
  startController,
  startTolerantController,
  tolerant,
} from '../fixtures/link-peers.js'

let controller: ControllerProcess
let link: LinkClient

beforeEach(async () => {
  controller = await startTolerantController()
  link = await LinkClient.connect(new ZmqTransport(controller.address), patient)
})

/** Another controller, or another link to it: with time-outs that are under test. */
async function restart(watchdogS?: number, options: Partial<LinkOptions> = {}): Promise<void> {
  await link.close()
  await controller.kill()
  controller = await startController('tcp://127.0.0.1:*', ...tolerant(watchdogS))
  link = await LinkClient.connect(new ZmqTransport(controller.address), { ...patient, ...options })
}

afterEach(async () => {
  await link.close()
  await controller.kill()
})

function untilMode(mode: string): Promise<void> {
  return expect.poll(() => link.state?.mode, { interval: 5, timeout: 50_000 }).toBe(mode)
}

describe('in mid-move', () => {
  async function moving(): Promise<{ running: ReturnType<LinkClient['execute']> }> {
    await link.arm()
    const execution = link.execute(slowMove)
    execution.catch(() => {})
    await untilMode('moving')
    return { running: execution }
  }

  test('a controller that is killed is a lost peer, and the error carries the last states', async () => {
    await restart(undefined, { stateTimeoutMs: 1000 })
    const { running } = await moving()
    await controller.kill()
    const error: LinkError = await running.then(
      () => expect.unreachable(),
      (reason) => reason,
    )
    expect(error).toMatchObject({ code: 'LINK_PEER_LOST', stage: 'execute' })
    expect(error.states.length).toBeGreaterThan(0)
    expect(error.states.at(-1)).toMatchObject({ mode: 'moving' })
  })

  test('a controller that freezes is a lost peer, and stops the arm once it goes on', async () => {
    await restart(shortWatchdogS, { stateTimeoutMs: 1000 })
    const { running } = await moving()
    controller.process.kill('SIGSTOP')
    await expect(running).rejects.toMatchObject({ code: 'LINK_PEER_LOST' })
    controller.process.kill('SIGCONT')
    await untilMode('stopped')
    expect(link.state!.reason).toBe('watchdog')
  })

  test('while the event loop of this process is blocked for longer than the watchdog, the arm stops by itself', async () => {
    await restart(shortWatchdogS)
    const { running } = await moving()
    block(2000 * shortWatchdogS)
    expect(await running).toMatchObject({ status: 'stopped', reason: 'watchdog' })
    await untilMode('stopped')
  })

  test('an abort stops the arm short of its target', async () => {
    await link.arm()
    const abort = new AbortController()
    const execution = link.execute(slowMove, abort.signal)
    await untilMode('moving')
    abort.abort()
    expect(await execution).toMatchObject({ status: 'stopped', reason: 'stop_requested', detail: 'the caller gave up' })
    expect(link.state!.p_base_tool_m[1]).toBeLessThan(0.25)
  })

  test('a bystander without a lease stops the arm through the stop socket alone', async () => {
    const { running } = await moving()
    const stops = new ZmqTransport(`tcp://127.0.0.1:${controller.ports.stop}`)
    const bystander = new RawLink(stops)
    await bystander.send(bystander.encode({ case: 'stop', value: { id: 1n, detail: 'a hand in the cell' } }))
    expect(await running).toMatchObject({ status: 'stopped', reason: 'stop_requested', detail: 'a hand in the cell' })
    expect(await bystander.event(() => true)).toMatchObject({ kind: EventKind.EVENT_ACCEPTED })
    await stops.close()
  })

  test('a controller that is asked to end stops the arm first, and ends well', async () => {
    const { running } = await moving()
    controller.process.kill('SIGTERM')
    expect(await running).toMatchObject({ status: 'stopped' })
    const { code, lines } = await controller.ended
    expect(code).toBe(0)
    expect(lines.at(-1)).toMatchObject({ event: 'ended', cycles: expect.any(Number) })
  })

  test('a lost lease is not taken back without arming', async () => {
    await restart(shortWatchdogS)
    const { running } = await moving()
    block(2000 * shortWatchdogS)
    await running
    await link.clear()
    expect(await link.execute(slowMove)).toMatchObject({ status: 'rejected', reason: 'not_armed' })
  })

  test('garbage on every socket changes nothing', async () => {
    await link.arm()
    const execution = link.execute(plan(moveTo(0.5, 0, 0.3)))
    for (const port of [Number(new URL(controller.address).port), ...Object.values(controller.ports)]) {
      await shout(port)
      await shoutZmq(`tcp://127.0.0.1:${port}`)
    }
    expect(await execution).toMatchObject({ status: 'done' })
    const session = new RawLink(new ZmqTransport(controller.address))
    expect((await session.ask({ case: 'ping', value: {} })).body.case).toBe('pong')
    await session.transport.close()
  })
})

/** Bytes that are not even ZeroMQ. */
async function shout(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(Buffer.alloc(1000, 0xa5))
  await sleep(20)
  socket.destroy()
}

/** From a peer with the right keys, frames that are no message: empty, random, too many, and too large for the protocol and for the socket. */
async function shoutZmq(address: string): Promise<void> {
  const socket = new Dealer({ linger: 200, sendTimeout: 200, ...curveOptions(linkKeys()) })
  socket.connect(address)
  for (const frames of [
    [''],
    ['nonsense'],
    ['two', 'frames'],
    [Buffer.alloc(100_000, 1)],
    [Buffer.alloc(3_000_000, 1)],
  ]) {
    await socket.send(frames).catch(() => {}) // to a publisher nothing can be sent
  }
  await sleep(50)
  socket.close()
}

test('nobody at the address is an absent link: exit code 3, with address, time and what to check', async () => {
  const transport = new ZmqTransport('tcp://127.0.0.1:9')
  const error = await LinkClient.connect(transport, { connectTimeoutMs: 200 }).then(
    () => expect.unreachable(),
    (reason) => reason,
  )
  expect(error).toMatchObject({
    code: 'LINK_ABSENT',
    stage: 'start',
    hint: expect.stringContaining('cliport-controller'),
  })
  expect(error.message).toContain('tcp://127.0.0.1:9 did not answer within 200 ms')
  expect(exitCodeOf(error)).toBe(3)
})

test('a session that was recorded cannot be played again', async () => {
  const recorded = new RawLink(new ZmqTransport(controller.address))
  const acquire = recorded.encode({ case: 'acquire', value: { id: 1n } })
  const move = recorded.encode({ case: 'plan', value: planMessage(slowMove, 2n, 5) })
  const release = recorded.encode({ case: 'release', value: { id: 3n } })
  await recorded.send(acquire)
  await recorded.event(({ commandId, kind }) => commandId === 1n && kind === EventKind.EVENT_ACCEPTED)
  await recorded.send(release)
  await recorded.event(({ commandId, kind }) => commandId === 3n && kind === EventKind.EVENT_ACCEPTED)
  await recorded.transport.close()

  const replayed = new RawLink(new ZmqTransport(controller.address), recorded.session)
  for (const bytes of [acquire, move]) {
    await replayed.send(bytes)
    expect(await replayed.error()).toBe('sequence')
  }
  await untilMode('disarmed')
  await replayed.transport.close()
})

test('a controller that was replaced is another peer: nothing moves until somebody arms it', async () => {
  const address = `tcp://127.0.0.1:${20_000 + 4 * Math.floor(Math.random() * 2000)}`
  const first = await startController(address, ...tolerant())
  onTestFinished(() => first.kill())
  const client = await LinkClient.connect(new ZmqTransport(address), patient)
  await client.arm()
  await first.kill()
  const second = await startController(address, ...tolerant())
  onTestFinished(() => second.kill())
  await expect
    .poll(
      () =>
        client.execute(plan(moveTo(0.46, 0, 0.3))).then(
          ({ reason }) => reason,
          ({ code }) => code,
        ),
      { timeout: 60_000 }, // until a busy machine has connected again
    )
    .toBe('not_armed')
  await client.arm()
  expect(await client.execute(plan(moveTo(0.46, 0, 0.3)))).toMatchObject({ status: 'done' })
  await client.close()
})

test('two controllers at one address: the second says which port is taken, and ends with exit code 3', async () => {
  await expect(startController(controller.address)).rejects.toThrow(/Could not bind .*already in use/)
})

test('pings measure the offset of the clocks', async () => {
  const client = await LinkClient.connect(new ZmqTransport(controller.address), { pingMs: 20 })
  await expect.poll(() => client.clockOffset, { interval: 5 }).not.toBeNull()
  const { offsetNs, errorNs } = client.clockOffset!
  // Both ends read the same clock of the same machine.
  expect(offsetNs < 0n ? -offsetNs : offsetNs).toBeLessThanOrEqual(errorNs)
  await client.close()
})
