// `cliport bench latency`: the whole path at a fixed rate, from the instant at which a look is due to the first command of the
// 1 kHz loop, on the runtime's own cycle and a cliport-controller of this machine.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { performance } from 'node:perf_hooks'
import { CliportError } from '../../control/errors.js'
import { parseGoal } from '../../control/goal.js'
import type { HeightmapSpec, RgbdFrame } from '../../control/types.js'
import type { LinkClient } from '../../io/link/client.js'
import { loadPackage } from '../../io/policy/package.js'
import { expectWorkspaceSeen } from '../../io/workspace-view.js'
import { projectPath } from '../../native/paths.js'
import type { Config } from '../../runtime/config/schema.js'
import { machine, watchProcessors } from '../../runtime/machine.js'
import { packageOf, policyFolder } from '../../runtime/policy.js'
import { connectLink } from '../../runtime/robot.js'
import { hostClock, openSession, type Session } from '../../runtime/session.js'
import { startController } from '../processes.js'
import { cellSource, type FrameSource, replaySource } from './frame-source.js'
import { weightPrecision } from './onnx-precision.js'
import type { Pass } from './pass.js'
import { powerMode, watchUsage } from './power.js'
import { type ColdStart, figuresOf, type LatencyReport, type SourceReport } from './report.js'
import { Rig, type Silence } from './rig.js'
import { atFixedRate, waitingOn } from './schedule.js'

export type LatencySource =
  | { readonly kind: 'cell'; readonly task: string; readonly seed: number }
  | { readonly kind: 'replay'; readonly frames: readonly RgbdFrame[]; readonly workspace: HeightmapSpec }

export interface LatencyRequest {
  readonly rateHz: number
  /** Passes that count. */
  readonly passes: number
  /** For frame_to_command. */
  readonly deadlineMs: number
  readonly goal: string
  readonly source: LatencySource
  readonly config: Config
  readonly command: string
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
}

/** After the first pass, which counts as part of the cold start: just-in-time compilation and caches settle. */
const warmUps = 10

/**
 * @throws CliportError ADDON_MISSING, POLICY_*, CELL_FAILED, LINK_*, FRAME_INVALID; INPUT_INVALID when the policy has nothing to
 *                      do in these frames, so that no command ever comes
 */
export async function benchLatency(request: LatencyRequest): Promise<LatencyReport> {
  const { config, rateHz, deadlineMs } = request
  const processMs = performance.now()
  const about = machine(request.command)
  const goal = parseGoal(request.goal)
  const opened = await openSource(request)
  try {
    const { coldStart, scheduler, measured } = await withArm(
      request,
      opened,
      { ...opened.tookMs, process_ms: processMs },
      goal,
    )
    const { passes, silences, ...load } = measured
    return {
      format: 'cliport-latency',
      version: 1,
      rate_hz: rateHz,
      ...figuresOf(passes, rateHz, deadlineMs),
      deadline_ms: deadlineMs,
      without_command: { n: silences.length, reasons: [...new Set(silences.map(({ reason }) => reason))] },
      cold_start_ms: Object.values(coldStart).reduce((sum, ms) => sum + ms, 0),
      cold_start: coldStart,
      ...(await describePolicy(config, opened.session)),
      heightmap: { mode: config.heightmap.mode, threads: config.heightmap.threads },
      goal,
      source: opened.about,
      controller_scheduler: scheduler,
      ...load,
      power_mode: powerMode(),
      versions: versions(),
      machine: about,
    }
  } finally {
    await opened.session.close()
  }
}

/** Starts a controller and the link to it, measures, and ends both, however it goes. */
async function withArm(
  request: LatencyRequest,
  { session, source, workspace }: OpenedSource,
  startMs: Omit<ColdStart, 'link_ms' | 'first_pass_ms'>,
  goal: string,
) {
  const { config, signal, tell, passes, rateHz } = request
  const linkNs = hostClock.nowNs()
  const measureOn = async (link: LinkClient) => {
    await link.arm(signal)
    const linkMs = msSince(linkNs)
    const settings = { ...session.settings, workspace }
    const rig = new Rig({ ports: session.ports, settings, source, link, goal }, waitingOn(hostClock))
    const coldStart: ColdStart = { ...startMs, link_ms: linkMs, first_pass_ms: await firstPass(rig, signal) }
    tell(`${passes} passes at ${rateHz} Hz`)
    return { coldStart, measured: await measure(rig, request) }
  }
  const controller = await startController({ realtime: true })
  try {
    const link = await connectLink(controller.address, config, undefined, signal)
    const measured = await measureOn(link).finally(() => link.close())
    const { scheduler } = await controller.end()
    return { ...measured, scheduler }
  } finally {
    await controller.kill()
  }
}

