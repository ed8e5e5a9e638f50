// The policy server on real sockets: what clients get, whatever they send and however they go.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Dealer, Request } from 'zeromq'
import { CliportError } from '../../src/control/errors.js'
import { readFrames } from '../../src/io/frame-folder.js'
import { OnnxPolicy } from '../../src/io/policy/onnx-policy.js'
import { ServerPolicy } from '../../src/io/policy-server/client.js'
import { jsonPart, type Parts } from '../../src/io/policy-server/wire.js'
import { mergeConfig } from '../../src/runtime/config/load.js'
import { predict } from '../../src/runtime/predict.js'
import { openSession } from '../../src/runtime/session.js'
import { realWorkspaceOf } from '../../src/runtime/settings.js'
import { aHeightmap, tinyPackage } from '../fixtures/policy.js'
import { ask, dealer, heightmapParts, startPolicyServer, startScriptedServer } from '../fixtures/policy-server.js'

const goal = 'put the red block in the green box'
const config = mergeConfig(null, {}, {})
const table = 'tests/fixtures/data/real-tabletop/learn35'
const onTable = 'put the brown block in the white box'
const hello = [jsonPart({ version: 1, hello: true })]

/** A frame folder as a stranger's program would send it. */
async function framesParts(sentence: string): Promise<Parts> {
  const frames = await readFrames(table)
  const header = {
    version: 1,
    goal: sentence,
    frames: frames.map(({ intrinsics: { width, height, ...intrinsics }, T_base_camera }) => ({
      ...{ width, height, intrinsics, T_base_camera: [...T_base_camera], color: 'rgb8', depth: 'f32_m' },
    })),
  }
  return [jsonPart(header), ...frames.flatMap(({ color, depthM }) => [Buffer.from(color), Buffer.from(depthM.buffer)])]
}

