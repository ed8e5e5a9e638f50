// `cliport eval`: the same cycle as `run`, on many scenes, with what the runtime concludes held against the truth.

import type { CycleResult, CycleSettings } from '../control/cycle.js'
import type { Config } from '../runtime/config/schema.js'
import { type Durations, StageHistograms } from '../runtime/durations.js'
import { runGoal } from '../runtime/run-goal.js'
import { type CellSession, hostClock, openSession } from '../runtime/session.js'
import { mean, wilsonInterval } from '../runtime/statistics.js'
import { raiseThreadPriority } from '../runtime/thread-priority.js'
import type { CellOptions, CellReady, Truth } from '../sim/api.js'
import { createCellCamera } from '../sim/cell-camera.js'
import { suctionTool, taskNamed, workspaceShare } from '../sim/index.js'
import { type EpisodeTrace, EpisodeTracer, type TracedStep } from './episode-trace.js'
import { type Cause, causeOf, type JudgedDecision } from './judge.js'
import { firstFramesOnly, onceForEach } from './open-loop.js'
import type { RawFolder } from './raw-folder.js'
import { type Shard, shardIndices } from './shard.js'
import { type StepBudget, stepsOf } from './step-budget.js'

export interface EvalRequest {
  readonly task: string
  readonly episodes: number
  /** Episode i runs the scene `seed + 2i`. */
  readonly seed: number
  /** Only these of the episodes; absent: all. */
  readonly shard?: Shard
  /** 'oracle' instead of the configured package. */
  readonly oracle: boolean
  readonly link: 'in-process' | 'sockets'
  /** Pick attempts an episode; absent: as published for the task. */
  readonly steps?: StepBudget
  /** One look, everything in it acted on in turn, no look again and no verification (evaluation/open-loop.ts). */
  readonly openLoop?: boolean
  readonly faults?: CellOptions['faults']
  /** Takes one line an episode, and pictures of those that failed. */
  readonly raw?: RawFolder
  readonly config: Config
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
  readonly onEpisode?: (episode: EpisodeReport) => void
  /** Takes the durations of the decisions (stage `propose`); absent: kept for the report only. */
  readonly decisions?: StageHistograms
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
  /** Why it was not what it should be; null: it was. */
  readonly cause: Cause | null
}

/** A line of the raw results: an episode with everything that was decided and done in it. */
export interface EpisodeLine extends EpisodeReport {
  readonly decisions: readonly JudgedDecision[]
  readonly actions: readonly TracedStep[]
  /** Files in the folder of raw results. */
  readonly pictures: readonly string[]
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
  /** Why episodes were not what they should be. */
  readonly causes: Readonly<Record<string, number>>
  readonly decision_ms: Durations
  readonly episodes_per_minute: number
}

export async function evaluate(request: EvalRequest): Promise<EvalReport> {
  const { config, signal, oracle, tell } = request
  // Before a policy is opened, which takes seconds.
  taskNamed(request.task)
  if (request.link === 'sockets') raiseThreadPriority()
  const policy = oracle ? 'oracle' : 'package'
  const session = await openSession(config, { cell: { thread: 'worker', policy }, tell, signal })
  const { decisions = new StageHistograms() } = request
  const reports: EpisodeReport[] = []
  const startNs = hostClock.nowNs()
  try {
    for (const index of shardIndices(request.episodes, request.shard)) {
      signal.throwIfAborted()
      const report = await episode(session, request, index, decisions)
      reports.push(report)
      request.onEpisode?.(report)
    }
  } finally {
    await session.close()
  }
  const minutes = Number(hostClock.nowNs() - startNs) / 60e9
  return summarize(request, session.ports.policy.info.name, reports, decisions.of('propose'), minutes)
}

/** 'train' for even seeds, 'val' for odd ones, 'test' from 10001 (as published). */
export function splitOf(seed: number): 'train' | 'val' | 'test' {
  if (seed >= 10_000) return 'test'
  return seed % 2 === 0 ? 'train' : 'val'
}

