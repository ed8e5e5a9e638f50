// Wire version 2, byte for byte: what one release wrote, every later one must write and read alike.
// native/tests/wire_test.cpp checks the same file from the other end.

import { readFileSync } from 'node:fs'
import { create, type DescMessage, equals, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import {
  EndEffectorKind,
  EventKind,
  Feature,
  Mode,
  Reason,
  ReplySchema,
  RequestSchema,
  SegmentSchema,
  StateSchema,
} from '../../src/io/link/gen/link_pb.js'

const pinned = new Map(
  readFileSync(new URL('../fixtures/link-wire.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' ') as [string, string]),
)

const header = { version: 2, session: 0x0123456789abcdefn, sequence: 300n, senderNs: 0x1122334455667788n }
const pBase = { xM: 0.5, yM: -0.25, zM: 0.125 }
const quaternion = { x: 0.6, y: 0.8, z: 0, w: 0 }
const downward = { pBase, orientation: { case: 'yawRad', value: 0.75 } } as const
const full = { pBase, orientation: { case: 'qBaseTool', value: quaternion } } as const
const qRad = [0, 1, 2, 3, 4, 5, 6]
const load = { massKg: 0.5, pFlangeCenter: pBase, inertiaKgm2: [0, 1, 2, 3, 4, 5, 6, 7, 8] }
const tool = { name: 'spatula', pFlangeTcp: pBase, qFlangeTcp: quaternion, load }
/** A message's schema, and what is in it. */
type Pinned = [schema: DescMessage, init: MessageInitShape<DescMessage>]

const request = (body: MessageInitShape<typeof RequestSchema>['body']) => [RequestSchema, { header, body }] as Pinned
const reply = (body: MessageInitShape<typeof ReplySchema>['body']) => [ReplySchema, { header, body }] as Pinned

/** Every segment, with every field. */
const segments: MessageInitShape<typeof SegmentSchema>[] = [
  { kind: { case: 'move', value: { pose: downward, speedMps: 0.1, blendRadiusM: 0.02 } } },
  { kind: { case: 'descend', value: { pose: full, speedMps: 0.1, contactSpeedMps: 0.03, contactZoneM: 0.01 } } },
  { kind: { case: 'grasp', value: { widthM: 0.04, forceN: 20, speedMps: 0.05 } } },
  { kind: { case: 'joints', value: { qRad, speedMps: 0.2 } } },
  { kind: { case: 'release', value: { widthM: 0.08, speedMps: 0.05 } } },
  { kind: { case: 'push', value: { pose: downward, speedMps: 0.1, forceLimitN: 15 } } },
  { kind: { case: 'setTool', value: { tool, payload: load } } },
]

const messages: Readonly<Record<string, Pinned>> = {
  hello: request({ case: 'hello', value: {} }),
  ping: request({ case: 'ping', value: {} }),
  acquire: request({ case: 'acquire', value: { id: 1n } }),
  release: request({ case: 'release', value: { id: 2n } }),
  heartbeat: request({ case: 'heartbeat', value: { counter: 3n } }),
  plan: request({ case: 'plan', value: { id: 4n, validForS: 0.5, segments, appendTo: 3n } }),
  stop: request({ case: 'stop', value: { id: 5n, detail: 'why' } }),
  clear: request({ case: 'clear', value: { id: 6n } }),
  replay: request({ case: 'replay', value: { fromSequence: 7n } }),
  free_drive: request({ case: 'freeDrive', value: { id: 8n, on: true } }),
  welcome: reply({
    case: 'welcome',
    value: {
      version: 2,
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
      endEffector: { kind: EndEffectorKind.END_EFFECTOR_TWO_FINGER, widthMinM: 0.001, widthMaxM: 0.08, forceMaxN: 70 },
      tool,
      features: [Feature.CONTACT_SPEED, Feature.CONTACT_ZONE],
      payload: load,
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
      endEffector: { kind: EndEffectorKind.END_EFFECTOR_SUCTION_CUP, holding: true, graspCommanded: true },
      reason: Reason.WATCHDOG,
      mode: Mode.FAULT,
      pBase,
      detail: 'words',
    },
  }),
  error: reply({ case: 'error', value: { code: 'busy', message: 'later', reason: Reason.BUSY } }),
  state: [
    StateSchema,
    {
      header,
      stampNs: 16n,
      mode: Mode.FREE_DRIVE,
      reason: Reason.STOP_REQUESTED,
      leaseSession: 17n,
      commandId: 18n,
      segment: 1,
      qRad,
      dqRadps: qRad,
      contact: true,
      endEffector: {
        kind: EndEffectorKind.END_EFFECTOR_TWO_FINGER,
        holding: true,
        widthM: 0.04,
        forceN: 20,
        graspCommanded: true,
      },
      pBaseTool: pBase,
      yawRad: 0.5,
      qBaseTool: quaternion,
      lastEventSequence: 19n,
      tauExtNm: qRad,
      fExtBaseN: pBase,
      detail: 'words',
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

test('every kind of segment is pinned', () => {
  const kinds = SegmentSchema.oneofs[0]!.fields.map(({ localName }) => localName)
  expect(segments.map(({ kind }) => kind?.case).sort()).toEqual(kinds.sort())
})
