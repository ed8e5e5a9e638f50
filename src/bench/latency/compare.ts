// `cliport bench compare`: two latency reports side by side, with intervals that say which ratios mean something.

import { readFile } from 'node:fs/promises'
import { CliportError } from '../../control/errors.js'
import { random } from '../../sim/random.js'
import type { LatencyReport } from './report.js'

/** One figure of two reports. */
export interface Comparison {
  /** 'end_to_end', 'frame_to_command', or a stage. */
  readonly name: string
  readonly percentile: 50 | 99
  readonly a_ms: number
  readonly b_ms: number
  /** b / a: below 1, the second is faster. */
  readonly ratio: number
  /** 95 % of the ratio; it holds 1 where the difference may be chance. */
  readonly interval: readonly [low: number, high: number]
}

/** Something that is not the same in both and may be what makes the difference. */
export interface Difference {
  readonly what: string
  readonly a: string
  readonly b: string
}

/** The stable JSON of `cliport bench compare`. */
export interface ComparisonReport {
  readonly a: string
  readonly b: string
  readonly differences: readonly Difference[]
  readonly rows: readonly Comparison[]
  readonly deadline_misses: { readonly a: string; readonly b: string }
}

/** Fewer passes say nothing about a ratio. */
const fewestPasses = 20
/** A stage that takes less in both is noise beside the rest, milliseconds at the median. */
const leastMs = 0.05
const resamples = 1000

/** @throws CliportError INPUT_INVALID for a file that is no report of `bench latency` */
export async function readLatencyReport(path: string): Promise<LatencyReport> {
  const invalid = (why: string, cause?: unknown) =>
    new CliportError('INPUT_INVALID', `Expected a report of cliport bench latency in ${path} but ${why}`, {
      stage: 'start',
      hint: 'Write one with: cliport bench latency --out FOLDER, and give FOLDER/latency.json',
      cause,
    })
  let report: Partial<LatencyReport>
  try {
    report = JSON.parse(await readFile(path, 'utf8')) as Partial<LatencyReport>
  } catch (cause) {
    throw invalid(`it cannot be read: ${(cause as Error).message}`, cause)
  }
  if (report?.format !== 'cliport-latency') throw invalid('it is something else')
  if (report.version !== 1)
    throw invalid(`it has version ${report.version} of the format; this release reads version 1`)
  const { samples } = report
  const n = samples?.due_ms?.length
  const columns = [samples?.end_to_end_ms, samples?.frame_to_command_ms, ...Object.values(samples?.stages_ms ?? {})]
  if (n === undefined || columns.some((column) => column?.length !== n)) throw invalid('its samples are not whole')
  return report as LatencyReport
}

/**
 * Compares two reports of the same pictures, policy and rate.
 * @param names of the two, for people
 * @throws CliportError INPUT_INVALID naming everything that makes them incomparable
 */
export function compareLatency(
  a: LatencyReport,
  b: LatencyReport,
  names: readonly [a: string, b: string],
): ComparisonReport {
  expectComparable(a, b)
  const row = (name: string, percentile: 50 | 99, of: (report: LatencyReport) => readonly number[]): Comparison => {
    const [as, bs] = [of(a), of(b)]
    const [aMs, bMs] = [as, bs].map((values) => percentileOf(Float64Array.from(values).sort(), percentile)) as [
      number,
      number,
    ]
    return { name, percentile, a_ms: aMs, b_ms: bMs, ratio: bMs / aMs, interval: ratioInterval(as, bs, percentile) }
  }
  const stages = Object.keys(a.samples.stages_ms).filter(
    (name) => Math.max(a.stages[name]?.p50 ?? 0, b.stages[name]?.p50 ?? 0) >= leastMs && (a.stages[name]?.p50 ?? 0) > 0,
  )
  return {
    a: names[0],
    b: names[1],
    differences: differencesOf(a, b),
    rows: [
      row('frame_to_command', 50, ({ samples }) => samples.frame_to_command_ms),
      row('frame_to_command', 99, ({ samples }) => samples.frame_to_command_ms),
      row('end_to_end', 50, ({ samples }) => samples.end_to_end_ms),
      row('end_to_end', 99, ({ samples }) => samples.end_to_end_ms),
      ...stages.map((name) => row(name, 50, ({ samples }) => samples.stages_ms[name]!)),
    ],
    deadline_misses: { a: missesOf(a), b: missesOf(b) },
  }
}

