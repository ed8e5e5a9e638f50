// The one composition root: opens the ports that a configuration names, on the simulated cell, on hardware or on frames
// that are given, and closes them in order. Nothing else knows which adapter stands behind a port.

import { setImmediate } from 'node:timers/promises'
import type { CycleSettings } from '../control/cycle.js'
import { CliportError } from '../control/errors.js'
import { fitLines, fitSummary } from '../control/policy-fit.js'
import type { Camera, Clock, Kinematics, Policy, Projector, Recorder, RobotLink } from '../control/ports.js'
import { createKinematics } from '../io/kinematics.js'
import { LinkClient } from '../io/link/client.js'
import { createProjector } from '../io/projector.js'
import type { Cell, CellOptions, CellReady } from '../sim/api.js'
import { createCellCamera } from '../sim/cell-camera.js'
import { createCell } from '../sim/index.js'
import { createOraclePolicy } from '../sim/oracle-policy.js'
import { cellAddons, expectAddons, realCellAddons } from './addons.js'
import { openCameras } from './cameras.js'
import { CellTransport } from './cell-link.js'
import type { Config } from './config/schema.js'
import { comparePolicy, openPolicy, type Rig, rigOf, simulatedRig } from './policy.js'
import { type Consent, connectCell, connectRobot, expectConsent, expectRobot, movesHardware } from './robot.js'
import { cellRobotOf, cycleSettingsOf, defaultTool, workspaceOf } from './settings.js'
import { warmUp } from './warm-up.js'

export const hostClock: Clock & { turn(): Promise<void> } = {
  nowNs: () => process.hrtime.bigint(),
  turn: () => setImmediate(),
}

/** For evaluation: nothing is kept. */
export const noRecorder: Recorder = { frames() {}, heightmap() {}, event() {}, async close() {} }

/** From frames to a proposal: the same whatever the frames and the arm are. */
export interface PerceptionPorts {
  readonly projector: Projector
  readonly policy: Policy
  readonly kinematics: Kinematics
  readonly clock: Clock
}

/** What looks at the workspace, and what moves the arm. */
export interface CellPorts {
  readonly camera: Camera
  readonly link: RobotLink
}

/** Ports and settings that belong together, open until `close`. */
export interface Session {
  readonly ports: PerceptionPorts
  readonly settings: CycleSettings
  /** Closes everything that was opened, the newest first; what fails to close does not keep the rest open. */
  close(): Promise<void>
}

export interface HardwareSession extends Session {
  readonly ports: PerceptionPorts & CellPorts
}

/** One scene of the simulated cell. */
export interface Scene
  extends Pick<CellOptions, 'task' | 'seed' | 'goal' | 'clock' | 'sensor' | 'appearance' | 'faults'> {
  /**
   * How the arm is reached: requests as calls, which the free clock needs; over ZeroMQ, as on a robot; or the controller
   * of the settings instead of the cell's own, whose arm then stays parked.
   */
  readonly link: 'in-process' | 'sockets' | 'robot'
}

export interface CellSession extends Session {
  readonly cell: Cell
  /** The scene that the session was opened with; null when there was none. */
  readonly scene: SceneReady | null
  /**
   * Makes a scene and connects its arm; what the scene before it had opened is closed first. Sensor and appearance come
   * from the settings unless the scene names them.
   * @throws CliportError TASK_UNKNOWN, CELL_FAILED, LINK_*; CAMERA_ABSENT for a real arm, which the cell's cameras do not see
   */
  reset(scene: Scene): Promise<SceneReady>
  /** Makes a scene that is only looked at: no arm is connected. @throws CliportError TASK_UNKNOWN, CELL_FAILED */
  show(scene: Omit<Scene, 'link'>): Promise<CellReady>
}

interface SessionOptions {
  /** Hears one line for people at a time. */
  readonly tell: (line: string) => void
  /** Ends the opening between two of its steps; what is open then is closed again. */
  readonly signal?: AbortSignal
}

/** A session on the simulated cell. */
export interface CellTarget {
  /** 'worker': in a thread of its own; 'caller': in this thread, which has nothing else to do. */
  readonly thread: 'worker' | 'caller'
  /** 'package': the policy of the settings; 'oracle': what a perfect policy would do, from the cell's truth. */
  readonly policy: 'package' | 'oracle'
  /** The first scene: made while the policy is loaded, it saves half a second. More come with `reset`. */
  readonly scene?: Scene
}

