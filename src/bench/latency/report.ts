// The report of a latency benchmark: what was measured, on what, and every single pass, so that two reports can be compared.

import { type Durations, StageHistograms } from '../../runtime/durations.js'
import type { Machine } from '../../runtime/machine.js'
import { durationsOf, jitterMs, type Pass, type PassDurations, reactionsMs } from './pass.js'
import type { PowerMode, Usage } from './power.js'

/** What the frames came from. */
export interface SourceReport {
  readonly kind: 'cell' | 'replay'
  /** Name and size of every camera's depth, e.g. 'front 640x480'. */
  readonly cameras: readonly string[]
  /** Task and seed of the scene, or SHA-256 of the recorded frames: equal in reports about the same pictures. */
  readonly content: string
}

/** Milliseconds of every pass, in order; arrays of one length. */
export interface Samples {
  /** When each look was due, from the first. */
  readonly due_ms: readonly number[]
  readonly end_to_end_ms: readonly number[]
  readonly frame_to_command_ms: readonly number[]
  readonly stages_ms: Readonly<Record<string, readonly number[]>>
}

/** Milliseconds from the start of the process to the first command, and its parts. */
export interface ColdStart {
  /** Until the benchmark began: Node, imports, settings. */
  readonly process_ms: number
  /** Reading the policy, building its engines, warming them up. */
  readonly policy_ms: number
  /** The simulated cell, or nothing to speak of with recorded frames. */
  readonly source_ms: number
  /** Controller and link. */
  readonly link_ms: number
  /** The first pass, from when it was due. */
  readonly first_pass_ms: number
}

/** The stable JSON of `cliport bench latency`; durations in milliseconds. */
export interface LatencyReport {
  readonly format: 'cliport-latency'
  readonly version: 1
  readonly rate_hz: number
  /** From when a look was due to the first 1 kHz command. */
  readonly end_to_end: Durations
  /** The same without the exposure (the rendering of a simulated cell). */
  readonly frame_to_command: Durations
  /** What the frames show is so old when the plan leaves for the controller. */
  readonly observation_age: Durations
  /** From a change in the world to the first command that knows of it. */
  readonly reaction: Durations
  /** By how much the time between two first commands misses the period. */
  readonly jitter: Durations
  readonly stages: Readonly<Record<string, Durations>>
  /** For frame_to_command. */
  readonly deadline_ms: number
  readonly deadline_misses: number
  /** Passes that ended without a command, which have no latency, and why. */
  readonly without_command: { readonly n: number; readonly reasons: readonly string[] }
  /** Passes that were run again and do not count: the arm had drifted from its look pose, or met an earlier stop. */
  readonly repeated: number
  readonly cold_start_ms: number
  readonly cold_start: ColdStart
  /** Execution provider that computed the decisions. */
  readonly provider: string
  /** Of the policy's weights. */
  readonly precision: string
  readonly policy: { readonly name: string; readonly decide_sha256: string; readonly threads: number }
  readonly heightmap: { readonly mode: string; readonly threads: number }
  readonly goal: string
  readonly source: SourceReport
  readonly controller_scheduler: string
  readonly usage: Usage
  readonly processors_busy: number
  readonly steal_ms: number
  readonly power_mode: PowerMode
  readonly versions: Readonly<Record<'cliport' | 'node' | 'onnxruntime', string>>
  readonly machine: Machine
  readonly samples: Samples
}

type Figures = Pick<
  LatencyReport,
  | 'end_to_end'
  | 'frame_to_command'
  | 'observation_age'
  | 'reaction'
  | 'jitter'
  | 'stages'
  | 'deadline_misses'
  | 'samples'
>

/** Percentiles and samples of passes at a fixed rate, in order. */
export function figuresOf(passes: readonly Pass[], rateHz: number, deadlineMs: number): Figures {
  const durations = passes.map(durationsOf)
  const of = (values: readonly number[]) => {
    const histograms = new StageHistograms()
    for (const value of values) histograms.observe('all', value)
    return histograms.of('all')
  }
  const stages = stagesOf(durations)
  return {
    end_to_end: of(durations.map(({ endToEndMs }) => endToEndMs)),
    frame_to_command: of(durations.map(({ frameToCommandMs }) => frameToCommandMs)),
    observation_age: of(durations.map(({ observationAgeMs }) => observationAgeMs)),
    reaction: of(reactionsMs(passes)),
    jitter: of(jitterMs(passes, 1000 / rateHz)),
    stages: Object.fromEntries(Object.entries(stages).map(([stage, values]) => [stage, of(values)])),
    deadline_misses: durations.filter(({ frameToCommandMs }) => frameToCommandMs > deadlineMs).length,
    samples: {
      due_ms: passes.map(({ dueNs }) => rounded(Number(dueNs - passes[0]!.dueNs) / 1e6)),
      end_to_end_ms: durations.map(({ endToEndMs }) => rounded(endToEndMs)),
      frame_to_command_ms: durations.map(({ frameToCommandMs }) => rounded(frameToCommandMs)),
      stages_ms: stages,
    },
  }
}

/** Stage -> its duration in every pass, 0 where it did not run; in the order of the path. */
function stagesOf(durations: readonly PassDurations[]): Record<string, number[]> {
  const names = new Set(durations.flatMap(({ stagesMs }) => Object.keys(stagesMs)))
  const last = ['other', 'link']
  const ordered = [...[...names].filter((name) => !last.includes(name)), ...last]
  return Object.fromEntries(
    ordered.map((name) => [name, durations.map(({ stagesMs }) => rounded(stagesMs[name] ?? 0))]),
  )
}

const rounded = (ms: number) => Math.round(ms * 1000) / 1000