async function episode(
  session: CellSession,
  request: EvalRequest,
  index: number,
  decisions: StageHistograms,
): Promise<EpisodeReport> {
  const { task, signal, link, faults } = request
  const { cell, ports, settings } = session
  const seed = request.seed + 2 * index
  const ready = await session.reset({
    task,
    seed,
    clock: link === 'sockets' ? 'paced' : 'free',
    link,
    ...(faults === undefined ? {} : { faults }),
  })
  const capture = request.openLoop ? firstFramesOnly(cell) : () => cell.capture()
  const tracer = new EpisodeTracer(cell, capture, settings.workspace)
  let sentence = ready.goal
  let stepsWhenAchieved: number | null = null
  /** The person beside the cell: says the next sentence as soon as the last one is done, and watches. */
  const person = async (): Promise<string> => {
    const truth = await cell.truth()
    if (truth.achieved) stepsWhenAchieved ??= tracer.taken
    else sentence = truth.goal
    return sentence
  }
  const seen = {
    camera: createCellCamera({ capture: () => tracer.capture(), load: () => cell.load() }, cameraTimeoutS(request)),
    policy: request.openLoop ? onceForEach(ports.policy) : ports.policy,
  }
  const result = await runGoal(person, { ...ports, ...ready.ports, ...seen }, settingsOf(settings, request, ready), {
    meter: decisions,
    watcher: tracer,
    signal,
  })
  signal.throwIfAborted()
  const trace = await tracer.trace()
  const report = compare(index, seed, result, await cell.truth(), stepsWhenAchieved, trace)
  if (request.raw !== undefined) await keep(request.raw, report, trace)
  return report
}

/** In the free clock a slow machine is no fault: only cameras that are made to stall are waited for no longer than a while. */
function cameraTimeoutS({ config, link, faults }: EvalRequest): number {
  const mayStall = link === 'sockets' || faults?.camera?.fault === 'stall'
  return mayStall ? config.cell.camera_timeout_s : Number.POSITIVE_INFINITY
}

function settingsOf(
  settings: CycleSettings,
  { steps, openLoop }: EvalRequest,
  { maxSteps, moves }: CellReady,
): CycleSettings {
  const budget = { ...settings.budget, steps: steps === undefined ? maxSteps : stepsOf(steps, moves) }
  // Who does not look again cannot tire of failing.
  return { ...settings, budget: openLoop ? { ...budget, failuresInARow: Number.POSITIVE_INFINITY } : budget }
}

async function keep(raw: RawFolder, report: EpisodeReport, { decisions, steps, scenes }: EpisodeTrace): Promise<void> {
  const failed = steps.findLastIndex(({ finding }) => finding === report.cause)
  const scene = scenes.at(failed)
  const pictures = report.cause === null || scene === undefined ? [] : await raw.pictures(`${report.seed}`, scene)
  await raw.line({ ...report, decisions, actions: steps, pictures } satisfies EpisodeLine)
}

function compare(
  index: number,
  seed: number,
  result: CycleResult,
  truth: Truth,
  stepsWhenAchieved: number | null,
  { steps }: EpisodeTrace,
): EpisodeReport {
  const saysAchieved = result.outcome === 'achieved'
  const falseContinue = stepsWhenAchieved !== null && (!saysAchieved || result.steps > stepsWhenAchieved)
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
    falseContinue,
    cause: causeOf(result.outcome, truth.achieved, falseContinue, steps),
  }
}

/** The report of some episodes, which may come from several machines. */
export function summarize(
  { task, seed }: Pick<EvalRequest, 'task' | 'seed'>,
  policy: string,
  reports: readonly EpisodeReport[],
  decision: Durations,
  minutes: number,
): EvalReport {
  const scores = reports.map(({ score }) => score)
  const share = (is: (report: EpisodeReport) => boolean) => mean(reports.map((report) => (is(report) ? 1 : 0)))
  const counts = (names: readonly (string | null)[]) => {
    const count: Record<string, number> = {}
    for (const name of names) if (name !== null) count[name] = (count[name] ?? 0) + 1
    return count
  }
  return {
    task,
    split: splitOf(seed),
    policy,
    episodes: reports.length,
    seed,
    mean_score: mean(scores),
    ci95: wilsonInterval(scores),
    success_rate: share(({ achieved }) => achieved),
    steps_mean: mean(reports.map(({ steps }) => steps)),
    false_achieved: share(({ falseAchieved }) => falseAchieved),
    false_continue: share(({ falseContinue }) => falseContinue),
    workspace_share: workspaceShare(suctionTool),
    outcomes: counts(reports.map(({ outcome }) => outcome)),
    causes: counts(reports.map(({ cause }) => cause)),
    decision_ms: decision,
    episodes_per_minute: minutes > 0 ? reports.length / minutes : 0,
  }
}
