// What is to be recorded.

import type { Shard } from '../evaluation/shard.js'
import type { Config } from '../runtime/config/schema.js'

export interface RecordRequest {
  readonly task: string
  readonly episodes: number
  /** Episode i shows scene `seed + 2i`. */
  readonly seed: number
  readonly out: string
  /** Only these of the episodes; absent: all. */
  readonly shard?: Shard
  /** Processes. */
  readonly jobs: number
  readonly frames: boolean
  readonly perturb: number
  /** 'mixed': one after the other. */
  readonly appearance: 'published' | 'randomized' | 'mixed'
  readonly sensor: 'clean' | 'real' | 'mixed'
  readonly config: Config
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
  readonly onProgress?: (progress: { readonly done: number; readonly of: number; readonly leftS: number }) => void
}
