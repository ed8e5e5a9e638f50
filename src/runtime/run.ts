// `cliport run`: one sentence on the simulated cell, or on a controller and cameras elsewhere, with a folder for
// its page and recording.

import { performance } from 'node:perf_hooks'
import type { CycleResult, CycleSettings, CycleWatcher } from '../control/cycle.js'
import { CliportError } from '../control/errors.js'
import type { Clarify } from '../control/goal/sentence-in-force.js'
import type { Understanding } from '../control/goal/types.js'
import { parseGoal } from '../control/goal.js'
import type { RobotLink, StageMeter } from '../control/ports.js'
import type { Heightmap, Outcome, Proposal } from '../control/types.js'
import { RunRecorder } from '../io/recording/run-recorder.js'
import { returnLargeBlocks } from '../native/memory.js'
import type { Cell, CellFaults, Truth } from '../sim/api.js'
import { taskNamed } from '../sim/index.js'
import { expectAddons } from './addons.js'
import type { Config } from './config/schema.js'
import { type Durations, StageHistograms } from './durations.js'
import { film } from './report/film-camera.js'
import { type LateMaps, withLateMaps } from './report/late-maps.js'
import { allWatchers, createLineWatcher, createPageWatcher } from './report/page-watcher.js'
import { RunFolder } from './report/run-folder.js'
import { type Consent, expectRobot } from './robot.js'
import { runGoal } from './run-goal.js'
import { type CellPorts, openSession, type PerceptionPorts, type Scene, type Session } from './session.js'
import { raiseThreadPriority } from './thread-priority.js'

/** The scene's task when none is named: the one whose sentences the shipped policy knows. */
export const defaultTask = 'put-block-in-bowl-seen-colors'

export interface RunRequest {
  readonly sentence: string
  readonly task: string
  readonly seed: number
  /** 'oracle' instead of the configured package. */
  readonly oracle: boolean
  readonly faults?: CellFaults
  /** The command that repeats the run. */
  readonly command: string
  readonly config: Config
  readonly signal: AbortSignal
  /** Asks a person before a real arm moves; absent where nobody can be asked. */
  readonly askConsent?: Consent
  /** Asks a person which thing is meant where several fit; absent where nobody can be asked. */
  readonly clarify?: Clarify
  /** Hears one line for people at a time. */
  readonly tell: (line: string) => void
}

/** The stable JSON of `cliport run`. */
export interface RunReport {
  readonly outcome: Outcome
  readonly reason: string
  readonly truth?: { readonly score: number; readonly achieved: boolean }
  readonly goal: string
  /** Sentence that the policy was asked, or why none was; absent for a policy that takes sentences as they are. */
  readonly understood?: UnderstoodReport
  readonly steps: number
  readonly retries: number
  readonly stages: Readonly<Record<string, Durations>>
  /** From the start of the process (of the goal, in the service) until the link was given the first plan, milliseconds; null when nothing moved. */
  readonly first_motion_ms: number | null
  /** Largest resident memory of the process so far, megabytes (10^6 bytes). */
  readonly rss_peak_mb: number
  readonly folder: string
  /** The page in the folder. */
  readonly page: string
  readonly error?: { readonly code: string; readonly stage: string; readonly message: string; readonly hint: string }
}

/** How a run's sentence was understood. */
export interface UnderstoodReport {
  /** What was read otherwise than it was said: 'read gren as green'. */
  readonly notes: readonly string[]
  /** In words that the policy was trained on; absent where the sentence is no command. */
  readonly canonical?: string
  /** Why it is no command: the words at fault, and the part of the sentence. */
  readonly words?: readonly string[]
  readonly part?: 'thing' | 'place' | null
  /** What an ambiguous sentence may mean: what to say instead, and a picture in the run's folder. */
  readonly candidates?: readonly { readonly name: string; readonly sentence: string; readonly picture: string | null }[]
  /** Up to three sentences that would work on this scene. */
  readonly suggestions?: readonly string[]
}

/**
 * @throws CliportError for what is wrong before anything moves: goal, settings, policy, an address where nobody answers,
 * consent that is missing. Later errors are an outcome.
 */
export async function runSentence(request: RunRequest): Promise<RunReport> {
  raiseThreadPriority()
  expectRealCell(request)
  expectAddons('memory')
  returnLargeBlocks()
  const goal = parseGoal(request.sentence)
  const opened = request.config.cameras.length > 0 ? await openHardware(request) : await openScene(request, goal)
  const { session, ports, cell } = opened
  const { config, task, seed, command, signal, clarify, tell } = request
  try {
    return await recordRun({
      goal,
      config,
      settings: session.settings,
      ports,
      cell,
      ...(cell === null ? {} : { scene: { task, seed } }),
      command,
      signal,
      ...(clarify === undefined ? {} : { clarify }),
      tell,
      // What is left is the page: neither the cell nor the policy need stay in memory for it.
      moved: () => session.close(),
    })
  } finally {
    await session.close()
  }
}

