// `cliport bench delay`: what latency costs the task. Whole episodes of the simulated cell in its free clock, in which the time
// between an observation and the plan made from it is what is asked for, to the physics step, whatever the machine is.

import type { Policy } from '../control/ports.js'
import type { Config } from '../runtime/config/schema.js'
import { type Machine, machine } from '../runtime/machine.js'
import { runGoal } from '../runtime/run-goal.js'
import { type CellSession, openSession } from '../runtime/session.js'
import { mean, wilsonInterval } from '../runtime/statistics.js'
import type { Cell } from '../sim/api.js'

export interface DelayRequest {
  readonly task: string
  /** Scenes of each row; scene i has the seed `seed + 2i`. */
  readonly episodes: number
  readonly seed: number
  /** Between an observation and the plan made from it, milliseconds. */
  readonly delaysMs: readonly number[]
  /** Speeds at which what is to be moved slides meanwhile, metres a second; 0: it lies still. */
  readonly driftsMps: readonly number[]
  readonly config: Config
  readonly command: string
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
}

/** One delay at one speed. */
export interface DelayRow {
  readonly drift_mps: number
  readonly delay_ms: number
  /** Share of the scenes that reached the full score. */
  readonly success_rate: number
  /** 95 %, Wilson. */
  readonly ci95: readonly [low: number, high: number]
  readonly mean_score: number
  /** Simulated seconds of an episode, the delays in them. */
  readonly time_s: number
  /** Beyond the same scenes without a delay, mean of the pairs; null in the row without. */
  readonly time_more_s: number | null
  readonly picks: number
  /** Attempts that failed or were refused. */
  readonly retries: number
}

/** The stable JSON of `cliport bench delay`. */
export interface DelayReport {
  readonly task: string
  readonly policy: string
  readonly episodes: number
  readonly seed: number
  readonly rows: readonly DelayRow[]
  readonly machine: Machine
}

interface Episode {
  readonly achieved: boolean
  readonly score: number
  readonly timeS: number
  readonly picks: number
  readonly retries: number
}

/** @throws CliportError as the policy and the cell do; TASK_UNKNOWN */
export async function benchDelay(request: DelayRequest): Promise<DelayReport> {
  const { task, episodes, seed, driftsMps, delaysMs, config, command, signal, tell } = request
  const about = machine(command)
  const session = await openSession(config, { cell: { thread: 'worker', policy: 'package' }, tell, signal })
  try {
    const rows: DelayRow[] = []
    for (const driftMps of driftsMps) {
      let undelayed: readonly Episode[] | null = null
      for (const delayMs of delaysMs) {
        const ended: Episode[] = []
        for (let i = 0; i < episodes; i++) ended.push(await episode(session, request, seed + 2 * i, delayMs, driftMps))
        if (delayMs === 0) undelayed = ended
        rows.push(rowOf(ended, undelayed, delayMs, driftMps))
        tell(lineOf(rows.at(-1)!))
      }
    }
    return { task, policy: session.ports.policy.info.name, episodes, seed, rows, machine: about }
  } finally {
    await session.close()
  }
}

async function episode(
  session: CellSession,
  { task, signal }: DelayRequest,
  seed: number,
  delayMs: number,
  driftMps: number,
): Promise<Episode> {
  const { cell, ports, settings } = session
  const faults = driftMps > 0 ? { faults: { driftMps } } : {}
  const ready = await session.reset({ task, seed, clock: 'free', link: 'in-process', ...faults })
  let sentence = ready.goal
  /** The person beside the cell says the next sentence as soon as the last one is done. */
  const person = async () => {
    const truth = await cell.truth()
    if (!truth.achieved) sentence = truth.goal
    return sentence
  }
  const seen = { policy: delayed(ports.policy, cell, delayMs / 1000) }
  const budget = { ...settings.budget, steps: ready.maxSteps }
  const { steps, retries } = await runGoal(
    person,
    { ...ports, ...ready.ports, ...seen },
    { ...settings, budget },
    { signal },
  )
  signal.throwIfAborted()
  const { achieved, score, timeS } = await cell.truth()
  return { achieved, score, timeS, picks: steps, retries }
}

/** The policy, whose answers come late in the cell's time. */
export function delayed(policy: Policy, cell: Pick<Cell, 'wait'>, seconds: number): Policy {
  return {
    info: policy.info,
    async propose(heightmap, goal, options) {
      const proposal = await policy.propose(heightmap, goal, options)
      if (seconds > 0) await cell.wait(seconds)
      return proposal
    },
    close: () => policy.close(),
  }
}

function rowOf(
  ended: readonly Episode[],
  undelayed: readonly Episode[] | null,
  delayMs: number,
  driftMps: number,
): DelayRow {
  const wins = ended.map(({ achieved }) => (achieved ? 1 : 0))
  const more =
    undelayed === null || delayMs === 0 ? null : mean(ended.map(({ timeS }, i) => timeS - undelayed[i]!.timeS))
  return {
    drift_mps: driftMps,
    delay_ms: delayMs,
    success_rate: mean(wins),
    ci95: wilsonInterval(wins),
    mean_score: mean(ended.map(({ score }) => score)),
    time_s: mean(ended.map(({ timeS }) => timeS)),
    time_more_s: more,
    picks: mean(ended.map(({ picks }) => picks)),
    retries: mean(ended.map(({ retries }) => retries)),
  }
}

/** One row for people. */
export function lineOf(row: DelayRow): string {
  const [low, high] = row.ci95.map((share) => (100 * share).toFixed(0))
  const more = row.time_more_s === null ? '' : ` (${row.time_more_s >= 0 ? '+' : ''}${row.time_more_s.toFixed(2)})`
  return (
    `${(1000 * row.drift_mps).toFixed(0).padStart(4)} mm/s ${`${row.delay_ms}`.padStart(4)} ms: success ${(100 * row.success_rate).toFixed(0)} % (${low} to ${high}), ` +
    `score ${row.mean_score.toFixed(3)}, ${row.time_s.toFixed(2)} s${more}, ${row.picks.toFixed(2)} picks, ${row.retries.toFixed(2)} retries`
  )
}