describe('the shipped policy behind a server', () => {
  let server: Awaited<ReturnType<typeof startPolicyServer>>
  beforeAll(async () => {
    server = await startPolicyServer()
  })
  afterAll(() => server.stop())

  test('a handshake says who it is, and what it expects', async () => {
    const { json, parts } = await ask(server.address, hello)
    expect(parts).toHaveLength(0)
    expect(json).toMatchObject({
      ...{ status: 'ok', name: 'edge', rows: 320, cols: 160, versions: [1] },
      units: { length: 'm', angle: 'rad', color: 'srgb8' },
      workspace: { x_min_m: 0.25, z_max_m: 0.28, pixel_m: 0.003125 },
      package_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      lexicon: { nouns: { block: expect.arrayContaining(['block']) } },
    })
  })

  test('a client that expects something else is refused, with all that does not fit', async () => {
    const expects = { units: { length: 'mm', angle: 'rad', color: 'srgb8' }, end_effector: 'two_finger' }
    const { json } = await ask(server.address, [jsonPart({ version: 1, hello: true, expects })])
    expect(json.error).toMatchObject({ code: 'POLICY_SHAPE', message: expect.stringMatching(/units.*two_finger/) })
  })

  test('frames lead to the very decision of cliport predict', async () => {
    const frames = await readFrames(table)
    const workspace = realWorkspaceOf(config)
    const predicted = await predict({ frames, workspace, goal: onTable, config, tell: () => {} })
    const { json } = await ask(server.address, await framesParts(onTable))
    for (const name of ['pick', 'place'] as const) {
      const { p_base_m, yaw_rad, pixel, probability } = predicted[name]
      expect(json[name]).toEqual({ p_base_m, yaw_rad, pixel, probability })
    }
    const { status, remaining, found, known_words } = predicted
    expect(json).toMatchObject({ status, remaining, found, known_words, goal: onTable, decision: 'act', reason: '' })
  })

  test('a heightmap leads to poses on it; a suppressed spot is kept clear and told', async () => {
    const { json } = await ask(server.address, heightmapParts(goal))
    const [u, v] = json.pick.pixel as [number, number]
    expect(u).toBeGreaterThanOrEqual(80)
    expect(v).toBeLessThan(73)
    const suppress = [{ pixel: [u, v], radius_m: 0.02 }]
    const again = await ask(server.address, heightmapParts(goal, { suppress }))
    const [u2, v2] = again.json.pick.pixel as [number, number]
    expect(0.003125 * Math.hypot(u2 - u, v2 - v)).toBeGreaterThan(0.02)
    expect(again.json.suppressed).toEqual(suppress)
  })

  test('maps come as parts when they are asked for', async () => {
    const { json, parts } = await ask(server.address, heightmapParts(goal, { maps: true }))
    expect(json.maps).toEqual(['pick', 'place'])
    expect(parts.map(({ byteLength }) => byteLength)).toEqual([4 * 320 * 160, 4 * 320 * 160])
  })

  test('a sentence is understood as predict understands it, and what it means is told', async () => {
    const { json } = await ask(server.address, heightmapParts('Put the RED block into the green box!'))
    expect(json.understood).toMatchObject({
      kind: 'command',
      canonical: expect.stringMatching(/red block.*green box/),
    })
    const other = await ask(server.address, heightmapParts('sing a song'))
    expect(other.json.decision).not.toBe('act')
    expect(other.json.understood).toMatchObject({ kind: other.json.decision, words: expect.any(Array) })
    expect(other.json.pick).toBeDefined()
    const asSaid = await ask(server.address, heightmapParts(goal, { understand: false }))
    expect(asSaid.json).toMatchObject({ understood: null, decision: 'act' })
  })

  test('a client can tell done from act', async () => {
    const [header, ...rest] = heightmapParts(goal)
    const bare = rest.map(({ byteLength }) => Buffer.alloc(byteLength))
    const { json } = await ask(server.address, [header!, ...bare])
    expect(json.decision).toBe('not_found')
    expect(json.reason).not.toBe('')
    expect(json.pick).toBeDefined()
  })

  test('each of 200 malformed requests gets an error reply, and the next good one its answer', async () => {
    const whole = heightmapParts(goal)
    const spoilers: ((i: number) => Parts)[] = [
      (i) => [Buffer.from(`${'{'.repeat(i + 1)}`)],
      (i) => [Buffer.alloc(i + 1, i)],
      (i) => [jsonPart({ version: i + 2, hello: true })],
      (i) => [
        jsonPart({ version: 1, goal: 'x'.repeat(501 + i), heightmap: { height: 320, width: 160 } }),
        ...whole.slice(1),
      ],
      (i) => [whole[0]!, whole[1]!.subarray(i + 1), whole[2]!],
      (i) => [...whole, ...whole.slice(0, i + 1)],
      (i) => [
        jsonPart({ version: 1, goal, heightmap: { height: i + 1, width: 1 } }),
        Buffer.alloc(3 * (i + 1)),
        Buffer.alloc(4 * (i + 1)),
      ],
      () => [whole[0]!, whole[1]!, Buffer.from(new Float32Array(320 * 160).fill(Number.NaN).buffer)],
    ]
    const client = dealer(server.address)
    const codes = new Set<string>()
    try {
      for (let i = 0; i < 200; i++) {
        await client.send(`${i}`, spoilers[i % spoilers.length]!(i >> 3))
        const { id, json } = await client.receive()
        expect(id).toBe(`${i}`)
        codes.add(json.error.code)
      }
    } finally {
      client.close()
    }
    expect([...codes].sort()).toEqual(
      ['GOAL_TOO_LONG', 'INPUT_INVALID', 'POLICY_SHAPE', 'REQUEST_INVALID', 'VERSION_UNSUPPORTED'].sort(),
    )
    expect((await ask(server.address, heightmapParts(goal))).json.status).toBe('ok')
  })

  test('a DEALER may send its request without an envelope', async () => {
    const client = new Dealer({ linger: 0 })
    client.connect(server.address)
    await client.send(hello as Buffer[])
    const [json] = await client.receive()
    expect(JSON.parse(json!.toString())).toMatchObject({ name: 'edge' })
    client.close()
  })
})