/** A session whose arm is connected. */
interface OpenedCell {
  readonly session: Session
  readonly ports: Session['ports'] & CellPorts
  /** Null with real cameras: no film, no truth. */
  readonly cell: Cell | null
}

async function openHardware({ config, signal, askConsent, tell }: RunRequest): Promise<OpenedCell> {
  const consent = askConsent === undefined ? {} : { consent: askConsent }
  const session = await openSession(config, { hardware: consent, tell, signal })
  return { session, ports: session.ports, cell: null }
}

async function openScene(request: RunRequest, goal: string): Promise<OpenedCell> {
  const { config, task, seed, oracle, faults, tell, signal } = request
  taskNamed(task)
  const scene: Scene = {
    task,
    seed,
    goal,
    clock: 'paced',
    link: config.robot.link === null ? 'sockets' : 'robot',
    ...(faults === undefined ? {} : { faults }),
  }
  const policy = oracle ? 'oracle' : 'package'
  const session = await openSession(config, { cell: { thread: 'worker', policy, scene }, tell, signal })
  return { session, ports: { ...session.ports, ...session.scene.ports }, cell: session.cell }
}

/** One goal on open ports, with a folder for its page and recording. */
export interface RecordedRun {
  /** The sentence, as `parseGoal` returns it. */
  readonly goal: string
  readonly config: Config
  readonly settings: CycleSettings
  readonly ports: PerceptionPorts & CellPorts
  /** Null with real cameras: no film, no truth. */
  readonly cell: Cell | null
  /** Whether the scene's own goal is this one, and all that was done in it so far: else the report says nothing of the truth. Default: true. */
  readonly isScenesGoal?: boolean
  /** The simulated scene, for the page; absent with real cameras. */
  readonly scene?: { readonly task: string; readonly seed: number }
  /** The command that repeats the run. */
  readonly command: string
  readonly signal: AbortSignal
  readonly clarify?: Clarify
  /** Makes what hears of every turn beside the page, and may ask for the maps behind a proposal; must not throw. */
  readonly watcher?: (mapsOf: LateMaps['mapsOf']) => CycleWatcher
  /** Takes every stage's duration beside the report. */
  readonly meter?: StageMeter
  /** Begins to record beside the looks of the cycle; returns what ends it. */
  readonly sample?: (recorder: RunRecorder) => () => void
  /** When the goal was given, on `performance.now()`; default: the start of the process. */
  readonly givenMs?: number
  readonly tell: (line: string) => void
  /** The arm, the cameras and the policy are not needed any more; the page is still to be written. */
  readonly moved?: () => Promise<void>
}

/**
 * Runs one goal to its end and writes its folder: recording, pictures, page.
 * @throws CliportError INPUT_INVALID or DISK_FULL when the folder cannot be made; later errors are an outcome
 */
export async function recordRun(run: RecordedRun): Promise<RunReport> {
  const { goal, config, settings, ports, cell, scene, command, signal, clarify, tell } = run
  const { backend } = ports.link
  const folder = await RunFolder.create(config.run.out, {
    goal,
    policy: ports.policy.info.name,
    backend,
    ...scene,
    command,
  })
  const onProblem = ({ message }: CliportError) => {
    tell(message)
    folder.problems.push(message)
  }
  const recorder = RunRecorder.start(folder.recordingPath, { onProblem })
  try {
    const stages = new StageHistograms()
    const { policy, mapsOf } = withLateMaps(ports.policy)
    const page = createPageWatcher(folder, mapsOf)
    tell(`goal: ${goal}`)
    const { workspace, pointOfView, budget } = settings
    recorder.event('/run', { goal, policy: policy.info.name, backend, workspace, pointOfView, budget })
    const endSampling = run.sample?.(recorder) ?? (() => {})
    const reel = cell === null ? null : film(cell, folder, config.run.picture_hz)
    const meter = {
      observe(stage: string, durationMs: number) {
        stages.observe(stage, durationMs)
        page.observe(stage, durationMs)
        run.meter?.observe(stage, durationMs)
      },
    }
    const watcher = allWatchers(
      page,
      createLineWatcher(tell),
      createMapsRecorder(recorder, mapsOf),
      ...(run.watcher === undefined ? [] : [run.watcher(mapsOf)]),
    )
    const asking = clarify === undefined ? {} : { clarify }
    let firstMotionMs: number | null = null
    const link = tellingOfPlans(ports.link, () => {
      firstMotionMs ??= Math.round(performance.now() - (run.givenMs ?? 0))
      // What is for people alone begins when the arm does.
      folder.draw()
      reel?.begin()
    })
    const options = { recorder, meter, watcher, signal, ...asking }
    const result = await runGoal(goal, { ...ports, policy, link }, settings, options)
    endSampling()
    await reel?.end()
    page.end(result)
    // The cell beside another controller is a picture only: nothing in it has been moved.
    const isJudged = config.robot.link === null && run.isScenesGoal !== false
    const truth = isJudged ? ((await cell?.truth().catch(() => null)) ?? null) : null
    const load = await cell?.load().catch(() => null)
    if (load && load.longestWaitS >= 0.1) tell(describeWait(load.longestWaitS))
    await recorder.close()
    const understood = result.understanding === null ? {} : { understood: understoodOf(result.understanding, folder) }
    await run.moved?.()
    const report = {
      ...summaryOf(goal, result, truth),
      ...understood,
      stages: stages.all(),
      first_motion_ms: firstMotionMs,
      rss_peak_mb: peakMemoryMb(),
      folder: folder.path,
    }
    const pagePath = await folder.finish(report)
    for (const problem of folder.problems) tell(`not written: ${problem}`)
    return { ...report, page: pagePath }
  } finally {
    await recorder.close()
  }
}

