// Between the wire's messages (native/proto/link.proto) and the runtime's values.

import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { type Reason, reasons } from '../../control/reason.js'
import type {
  EndEffectorKind,
  EndEffectorState,
  JointPlan,
  MotionSegment,
  Plan,
  RobotMode,
  RobotState,
  Segment,
  Vec3,
} from '../../control/types.js'
import {
  type EndEffectorState as EndEffectorMessage,
  Feature,
  PlanSchema,
  type Point,
  type Reply,
  ReplySchema,
  RequestSchema,
  type SegmentSchema,
  type State,
  StateSchema,
} from './gen/link_pb.js'

export const linkVersion = 2

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

/** @param blends whether the controller carries out blends (FEATURE_BLEND); else every segment ends at rest */
export function planMessage(plan: Plan, id: bigint, validForS: number, blends = false) {
  return create(PlanSchema, {
    id,
    validForS,
    segments: plan.segments.map((segment) => segmentMessage(segment, blends)),
  })
}

/** All joints together, from any posture; the controller checks the way. */
export function jointsMessage({ qRad, speedMps }: JointPlan, id: bigint, validForS: number) {
  const value = { qRad: [...qRad], speedMps }
  return create(PlanSchema, { id, validForS, segments: [{ kind: { case: 'joints', value } }] })
}

/** What is absent stays 0 on the wire: the end effector's own. */
function segmentMessage(segment: Segment, blends: boolean): MessageInitShape<typeof SegmentSchema> {
  switch (segment.kind) {
    case 'move': {
      const blendRadiusM = blends ? (segment.blendRadiusM ?? 0) : 0
      return { kind: { case: 'move', value: { pose: poseMessage(segment), speedMps: segment.speedMps, blendRadiusM } } }
    }
    case 'descend':
    case 'push':
      return { kind: { case: segment.kind, value: { pose: poseMessage(segment), speedMps: segment.speedMps } } }
    case 'grasp':
      return { kind: { case: 'grasp', value: { widthM: segment.widthM ?? 0, forceN: segment.forceN ?? 0 } } }
    case 'release':
      return { kind: { case: 'release', value: { widthM: segment.widthM ?? 0 } } }
  }
}

/** The tool points straight down: a yaw says all of its orientation. */
function poseMessage({ p_base_m: [xM, yM, zM], yawRad }: MotionSegment) {
  return { pBase: { xM, yM, zM }, orientation: { case: 'yawRad' as const, value: yawRad } }
}

const modes: readonly RobotMode[] = ['disarmed', 'armed', 'moving', 'stopping', 'stopped', 'fault', 'free_drive']

export function modeOf(mode: number): RobotMode {
  return modes[mode] ?? 'fault' // a mode that this release does not know is none to move in
}

/** A reason with its words. One that this release does not know is the robot's, and the detail has its number. */
export function reasonOf(message: { readonly reason: number; readonly detail: string }): {
  reason: Reason
  detail: string
} {
  const reason = reasons[message.reason]
  if (reason !== undefined) return { reason, detail: message.detail }
  const detail = [`reason ${message.reason} of a newer controller`, message.detail].filter((words) => words).join(': ')
  return { reason: 'robot_failed', detail }
}

const endEffectorKinds: readonly EndEffectorKind[] = ['none', 'suction_cup', 'two_finger', 'digital_output']

/** A kind that this release does not know is none to plan for. */
export function endEffectorKindOf(kind: number): EndEffectorKind {
  return endEffectorKinds[kind] ?? 'none'
}

export function endEffectorState(message: EndEffectorMessage | undefined): EndEffectorState {
  return {
    kind: endEffectorKindOf(message?.kind ?? 0),
    holding: message?.holding ?? false,
    widthM: message?.widthM ?? null,
  }
}

/** 'full_pose', 'push', ... What this release does not know is left out. */
export function featureNames(features: readonly Feature[]): string[] {
  return features.flatMap((feature) => Feature[feature]?.toLowerCase() ?? [])
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
    endEffector: endEffectorState(state.endEffector),
    stampNs: state.stampNs,
    arrivedNs,
    ...reasonOf(state),
  }
}
