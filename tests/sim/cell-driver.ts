// Drives a cell in the free clock by protocol messages, without sockets: what a runtime does, without looking.

import { createHash } from 'node:crypto'
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { parkPose } from '../../src/control/park.js'
import { describeReason } from '../../src/control/reason.js'
import type { Vec3 } from '../../src/control/types.js'
import { endEffectorState, linkVersion, reasonOf } from '../../src/io/link/codec.js'
import { type Event, EventKind, ReplySchema, RequestSchema, type SegmentSchema } from '../../src/io/link/gen/link_pb.js'
import type { Cell, OracleAction, SimFrame, TrueObject } from '../../src/sim/index.js'

type Segment = MessageInitShape<typeof SegmentSchema>
type Body = NonNullable<MessageInitShape<typeof RequestSchema>['body']>

const transitM = 0.3
const session = 7n

export class CellDriver {
  readonly #cell: Cell
  #sequence = 0n

  constructor(cell: Cell) {
    this.#cell = cell
  }

  /** All events that the request led to. @throws Error for a malformed request */
  async request(body: Body): Promise<Event[]> {
    const header = { version: linkVersion, session, sequence: ++this.#sequence }
    const replies = await this.#cell.send(toBinary(RequestSchema, create(RequestSchema, { header, body })))
    return replies.flatMap((bytes) => {
      const reply = fromBinary(ReplySchema, bytes)
      if (reply.body.case === 'error') throw new Error(`${reply.body.value.code}: ${reply.body.value.message}`)
      return reply.body.case === 'event' ? [reply.body.value] : []
    })
  }

  async arm(): Promise<void> {
    await this.request({ case: 'acquire', value: { id: ++this.#sequence } })
  }

  async plan(...segments: Segment[]): Promise<Event[]> {
    return this.request({ case: 'plan', value: { id: ++this.#sequence, validForS: 1, segments } })
  }

  async pick(p: Vec3): Promise<Event[]> {
    return this.plan(move(over(p)), descend([p[0], p[1], p[2] - 0.02]), grasp(), move(over(p)))
  }

  async place(p: Vec3): Promise<Event[]> {
    return this.plan(move(over(p)), descend([p[0], p[1], 0]), release(), move(over(p)))
  }

  /** To transit height over a point. */
  async hover(p: Vec3): Promise<Event[]> {
    return this.plan(move(over(p)))
  }

  async park(): Promise<Event[]> {
    return this.plan(move(parkPose.p_base_m, 0.6))
  }

  /** Pick, place, park. @returns whether the object was held on the way */
  async act({ pick, place }: OracleAction): Promise<boolean> {
    const picked = outcome(await this.pick(pick.p_base_m))
    const held = picked.kind === EventKind.EVENT_DONE && isHolding(picked)
    if (held) expectDone(await this.place(place.p_base_m))
    else await this.plan(release())
    expectDone(await this.park())
    return held
  }
}

export function move(p: Vec3, speedMps = 0.5): Segment {
  return { kind: { case: 'move', value: { pose: pose(p), speedMps } } }
}

export function descend(p: Vec3, speedMps = 0.1): Segment {
  return { kind: { case: 'descend', value: { pose: pose(p), speedMps } } }
}

export function grasp(): Segment {
  return { kind: { case: 'grasp', value: {} } }
}

export function release(): Segment {
  return { kind: { case: 'release', value: {} } }
}

export function isHolding(event: Event): boolean {
  return endEffectorState(event.endEffector).holding
}

export function over([x, y]: Vec3): Vec3 {
  return [x, y, transitM]
}

/** Equal for equal frames: comparing megapixels one by one takes a test seconds. */
export function digest(frames: readonly SimFrame[]): string[] {
  return frames.map(({ color, depthM, labels, ...rest }) => {
    const hash = createHash('sha1').update(color).update(new Uint8Array(depthM.buffer)).update(labels)
    return `${hash.digest('hex')} ${rest.camera} ${rest.stampNs} ${Object.values(rest.intrinsics)} ${rest.T_base_camera}`
  })
}

/** How far an object was moved in the table's plane, metres. */
export function shiftM(before: readonly TrueObject[], after: readonly TrueObject[], label: number): number {
  const [a, b] = [before, after].map((objects) => objects.find((object) => object.label === label)!.p_base_m)
  return Math.hypot(a![0] - b![0], a![1] - b![1])
}

/** The event that ended the command. */
export function outcome(events: readonly Event[]): Event {
  const ends: readonly EventKind[] = [EventKind.EVENT_DONE, EventKind.EVENT_ENDED, EventKind.EVENT_REJECTED]
  const last = events.findLast(({ kind }) => ends.includes(kind))
  if (!last) throw new Error(`The command has not ended: ${events.map(({ kind }) => EventKind[kind]).join(', ')}`)
  return last
}

function expectDone(events: readonly Event[]): void {
  const last = outcome(events)
  if (last.kind === EventKind.EVENT_DONE) return
  throw new Error(`Expected the plan to be done but it ${EventKind[last.kind]}: ${describeReason(reasonOf(last))}`)
}

function pose([xM, yM, zM]: Vec3) {
  return { pBase: { xM, yM, zM }, orientation: { case: 'yawRad' as const, value: 0 } }
}
