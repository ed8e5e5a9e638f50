// The layout for Foxglove shows what the live connection has, topic by topic.

import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { eventSchema, pictureHeaderSchema } from '../../src/service/api.js'
import { FoxgloveFeed, foxgloveProtocol } from '../../src/service/foxglove.js'
import { Hub } from '../../src/service/hub.js'
import type { Service } from '../../src/service/service.js'

/** Every topic that a text names, without the field behind it. */
const topicsIn = (text: string) =>
  new Set([...text.matchAll(/"(\/[a-z]+(?:\/[a-z]+)?)[^"]*"/g)].map(([, topic]) => topic!))

test('every topic of the layout in packaging/ is one that the service sends', () => {
  const hub = new Hub(() => 0)
  const feed = new FoxgloveFeed({ hub, state: () => ({ session: { mode: 'ready' } }) } as unknown as Service)
  const sent: string[] = []
  const socket = Object.assign(new EventEmitter(), {
    protocol: foxgloveProtocol,
    bufferedAmount: 0,
    send: (data: unknown) => typeof data === 'string' && sent.push(data),
  })
  feed.serve(socket as never)
  for (const kind of pictureHeaderSchema.shape.kind.options) {
    for (const name of kind === 'camera' ? ['front', 'left', 'right'] : [kind]) {
      const header = { kind, name, type: 'image/webp', width: 1, height: 1, clock_ms: 0, goal_id: null } as const
      hub.picture(header, new Uint8Array(1))
    }
  }
  const robot = { mode: 'armed', p_base_tool_m: [0, 0, 0], yaw_rad: 0 }
  for (const { shape } of eventSchema.options) {
    const event = shape.event.value
    hub.emit(event, (event === 'robot' ? robot : { session: {}, line: '' }) as never)
  }
  const topics = sent.flatMap((text) => {
    const { op, channels = [] } = JSON.parse(text) as { op: string; channels?: { topic: string }[] }
    return op === 'advertise' ? channels.map(({ topic }) => topic) : []
  })
  const shown = topicsIn(readFileSync('packaging/foxglove/cliport.json', 'utf8'))
  expect(shown.size).toBeGreaterThan(10)
  expect([...shown].filter((topic) => !topics.includes(topic))).toEqual([])
})