describe('clients that come and go', () => {
  test('take turns: one with many requests does not delay the first of another', async () => {
    const { server, address, next, waiting } = await startScriptedServer()
    const [greedy, modest] = [dealer(address), dealer(address)]
    for (let i = 0; i < 4; i++) await greedy.send(`${i}`, heightmapParts(`greedy ${i}`))
    const first = await next()
    await modest.send('m', heightmapParts('modest'))
    const goalOf = ({ request }: Awaited<ReturnType<typeof next>>) => (request.kind === 'hello' ? '' : request.goal)
    await waiting(4)
    first.reply([jsonPart({})])
    const order = []
    for (let i = 0; i < 4; i++) {
      const turn = await next()
      order.push(goalOf(turn))
      turn.reply([jsonPart({})])
    }
    expect(order.indexOf('modest')).toBeLessThanOrEqual(1)
    greedy.close()
    modest.close()
    await server.close()
  })

  test('get BUSY beyond the limit, every one of them', async () => {
    const { server, address, next } = await startScriptedServer({ requests: 2 })
    const client = dealer(address)
    await client.send('0', hello)
    const first = await next()
    for (let i = 1; i < 6; i++) await client.send(`${i}`, hello)
    const busy = []
    for (let i = 0; i < 3; i++) busy.push(await client.receive())
    expect(busy.map(({ id }) => id)).toEqual(['3', '4', '5'])
    expect(busy[0]!.json.error).toMatchObject({ code: 'BUSY', retryable: true })
    first.reply([jsonPart({ n: 0 })])
    for (let i = 1; i < 3; i++) (await next()).reply([jsonPart({ n: i })])
    const answered = []
    for (let i = 0; i < 3; i++) answered.push((await client.receive()).id)
    expect(answered).toEqual(['0', '1', '2'])
    expect(server.counts).toEqual({ answered: 3, refused: 0, busy: 3 })
    client.close()
    await server.close()
  })

  test('harm nobody when they go in the middle of their request', async () => {
    const { server, address, next } = await startScriptedServer()
    const gone = dealer(address)
    await gone.send('0', heightmapParts('gone'))
    const first = await next()
    gone.close()
    first.reply([jsonPart({})])
    const answer = ask(address, heightmapParts('here'))
    ;(await next()).reply([jsonPart({ here: true })])
    expect((await answer).json).toEqual({ here: true })
    await server.close()
  })

  test('go on with a new socket after a time-out', async () => {
    const { server, address, next } = await startScriptedServer()
    const impatient = new Request({ linger: 0, receiveTimeout: 50 })
    impatient.connect(address)
    await impatient.send(hello as Buffer[])
    const first = await next()
    await expect(impatient.receive()).rejects.toMatchObject({ code: 'EAGAIN' })
    impatient.close()
    const answer = ask(address, hello)
    first.reply([jsonPart({ late: true })])
    ;(await next()).reply([jsonPart({ inTime: true })])
    expect((await answer).json).toEqual({ inTime: true })
    await server.close()
  })
})

