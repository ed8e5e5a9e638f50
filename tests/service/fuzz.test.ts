// 10,000 requests that nobody should send: none of them acts, none of them is answered with a fault of the service.

import { Agent, request } from 'node:http'
import { fc } from '@fast-check/vitest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { startService, type TestService } from '../fixtures/service.js'

let service: TestService
const agent = new Agent({ keepAlive: true, maxSockets: 8 })
beforeAll(async () => {
  service = await startService()
})
afterAll(async () => {
  agent.destroy()
  await service.remove()
})

const cases = 10_000

interface Shot {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** How a request lacks what an act needs. */
const flaw = fc.constantFrom('no token', 'wrong token', 'origin', 'host', 'expired', 'epoch')
const names = [
  'goals',
  'arm',
  'disarm',
  'clear',
  'pause',
  'resume',
  'scene',
  'preview',
  'takeover',
  'goals/g1',
  'goals/g1/move',
  'goals/g1/flag',
  'goals/g1/resume',
  'questions/x/answer',
  'state',
  'lexicon',
  'settings',
  'events',
  'pictures/camera/front',
  'goals/g1/files/run.json',
  'openapi.json',
]
const path = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...names).map((name) => `/api/${name}`) },
  { weight: 1, arbitrary: fc.webPath().map((rest) => `/api${rest}`) },
  { weight: 1, arbitrary: fc.webQueryParameters().map((query) => `/api/goals?${query}`) },
)
const body = fc.oneof(
  fc.json(),
  fc
    .record({
      sentence: fc.oneof(fc.string(), fc.constant('put the red block in the green bowl')),
      seed: fc.anything(),
      choice: fc.anything(),
    })
    .map((value) => JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${one}` : one)) ?? ''),
  fc.string({ maxLength: 300 }),
)
const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS')

const shot = fc
  .record({ method, path, body, flaw, type: fc.constantFrom('application/json', 'text/plain', 'application/xml') })
  .map(
    ({ flaw: lack, type, ...rest }): Shot => ({
      ...rest,
      headers: {
        'content-type': type,
        'content-length': `${Buffer.byteLength(rest.body)}`,
        ...(lack === 'no token'
          ? {}
          : { authorization: `Bearer ${lack === 'wrong token' ? 'x'.repeat(43) : service.token}` }),
        ...(lack === 'origin' ? { origin: 'https://example.org' } : {}),
        ...(lack === 'host' ? { host: 'example.org' } : {}),
        ...(lack === 'expired' ? { 'cliport-expires': '1' } : {}),
        ...(lack === 'epoch' ? { 'cliport-epoch': 'another' } : {}),
      },
    }),
  )

function fire({ method: verb, path: where, headers, body: text }: Shot): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${service.url}${where}`, { method: verb, headers, agent }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode!))
    })
    sent.on('error', (error: NodeJS.ErrnoException) => {
      // A body that the service refuses to read ends the connection.
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve(0)
      else reject(error)
    })
    sent.end(text)
  })
}

test(`${cases} requests without a right to act change nothing and find no fault`, async () => {
  const facts = async () => {
    const { session, queue, history, scene } = await service.client.state()
    return { session, queue, history, scene }
  }
  const before = await facts()
  const shots = fc.sample(shot, cases)
  for (let i = 0; i < shots.length; i += 8) {
    const batch = shots.slice(i, i + 8)
    const statuses = await Promise.all(batch.map(fire))
    for (const [j, status] of statuses.entries()) {
      const { method: verb, path: where } = batch[j]!
      const isRead = verb === 'GET' || verb === 'HEAD'
      if (status >= 500 || (!isRead && status >= 200 && status < 300)) {
        expect({ ...batch[j], status }).toBe(`no act by ${verb} ${where}`)
      }
    }
  }
  expect(await facts()).toEqual(before)
})

test('whatever a client says on the WebSocket, it hears the state and the service lives', async () => {
  for (const message of fc.sample(fc.oneof(fc.string(), fc.uint8Array({ maxLength: 8000 })), 200)) {
    const socket = new WebSocket(`${service.url.replace('http', 'ws')}/api/events`, [
      'cliport',
      `cliport-token.${service.token}`,
    ])
    await new Promise((resolve) => socket.once('message', resolve))
    socket.send(message)
    socket.terminate()
  }
  expect((await service.client.state()).session.mode).toBe('disarmed')
})