interface OpenedSource {
  readonly session: Session
  readonly source: FrameSource
  readonly workspace: HeightmapSpec
  readonly about: SourceReport
  readonly tookMs: Pick<ColdStart, 'policy_ms' | 'source_ms'>
}

async function openSource({ source: asked, config, goal, signal, tell }: LatencyRequest): Promise<OpenedSource> {
  const startedNs = hostClock.nowNs()
  if (asked.kind === 'replay') {
    const { frames, workspace } = asked
    expectWorkspaceSeen(frames, workspace)
    const session = await openSession(config, { frames: 'given', tell, signal })
    const tookMs = { policy_ms: msSince(startedNs), source_ms: 0 }
    const about = { kind: 'replay', cameras: frames.map(cameraLine), content: contentHash(frames) } as const
    return { session, source: replaySource(frames), workspace, about, tookMs }
  }
  const { task, seed } = asked
  const session = await openSession(config, { cell: { thread: 'worker', policy: 'package' }, tell, signal })
  try {
    const policyMs = msSince(startedNs)
    const sourceNs = hostClock.nowNs()
    await session.show({ task, seed, goal, clock: 'paced' })
    const tookMs = { policy_ms: policyMs, source_ms: msSince(sourceNs) }
    const frames = await session.cell.capture()
    const cameras = frames.map(({ camera }) => camera)
    const about = { kind: 'cell', cameras: frames.map(cameraLine), content: `${task}, seed ${seed}` } as const
    const { workspace } = session.settings
    return { session, source: cellSource(session.cell, cameras), workspace, about, tookMs }
  } catch (error) {
    await session.close()
    throw error
  }
}

/** Brings the arm to its look pose, which is not counted. @returns how long the first pass took, from when it was due */
async function firstPass(rig: Rig, signal: AbortSignal): Promise<number> {
  for (;;) {
    const dueNs = hostClock.nowNs()
    const turn = await rig.pass(dueNs, signal)
    // The one that moved the arm looked too: its way there is taken out.
    if (turn.kind === 'again') continue
    if (isPass(turn.value)) return Number(turn.value.commandNs - dueNs) / 1e6
    throw new CliportError('INPUT_INVALID', `No command to measure: the cycle ended before one, ${turn.value.reason}`, {
      stage: 'start',
      hint: 'Give --goal a sentence about what these frames show, with a pick and a place that the arm reaches (cliport predict)',
    })
  }
}

async function measure(rig: Rig, { rateHz, passes: count, signal }: LatencyRequest) {
  const waiting = waitingOn(hostClock)
  const periodNs = BigInt(Math.round(1e9 / rateHz))
  let repeated = 0
  const pass = async (dueNs: bigint) => {
    const turn = await rig.pass(dueNs, signal)
    if (turn.kind === 'again') repeated++
    return turn
  }
  const run = (passes: number) => atFixedRate({ periodNs, count: passes }, waiting, signal, pass)
  await run(warmUps)
  repeated = 0
  const processors = watchProcessors()
  const endUsage = watchUsage()
  const values = await run(count)
  const usage = endUsage()
  const { busy, steal_ms } = processors()
  const silences = values.filter((value): value is Silence => !isPass(value))
  return { passes: values.filter(isPass), silences, repeated, usage, processors_busy: busy, steal_ms }
}

function isPass(value: Pass | Silence): value is Pass {
  return 'commandNs' in value
}

async function describePolicy(config: Config, { ports }: Session) {
  const { package: name, threads } = packageOf(config)
  const { manifest, graphs } = await loadPackage(await policyFolder(name))
  return {
    provider: ports.policy.info.provider ?? 'unknown',
    precision: weightPrecision(graphs.decide),
    policy: { name: manifest.name, decide_sha256: manifest.files[manifest.models.decide.file]!.sha256, threads },
  }
}

function versions(): LatencyReport['versions'] {
  const versionIn = (path: string) => (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
  const onnxruntime = createRequire(import.meta.url).resolve('onnxruntime-node/package.json')
  return {
    cliport: versionIn(projectPath('package.json')),
    node: process.version,
    onnxruntime: versionIn(onnxruntime),
  }
}

function cameraLine({ camera, intrinsics: { width, height } }: RgbdFrame): string {
  return `${camera} ${width}x${height}`
}

function contentHash(frames: readonly RgbdFrame[]): string {
  const hash = createHash('sha256')
  for (const { color, depthM } of frames)
    hash.update(color).update(new Uint8Array(depthM.buffer, depthM.byteOffset, depthM.byteLength))
  return hash.digest('hex')
}

function msSince(startNs: bigint): number {
  return Number(hostClock.nowNs() - startNs) / 1e6
}
