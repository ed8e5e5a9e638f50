// `cliport bench cycle`: how many picks an hour the cell makes, and where the time of a cycle goes.

import type { RobotLink } from '../control/ports.js'
import type { Config } from '../runtime/config/schema.js'
import { type Durations, StageHistograms } from '../runtime/durations.js'
import { type Machine, machine, watchProcessors } from '../runtime/machine.js'
import { runGoal } from '../runtime/run-goal.js'
import { type CellSession, openSession } from '../runtime/session.js'
import { raiseThreadPriority } from '../runtime/thread-priority.js'

export interface CycleBenchRequest {
  readonly task: string
  readonly episodes: number
  /** Episode i runs the scene `seed + 2i`. */
  readonly seed: number
  /** 'paced': sockets and wall time, as on a robot; 'free': time passes only while a plan runs, so motion alone counts. */
  readonly clock: 'paced' | 'free'
  readonly config: Config
  readonly command: string
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
}

/** The stable JSON of `cliport bench cycle`; milliseconds of the cell's clock, but `stages`, which are of wall time. */
export interface CycleBenchReport {
  /** 3600 s by the mean duration of a cycle. */
  readonly picks_per_hour: number
  /** From a look to the look after the pick and place. */
  readonly cycle: Durations
  /** Of a cycle: plans that ran. */
  readonly motion: Durations
  /** Of each plan, by its name. */
  readonly plans: Readonly<Record<string, Durations>>
  readonly stages: Readonly<Record<string, Durations>>
  readonly episodes: number
  readonly picks: number
  /** Grasps that held nothing. */
  readonly missed: number
  readonly mean_score: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly clock: CycleBenchRequest['clock']
  readonly processors_busy: number
  readonly machine: Machine
}

/** @throws CliportError TASK_UNKNOWN, ADDON_MISSING, POLICY_*, and what the cell throws */
export async function benchCycle(request: CycleBenchRequest): Promise<CycleBenchReport> {
  const { config, signal, tell, clock } = request
  const about = machine(request.command)
  if (clock === 'paced') raiseThreadPriority()
  const session = await openSession(config, { cell: { thread: 'worker', policy: 'package' }, tell, signal })
  const processors = watchProcessors()
  const times = new CycleTimes()
  const scores: number[] = []
  const outcomes: Record<string, number> = {}
  try {
    for (let index = 0; index < request.episodes; index++) {
      signal.throwIfAborted()
      const { score, outcome } = await episode(session, request, index, times)
      scores.push(score)
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      tell(
        `episode ${index + 1}: ${outcome}, score ${score.toFixed(2)}; ${times.picksPerHour.toFixed(0)} picks an hour so far`,
      )
    }
  } finally {
    await session.close()
  }
  return {
    picks_per_hour: Math.round(10 * times.picksPerHour) / 10,
    cycle: times.all.of('cycle'),
    motion: times.all.of('motion'),
    plans: times.plans.all(),
    stages: times.stages.all(),
    episodes: request.episodes,
    picks: times.cycles,
    missed: times.missed,
    mean_score: scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length),
    outcomes,
    clock,
    processors_busy: processors().busy,
    machine: about,
  }
}

async function episode(
  { cell, ports, settings, reset }: CellSession,
  { task, seed, clock, signal }: CycleBenchRequest,
  index: number,
  times: CycleTimes,
): Promise<{ score: number; outcome: string }> {
  const ready = await reset({ task, seed: seed + 2 * index, clock, link: clock === 'paced' ? 'sockets' : 'in-process' })
  let sentence = ready.goal
  /** Says the next sentence as soon as the last one is done. */
  const person = async () => {
    const truth = await cell.truth()
    if (!truth.achieved) sentence = truth.goal
    return sentence
  }
  const link = times.timed(ready.ports.link)
  const nowMs = () => Number(link.state?.stampNs ?? 0n) / 1e6
  times.begin()
  const { outcome } = await runGoal(
    person,
    { ...ports, ...ready.ports, link },
    {
      ...settings,
      budget: { ...settings.budget, steps: ready.maxSteps },
    },
    {
      meter: times.stages,
      signal,
      watcher: {
        looked: () => times.looked(nowMs()),
        stepped: ({ pick }) => times.stepped(nowMs(), pick.holding),
      },
    },
  )
  signal.throwIfAborted()
  return { score: (await cell.truth()).score, outcome }
}

/** Durations of cycles and plans by the controller's clock, which in the cell is simulated time. */
class CycleTimes {
  readonly all = new StageHistograms()
  readonly plans = new StageHistograms()
  readonly stages = new StageHistograms()
  cycles = 0
  missed = 0
  #sumMs = 0
  #beganMs: number | null = null
  #motionMs = 0

  get picksPerHour(): number {
    return this.cycles === 0 ? 0 : 3.6e6 / (this.#sumMs / this.cycles)
  }

  /** A new scene: its first cycle begins with the first look. */
  begin(): void {
    this.#beganMs = null
  }

  looked(nowMs: number): void {
    if (this.#beganMs !== null) return
    this.#beganMs = nowMs
    this.#motionMs = 0
  }

  stepped(nowMs: number, held: boolean): void {
    const cycleMs = nowMs - this.#beganMs!
    this.all.observe('cycle', cycleMs)
    this.all.observe('motion', this.#motionMs)
    this.cycles++
    if (!held) this.missed++
    this.#sumMs += cycleMs
    this.#beganMs = nowMs
    this.#motionMs = 0
  }

  /** The same link, its plans timed. */
  timed(link: RobotLink): RobotLink {
    return {
      get state() {
        return link.state
      },
      backend: link.backend,
      ...(link.lacks === undefined ? {} : { lacks: link.lacks }),
      arm: () => link.arm(),
      stop: (reason) => link.stop(reason),
      close: () => link.close(),
      execute: async (plan, signal, onSegment) => {
        const beganNs = link.state?.stampNs ?? 0n
        const execution = await link.execute(plan, signal, onSegment)
        const ms = Number((link.state?.stampNs ?? 0n) - beganNs) / 1e6
        this.plans.observe(plan.name, ms)
        this.#motionMs += ms
        return execution
      },
    }
  }
}
