// One recorded demonstration, as it is read back: what was seen, what was done.

import type { Action, EpisodeMeta } from './demonstration.js'
import type { RecordedImage } from './raw-image.js'

export interface EpisodeObservation {
  readonly stampNs: bigint
  readonly rows: number
  readonly cols: number
  /** Metres above the workspace's `zMinM`, rows x cols. */
  readonly heightM: Float32Array
  /** RGB8, rows x cols x 3. */
  readonly color: Uint8Array
  /** rows x cols. */
  readonly labels: Uint8Array
  readonly truth: Readonly<Record<string, unknown>>
  /** Camera pictures by topic, when the episode has them. */
  readonly frames: ReadonlyMap<string, RecordedImage>
}

/** `actions[k]` follows `observations[k]`; the last observation has no action after it. */
export interface Episode {
  readonly meta: EpisodeMeta
  readonly observations: readonly EpisodeObservation[]
  readonly actions: readonly Action[]
}
