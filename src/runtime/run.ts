// `cliport run`: one sentence on the simulated cell, or on a controller and cameras elsewhere, with a folder for
// its page and recording.

import { type CycleResult, runCycle } from '../control/cycle.js'
import { CliportError } from '../control/errors.js'
import { parseGoal } from '../control/goal.js'
import type { Policy, RobotLink } from '../control/ports.js'
import type { Outcome } from '../control/types.js'
import { RunRecorder } from '../io/recording/run-recorder.js'
import type { CellFaults, CellReady } from '../sim/api.js'
import { createCellCamera } from '../sim/cell-camera.js'
import { createCell } from '../sim/index.js'
import { createOraclePolicy } from '../sim/oracle-policy.js'
import { openCameras } from './cameras.js'
import {
  allowMotion,
  cellAddons,
  cellRobotOf,
  connectLink,
  connectRobot,
  cycleSettingsOf,
  describeLacks,
  expectAddons,
  expectConsent,
  hostClock,
  kinematicsOf,
  openPolicy,
  projectorOf,
  realCellAddons,
  workspaceOf,
} from './compose.js'
import type { Config } from './config/schema.js'
import { type Durations, StageHistograms } from './durations.js'
import { film } from './report/film-camera.js'
import { allWatchers, createLineWatcher, createPageWatcher } from './report/page-watcher.js'
import { RunFolder } from './report/run-folder.js'
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
  readonly askConsent?: (backend: string) => Promise<boolean>
  /** Hears one line for people at a time. */
  readonly tell: (line: string) => void
}

/** The stable JSON of `cliport run`. */
export interface RunReport {
  readonly outcome: Outcome
  readonly reason: string
  readonly truth?: { readonly score: number; readonly achieved: boolean }
  readonly goal: string
  readonly steps: number
  readonly retries: number
  readonly stages: Readonly<Record<string, Durations>>
  readonly folder: string
  /** The page in the folder. */
  readonly page: string
  readonly error?: { readonly code: string; readonly stage: string; readonly message: string; readonly hint: string }
}

/**
 * @throws CliportError for what is wrong before anything moves: goal, settings, policy, an address where nobody answers,
 * consent that is missing. Later errors are an outcome.
 */
export async function runSentence(request: RunRequest): Promise<RunReport> {
  raiseThreadPriority()
  expectRealCell(request)
  expectAddons(...(hasRealCameras(request.config) ? realCellAddons : cellAddons))
  const opened: { close(): Promise<void> }[] = []
  try {
    return await runWith(request, (resource) => {
      opened.unshift(resource)
      return resource
    })
  } finally {
    for (const resource of opened) await resource.close().catch(() => {})
  }
}

