// What a client of the service gets when it reads slowly, and what it finds when it comes late.

import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import type { ServiceState } from '../../src/service/api.js'
import { ClientFeed } from '../../src/service/client-feed.js'
import { Hub, type Message } from '../../src/service/hub.js'

/** A socket that takes what it is given and sends it when it is told to. */
class SlowSocket {
  bufferedAmount = 0
  closed: number | null = null
  readonly sent: (string | Uint8Array)[] = []
  readonly #unsent: { readonly body: string | Uint8Array; readonly done: () => void }[] = []

  send(body: string | Uint8Array, done: () => void): void {
    this.bufferedAmount += body.length
    this.#unsent.push({ body, done })
  }

  close(code: number): void {
    this.closed = code
  }

  /** Sends everything, and what comes after it. */
  drain(): void {
    for (let next = this.#unsent.shift(); next !== undefined; next = this.#unsent.shift()) {
      this.bufferedAmount -= next.body.length
      this.sent.push(next.body)
      next.done()
    }
  }
}

const picture = (name: string, size = 100_000): Message => ({ body: new Uint8Array(size), latest: `camera/${name}` })
const event = (n: number): Message => ({ body: `event ${n}`, latest: null })

propertyTest.prop([
  fc.array(fc.oneof(fc.constant('event'), fc.constant('picture'), fc.constant('drain')), { maxLength: 200 }),
])('every event arrives once and in order, however slowly a client reads; of pictures the newest does', (acts) => {
  const socket = new SlowSocket()
  const feed = new ClientFeed(socket)
  let events = 0
  let pictures = 0
  for (const act of acts) {
    if (act === 'event') feed.add(event(events++))
    else if (act === 'picture') feed.add({ body: new Uint8Array(90_000).fill(++pictures), latest: 'camera/front' })
    else socket.drain()
  }
  socket.drain()
  expect(socket.sent.filter((body) => typeof body === 'string')).toEqual(
    [...Array(events).keys()].map((n) => `event ${n}`),
  )
  const seen = socket.sent.filter((body) => typeof body !== 'string').map((body) => body[0]!)
  expect(seen).toEqual([...seen].sort((a, b) => a - b))
  if (pictures > 0) expect(seen.at(-1)).toBe(pictures % 256)
  expect(seen.length + feed.dropped).toBe(pictures)
})

test('pictures for a client that reads nothing take the memory of one each', () => {
  const feed = new ClientFeed(new SlowSocket())
  for (let i = 0; i < 500; i++) for (const name of ['front', 'left']) feed.add(picture(name))
  expect(feed.waitingBytes).toBeLessThanOrEqual(2 * 100_000)
})

test('a client that does not even read events is sent away, and then takes no memory', () => {
  const socket = new SlowSocket()
  const feed = new ClientFeed(socket)
  for (let i = 0; i < 200; i++) feed.add({ body: 'x'.repeat(50_000), latest: null })
  expect(socket.closed).toBe(1013)
  expect(feed.waitingBytes).toBe(0)
})

test('whoever joins late gets the whole state first, then the newest picture of each kind, then what happens', () => {
  const hub = new Hub(() => 7)
  const header = { kind: 'camera', type: 'image/webp', width: 1, height: 1, clock_ms: 1, goal_id: null } as const
  hub.picture({ ...header, name: 'front' }, new Uint8Array([1]))
  hub.picture({ ...header, name: 'front' }, new Uint8Array([2]))
  hub.emit('log', { line: 'before' })
  const heard: Message[] = []
  hub.join({ api: 1 } as ServiceState, (message) => heard.push(message))
  hub.emit('log', { line: 'after' })
  const texts = heard.filter(({ body }) => typeof body === 'string').map(({ body }) => JSON.parse(body as string))
  expect(heard.map(({ body }) => typeof body)).toEqual(['string', 'object', 'string'])
  expect((heard[1]!.body as Uint8Array).at(-1)).toBe(2)
  expect(texts).toMatchObject([
    { event: 'state', sequence: 1, data: { api: 1 } },
    { event: 'log', sequence: 2, data: { line: 'after' } },
  ])
})
