// `cliport eval`: the same cycle as `run`, on many scenes, with what the runtime concludes held against the truth.

import { type CycleResult, runCycle } from '../control/cycle.js'
import type { Policy } from '../control/ports.js'
import { LinkClient } from '../io/link/client.js'
import { createProjector } from '../io/projector.js'
import type { Cell, CellOptions, Truth } from '../sim/api.js'
import { createCell } from '../sim/index.js'
import { createCellCamera } from './cell-camera.js'
import { CellTransport } from './cell-link.js'
import {
  cellAddons,
  connectLink,
  cycleSettingsOf,
  expectAddons,
  hostClock,
  kinematicsOf,
  noRecorder,
  openPolicy,
  workspaceOf,
} from './compose.js'
import type { Config } from './config/schema.js'
import { type Durations, StageHistograms } from './durations.js'
import { createOraclePolicy } from './oracle-policy.js'
import { goFirst } from './priority.js'
import { bootstrapInterval, mean } from './statistics.js'

export interface EvalRequest {
  readonly task: string
  readonly episodes: number
  /** Episode i runs the scene `seed + 2i`. */
  readonly seed: number
  /** 'oracle' instead of the configured package. */
  readonly oracle: boolean
  readonly link: 'in-process' | 'sockets'
  /** Pick attempts an episode; absent: as published for the task. */
  readonly steps?: number
  readonly faults?: CellOptions['faults']
  readonly config: Config
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
  readonly onEpisode?: (episode: EpisodeReport) => void
}

export interface EpisodeReport {
  readonly index: number
  readonly seed: number
  readonly goal: string
  readonly outcome: CycleResult['outcome']
  readonly reason: string
  readonly score: number
  readonly achieved: boolean
  readonly steps: number
  /** The runtime concluded `achieved`, and it was not so. */
  readonly falseAchieved: boolean
  /** It was achieved, and the runtime acted once more or did not conclude it. */
  readonly falseContinue: boolean
}

/** The stable JSON of `cliport eval`. Everything but the last two is the same in every run with the same request. */
export interface EvalReport {
  readonly task: string
  readonly split: 'train' | 'val' | 'test'
  readonly policy: string
  readonly episodes: number
  readonly seed: number
  readonly mean_score: number
  readonly ci95: readonly [number, number]
  readonly success_rate: number
  readonly steps_mean: number
  readonly false_achieved: number
  readonly false_continue: number
  readonly workspace_share: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly decision_ms: Durations
  readonly episodes_per_minute: number
}

export async function evaluate(request: EvalRequest): Promise<EvalReport> {
  const { config, signal } = request
  if (request.link === 'sockets') goFirst()
  expectAddons(...cellAddons)
  const trained = request.oracle ? null : await openPolicy(config, request.tell)
  const cell = createCell('worker')
  const policy = trained ?? createOraclePolicy(cell, workspaceOf(config))
  const decisions = new StageHistograms()
  const reports: EpisodeReport[] = []
  const startNs = hostClock.nowNs()
  let workspaceShare = 0
  try {
    for (let index = 0; index < request.episodes; index++) {
      signal.throwIfAborted()
      const { report, share } = await episode(cell, policy, request, index, decisions)
      workspaceShare = share
      reports.push(report)
      request.onEpisode?.(report)
    }
  } finally {
    await trained?.close()
    await cell.close()
  }
  const minutes = Number(hostClock.nowNs() - startNs) / 60e9
  return summarize(request, policy.info.name, reports, workspaceShare, decisions.of('propose'), minutes)
}

/** 'train' for even seeds, 'val' for odd ones, 'test' from 10001 (as published). */
export function splitOf(seed: number): 'train' | 'val' | 'test' {
  if (seed >= 10_000) return 'test'
  return seed % 2 === 0 ? 'train' : 'val'
}

async function episode(
  cell: Cell,
  policy: Policy,
  request: EvalRequest,
  index: number,
  decisions: StageHistograms,
): Promise<{ report: EpisodeReport; share: number }> {
  const { config, task, signal } = request
  const seed = request.seed + 2 * index
  const isLive = request.link === 'sockets'
  const ready = await cell.reset({
    task,
    seed,
    clock: isLive ? 'paced' : 'free',
    sensor: config.cell.sensor,
    appearance: config.cell.appearance,
    workspace: workspaceOf(config),
    ...(isLive ? { listen: 'tcp://127.0.0.1:*' } : {}),
    ...(request.faults === undefined ? {} : { faults: request.faults }),
  })
  const link = isLive ? await connectLink(ready.address!, config) : await LinkClient.connect(new CellTransport(cell))
  try {
    const settings = cycleSettingsOf(config)
    const steps = request.steps ?? ready.maxSteps
    let sentence = ready.goal
    let taken = 0
    let stepsWhenAchieved: number | null = null
    /** The person beside the cell: says the next sentence as soon as the last one is done, and watches. */
    const person = async (): Promise<string> => {
      const truth = await cell.truth()
      if (truth.achieved) stepsWhenAchieved ??= taken
      else sentence = truth.goal
      return sentence
    }
    const result = await runCycle(
      person,
      {
        camera: createCellCamera(cell, config.cell.camera_timeout_s),
        projector: createProjector(),
        policy,
        kinematics: kinematicsOf(config),
        link,
        recorder: noRecorder,
        clock: hostClock,
        meter: decisions,
        watcher: { stepped: () => taken++ },
      },
      { ...settings, budget: { ...settings.budget, steps } },
      signal,
    )
    signal.throwIfAborted()
    const report = compare(index, seed, result, await cell.truth(), stepsWhenAchieved)
    return { report, share: ready.workspaceShare }
  } finally {
    await link.close()
  }
}

function compare(
  index: number,
  seed: number,
  result: CycleResult,
  truth: Truth,
  stepsWhenAchieved: number | null,
): EpisodeReport {
  const saysAchieved = result.outcome === 'achieved'
  return {
    index,
    seed,
    goal: result.goal,
    outcome: result.outcome,
    reason: result.reason,
    score: truth.score,
    achieved: truth.achieved,
    steps: result.steps,
    falseAchieved: saysAchieved && !truth.achieved,
    falseContinue: stepsWhenAchieved !== null && (!saysAchieved || result.steps > stepsWhenAchieved),
  }
}

function summarize(
  { task, seed }: EvalRequest,
  policy: string,
  reports: readonly EpisodeReport[],
  workspaceShare: number,
  decision: Durations,
  minutes: number,
): EvalReport {
  const scores = reports.map(({ score }) => score)
  const share = (is: (report: EpisodeReport) => boolean) => mean(reports.map((report) => (is(report) ? 1 : 0)))
  const outcomes: Record<string, number> = {}
  for (const { outcome } of reports) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  return {
    task,
    split: splitOf(seed),
    policy,
    episodes: reports.length,
    seed,
    mean_score: mean(scores),
    ci95: bootstrapInterval(scores),
    success_rate: share(({ achieved }) => achieved),
    steps_mean: mean(reports.map(({ steps }) => steps)),
    false_achieved: share(({ falseAchieved }) => falseAchieved),
    false_continue: share(({ falseContinue }) => falseContinue),
    workspace_share: workspaceShare,
    outcomes,
    decision_ms: decision,
    episodes_per_minute: minutes > 0 ? reports.length / minutes : 0,
  }
}
