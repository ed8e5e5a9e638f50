// The deoxys link as the runtime uses it: its own thread, real sockets, and a peer written from the protocol's tables.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Subscriber } from 'zeromq'
import { DeoxysLink, deoxysLacks } from '../../src/io/deoxys/deoxys-link.js'
import { DeoxysPeer, fourFreePorts, patientDeoxys } from '../fixtures/deoxys-peer.js'
import { descendTo, moveTo, plan } from '../fixtures/link-peers.js'

const settings = {
  consentToMotion: true,
  tool: { flangeToTcpM: 0.1034, flangeToTcpYawRad: -Math.PI / 4 },
  jointMarginRad: 0.1,
}

let port: number
let peer: DeoxysPeer
const links: DeoxysLink[] = []

beforeEach(async () => {
  port = await fourFreePorts()
  peer = await DeoxysPeer.start(port)
})

afterEach(async () => {
  for (const link of links.splice(0)) await link.close()
  await peer.close()
})

async function connect(changes: Partial<typeof settings> & { options?: object } = {}): Promise<DeoxysLink> {
  const options = { ...patientDeoxys, ...changes.options }
  const link = await DeoxysLink.connect(`deoxys://127.0.0.1:${port}`, { ...settings, ...changes, options })
  links.push(link)
  return link
}

const block = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

describe('a deoxys controller', () => {
  test('says which guarantees it cannot give, and counts as hardware', async () => {
    const link = await connect()
    expect(link.backend).toBe('deoxys')
    expect(link.lacks).toEqual(deoxysLacks)
    expect(link.state).toBeNull()
  })

  test('is armed, runs a plan with a descent and a grasp, and is left in order', async () => {
    peer.plant.surfaceZM = 0.25
    peer.plant.objectWidthM = 0.03
    const link = await connect()
    await link.arm()
    expect(link.state).toMatchObject({ mode: 'armed' })
    const execution = await link.execute(plan(moveTo(0.47, 0, 0.28), descendTo(0.47, 0, 0.2), { kind: 'grasp' }))
    expect(execution).toMatchObject({ status: 'done', holding: true })
    expect(execution.segments.map(({ contact }) => contact)).toEqual([false, true, false])
    expect(link.state!.p_base_tool_m[2]).toBeCloseTo(0.25, 2)
    await link.close()
    expect(peer.plant.received.at(-1)!.type).toBe(0)
    expect(peer.plant.exited).toBe('')
  })

  test('is not moved without consent', async () => {
    const link = await connect({ consentToMotion: false })
    await expect(link.arm()).rejects.toMatchObject({ code: 'CONSENT_REQUIRED' })
    expect(peer.plant.received).toHaveLength(0)
    link.allowMotion()
    await link.arm()
  })

  test('goes on being supplied with commands while the event loop of this process is blocked', async () => {
    // The peer lives in this process and stands still as well; what comes meanwhile waits in the subscriber's socket.
    const link = await connect()
    const subscriber = new Subscriber({ linger: 0 })
    subscriber.subscribe()
    subscriber.connect(`tcp://127.0.0.1:${port}`)
    let seen = 0
    void (async () => {
      for await (const _ of subscriber) seen++
    })()
    await link.arm()
    const running = link.execute(plan(moveTo(0.47, 0.05, 0.3)))
    const before = seen
    block(1500)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(seen - before).toBeGreaterThan(30)
    expect(await running).toMatchObject({ status: 'done' })
    expect(peer.plant.exited).toBe('')
    subscriber.close()
  })

  test('is stopped when this process is blocked in mid-plan', async () => {
    const link = await connect({ options: { heartbeatTimeoutMs: 1000 } })
    await link.arm()
    const running = link.execute(plan(moveTo(0.45, 0.3, 0.3)))
    await expect.poll(() => link.state!.p_base_tool_m[1], { timeout: 50_000 }).toBeGreaterThan(0.02)
    block(2500)
    expect(await running).toMatchObject({ status: 'stopped', reason: 'watchdog' })
  })

  test('is stopped by an abort short of its target, and stays latched', async () => {
    const link = await connect()
    await link.arm()
    const abort = new AbortController()
    const running = link.execute(plan(moveTo(0.45, 0.3, 0.3)), abort.signal)
    await expect.poll(() => link.state!.mode, { timeout: 50_000 }).toBe('moving')
    abort.abort()
    expect(await running).toMatchObject({ status: 'stopped', reason: 'stop_requested', detail: 'the caller gave up' })
    await expect(link.arm()).rejects.toMatchObject({ code: 'LINK_REFUSED', reason: 'latched' })
    await link.clear()
    await link.arm()
    expect(await link.execute(plan(moveTo(0.45, 0, 0.3)))).toMatchObject({ status: 'done' })
  })

  test('that publishes no state any more in mid-plan is lost, with the last states in the error', async () => {
    const link = await connect({ options: { stateTimeoutMs: 1000, staleTimeoutMs: 1000 } })
    await link.arm()
    const running = link.execute(plan(moveTo(0.45, 0.3, 0.3)))
    await expect.poll(() => link.state!.mode, { timeout: 50_000 }).toBe('moving')
    peer.plant.publishesNoState = true
    const error = await running.catch((reason) => reason)
    expect(error).toMatchObject({ code: 'LINK_PEER_LOST', reason: 'state_timeout' })
    expect(error.states.length).toBeGreaterThan(0)
    await expect(link.arm()).rejects.toMatchObject({ code: 'LINK_REFUSED', reason: 'latched' })
  })
})

describe('what is wrong at the start', () => {
  test('nobody publishes there: LINK_ABSENT', async () => {
    peer.plant.publishesNoState = true
    await expect(connect({ options: { connectTimeoutMs: 300 } })).rejects.toMatchObject({ code: 'LINK_ABSENT' })
  })

  test('something else publishes there: LINK_PROTOCOL', async () => {
    peer.plant.wrongStream = new TextEncoder().encode('{"hello":"world"}')
    await expect(connect()).rejects.toMatchObject({ code: 'LINK_PROTOCOL', reason: 'wrong_stream' })
  })

  test('a second program on this computer: LINK_REFUSED, because the client binds the ports', async () => {
    await connect()
    await expect(connect()).rejects.toMatchObject({ code: 'LINK_REFUSED', reason: 'port_taken' })
  })

  test.each(['deoxys://', 'deoxys://10.0.0.2:0', 'deoxys://10.0.0.2:70000', 'deoxys://a b', 'tcp://10.0.0.2:5555'])(
    'the address %j is refused with an example',
    async (address) => {
      await expect(DeoxysLink.connect(address, settings)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('deoxys://172.16.0.1'),
      })
    },
  )
})