/** @param closing keeps what must be closed at the end, newest first */
async function runWith(
  request: RunRequest,
  closing: <T extends { close(): Promise<void> }>(resource: T) => T,
): Promise<RunReport> {
  const { config, signal, tell } = request
  const goal = parseGoal(request.sentence)
  // With real cameras there is no simulated cell: no oracle, no film, no truth.
  const cell = hasRealCameras(config) ? null : closing(createCell('worker'))
  const trained = request.oracle ? null : closing(await openPolicy(config, tell))
  const ready = await cell?.reset(cellOptions(request, goal))
  const policy = trained ?? createOraclePolicy(cell!, workspaceOf(config))
  const camera =
    cell === null
      ? closing(await openCameras(config.cameras, signal))
      : createCellCamera(cell, config.cell.camera_timeout_s)
  const link = closing(await openLink(config, ready?.link))
  const { backend } = link
  const lacks = describeLacks(link)
  if (lacks !== null) tell(lacks)
  await consent(request, backend)
  allowMotion(link)

  const folder = await RunFolder.create(config.run.out, {
    goal,
    policy: policy.info.name,
    backend,
    ...(cell === null ? {} : { task: request.task, seed: request.seed }),
    command: request.command,
  })
  const onProblem = ({ message }: CliportError) => {
    tell(message)
    folder.problems.push(message)
  }
  const recorder = closing(RunRecorder.start(folder.recordingPath, { onProblem }))
  const histograms = new StageHistograms()
  const pageWatcher = createPageWatcher(folder)
  tell(`goal: ${goal}`)
  const endFilm = cell === null ? async () => {} : film(cell, folder, config.run.picture_hz)

  const result = await cycle(goal, policy, link)
  await endFilm()
  pageWatcher.end(result)
  const truth = (await cell?.truth().catch(() => null)) ?? null
  await recorder.close()
  const report = {
    outcome: result.outcome,
    reason: result.reason,
    ...(truth === null || backend !== 'cell' ? {} : { truth: { score: truth.score, achieved: truth.achieved } }),
    goal,
    steps: result.steps,
    retries: result.retries,
    stages: histograms.all(),
    folder: folder.path,
    ...(result.error === undefined ? {} : { error: describeError(result.error) }),
  }
  const page = await folder.finish(report)
  for (const problem of folder.problems) tell(`not written: ${problem}`)
  return { ...report, page }

  async function cycle(sentence: string, chosen: Policy, robot: RobotLink): Promise<CycleResult> {
    const meter = {
      observe(stage: string, durationMs: number) {
        histograms.observe(stage, durationMs)
        pageWatcher.observe(stage, durationMs)
      },
    }
    const ports = {
      camera,
      projector: projectorOf(config),
      policy: chosen,
      kinematics: kinematicsOf(config),
      link: robot,
      recorder,
      clock: hostClock,
      meter,
      watcher: allWatchers(pageWatcher, createLineWatcher(tell)),
    }
    return runCycle(async () => sentence, ports, cycleSettingsOf(config, { maps: true }), signal)
  }
}

/** The controller of the settings, or else the cell's own, to which nobody but this process has the keys. */
function openLink(config: Config, cell: CellReady['link']): Promise<RobotLink> {
  if (config.robot.link !== null) return connectRobot(config.robot.link, config)
  return connectLink(cell!.address, config, cell!.keys)
}

function cellOptions({ task, seed, faults, config }: RunRequest, goal: string) {
  const { sensor, appearance } = config.cell
  return {
    task,
    seed,
    goal,
    clock: 'paced' as const,
    sensor,
    appearance,
    workspace: workspaceOf(config),
    robot: cellRobotOf(config),
    // With a controller elsewhere the cell gives the cameras' pictures only: its own arm stays parked.
    ...(config.robot.link === null ? { listen: 'tcp://127.0.0.1:*' } : {}),
    ...(faults === undefined ? {} : { faults }),
  }
}

async function consent({ config, askConsent }: RunRequest, backend: string): Promise<void> {
  const isGiven = config.robot.consent_to_motion
  const isAsked = backend !== 'cell' && backend !== 'sim' && !isGiven && askConsent !== undefined
  expectConsent(backend, isGiven || (isAsked && (await askConsent(backend))))
  if (backend === 'cell' || backend === 'sim') return
  if (hasRealCameras(config)) return
  throw new CliportError('CAMERA_ABSENT', 'There is no camera that looks at the real arm', {
    stage: 'start',
    hint: 'List the cameras under `cameras` in the settings (docs/realsense.md); cliport camera list names them',
  })
}

function hasRealCameras({ cameras }: Config): boolean {
  return cameras.length > 0
}

/** What goes with real cameras. @throws CliportError USAGE */
function expectRealCell({ config, oracle, faults }: RunRequest): void {
  if (!hasRealCameras(config)) return
  const expect = (isFine: boolean, message: string, hint: string) => {
    if (!isFine) throw new CliportError('USAGE', message, { stage: 'start', hint })
  }
  expect(
    config.robot.link !== null,
    'The settings list real cameras, but no robot',
    'Give --robot or robot.link; for an arm that only pretends: cliport-controller --backend sim. Without cameras the simulated cell runs',
  )
  expect(!oracle, 'The oracle knows simulated scenes only', 'Leave out --policy oracle')
  expect(faults === undefined, 'Faults are of the simulated cell only', 'Leave out --fault')
}

export function describeError({ code, stage, message, hint }: CliportError): NonNullable<RunReport['error']> {
  return { code, stage, message, hint }
}
