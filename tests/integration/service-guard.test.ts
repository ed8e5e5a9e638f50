// Who may act on the service, from where, and until when. Acts are taken from its own OpenAPI text, so that a new one is
// tried too.

import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import protocol from '@foxglove/ws-protocol'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { CliportError } from '../../src/control/errors.js'
import { send, startService, type TestService } from '../fixtures/service.js'

const { FoxgloveClient } = protocol
const waits = { timeout: 60_000, interval: 50 }

let service: TestService
beforeAll(async () => {
  service = await startService({ 'voice.models': 'nowhere' })
})
afterAll(() => service.remove())

interface Operation {
  readonly method: string
  readonly path: string
  readonly isStop: boolean
  readonly isAct: boolean
}

async function operations(): Promise<Operation[]> {
  const { body } = await send(service.url, 'GET', '/api/openapi.json', {})
  const paths = body.paths as Record<string, Record<string, { readonly tags: readonly string[] }>>
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { tags }]) => ({
      method: method.toUpperCase(),
      path: path
        .replace('{id}', 'g1')
        .replace('{file}', 'run.json')
        .replace('{kind}', 'camera')
        .replace('{name}', 'front'),
      isStop: path === '/api/stop',
      isAct: tags.includes('acts'),
    })),
  )
}

const json = { 'content-type': 'application/json' }
const goodBody = JSON.stringify({
  sentence: 'put the red block in the green bowl',
  seed: 5,
  before: null,
  flag: null,
  choice: null,
})
const bearer = () => ({ authorization: `Bearer ${service.token}` })
const codeOf = async (operation: Operation, headers: Record<string, string>) => {
  const { status, body } = await send(service.url, operation.method, operation.path, { ...json, ...headers }, goodBody)
  return `${status} ${body.error?.code}`
}
/** What an act would change. */
async function facts() {
  const { session, queue, history, scene, epoch } = await service.client.state()
  return { session, queue, history, scene, epoch }
}

describe('a request is refused before it is looked at', () => {
  test.each([
    ['without a token', () => ({}), '401 TOKEN_INVALID'],
    [
      'with a token that is nearly right',
      () => ({ authorization: `Bearer ${service.token.slice(0, -1)}x` }),
      '401 TOKEN_INVALID',
    ],
    ["from a stranger's page", () => ({ ...bearer(), origin: 'https://example.org' }), '403 SERVICE_REFUSED'],
    ['from another port of this machine', () => ({ ...bearer(), origin: 'http://127.0.0.1:1' }), '403 SERVICE_REFUSED'],
    ['from a page without an origin', () => ({ ...bearer(), origin: 'null' }), '403 SERVICE_REFUSED'],
    ["to a stranger's name", () => ({ ...bearer(), host: 'example.org' }), '403 SERVICE_REFUSED'],
  ] as const)('%s, and changes nothing', async (_, headers, expected) => {
    const before = await facts()
    for (const operation of (await operations()).filter(({ isStop }) => !isStop)) {
      expect(`${operation.method} ${operation.path} ${await codeOf(operation, headers())}`).toBe(
        `${operation.method} ${operation.path} ${expected}`,
      )
    }
    expect(await facts()).toEqual(before)
  })

  test.each([
    ['after it has expired', async () => ({ 'cliport-expires': '1' })],
    ['that was meant for an earlier start', async () => ({ 'cliport-epoch': 'another' })],
    ['whose time is none', async () => ({ 'cliport-expires': 'soon' })],
  ] as const)('an act %s, and changes nothing', async (_, headers) => {
    const before = await facts()
    const acts = (await operations()).filter(({ isAct, isStop }) => isAct && !isStop)
    expect(acts.length).toBeGreaterThan(10)
    for (const operation of acts) {
      expect(`${operation.path} ${await codeOf(operation, { ...bearer(), ...(await headers()) })}`).toBe(
        `${operation.path} 409 COMMAND_EXPIRED`,
      )
    }
    expect(await facts()).toEqual(before)
  })

  test('whatever way its path is written: the router takes them all for the same', async () => {
    const before = await facts()
    const pause = ['/%61pi/pause', '/a%70i/paus%65', `${service.url}/api/pause`, '/%2561pi/pause', '//api/pause']
    const statusOf = async (method: string, path: string, headers: Record<string, string>) =>
      `${path} ${(await send(service.url, method, path, headers)).status}`
    for (const path of pause) {
      expect([`${path} 401`, `${path} 404`]).toContain(await statusOf('POST', path, json))
    }
    for (const path of ['/%6Detrics', '/%61pi/state', '/%66oxglove', `${service.url}/api/state`]) {
      expect(await statusOf('GET', path, {})).toBe(`${path} 401`)
    }
    const late = { ...json, ...bearer(), 'cliport-expires': '1' }
    expect(await statusOf('POST', '/%61pi/pause', late)).toBe('/%61pi/pause 409')
    expect(await statusOf('POST', '/%61pi/stop', { origin: 'https://example.org' })).toBe('/%61pi/stop 403')
    expect(await facts()).toEqual(before)
  })

  test("a stop from a stranger's page or to a stranger's name too: no page of theirs can disturb the robot", async () => {
    const stop = { method: 'POST', path: '/api/stop', isStop: true, isAct: true }
    expect(await codeOf(stop, { origin: 'https://example.org' })).toBe('403 SERVICE_REFUSED')
    expect(await codeOf(stop, { host: 'example.org' })).toBe('403 SERVICE_REFUSED')
    expect((await facts()).session.mode).toBe('disarmed')
  })
})

