// Puts the adapters together: the only place that knows which class stands behind which port.

import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { CycleSettings } from '../control/cycle.js'
import { CliportError } from '../control/errors.js'
import type { Box } from '../control/keep-out.js'
import { parkPose } from '../control/park.js'
import type { Clock, Kinematics, Policy, Projector, Recorder, RobotLink } from '../control/ports.js'
import type { HeightmapSpec } from '../control/types.js'
import { DeoxysLink } from '../io/deoxys/deoxys-link.js'
import { createKinematics } from '../io/kinematics.js'
import { LinkClient } from '../io/link/client.js'
import { linkKeys } from '../io/link/keys.js'
import { linkDefaults } from '../io/link/options.js'
import { ZmqTransport } from '../io/link/zmq-transport.js'
import { OnnxPolicy } from '../io/policy/onnx-policy.js'
import { createProjector } from '../io/projector.js'
import type { BoundLink } from '../native/controller.js'
import { loadAddon, projectPath } from '../native/paths.js'
import type { CellRobot } from '../sim/index.js'
import type { Config } from './config/schema.js'
import { withOwnHeights } from './policy-workspace.js'

export const hostClock: Clock = { nowNs: () => process.hrtime.bigint() }

/** For evaluation: nothing is kept. */
export const noRecorder: Recorder = { frames() {}, heightmap() {}, event() {}, async close() {} }

/** The Franka hand's mounting and a cup as long as the hand: the controller's default tool. */
const tool = { flangeToTcpM: 0.1034, flangeToTcpYawRad: -Math.PI / 4 }

