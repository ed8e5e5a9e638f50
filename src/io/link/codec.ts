// Between the wire's messages (native/proto/link.proto) and the runtime's values.

import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import type { Plan, RobotMode, RobotState, Segment, Vec3 } from '../../control/types.js'
import {
  PlanSchema,
  type Point,
  type Reply,
  ReplySchema,
  RequestSchema,
  type SegmentSchema,
  type State,
  StateSchema,
} from './gen/link_pb.js'

export const linkVersion = 1

/** The body of a request, e.g. `{ case: 'acquire', value: { id: 1n } }`. */
export type RequestBody = NonNullable<MessageInitShape<typeof RequestSchema>['body']>

export interface RequestHeader {
  readonly session: bigint
  readonly sequence: bigint
  readonly senderNs: bigint
}

export function encodeRequest(header: RequestHeader, body: RequestBody): Uint8Array {
  return toBinary(RequestSchema, create(RequestSchema, { header: { version: linkVersion, ...header }, body }))
}

/** @throws Error when the bytes are no Reply */
export function decodeReply(bytes: Uint8Array): Reply {
  return fromBinary(ReplySchema, bytes)
}

/** @throws Error when the bytes are no State */
export function decodeState(bytes: Uint8Array): State {
  return fromBinary(StateSchema, bytes)
}

export function planMessage(plan: Plan, id: bigint, validForS: number) {
  return create(PlanSchema, { id, validForS, segments: plan.segments.map(segmentMessage) })
}

/** All joints together to `qRad`, from any posture; the controller checks the way. */
export function jointsMessage(qRad: readonly number[], speedMps: number, id: bigint, validForS: number) {
  return create(PlanSchema, {
    id,
    validForS,
    segments: [{ kind: { case: 'joints', value: { qRad: [...qRad], speedMps } } }],
  })
}

function segmentMessage(segment: Segment): MessageInitShape<typeof SegmentSchema> {
  if (segment.kind === 'suction') return { kind: { case: 'suction', value: { on: segment.on } } }
  const [xM, yM, zM] = segment.p_base_m
  const { yawRad, speedMps } = segment
  return { kind: { case: segment.kind, value: { pBase: { xM, yM, zM }, yawRad, speedMps } } }
}

const modes: readonly RobotMode[] = ['disarmed', 'armed', 'moving', 'stopping', 'stopped', 'fault']

export function modeOf(mode: number): RobotMode {
  return modes[mode] ?? 'fault' // a mode that this release does not know is none to move in
}

export function vec3(point: Point | undefined): Vec3 {
  return point ? [point.xM, point.yM, point.zM] : [Number.NaN, Number.NaN, Number.NaN]
}

export function robotState(state: State, arrivedNs: bigint): RobotState {
  return {
    mode: modeOf(state.mode),
    qRad: state.qRad,
    dqRadps: state.dqRadps,
    p_base_tool_m: vec3(state.pBaseTool),
    yawRad: state.yawRad,
    contact: state.contact,
    sealed: state.sealed,
    stampNs: state.stampNs,
    arrivedNs,
    ...(state.reason === '' ? {} : { reason: state.reason }),
  }
}
