// The clock of the link and its tick.

import type { Clock } from '../../control/ports.js'

/** What a test may replace. */
export interface LinkTiming {
  readonly clock: Clock
  /** Calls `tick` again and again; returns what ends it. */
  every(periodMs: number, tick: () => void): () => void
}

export const realTiming: LinkTiming = {
  clock: { nowNs: () => process.hrtime.bigint() },
  every(periodMs, tick) {
    const timer = setInterval(tick, periodMs)
    return () => clearInterval(timer)
  },
}
