// Wire version 1, byte for byte: what one release wrote, every later one must write and read alike.
// native/tests/wire_test.cpp checks the same file from the other end.

import { readFileSync } from 'node:fs'
import { create, type DescMessage, equals, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { EventKind, Mode, ReplySchema, RequestSchema, StateSchema } from '../../src/io/link/gen/link_pb.js'

const pinned = new Map(
  readFileSync(new URL('../fixtures/link-wire.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' ') as [string, string]),
)

const header = { version: 1, session: 0x0123456789abcdefn, sequence: 300n, senderNs: 0x1122334455667788n }
const pBase = { xM: 0.5, yM: -0.25, zM: 0.125 }
const line = { pBase, yawRad: 0.75, speedMps: 0.1 }
const qRad = [0, 1, 2, 3, 4, 5, 6]
const request = (body: MessageInitShape<typeof RequestSchema>['body']) =>
  [RequestSchema, { header, body }] as [DescMessage, object]
const reply = (body: MessageInitShape<typeof ReplySchema>['body']) =>
  [ReplySchema, { header, body }] as [DescMessage, object]

const messages: Readonly<Record<string, [DescMessage, object]>> = {
  hello: request({ case: 'hello', value: {} }),
  ping: request({ case: 'ping', value: {} }),
  acquire: request({ case: 'acquire', value: { id: 1n } }),
  release: request({ case: 'release', value: { id: 2n } }),
  heartbeat: request({ case: 'heartbeat', value: { counter: 3n } }),
  plan: request({
    case: 'plan',
    value: {
      id: 4n,
      validForS: 0.5,
      segments: [
        { kind: { case: 'move', value: line } },
        { kind: { case: 'descend', value: line } },
        { kind: { case: 'suction', value: { on: true } } },
        { kind: { case: 'joints', value: { qRad, speedMps: 0.2 } } },
      ],
    },
  }),
  stop: request({ case: 'stop', value: { id: 5n, reason: 'why' } }),
  clear: request({ case: 'clear', value: { id: 6n } }),
  replay: request({ case: 'replay', value: { fromSequence: 7n } }),
  welcome: reply({
    case: 'welcome',
    value: {
      version: 1,
      backend: 'sim',
      software: 'x 1',
      motionBoxM: [0.1, 0.8, -0.6, 0.6, 0, 0.7],
      speedLimitMps: 0.6,
      lastEventSequence: 9n,
      statePort: 5601,
      eventPort: 5602,
      stopPort: 5603,
      instance: 10n,
      keepOutM: [1, 2, 3, 4, 5, 6],
    },
  }),
  pong: reply({ case: 'pong', value: { controllerNs: 11n } }),
  event: reply({
    case: 'event',
    value: {
      sequence: 12n,
      stampNs: 13n,
      kind: EventKind.EVENT_ENDED,
      session: 14n,
      commandId: 15n,
      segment: 2,
      contact: true,
      sealed: true,
      reason: 'watchdog',
      mode: Mode.FAULT,
      pBase,
      detail: 'words',
    },
  }),
  error: reply({ case: 'error', value: { code: 'busy', message: 'later' } }),
  state: [
    StateSchema,
    {
      header,
      stampNs: 16n,
      mode: Mode.MOVING,
      reason: 'none',
      leaseSession: 17n,
      commandId: 18n,
      segment: 1,
      qRad,
      dqRadps: qRad,
      contact: true,
      sealed: true,
      pBaseTool: pBase,
      yawRad: 0.5,
      suction: true,
      lastEventSequence: 19n,
      tauExtNm: qRad,
      fExtBaseN: pBase,
    },
  ],
}

test.each(Object.entries(messages))('%s is written and read as it was pinned', (name, [schema, init]) => {
  const message = create(schema, init)
  expect(Buffer.from(toBinary(schema, message)).toString('hex')).toBe(pinned.get(name))
  expect(equals(schema, fromBinary(schema, Buffer.from(pinned.get(name)!, 'hex')), message)).toBe(true)
})

test('every kind of message is pinned', () => {
  const kinds = [RequestSchema, ReplySchema].flatMap(({ oneofs }) => oneofs[0]!.fields.map(({ name }) => name))
  expect([...pinned.keys()].sort()).toEqual([...kinds, 'state'].sort())
})
