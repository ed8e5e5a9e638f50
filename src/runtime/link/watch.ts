// `cliport link watch`: states at a steady rate, and every event of the controller.

import { setTimeout as sleep } from 'node:timers/promises'
import { CliportError } from '../../control/errors.js'
import { describeReason } from '../../control/reason.js'
import type { RobotState } from '../../control/types.js'
import type { LinkClient } from '../../io/link/client.js'
import { endEffectorState, modeOf, reasonOf, vec3 } from '../../io/link/codec.js'
import { type Event, EventKind } from '../../io/link/gen/link_pb.js'

export interface WatchOptions {
  readonly rateHz: number
  /** Absent: until the signal. */
  readonly forS: number | undefined
  readonly asJson: boolean
  readonly signal: AbortSignal
  readonly print: (line: string) => void
}

export interface Watched {
  readonly states: number
  readonly events: number
}

/** Prints until its time is over. @throws the signal's reason when it is aborted */
export async function watch(client: LinkClient, options: WatchOptions): Promise<Watched> {
  const { rateHz, forS, asJson, signal, print } = options
  let states = 0
  let events = 0
  client.watchEvents((event) => {
    events++
    print(asJson ? JSON.stringify({ event: eventJson(event) }) : eventLine(event))
  })
  const until = forS === undefined ? Number.POSITIVE_INFINITY : performance.now() + forS * 1000
  for (let last: RobotState | null = null; performance.now() < until; ) {
    const { state } = client
    if (state !== null && state !== last) {
      states++
      print(asJson ? JSON.stringify({ state: stateJson(state) }) : stateLine(state))
    }
    if (client.absentMs > stateTimeoutMs) throw lost(client.address)
    last = state
    await sleep(Math.min(1000 / rateHz, Math.max(0, until - performance.now())), undefined, { signal })
  }
  return { states, events }
}

/** A live controller publishes 250 states a second; after this long without one it is gone. */
const stateTimeoutMs = 2000

function lost(address: string): CliportError {
  return new CliportError('LINK_PEER_LOST', `The controller at ${address} has sent no state for ${stateTimeoutMs} ms`, {
    stage: 'execute',
    hint: 'Look at the arm first. Then see whether cliport-controller still runs; what was printed last may be out of date',
  })
}

function stateJson(state: RobotState): object {
  const { mode, reason, detail, qRad, dqRadps, p_base_tool_m, yawRad, contact, endEffector, stampNs } = state
  return {
    mode,
    reason: reason === 'none' ? '' : reason,
    detail,
    q_rad: qRad,
    dq_radps: dqRadps,
    p_base_tool_m,
    yaw_rad: yawRad,
    contact,
    holding: endEffector.holding,
    width_m: endEffector.widthM,
    stamp_s: Number(stampNs) / 1e9,
  }
}

function stateLine(state: RobotState): string {
  const { mode, p_base_tool_m, yawRad, contact, endEffector } = state
  const where = p_base_tool_m.map((value) => value.toFixed(3).padStart(7)).join(' ')
  const more = [describeReason(state), contact ? 'contact' : '', endEffector.holding ? 'holds' : '']
    .filter((word) => word)
    .join(', ')
  return `${mode.padEnd(9)} ${where} m  yaw ${yawRad.toFixed(2).padStart(5)}  ${more}`.trimEnd()
}

const kindOf = (event: Event) => EventKind[event.kind].replace('EVENT_', '').toLowerCase()

function eventJson(event: Event): object {
  const { reason, detail } = reasonOf(event)
  return {
    sequence: Number(event.sequence),
    kind: kindOf(event),
    mode: modeOf(event.mode),
    command_id: Number(event.commandId),
    segment: event.segment,
    contact: event.contact,
    holding: endEffectorState(event.endEffector).holding,
    reason: reason === 'none' ? '' : reason,
    detail,
    p_base_m: vec3(event.pBase),
    stamp_s: Number(event.stampNs) / 1e9,
  }
}

function eventLine(event: Event): string {
  const words = [modeOf(event.mode), describeReason(reasonOf(event))].filter((word) => word).join(': ')
  return `> ${kindOf(event)} ${event.commandId === 0n ? '' : `command ${event.commandId} `}${words}`
}