test("an act of the service's own page, in time, is carried out", async () => {
  const { epoch, clock_ms } = await service.client.state()
  const headers = {
    ...bearer(),
    origin: service.url,
    'cliport-epoch': epoch,
    'cliport-expires': `${Math.round(clock_ms + 60_000)}`,
  }
  expect((await send(service.url, 'POST', '/api/pause', headers)).body).toMatchObject({ paused: true })
  expect((await send(service.url, 'POST', '/api/resume', headers)).body).toMatchObject({ paused: false })
})

test("a name that is too long is refused in the service's own words", async () => {
  const { status, body } = await send(service.url, 'GET', `/api/goals/${'x'.repeat(5000)}`, bearer())
  expect([status, body.error?.code]).toEqual([400, 'INPUT_INVALID'])
})

test('what a form of a foreign page can send is not taken', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const { status } = await send(service.url, 'POST', '/api/goals', { ...bearer(), 'content-type': type }, goodBody)
    expect(status).toBe(415)
  }
})

test('without arming a goal stays queued and says so, and the same key adds it once', async () => {
  const goal = await service.client.add('put the red blocks in a green bowl', { key: 'once' })
  expect(goal).toMatchObject({ state: 'queued', starts: 0 })
  expect(await service.client.add('put the red blocks in a green bowl', { key: 'once' })).toMatchObject({ id: goal.id })
  const { session, queue } = await service.client.state()
  expect(session).toMatchObject({ mode: 'disarmed', reason: expect.stringContaining('arms') })
  expect(queue.map(({ id, state }) => [id, state])).toEqual([[goal.id, 'queued']])
  expect(await service.client.cancel(goal.id)).toMatchObject({ state: 'canceled' })
  await expect(service.client.cancel(goal.id)).rejects.toMatchObject({ code: 'GOAL_UNKNOWN' })
})

test('a sentence is previewed as it is typed: what is understood, corrected, missing, and where it would pick', async () => {
  const whole = await service.client.preview('put the red blocks in a gren bowl', true)
  expect(whole).toMatchObject({
    understood: { kind: 'command', canonical: 'put the red blocks in a green bowl', corrected: ['read gren as green'] },
    proposal: { decision: 'act' },
    heat: { pick: expect.stringMatching(/^data:image\/webp;base64,/) },
  })
  const half = await service.client.preview('put the red block')
  expect(half.understood).toMatchObject({ kind: 'not_understood', missing: 'place' })
  expect(half.proposal!.pick.pixel).toEqual(whole.proposal!.pick.pixel)
  const ask = (sentence: string) => service.service.preview({ sentence, heat: false, plan: false })
  const [old, newest] = await Promise.all([ask('put the red'), ask('put the red block')])
  expect([old.superseded, newest.superseded]).toEqual([true, false])
})