function missesOf({
  deadline_misses: misses,
  deadline_ms: deadlineMs,
  frame_to_command: { n },
}: LatencyReport): string {
  return `${misses} of ${n} later than ${deadlineMs} ms`
}

/** What has to be equal for a ratio to mean anything. */
const conditions: Readonly<Record<string, (report: LatencyReport) => string>> = {
  'the rate': ({ rate_hz: hz }) => `${hz} Hz`,
  'where frames come from': ({ source }) => source.kind,
  'the pictures': ({ source }) => source.content,
  'the cameras': ({ source }) => source.cameras.join(', '),
  'the goal': ({ goal }) => goal,
  'the graph of the decision': ({ policy }) => policy.decide_sha256,
  'the deadline': ({ deadline_ms: ms }) => `${ms} ms`,
}

/** What may differ, and has to be said. */
const circumstances: Readonly<Record<string, (report: LatencyReport) => string>> = {
  processor: ({ machine }) => `${machine.cpu}, ${machine.cores} cores`,
  load: ({ machine }) => machine.load_1min.toFixed(1),
  'processors busy': ({ processors_busy: busy }) => `${Math.round(100 * busy)} %`,
  provider: ({ provider }) => provider,
  precision: ({ precision }) => precision,
  'policy threads': ({ policy }) => `${policy.threads}`,
  heightmap: ({ heightmap }) => `${heightmap.mode}, ${heightmap.threads} thread(s)`,
  'controller scheduler': ({ controller_scheduler: scheduler }) => scheduler,
  governor: ({ power_mode: power }) => power.governor ?? 'not told',
  turbo: ({ power_mode: power }) => `${power.turbo ?? 'not told'}`,
  'power mode of the board': ({ power_mode: power }) => power.board_mode ?? 'not told',
  kernel: ({ machine }) => machine.kernel,
  cliport: ({ versions }) => versions.cliport,
  Node: ({ versions }) => versions.node,
  'ONNX Runtime': ({ versions }) => versions.onnxruntime,
}

function differing(of: typeof conditions, a: LatencyReport, b: LatencyReport): Difference[] {
  return Object.entries(of)
    .map(([what, read]) => ({ what, a: read(a), b: read(b) }))
    .filter((one) => one.a !== one.b)
}

function differencesOf(a: LatencyReport, b: LatencyReport): Difference[] {
  return differing(circumstances, a, b)
}

function expectComparable(a: LatencyReport, b: LatencyReport): void {
  const problems = differing(conditions, a, b).map(({ what, a: first, b: second }) => `${what}: ${first} and ${second}`)
  for (const { samples } of [a, b]) {
    const n = samples.due_ms.length
    if (n < fewestPasses) problems.push(`one has ${n} passes, at least ${fewestPasses} are needed`)
  }
  if (problems.length === 0) return
  throw new CliportError('INPUT_INVALID', `The reports cannot be compared: ${problems.join('; ')}`, {
    stage: 'start',
    hint: 'Measure both with the same policy, --rate, --goal, --deadline and --frames (or --task and --seed)',
  })
}

/**
 * 95 % percentile interval of a ratio of percentiles, from a moving-block bootstrap (Künsch, Annals of Statistics 17, 1989): passes
 * that follow each other meet the same machine, so blocks of n^(1/3) are drawn, not single passes. The same for the
 * same samples.
 */
export function ratioInterval(
  a: readonly number[],
  b: readonly number[],
  percentile: number,
): readonly [low: number, high: number] {
  const source = random(1, 'bootstrap')
  const drawn = (values: Float64Array) => {
    const n = values.length
    const block = Math.max(1, Math.round(Math.cbrt(n)))
    const sample = new Float64Array(n)
    for (let at = 0; at < n; at += block) {
      const from = source.integer(0, n - block)
      sample.set(values.subarray(from, from + Math.min(block, n - at)), at)
    }
    return percentileOf(sample.sort(), percentile)
  }
  const [ofA, ofB] = [Float64Array.from(a), Float64Array.from(b)]
  const ratios = Float64Array.from({ length: resamples }, () => drawn(ofB) / drawn(ofA)).sort()
  return [percentileOf(ratios, 2.5), percentileOf(ratios, 97.5)]
}

/** Nearest rank of sorted values. */
function percentileOf(sorted: ArrayLike<number>, percentile: number): number {
  return sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)]!
}
