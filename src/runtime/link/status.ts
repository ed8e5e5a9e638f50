// What can be known of a controller without touching its arm.

import type { EndEffectorKind } from '../../control/types.js'
import type { Lease, LinkClient } from '../../io/link/client.js'
import { type Durations, StageHistograms } from '../durations.js'

/** The stable JSON of `cliport link status`. */
export interface LinkStatus {
  readonly address: string
  readonly backend: string
  readonly software: string
  readonly mode: string
  /** Why it stopped or faulted, and the words for it; empty when it did neither. */
  readonly reason: string
  readonly detail: string
  readonly lease: Lease
  readonly q_rad: readonly number[]
  readonly p_base_tool_m: readonly number[]
  readonly yaw_rad: number
  readonly contact: boolean
  readonly end_effector: EndEffectorKind
  readonly holding: boolean
  /** Opening between the fingers; null where there are none. */
  readonly width_m: number | null
  readonly motion_box_m: readonly number[]
  readonly keep_out_m: readonly number[]
  readonly speed_limit_mps: number
  /** What the controller carries out beyond plain segments (docs/link.md). */
  readonly features: readonly string[]
  readonly round_trip_ms: number
  /** Controller's clock minus ours, and how far off that may be. */
  readonly clock_offset_ms: number
  readonly clock_error_ms: number
}

/** What a controller and its arm are doing now. @throws CliportError LINK_PEER_LOST */
export async function statusOf(client: LinkClient): Promise<LinkStatus> {
  const roundTripMs = await client.ping()
  const state = client.state!
  const { offsetNs, errorNs } = client.clockOffset!
  return {
    address: client.address,
    backend: client.backend,
    software: client.software,
    mode: state.mode,
    reason: state.reason === 'none' ? '' : state.reason,
    detail: state.detail,
    lease: client.lease,
    q_rad: state.qRad,
    p_base_tool_m: state.p_base_tool_m,
    yaw_rad: state.yawRad,
    contact: state.contact,
    end_effector: state.endEffector.kind,
    holding: state.endEffector.holding,
    width_m: state.endEffector.widthM,
    motion_box_m: client.motionBoxM,
    keep_out_m: client.keepOutM,
    speed_limit_mps: client.speedLimitMps,
    features: client.features,
    round_trip_ms: roundTripMs,
    clock_offset_ms: Number(offsetNs) / 1e6,
    clock_error_ms: Number(errorNs) / 1e6,
  }
}

export function describeLink(status: LinkStatus): string[] {
  const metres = (values: readonly number[]) => values.map((value) => value.toFixed(3)).join(', ')
  const why = [status.reason, status.detail].filter((words) => words).join(': ')
  return [
    `controller  ${status.software} at ${status.address}, backend ${status.backend}`,
    `arm         ${status.mode}${why === '' ? '' : ` (${why})`}, lease ${status.lease}`,
    `tool        ${metres(status.p_base_tool_m)} m, yaw ${status.yaw_rad.toFixed(3)} rad${status.holding ? ', holds something' : ''}${status.contact ? ', touches something' : ''}`,
    `joints      ${metres(status.q_rad)} rad`,
    `effector    ${status.end_effector}${status.width_m === null ? '' : `, ${(1000 * status.width_m).toFixed(1)} mm open`}`,
    `limits      ${metres(status.motion_box_m)} m, ${status.speed_limit_mps} m/s`,
    `features    ${status.features.join(', ') || 'none'}`,
    `network     round trip ${status.round_trip_ms.toFixed(2)} ms, clock ${status.clock_offset_ms.toFixed(2)} +- ${status.clock_error_ms.toFixed(2)} ms`,
  ]
}

/** The stable JSON of `cliport link ping`. */
export interface PingReport {
  readonly count: number
  readonly round_trip: Durations
  readonly clock_offset_ms: number
  readonly clock_error_ms: number
}

export async function measureRoundTrips(client: LinkClient, count: number, signal: AbortSignal): Promise<PingReport> {
  const histograms = new StageHistograms()
  for (let i = 0; i < count; i++) {
    signal.throwIfAborted()
    histograms.observe('ping', await client.ping())
  }
  const { offsetNs, errorNs } = client.clockOffset!
  return {
    count,
    round_trip: histograms.of('ping'),
    clock_offset_ms: Number(offsetNs) / 1e6,
    clock_error_ms: Number(errorNs) / 1e6,
  }
}
