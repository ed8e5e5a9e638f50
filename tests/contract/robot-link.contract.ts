// What every way to a controller must do. Run on the real process over sockets, and on the core in this process.

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LinkClient } from '../../src/io/link/client.js'
import { planMessage, type RequestBody } from '../../src/io/link/codec.js'
import { EventKind, type Move, Reason } from '../../src/io/link/gen/link_pb.js'
import type { LinkTransport } from '../../src/io/link/transport.js'
import { descendTo, moveTo, patient, plan, RawLink } from '../fixtures/link-peers.js'

/** A controller that has just started, disarmed, its tool at (0.45, 0, 0.3), a table at z = 0. */
export interface Peer {
  /** Another way to it. */
  transport(): LinkTransport
  close(): Promise<void>
}

export function robotLinkContract(name: string, start: () => Promise<Peer>): void {
  describe(`robot link: ${name}`, () => {
    let peer: Peer
    let link: LinkClient
    const others: { close(): Promise<void> }[] = []

    beforeEach(async () => {
      peer = await start()
      link = await LinkClient.connect(peer.transport(), patient)
    })

    afterEach(async () => {
      await link.close()
      for (const other of others.splice(0)) await other.close()
      await peer.close()
    })

    function raw(): RawLink {
      const transport = peer.transport()
      others.push(transport)
      return new RawLink(transport)
    }

    /** The state of a moment ago may still be on its way. */
    async function untilMode(mode: string): Promise<void> {
      await expect.poll(() => link.state?.mode, { timeout: 50_000 }).toBe(mode)
    }

    test('every start is disarmed, and a plan is refused', async () => {
      expect(link.state?.mode).toBe('disarmed')
      expect(await link.execute(plan(moveTo(0.5, 0, 0.3)))).toMatchObject({ status: 'rejected', reason: 'not_armed' })
    })

    test('an armed arm runs a plan and says where each segment ended', async () => {
      await link.arm()
      const execution = await link.execute(plan(moveTo(0.5, 0.1, 0.3), moveTo(0.5, 0.1, 0.2)))
      expect(execution).toMatchObject({ status: 'done', reason: 'none', detail: '', holding: false })
      expect(execution.segments).toHaveLength(2)
      expect(execution.segments.map(({ contact }) => contact)).toEqual([false, false])
      const [first, second] = execution.segments.map(({ p_base_m }) => p_base_m)
      for (const [i, value] of [0.5, 0.1, 0.3].entries()) expect(first![i]).toBeCloseTo(value, 4)
      for (const [i, value] of [0.5, 0.1, 0.2].entries()) {
        expect(second![i]).toBeCloseTo(value, 4)
        expect(link.state?.p_base_tool_m[i]).toBeCloseTo(value, 2)
      }
      expect(link.state?.mode).toBe('armed')
    })

    test('a descent ends by contact, and the end effector says that it holds', async () => {
      await link.arm()
      const pick = plan(moveTo(0.45, 0, 0.05), descendTo(0.45, 0, -0.005), { kind: 'grasp' })
      const execution = await link.execute(pick)
      expect(execution).toMatchObject({ status: 'done', holding: true })
      expect(execution.segments.map(({ contact }) => contact)).toEqual([false, true, false])
      expect(await link.execute(plan({ kind: 'release' }))).toMatchObject({ status: 'done', holding: false })
    })

    test.each([
      ['outside the workspace', plan(moveTo(0.5, 0.9, 0.3)), 'outside_workspace'],
      ['faster than allowed', plan(moveTo(0.5, 0, 0.3, 5)), 'too_fast'],
      ['a coordinate that is not a number', plan(moveTo(Number.NaN, 0, 0.3)), 'not_finite'],
      ['an infinite speed', plan(moveTo(0.5, 0, 0.3, Number.POSITIVE_INFINITY)), 'not_finite'],
      ['a descent that moves sideways', plan(descendTo(0.5, 0.1, 0.1)), 'not_vertical'],
      ['nothing to do', plan(), 'empty_plan'],
      ['one good segment before a bad one', plan(moveTo(0.5, 0, 0.3), moveTo(0.5, 0, 3)), 'outside_workspace'],
      ['more segments than fit', plan(...Array(17).fill(moveTo(0.5, 0, 0.3))), 'malformed'],
    ])('a plan with %s is refused as a whole, and the arm stays armed', async (_, bad, reason) => {
      await link.arm()
      const execution = await link.execute(bad)
      expect(execution).toMatchObject({ status: 'rejected', reason, segments: [] })
      expect(await link.execute(plan(moveTo(0.46, 0, 0.3)))).toMatchObject({ status: 'done' })
    })

    test('a grasp with a width or force that the end effector does not have is refused with the field', async () => {
      await link.arm()
      expect(link.endEffector).toBe('suction_cup')
      expect(link.features).not.toContain('grasp_width')
      const way = moveTo(0.5, 0, 0.3)
      for (const [segment, field] of [
        [{ kind: 'grasp', widthM: 0.02 }, 'segments[1].grasp.width_m'],
        [{ kind: 'grasp', forceN: 20 }, 'segments[1].grasp.force_n'],
        [{ kind: 'release', widthM: 0.05 }, 'segments[1].release.width_m'],
      ] as const) {
        const execution = await link.execute(plan(way, segment))
        expect(execution).toMatchObject({ status: 'rejected', reason: 'unsupported', segments: [] })
        expect(execution.detail).toContain(field)
      }
      expect(link.state?.p_base_tool_m[0]).toBeCloseTo(0.45, 3)
    })

    const { pose } = planMessage(plan(moveTo(0.5, 0, 0.3)), 1n, 1).segments[0]!.kind.value as Move
    const tilted = {
      pBase: pose!.pBase!,
      orientation: { case: 'qBaseTool', value: { x: 0.8, y: 0, z: 0.6, w: 0 } },
    } as const
    test.each([
      ['append_to', [{ case: 'move', value: { pose, speedMps: 0.1 } }], 9n],
      ['move.pose.q_base_tool', [{ case: 'move', value: { pose: tilted, speedMps: 0.1 } }], 0n],
      ['descend.contact_zone_m', [{ case: 'descend', value: { pose, speedMps: 0.1, contactZoneM: 0.01 } }], 0n],
      ['set_tool', [{ case: 'setTool', value: { tool: { name: 'spatula' } } }], 0n],
    ] as const)(
      'a plan with %s is refused whole: this release does not carry it out',
      async (field, kinds, appendTo) => {
        const session = raw()
        await session.send(session.encode({ case: 'acquire', value: { id: 1n } }))
        const segments = kinds.map((kind) => ({ kind }))
        await session.send(session.encode({ case: 'plan', value: { id: 2n, validForS: 1, segments, appendTo } }))
        const answer = await session.event(({ commandId, kind }) => commandId === 2n && kind !== EventKind.EVENT_MODE)
        expect(answer).toMatchObject({ kind: EventKind.EVENT_REJECTED, reason: Reason.UNSUPPORTED })
        expect(answer.detail).toContain(field)
      },
    )

    test('free drive is refused: this release does not carry it out', async () => {
      const session = raw()
      await session.send(session.encode({ case: 'acquire', value: { id: 1n } }))
      await session.send(session.encode({ case: 'freeDrive', value: { id: 2n, on: true } }))
      const answer = await session.event(({ commandId, kind }) => commandId === 2n && kind !== EventKind.EVENT_MODE)
      expect(answer).toMatchObject({ kind: EventKind.EVENT_REJECTED, reason: Reason.UNSUPPORTED })
      expect(link.features).not.toContain('free_drive')
    })

    test('a stop is latched until a person clears it, and leaves the arm disarmed', async () => {
      await link.arm()
      await link.stop('a test')
      await untilMode('stopped')
      expect(await link.execute(plan(moveTo(0.5, 0, 0.3)))).toMatchObject({ status: 'rejected', reason: 'latched' })
      await expect(link.arm()).rejects.toMatchObject({ code: 'LINK_REFUSED', reason: 'latched' })
      await link.clear()
      await untilMode('disarmed')
      expect(await link.execute(plan(moveTo(0.5, 0, 0.3)))).toMatchObject({ status: 'rejected', reason: 'not_armed' })
      await link.arm()
      expect(await link.execute(plan(moveTo(0.46, 0, 0.3)))).toMatchObject({ status: 'done' })
    })

    test('a stop needs no lease', async () => {
      await link.stop('a bystander saw something')
      await untilMode('stopped')
    })

    test('arming twice keeps the lease', async () => {
      await link.arm()
      await link.arm()
      expect(await link.execute(plan(moveTo(0.46, 0, 0.3)))).toMatchObject({ status: 'done' })
    })

    test('who comes second gets no lease, until the first has left', async () => {
      await link.arm()
      const second = await LinkClient.connect(peer.transport(), patient)
      others.push(second)
      await expect(second.arm()).rejects.toMatchObject({ code: 'LINK_REFUSED', reason: 'lease_taken' })
      expect(await second.execute(plan(moveTo(0.5, 0, 0.3)))).toMatchObject({ status: 'rejected', reason: 'no_lease' })
      await link.close()
      await second.arm()
      expect(await second.execute(plan(moveTo(0.46, 0, 0.3)))).toMatchObject({ status: 'done' })
    })

    test('what is asked of a link that is closed fails at once, a stop too', async () => {
      await link.close()
      const lost = { code: 'LINK_PEER_LOST', message: expect.stringContaining('has been closed') }
      await expect(link.stop('nobody is there')).rejects.toMatchObject(lost)
      await expect(link.clear()).rejects.toMatchObject(lost)
    })

    test('a command id is never run twice', async () => {
      const session = raw()
      await session.send(session.encode({ case: 'acquire', value: { id: 7n } }))
      expect(await session.event(({ commandId }) => commandId === 7n)).toMatchObject({ kind: EventKind.EVENT_ACCEPTED })
      await session.send(session.encode({ case: 'release', value: { id: 7n } }))
      const answer = await session.event(({ commandId, kind }) => commandId === 7n && kind !== EventKind.EVENT_MODE)
      expect(answer).toMatchObject({ kind: EventKind.EVENT_REJECTED, reason: Reason.DUPLICATE })
    })

    test('a plan that could not begin in time is never run', async () => {
      const session = raw()
      await session.send(session.encode({ case: 'acquire', value: { id: 1n } }))
      const late = planMessage(plan(moveTo(0.5, 0, 0.3)), 2n, 1e-9)
      await session.send(session.encode({ case: 'plan', value: late }))
      const answer = await session.event(({ commandId, kind }) => commandId === 2n && kind !== EventKind.EVENT_MODE)
      expect(answer).toMatchObject({ kind: EventKind.EVENT_REJECTED, reason: Reason.EXPIRED })
    })

    test.each([
      ['a sequence that does not increase', { sequence: 1n }, 'sequence'],
      ['no session', { session: 0n }, 'session'],
    ])('a message with %s is refused', async (_, header, code) => {
      const session = raw()
      await session.ask({ case: 'hello', value: {} })
      expect((await session.ask({ case: 'ping', value: {} }, header)).body).toMatchObject({
        case: 'error',
        value: { code },
      })
    })

    test.each<[string, RequestBody, string]>([
      ['a plan without expiry', { case: 'plan', value: planMessage(plan(moveTo(0.5, 0, 0.3)), 1n, 0) }, 'valid_for'],
      ['an expiry that is not a number', { case: 'plan', value: planMessage(plan(), 1n, Number.NaN) }, 'valid_for'],
      ['a command without an id', { case: 'acquire', value: {} }, 'missing_field'],
      ['a segment of no kind', { case: 'plan', value: { id: 1n, validForS: 1, segments: [{}] } }, 'missing_field'],
      [
        'a move without a target',
        { case: 'plan', value: { id: 1n, validForS: 1, segments: [{ kind: { case: 'move', value: {} } }] } },
        'missing_field',
      ],
      ['no request at all', { case: undefined }, 'unknown_request'],
    ])('%s is answered with an error that names it', async (_, body, code) => {
      const session = raw()
      expect((await session.ask(body)).body).toMatchObject({ case: 'error', value: { code } })
    })

    test('events can be asked for again', async () => {
      await link.arm()
      await link.execute(plan(moveTo(0.46, 0, 0.3)))
      const session = raw()
      await session.send(session.encode({ case: 'replay', value: { fromSequence: 1n } }))
      const done = await session.next(({ body }) => body.case === 'event' && body.value.kind === EventKind.EVENT_DONE)
      expect(done.body).toMatchObject({ value: { mode: 1, commandId: 2n } })
    })

    test('random bytes get an error and change nothing', async () => {
      const session = raw()
      await session.ask({ case: 'hello', value: {} })
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 300 }), async (bytes) => {
          await session.send(bytes)
          await session.next(({ body }) => body.case === 'error')
        }),
        { numRuns: 200 },
      )
      await link.arm()
      expect(await link.execute(plan(moveTo(0.46, 0, 0.3)))).toMatchObject({ status: 'done' })
    })
  })
}