export function workspaceOf({ workspace }: Config): HeightmapSpec {
  return {
    xMinM: workspace.x_min_m,
    xMaxM: workspace.x_max_m,
    yMinM: workspace.y_min_m,
    yMaxM: workspace.y_max_m,
    zMinM: workspace.z_min_m,
    zMaxM: workspace.z_max_m,
    pixelM: workspace.pixel_m,
  }
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

export function cycleSettingsOf(config: Config, { maps = false } = {}): CycleSettings {
  const { limits, planning, run } = config
  return {
    workspace: workspaceOf(config),
    plan: {
      tableZM: planning.table_z_m,
      transitClearanceM: planning.transit_clearance_m,
      approachClearanceM: planning.approach_clearance_m,
      searchDepthM: planning.search_depth_m,
      toolRadiusM: planning.tool_radius_m,
      loadRadiusM: planning.load_radius_m,
      lowestZM: limits.z_min_m,
      keepOut: limits.keep_out.map(boxOf),
      travelSpeedMps: planning.travel_speed_mps,
      descendSpeedMps: planning.descend_speed_mps,
    },
    limits: {
      motionBox: boxOf(limits),
      speedMps: limits.speed_mps,
      contactSpeedMps: limits.contact_speed_mps,
      clearanceM: limits.clearance_m,
      keepOut: limits.keep_out.map(boxOf),
      keepOutRadiusM: planning.load_radius_m,
    },
    park: parkPose,
    budget: { steps: run.max_steps, failuresInARow: run.max_failures_in_a_row },
    suppressRadiusM: run.suppress_radius_m,
    maps,
  }
}

/** The robot of these settings, for the simulated cell's controller: what the planner keeps clear of, it refuses too. */
export function cellRobotOf({ robot, limits }: Config): CellRobot {
  return { arm: robot.arm, keepOut: limits.keep_out.map(boxOf) }
}

function boxOf(box: Config['limits']['keep_out'][number]): Box {
  return {
    xMinM: box.x_min_m,
    xMaxM: box.x_max_m,
    yMinM: box.y_min_m,
    yMaxM: box.y_max_m,
    zMinM: box.z_min_m,
    zMaxM: box.z_max_m,
  }
}

export function kinematicsOf(config: Config): Kinematics {
  return createKinematics({ tool, arm: config.robot.arm, jointMarginRad: config.limits.joint_margin_rad })
}

/** Folder of a policy package: as given, or inside the project, so that the default works from anywhere. */
export async function policyFolder(name: string): Promise<string> {
  const here = resolve(name)
  const exists = (path: string) =>
    access(path).then(
      () => true,
      () => false,
    )
  if (await exists(here)) return here
  const shipped = projectPath(name)
  return (await exists(shipped)) ? shipped : here
}

/** @throws CliportError POLICY_INVALID, POLICY_CHECKSUM, POLICY_SHAPE */
export async function openPolicy(config: Config, log: (line: string) => void): Promise<Policy> {
  const { package: name, provider, threads } = config.policy
  return withOwnHeights(await OnnxPolicy.load(await policyFolder(name), { providers: [provider], threads, log }))
}

/**
 * @param keys absent: those of the settings, or of this user
 * @throws CliportError LINK_ABSENT when nobody answers at the address, LINK_AUTH_FAILED when the keys do not fit
 */
export async function connectLink(
  address: string,
  { robot }: Config,
  keys = linkKeys(robot.keys ?? undefined),
  signal?: AbortSignal,
): Promise<LinkClient> {
  const connectTimeoutMs = robot.connect_timeout_s * 1000
  return LinkClient.connect(new ZmqTransport(address, keys), { connectTimeoutMs }, { signal })
}

/**
 * The link to a simulated cell of this process: nobody is waited for who might not be there.
 * @throws CliportError LINK_ABSENT
 */
export function connectCell({ address, keys }: BoundLink): Promise<LinkClient> {
  return LinkClient.connect(new ZmqTransport(address, keys), { connectTimeoutMs: linkDefaults.simulatedTimeoutMs })
}

/**
 * The link that the settings name: our controller's, or that of an existing deoxys controller at a deoxys:// address.
 * @throws CliportError LINK_ABSENT, LINK_PROTOCOL, LINK_REFUSED
 */
export function connectRobot(address: string, config: Config): Promise<RobotLink> {
  if (!address.startsWith('deoxys://')) return connectLink(address, config)
  return DeoxysLink.connect(address, {
    consentToMotion: config.robot.consent_to_motion,
    tool,
    jointMarginRad: config.limits.joint_margin_rad,
    options: { connectTimeoutMs: config.robot.connect_timeout_s * 1000 },
  })
}

/** Tells a link that wants to know it that a person has said yes. */
export function allowMotion(link: RobotLink): void {
  if (link instanceof DeoxysLink) link.allowMotion()
}

/** What the user must know about a link that promises less than our own; null where nothing is missing. */
export function describeLacks({ lacks }: RobotLink): string | null {
  if (lacks === undefined || lacks.length === 0) return null
  return `warning: this link has no ${lacks.join(', no ')} (docs/deoxys.md): stand beside the arm, one program only`
}

/** A real arm moves only when a person wants it to. @throws CliportError CONSENT_REQUIRED */
export function expectConsent(backend: string, consent: boolean): void {
  if (backend === 'cell' || backend === 'sim' || consent) return
  throw new CliportError('CONSENT_REQUIRED', `The controller moves a real arm (backend '${backend}')`, {
    stage: 'start',
    hint: 'Clear the area, hold the emergency stop, then run again with --consent-to-motion',
  })
}

/** Before anything starts: a missing addon would otherwise show in the middle of a run. @throws CliportError ADDON_MISSING */
export function expectAddons(...names: readonly string[]): void {
  for (const name of names) {
    try {
      loadAddon(name)
    } catch (cause) {
      throw new CliportError('ADDON_MISSING', (cause as Error).message, {
        stage: 'start',
        hint: 'Build the native code: make setup; cliport doctor says what does not load and why',
        cause,
      })
    }
  }
}

/** The addons of the simulated cell and of the cycle. */
export const cellAddons = ['heightmap', 'raster', 'kinematics', 'controller'] as const

/** The addons of the cycle alone. */
export const realCellAddons = ['heightmap', 'kinematics'] as const
