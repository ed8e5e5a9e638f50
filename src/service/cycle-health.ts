// Whether the service is well: something that should go on goes on. What only waits for a person, or for hardware that is
// away, is well too: a restart would not bring it back, and would disarm.

import type { ServiceState } from './api.js'

type Mode = ServiceState['session']['mode']

/** What the service has done so far. */
export interface Progress {
  readonly mode: Mode
  /** Stages of cycles that have ended. */
  readonly stages: number
  /** Looks between goals that have ended, with frames or with an error that was told. */
  readonly looks: number
  /** Stamp of the arm's newest state while it moves, nanoseconds; null at rest. */
  readonly motionNs: bigint | null
}

export class CycleHealth {
  #last: Progress | null = null
  #sinceMs = 0

  /** @param stallMs how long a cycle, or a look, may take without a sign of life */
  constructor(private readonly stallMs: number) {}

  /** @param nowMs monotonic @returns whether the watchdog may be fed */
  isWell(progress: Progress, nowMs: number): boolean {
    if (this.#last === null || hasGoneOn(this.#last, progress)) {
      this.#last = progress
      this.#sinceMs = nowMs
    }
    return nowMs - this.#sinceMs <= this.stallMs
  }
}

function hasGoneOn(before: Progress, now: Progress): boolean {
  if (now.mode !== before.mode) return true
  switch (now.mode) {
    case 'running':
    case 'stopping':
      // Looks between goals go on while a cycle is stuck: they are no sign of it.
      return now.stages !== before.stages || (now.motionNs !== null && now.motionNs !== before.motionNs)
    case 'disarmed':
    case 'ready':
    case 'stopped':
    case 'fault':
      return now.looks !== before.looks
    case 'asking':
    case 'paused':
    case 'lost':
    case 'safe_mode':
    case 'closing':
      return true
  }
}