test('a stop needs no token and no body; it latches, and a person clears with the token', async () => {
  expect((await send(service.url, 'POST', '/api/stop', {})).body).toMatchObject({ mode: 'stopped' })
  await expect(service.client.arm()).rejects.toMatchObject({ code: 'SERVICE_REFUSED' })
  expect(await service.client.clear()).toMatchObject({ mode: 'disarmed', armed: false })
  expect((await send(service.url, 'POST', '/api/stop', json, '{"reason":')).body).toMatchObject({ mode: 'stopped' })
  await service.client.clear()
})

test('a stop while a goal is being begun is kept: the goal waits, clicks are canceled, and nothing has moved', async () => {
  const { runner, queue } = service.service
  const begin = queue.begin.bind(queue)
  const stopped = vi.spyOn(queue, 'begin').mockImplementation(async (id) => {
    const goal = await begin(id)
    if (goal !== null) await runner.stop('in between')
    return goal
  })
  const { id } = await service.client.add('put the red blocks in a green bowl')
  await service.client.arm()
  await expect.poll(async () => (await facts()).session.mode, waits).toBe('stopped')
  await expect.poll(async () => service.client.goal(id), waits).toMatchObject({ state: 'queued', starts: 0 })
  await service.client.cancel(id)
  await service.client.clear()
  await service.client.arm()
  const point = { p_base_m: [0.5, 0.1, 0] as [number, number, number] }
  const takeover = service.client.takeover({
    pick: point,
    place: point,
    pick_yaw_rad: 0,
    place_yaw_rad: 0,
    sentence: 'put it there',
  })
  await expect(takeover).rejects.toMatchObject({ code: 'SERVICE_REFUSED' })
  stopped.mockRestore()
  const { queue: unfinished, history } = await facts()
  expect(unfinished).toEqual([])
  expect(history[0]).toMatchObject({ kind: 'takeover', state: 'canceled' })
  await service.client.clear()
})

test('where a run cannot be written the queue is not used up: one goal says why, and a person arms again', async () => {
  const runs = join(service.folder, 'runs')
  writeFileSync(runs, 'no folder')
  const sentence = 'put the red blocks in a green bowl'
  const [first, second] = [await service.client.add(sentence), await service.client.add(sentence)]
  await service.client.arm()
  await expect.poll(() => service.client.goal(first.id), waits).toMatchObject({ state: 'done', outcome: 'error' })
  await expect
    .poll(async () => (await facts()).session, waits)
    .toMatchObject({ mode: 'disarmed', problem: { stage: 'start' } })
  await expect.poll(async () => (await service.client.state()).robot?.mode, waits).toBe('disarmed')
  expect(await service.client.goal(second.id)).toMatchObject({ state: 'queued', starts: 0 })
  await service.client.cancel(second.id)
  rmSync(runs)
})

test('a stop while a stop is being cleared is kept, and another scene of a real cell disturbs nothing', async () => {
  const { runner, workcell } = service.service
  await runner.stop('first')
  const clear = workcell.clear.bind(workcell)
  const cleared = vi.spyOn(workcell, 'clear').mockImplementation(async (signal) => {
    await clear(signal)
    await runner.stop('second')
  })
  await expect(service.client.clear()).rejects.toMatchObject({ code: 'SERVICE_REFUSED' })
  cleared.mockRestore()
  expect((await facts()).session).toMatchObject({ mode: 'stopped', reason: expect.stringContaining('second') })
  await service.client.clear()
  const real = vi.spyOn(workcell, 'expectScenes').mockImplementation(() => {
    throw new CliportError('SERVICE_REFUSED', 'A real cell', { stage: 'serve', hint: 'none' })
  })
  await expect(service.client.scene({ seed: 5, sentence: 'x' })).rejects.toMatchObject({ code: 'SERVICE_REFUSED' })
  real.mockRestore()
  expect((await facts()).session.mode).toBe('disarmed')
})

