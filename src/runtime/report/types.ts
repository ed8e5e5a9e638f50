// What a run tells its folder. All of it is known to the runtime; the truth comes beside it, from the cell.

import type { Candidate } from '../../control/goal/types.js'
import type { Execution, Heightmap, Outcome, Plan, Proposal, RgbdFrame } from '../../control/types.js'
import type { AffordanceMaps } from './late-maps.js'

/** What is known before the first step. */
export interface RunHead {
  readonly goal: string
  /** Name of the policy, as in its manifest. */
  readonly policy: string
  /** What is on the other end of the link: 'cell', 'sim', 'franka'. */
  readonly backend: string
  readonly task?: string
  readonly seed?: number
  /** The command that repeats the run, shown for copying. */
  readonly command?: string
  readonly startedAt?: Date
}

/** How a step ended: an action's verdict, or why no action was taken. */
export type StepResult =
  | 'placed'
  | 'missed'
  | 'lost'
  | 'refused'
  | 'unsure'
  | 'not_understood'
  | 'unsupported'
  | 'ambiguous'
  | 'not_found'
  | 'finished'
  | 'failed'
  | 'stopped'
  | 'error'

/** One turn of the cycle: what was seen, proposed, planned and done. */
export interface RunStep {
  /** The workspace as it was seen before anything moved. */
  readonly heightmap: Heightmap
  readonly proposal?: Proposal
  /** The page shows these affordances over the heightmap. */
  readonly maps?: Promise<AffordanceMaps | null>
  /** In order of execution. */
  readonly plans: readonly Plan[]
  /** One a plan, as far as they were executed. */
  readonly executions?: readonly Execution[]
  readonly result: StepResult
  /** One sentence for a person: 'Placed it at 0.42, -0.10.', 'The grasp held nothing; the spot is left out.' */
  readonly note?: string
  /** Duration of each stage in this step, milliseconds, in the order in which they ran. */
  readonly stagesMs: Readonly<Record<string, number>>
}

/** Milliseconds. */
export interface Durations {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  readonly n: number
}

/** The stable JSON of `cliport run`; what else the object has is stored in run.json as it is. */
export interface RunResult {
  readonly outcome: Outcome
  /** What the simulated cell knows; absent on a real arm. */
  readonly truth?: { readonly score: number; readonly achieved: boolean }
  readonly goal: string
  readonly reason?: string
  readonly understood?: {
    readonly notes: readonly string[]
    readonly canonical?: string
    readonly candidates?: readonly {
      readonly name: string
      readonly sentence: string
      readonly picture: string | null
    }[]
    readonly suggestions?: readonly string[]
  }
  readonly steps: number
  readonly retries: number
  readonly stages: Readonly<Record<string, Durations>>
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string }
}

/** The run's folder while the run goes on. No call throws; what cannot be written is named in `problems`. */
export interface RunPage {
  /** Absolute path of the folder; the recording belongs at `recordingPath`. */
  readonly path: string
  readonly recordingPath: string
  /** What could not be written (a full disk); the run goes on without it. */
  readonly problems: readonly string[]
  /**
   * A picture of the whole cell with the arm, for the animated picture. RGB8, width x height x 3; the buffer is copied.
   * Call it as often as wanted (10 Hz is good); when there are too many, every second one is let go.
   */
  observer(rgb: Uint8Array, width: number, height: number, stampNs: bigint): void
  /** Camera pictures before the first and after the last step; later calls of 'after' replace earlier ones. */
  cameras(when: 'before' | 'after', frames: readonly RgbdFrame[]): void
  /** The first motion has begun, or there will be none: pictures may be drawn now, which takes the cores for a while. */
  draw(): void
  /** What an ambiguous sentence may mean: a picture of each. Those of a later call replace earlier ones. */
  candidates(heightmap: Heightmap, candidates: readonly Candidate[]): void
  /** A finished step. Its buffers are copied or encoded before the call returns control to the event loop. */
  step(step: RunStep): void
  /** Writes run.json and index.html and returns the path of index.html. */
  finish(result: RunResult): Promise<string>
}
