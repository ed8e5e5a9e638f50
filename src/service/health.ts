// Whether the service is well: what a watchdog and a load balancer ask. Fed by what the cycle needs, not by a timer.

import type { ServiceState } from './api.js'

/** One thing that must hold. */
export interface HealthCheck {
  readonly id: 'frames' | 'robot' | 'session'
  readonly ok: boolean
  readonly finding: string
}

export interface Health {
  /** The process does its work: false asks for a restart. */
  readonly alive: boolean
  /** A goal would be taken up, once a person has armed. */
  readonly ready: boolean
  readonly checks: readonly HealthCheck[]
}

/** Between goals the cameras are looked at every two seconds. */
const oldFrameMs = 10_000
/** While the arm moves, from one look to the next. */
const oldFrameWhileMovingMs = 60_000
const oldStateMs = 5000
const oldSimulatedStateMs = 30_000

/**
 * `alive` is about this process: frames and states that are old although arm and cameras are open. Hardware that is away is
 * told in the state, and opened again; a restart would not bring it back.
 */
export function healthOf({ session, cameras, robot, simulated, clock_ms: clockMs, disks }: ServiceState): Health {
  const isOpen = !['lost', 'safe_mode', 'closing'].includes(session.mode)
  const mostMs = session.running === null ? oldFrameMs : oldFrameWhileMovingMs
  const old = cameras.filter(({ age_ms, ok }) => !ok || (age_ms ?? clockMs) > mostMs)
  const frames = {
    id: 'frames',
    ok: isOpen && cameras.length > 0 && old.length === 0,
    finding:
      old.length === 0
        ? `${cameras.length} camera(s) deliver`
        : `no new frame of ${old.map(({ name }) => name).join(', ')}`,
  } as const
  const ageMs = robot?.age_ms ?? Number.POSITIVE_INFINITY
  const isFresh = ageMs < (simulated ? oldSimulatedStateMs : oldStateMs)
  const arm = {
    id: 'robot',
    ok: isOpen && isFresh,
    finding: robot === null ? 'no state of the arm' : `newest state ${(ageMs / 1000).toFixed(1)} s old`,
  } as const
  const full = disks.find((disk) => disk.use === 'goals' && disk.full)
  const isUsable = isOpen && session.mode !== 'fault' && full === undefined
  const finding = full === undefined ? (session.reason ?? session.mode) : `the disk of ${full.folder} is full`
  const usable = { id: 'session', ok: isUsable, finding } as const
  return {
    alive: !isOpen || (frames.ok && arm.ok),
    ready: frames.ok && arm.ok && isUsable,
    checks: [frames, arm, usable],
  }
}