test('Foxglove sees cameras and arm live with the token in its address, and nothing without', async () => {
  expect((await send(service.url, 'GET', '/foxglove', {})).status).toBe(401)
  const socket = new WebSocket(`${service.url.replace('http', 'ws')}/foxglove?token=${service.token}`, [
    FoxgloveClient.SUPPORTED_SUBPROTOCOL,
  ])
  const client = new FoxgloveClient({ ws: socket as never })
  const wanted = new Map<string, string | undefined>([
    ['/camera/front', 'foxglove.CompressedImage'],
    ['/tool', 'foxglove.PoseInFrame'],
    ['/session', ''],
  ])
  const seen = new Map<number, string>()
  const heard = new Map<string, Record<string, unknown>>()
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject)
    client.on('advertise', (channels) => {
      for (const { id, topic, schemaName } of channels.filter((channel) => wanted.has(channel.topic))) {
        expect(schemaName).toBe(wanted.get(topic))
        seen.set(client.subscribe(id), topic)
      }
    })
    client.on('message', ({ subscriptionId, data }) => {
      heard.set(seen.get(subscriptionId)!, JSON.parse(new TextDecoder().decode(data as DataView)))
      if (heard.has('/camera/front') && heard.has('/tool')) resolve()
    })
  })
  client.close()
  const { format, data } = heard.get('/camera/front')!
  expect(format).toBe('webp')
  expect(
    Buffer.from(data as string, 'base64')
      .subarray(0, 4)
      .toString(),
  ).toBe('RIFF')
})

test('a microphone is taken with the token, from its own page, at its own name; what is missing is said', async () => {
  const address = `${service.url.replace('http', 'ws')}/api/voice`
  const statusOf = (protocols: string[], headers: Record<string, string> = {}) =>
    new Promise<number | string>((resolve) => {
      const socket = new WebSocket(address, protocols, { headers })
      socket.on('unexpected-response', (request, { statusCode }) => {
        request.destroy()
        resolve(statusCode!)
      })
      socket.on('error', ({ message }) => resolve(message))
      socket.on('message', (data) => {
        socket.close()
        const { event, data: heard } = JSON.parse(data.toString())
        resolve(`${event} ${heard.kind} ${heard.code}`)
      })
    })
  const right = ['cliport', `cliport-token.${service.token}`]
  expect(await statusOf(['cliport'])).toBe(401)
  expect(await statusOf(['cliport', 'cliport-token.x'])).toBe(401)
  expect(await statusOf(right, { origin: 'https://example.org' })).toBe(403)
  expect(await statusOf(right, { host: 'example.org' })).toBe(403)
  expect(await statusOf(right, { origin: service.url })).toBe('voice ended VOICE_ENGINE_ABSENT')
  const { voice } = await service.client.state()
  expect(voice).toEqual({ missing: expect.stringContaining('make voice'), microphone: null })
})

test('a WebSocket that is refused is closed by the service', async () => {
  const { host, port } = new URL(service.url)
  const socket = connect(Number(port), '127.0.0.1')
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  const closed = once(socket, 'close')
  const head = ['GET /api/voice HTTP/1.1', `Host: ${host}`, 'Connection: Upgrade', 'Upgrade: websocket']
  const key = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
  socket.write([...head, ...key, '', ''].join('\r\n'))
  await closed
  expect(answer).toMatch(/^HTTP\/1\.1 401 /)
})

test('health needs no token, metrics do', async () => {
  expect((await send(service.url, 'GET', '/healthz', {})).body).toMatchObject({ alive: true, ready: true })
  expect((await send(service.url, 'GET', '/readyz', {})).status).toBe(200)
  expect((await send(service.url, 'GET', '/metrics', {})).status).toBe(401)
  expect((await send(service.url, 'GET', '/metrics', bearer())).status).toBe(200)
})
