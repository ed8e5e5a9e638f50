// What a camera counts.

import type { NativeCounts } from './native.js'

/** Since the camera was opened, over all restarts. */
export interface CameraStats extends NativeCounts {
  /** Frames that did not reach the consumer because a newer one had come: superseded + untaken. */
  readonly dropped: number
  /** Times it streamed again after a stall, an error or a pulled cable. */
  readonly restarts: number
  /** Leases that are out. */
  readonly leases: number
  /** Drift of the camera's clock against the host's, parts per million. */
  readonly driftPpm: number
  /** How much later than the quickest ones the newest frame arrived. */
  readonly extraDelayMs: number
}

export const noCounts: NativeCounts = { received: 0, incomplete: 0, superseded: 0, untaken: 0, refused: 0, taken: 0 }

export function addCounts(a: NativeCounts, b: NativeCounts): NativeCounts {
  return {
    received: a.received + b.received,
    incomplete: a.incomplete + b.incomplete,
    superseded: a.superseded + b.superseded,
    untaken: a.untaken + b.untaken,
    refused: a.refused + b.refused,
    taken: a.taken + b.taken,
  }
}