/** A scene that is made, and the camera and the arm in it. */
export type SceneReady = CellReady & { readonly ports: CellPorts }

/** A session on the cameras and the arm that the settings name. */
export interface HardwareTarget {
  /** Asked before a real arm moves, unless the settings say that it may; absent: nobody can be asked. */
  readonly consent?: Consent
}

/**
 * Opens a session:
 * - `cell`: the simulated cell; its scenes and the arm come with `reset`
 * - `hardware`: the cameras and the arm of the settings; a person has agreed that the arm moves, and it is disarmed
 * - `frames`: neither cameras nor an arm, for frames that are given
 *
 * When anything fails, what had been opened is closed.
 * @throws CliportError ADDON_MISSING, POLICY_*, CAMERA_*, LINK_*, CONSENT_REQUIRED, CONFIG_INVALID
 */
export function openSession(
  config: Config,
  target: SessionOptions & { readonly cell: CellTarget & { readonly scene: Scene } },
): Promise<CellSession & { readonly scene: SceneReady }>
export function openSession(
  config: Config,
  target: SessionOptions & { readonly cell: CellTarget },
): Promise<CellSession>
export function openSession(
  config: Config,
  target: SessionOptions & { readonly hardware: HardwareTarget },
): Promise<HardwareSession>
export function openSession(config: Config, target: SessionOptions & { readonly frames: 'given' }): Promise<Session>
export async function openSession(
  config: Config,
  target: SessionOptions &
    ({ readonly cell: CellTarget } | { readonly hardware: HardwareTarget } | { readonly frames: 'given' }),
): Promise<Session> {
  const opened = new Opened()
  try {
    const { tell, signal = new AbortController().signal } = target
    signal.throwIfAborted()
    if ('cell' in target) return await openCellSession(config, target.cell, { tell, signal }, opened)
    if ('hardware' in target) return await openHardwareSession(config, target.hardware, { tell, signal }, opened)
    expectAddons('heightmap')
    return sessionOf(config, await policyFor(config, {}, tell, opened), opened)
  } catch (error) {
    await opened.close()
    throw error
  }
}

/** What must be closed, newest first. */
class Opened {
  #resources: { close(): Promise<void> }[] = []

  add<T extends { close(): Promise<void> }>(resource: T): T {
    this.#resources.unshift(resource)
    return resource
  }

  async close(): Promise<void> {
    const resources = this.#resources
    this.#resources = []
    for (const resource of resources) await resource.close().catch(() => {})
  }
}

/** The policy of the settings, once it fits. */
async function policyFor(config: Config, rig: Rig, tell: SessionOptions['tell'], opened: Opened): Promise<Policy> {
  const policy = opened.add(await openPolicy(config, tell))
  const { info } = policy
  tell(fitSummary(info.name, comparePolicy(info, config, rig, tell)))
  return policy
}

function sessionOf(config: Config, policy: Policy, opened: Opened): Session {
  return {
    ports: { projector: projectorOf(config), policy, kinematics: kinematicsOf(config), clock: hostClock },
    settings: cycleSettingsOf(config),
    close: () => opened.close(),
  }
}

async function openHardwareSession(
  config: Config,
  { consent }: HardwareTarget,
  { tell, signal }: Required<SessionOptions>,
  opened: Opened,
): Promise<HardwareSession> {
  if (config.cameras.length === 0) throw noRealCamera()
  expectRobot(config)
  expectAddons(...realCellAddons)
  const policy = opened.add(await openPolicy(config, tell))
  const rig = rigOf(config)
  comparePolicy(policy.info, config, rig, tell)
  const session = sessionOf(config, policy, opened)
  signal.throwIfAborted()
  const camera = opened.add(await openCameras(config.cameras, session.settings.workspace, signal))
  signal.throwIfAborted()
  const link = opened.add(await connectRobot(config, signal))
  const endEffector = link.state?.endEffector.kind ?? null
  fitLines(comparePolicy(policy.info, config, { ...rig, endEffector }, tell)).forEach(tell)
  await expectConsent(link, config, tell, consent)
  const whole = { ...session, ports: { ...session.ports, camera, link } }
  await warmUpOn(whole, signal)
  return whole
}