/** The maps behind each proposal that the arm acts on, as the motion begins. */
function createMapsRecorder(recorder: RunRecorder, mapsOf: LateMaps['mapsOf']): CycleWatcher {
  let heightmap: Heightmap | null = null
  let newest: Proposal | null = null
  return {
    looked(view) {
      heightmap = view.heightmap
    },
    proposed(proposal) {
      newest = proposal
    },
    planned() {
      if (heightmap === null || newest === null) return
      const { rows, cols, stampNs } = heightmap
      const seen = { rows, cols, stampNs }
      void mapsOf(newest).then((maps) => {
        if (maps !== null) recorder.affordances(seen, maps)
      })
    },
  }
}

/** The same link, that tells before it runs a plan. */
export function tellingOfPlans(link: RobotLink, onPlan: () => void): RobotLink {
  return {
    get state() {
      return link.state
    },
    backend: link.backend,
    ...(link.lacks === undefined ? {} : { lacks: link.lacks }),
    arm: () => link.arm(),
    execute(...asked) {
      onPlan()
      return link.execute(...asked)
    },
    stop: (reason) => link.stop(reason),
    close: () => link.close(),
  }
}

/** getrusage(2) counts in KiB. */
function peakMemoryMb(): number {
  return Math.round((process.resourceUsage().maxRSS * 1024) / 1e6)
}

function summaryOf(goal: string, result: CycleResult, truth: Truth | null) {
  const { outcome, reason, steps, retries, error } = result
  return {
    outcome,
    reason,
    ...(truth === null ? {} : { truth: { score: truth.score, achieved: truth.achieved } }),
    goal,
    steps,
    retries,
    ...(error === undefined ? {} : { error: describeError(error) }),
  }
}

function understoodOf(understanding: Understanding, folder: RunFolder): UnderstoodReport {
  const { kind, notes } = understanding
  if (kind === 'command') return { notes, canonical: understanding.canonical }
  const { words, part, suggestions } = understanding
  const candidates = understanding.candidates.map(({ name, sentence }) => ({
    name,
    sentence,
    picture: folder.candidate(name),
  }))
  return { notes, words, part, candidates, suggestions }
}

/** Said, so that nobody takes for granted on a robot what the simulated cell has put up with. */
function describeWait(longestWaitS: number): string {
  return (
    `note: the simulated cell stood still for up to ${longestWaitS.toFixed(1)} s, because this program sent no ` +
    'heartbeat; the watchdog of a real arm would have stopped it. Is this machine busy?'
  )
}

/** What goes with real cameras. @throws CliportError USAGE */
function expectRealCell({ config, oracle, faults }: RunRequest): void {
  if (config.cameras.length === 0) return
  const expect = (isFine: boolean, message: string, hint: string) => {
    if (!isFine) throw new CliportError('USAGE', message, { stage: 'start', hint })
  }
  expectRobot(config)
  expect(!oracle, 'The oracle knows simulated scenes only', 'Leave out --policy oracle')
  expect(faults === undefined, 'Faults are of the simulated cell only', 'Leave out --fault')
}

function describeError({ code, stage, message, hint }: CliportError): NonNullable<RunReport['error']> {
  return { code, stage, message, hint }
}