describe('the Policy port on a server', () => {
  const at = (address: string, timeoutMs = 10_000) => ServerPolicy.connect({ address, keys: null, timeoutMs })
  let introduction: Awaited<ReturnType<typeof ask>>['json']
  let decision: typeof introduction
  beforeAll(async () => {
    const shipped = await startPolicyServer()
    introduction = (await ask(shipped.address, hello)).json
    decision = (await ask(shipped.address, heightmapParts(goal, { understand: false }))).json
    await shipped.stop()
  })

  /** A policy on a server whose answers the test gives, which has introduced itself as the shipped one. */
  async function connectScripted(limits: Parameters<typeof startScriptedServer>[0] = {}) {
    const scripted = await startScriptedServer(limits)
    const connected = at(scripted.address)
    ;(await scripted.next()).reply([jsonPart(introduction)])
    return { ...scripted, policy: await connected }
  }

  test('nobody there: POLICY_UNAVAILABLE, which may be tried again', async () => {
    const error = at('tcp://127.0.0.1:9', 200)
    await expect(error).rejects.toMatchObject({ code: 'POLICY_UNAVAILABLE', retryable: true })
  })

  test('somebody there who does not answer: POLICY_UNAVAILABLE', async () => {
    const { server, address } = await startScriptedServer()
    await expect(at(address, 200)).rejects.toMatchObject({ code: 'POLICY_UNAVAILABLE' })
    await server.close()
  })

  test('a busy server is asked again until it answers', async () => {
    const { server, address, next, waiting, policy } = await connectScripted({ requests: 1 })
    const other = dealer(address)
    await other.send('computed', hello)
    const first = await next()
    await other.send('waiting', hello)
    await waiting(1)
    const proposal = policy.propose(aHeightmap(), goal)
    while (server.counts.busy < 2) await new Promise((resolve) => setImmediate(resolve))
    first.reply([jsonPart({})])
    ;(await next()).reply([jsonPart({})])
    ;(await next()).reply([jsonPart(decision)])
    expect((await proposal).pick.pixel).toEqual(decision.pick.pixel)
    other.close()
    await policy.close()
    await server.close()
  })

  test('a reply to a proposal that was given up is dropped, and the next has its own', async () => {
    const { server, next, policy } = await connectScripted()
    const giveUp = new AbortController()
    const given = policy.propose(aHeightmap(), goal, { signal: giveUp.signal })
    const first = await next()
    giveUp.abort(new Error('given up'))
    await expect(given).rejects.toThrow('given up')
    const proposal = policy.propose(aHeightmap(), goal)
    first.reply([jsonPart({ ...decision, remaining: 0.125 })])
    ;(await next()).reply([jsonPart({ ...decision, remaining: 0.5 })])
    expect((await proposal).remaining).toBe(0.5)
    await policy.close()
    await server.close()
  })

  test('a server that was started again with another package decides nothing: POLICY_CHECKSUM', async () => {
    const { server, next, policy } = await connectScripted()
    const proposal = policy.propose(aHeightmap(), goal)
    ;(await next()).reply([jsonPart({ ...decision, package_sha256: '0'.repeat(64) })])
    await expect(proposal).rejects.toMatchObject({
      code: 'POLICY_CHECKSUM',
      message: expect.stringMatching(/Expected .*[0-9a-f]{64}.* but received .*0{64}/),
    })
    await policy.close()
    await server.close()
  })

  test.each([
    ['no JSON', [Buffer.from('x')]],
    ['another program', [jsonPart({ status: 'ok', name: 'other' })]],
    ['another version', [jsonPart({ error: { code: 'VERSION_UNSUPPORTED', message: 'no' } })]],
  ])('%s there: POLICY_PROTOCOL', async (_, reply) => {
    const { server, address, next } = await startScriptedServer()
    const connected = at(address)
    ;(await next()).reply(reply)
    await expect(connected).rejects.toMatchObject({ code: 'POLICY_PROTOCOL' })
    await server.close()
  })

  test('a server that ends and comes back is used again', async () => {
    const first = await startPolicyServer()
    const policy = await at(first.address, 20_000)
    const { pick } = await policy.propose(aHeightmap(), goal)
    await first.stop()
    const second = await startPolicyServer({ bind: first.address })
    expect((await policy.propose(aHeightmap(), goal)).pick).toEqual(pick)
    await policy.close()
    await second.stop()
  })

  test('a proposal that waits ends with the policy, and none is made after it', async () => {
    const { server, next, policy } = await connectScripted()
    const waiting = policy.propose(aHeightmap(), goal)
    const ended = expect(waiting).rejects.toMatchObject({ code: 'POLICY_UNAVAILABLE' })
    await next()
    await policy.close()
    await ended
    await expect(policy.propose(aHeightmap(), goal)).rejects.toBeInstanceOf(CliportError)
    await server.close()
  })

  test('what does not fit the machine is refused before anything moves, and the table says what', async () => {
    const server = await startPolicyServer()
    const open = async (changes: object) => {
      const told: string[] = []
      const config = mergeConfig(null, {}, { 'policy.server': server.address, ...changes })
      const opened = openSession(config, { frames: 'given', tell: (line) => told.push(line) })
      return { told, error: await opened.then((session) => session.close()).catch((error) => error) }
    }
    const refused = await open({ 'policy.package_sha256': '0'.repeat(64) })
    expect(refused.error).toMatchObject({ code: 'POLICY_CHECKSUM' })
    expect(refused.told.filter((line) => line.startsWith('NO'))).toEqual([expect.stringMatching(/^NO {2}package/)])
    const fitting = await open({})
    expect(fitting.error).toBeUndefined()
    expect(fitting.told).toEqual(['policy edge fits this machine: units, workspace, lexicon'])
    await server.stop()
  })

  test('cells that a camera did not see reach the policy, as they do in one process', async () => {
    const server = await startPolicyServer({ config: mergeConfig(null, {}, { 'policy.package': tinyPackage }) })
    const heightmap = aHeightmap()
    const seen = new Uint8Array(heightmap.rows * heightmap.cols).fill(1, 0, 320 * 40)
    const here = await OnnxPolicy.load(tinyPackage)
    const there = await at(server.address)
    for (const policy of [here, there]) {
      // Its grasp is 0.08 m times the share of cells that were seen.
      expect((await policy.propose(heightmap, goal)).grasp?.widthM).toBeCloseTo(0.08, 6)
      expect((await policy.propose({ ...heightmap, seen }, goal)).grasp?.widthM).toBeCloseTo(0.02, 6)
      await policy.close()
    }
    await server.stop()
  })
})