async function openCellSession(
  config: Config,
  { thread, policy: source, scene: first }: CellTarget,
  { tell, signal }: Required<SessionOptions>,
  opened: Opened,
): Promise<CellSession> {
  expectAddons(...cellAddons)
  const cell = opened.add(createCell(thread))
  const scene = opened.add(new Opened())

  const make = async (wanted: Omit<Scene, 'link'>, listen?: string): Promise<CellReady> => {
    await scene.close()
    const { sensor, appearance } = config.cell
    const given = { sensor, appearance, ...wanted, workspace: workspaceOf(config), robot: cellRobotOf(config) }
    return cell.reset({ ...given, ...(listen === undefined ? {} : { listen }) })
  }
  const reset = async ({ link: way, ...wanted }: Scene): Promise<SceneReady> => {
    const ready = await make(wanted, way === 'sockets' ? 'tcp://127.0.0.1:*' : undefined)
    const link = scene.add(await connectScene(config, cell, way, ready, signal))
    if (movesHardware(link.backend)) throw noRealCamera()
    if (way === 'robot') tell(`note: ${foreignArm}`)
    return { ...ready, ports: { camera: createCellCamera(cell, config.cell.camera_timeout_s), link } }
  }
  const loadPolicy = async () =>
    source === 'oracle' ? createOraclePolicy(cell, workspaceOf(config)) : policyFor(config, simulatedRig, tell, opened)
  // Both at once, and both at an end before anything that failed closes what the other has opened.
  const [policy, ready] = await allOrFirstError(loadPolicy(), first === undefined ? null : reset(first))
  signal.throwIfAborted()
  const session = sessionOf(config, policy, opened)
  if (ready !== null && first?.link === 'robot')
    await warmUpOn({ ...session, ports: { ...session.ports, ...ready.ports } }, signal)
  return { ...session, cell, scene: ready, show: (wanted) => make(wanted), reset }
}

/** Before an arm is armed whose controller waits for no heartbeat. What the cameras cannot do is told by the first look that counts. */
async function warmUpOn({ ports, settings }: HardwareSession, signal: AbortSignal): Promise<void> {
  try {
    const frames = await ports.camera.capture(signal)
    const heightmap = await ports.projector.project(frames, settings.workspace)
    await warmUp({ frames, heightmap }, ports, settings, hostClock.turn)
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof CliportError)) throw error
  }
}

/** The values of both, when both have ended. @throws what the first of them that failed threw */
async function allOrFirstError<A, B>(a: Promise<A>, b: Promise<B> | null): Promise<[A, B | null]> {
  await Promise.allSettled([a, b])
  return Promise.all([a, b])
}

const foreignArm =
  'the pictures come from a simulated cell that this controller does not move: nothing can be picked. List cameras in the settings (docs/realsense.md)'

/** An arm that is real and cameras that are not do not go together. */
function noRealCamera(): CliportError {
  return new CliportError('CAMERA_ABSENT', 'There is no camera that looks at the real arm', {
    stage: 'start',
    hint: 'List the cameras under `cameras` in the settings (docs/realsense.md); cliport camera list names them',
  })
}

function connectScene(
  config: Config,
  cell: Cell,
  way: Scene['link'],
  { link }: CellReady,
  signal: AbortSignal,
): Promise<RobotLink> {
  if (way === 'in-process') return LinkClient.connect(new CellTransport(cell))
  return way === 'robot' ? connectRobot(config, signal) : connectCell(link!)
}

/** The projector as configured. */
export function projectorOf({ heightmap }: Config): Projector {
  const {
    mode,
    threads,
    outlier_tolerance_m: toleranceM,
    outlier_support: minSupport,
    hole_passes: holePasses,
  } = heightmap
  return createProjector({
    fast: mode === 'fast',
    threads,
    ...(toleranceM > 0 ? { outliers: { toleranceM, minSupport } } : {}),
    holePasses,
  })
}

export function kinematicsOf(config: Config): Kinematics {
  return createKinematics({ tool: defaultTool, arm: config.robot.arm, jointMarginRad: config.limits.joint_margin_rad })
}
