// What a person does to the arm by hand. Every act arms first and leaves the arm disarmed, since the link is closed.

import { setTimeout as sleep } from 'node:timers/promises'
import { checkJointPlan, checkPlan, describeViolation, isRefused, type Violation } from '../../control/check.js'
import { CliportError } from '../../control/errors.js'
import type { RobotLink } from '../../control/ports.js'
import type { Execution, Plan, RobotMode, RobotState, Vec3 } from '../../control/types.js'
import type { LinkClient } from '../../io/link/client.js'
import type { Config } from '../config/schema.js'
import { kinematicsOf } from '../session.js'
import { cycleSettingsOf } from '../settings.js'

/** The posture in which Franka's own examples begin: elbow up, tool down, far from every joint's limit. */
const homeRad: readonly number[] = [0, -Math.PI / 4, 0, (-3 * Math.PI) / 4, 0, Math.PI / 2, Math.PI / 4]
const homeSpeedMps = 0.1

/** Between two looks at the state while a robot recovers. */
const lookMs = 20

/** A small straight motion from where the tool is. */
export interface Jog {
  readonly offset_m: Vec3
  readonly yawRad: number
  readonly speedMps: number
}

/**
 * One straight line from where the tool is.
 * @throws CliportError LINK_REFUSED when the target is outside the limits of the settings, with every violation
 */
export async function jog(client: LinkClient, config: Config, way: Jog, signal: AbortSignal): Promise<Execution> {
  await client.arm(signal)
  const { p_base_tool_m: from, yawRad } = client.state!
  const [x, y, z] = way.offset_m
  const plan: Plan = {
    name: 'jog',
    segments: [
      {
        kind: 'move',
        p_base_m: [from[0] + x, from[1] + y, from[2] + z],
        yawRad: yawRad + way.yawRad,
        speedMps: way.speedMps,
      },
    ],
  }
  const { limits } = cycleSettingsOf(config)
  const start = { p_base_m: from, yawRad }
  const checked = checkPlan(plan, {
    start,
    kinematics: kinematicsOf(config),
    limits,
    heightmap: null,
    payloadHeightM: 0,
  })
  if (isRefused(checked))
    throw notMoved(checked, 'Jog by less, or widen `limits` in the settings if the cell allows it')
  return client.execute(checked, signal)
}

/**
 * Opens the end effector where the arm stands: what it holds falls. The arm does not move; it stays armed.
 * @throws CliportError LINK_REFUSED when another program has the lease, or something is held afterwards; LINK_PEER_LOST
 */
export async function release(link: RobotLink, config: Config, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  await link.arm()
  const { p_base_tool_m, yawRad } = link.state!
  const plan: Plan = { name: 'release', segments: [{ kind: 'release' }] }
  const checked = checkPlan(plan, {
    start: { p_base_m: p_base_tool_m, yawRad },
    kinematics: kinematicsOf(config),
    limits: cycleSettingsOf(config).limits,
    heightmap: null,
    payloadHeightM: 0,
  })
  if (isRefused(checked)) throw notMoved(checked, 'Move the arm back by hand')
  const { holding, status, detail, error } = await link.execute(checked, signal)
  if (error !== undefined) throw error
  if (status === 'done' && !holding) return
  throw new CliportError('LINK_REFUSED', `The end effector did not let go: ${detail || status}`, {
    stage: 'execute',
    hint: 'Look at the arm; open the end effector by its own means',
  })
}

/**
 * All joints together to the posture in which every run begins.
 * @throws CliportError LINK_REFUSED when that posture is outside the limits of the settings, with every violation
 */
export async function home(client: LinkClient, config: Config, signal: AbortSignal): Promise<Execution> {
  const { limits } = cycleSettingsOf(config)
  const plan = { name: 'home', qRad: homeRad, speedMps: Math.min(homeSpeedMps, limits.speedMps) } as const
  const checked = checkJointPlan(plan, { kinematics: kinematicsOf(config), limits })
  if (isRefused(checked)) throw notMoved(checked, 'Widen `limits` in the settings if the cell allows it')
  await client.arm(signal)
  return client.moveJoints(checked, signal)
}

function notMoved(violations: readonly Violation[], hint: string): CliportError {
  const words = violations.map(describeViolation).join('; ')
  return new CliportError('LINK_REFUSED', `The arm was not moved: ${words}`, { stage: 'check', hint })
}

/** A link whose latched stop a person can clear. */
export interface Clearable {
  readonly state: RobotState | null
  clear(): Promise<void>
}

/**
 * Clears a latched stop or fault, and waits until the robot itself has recovered.
 * @returns the mode then: disarmed
 */
export async function recover(client: Clearable, signal: AbortSignal): Promise<RobotMode> {
  await client.clear()
  while (client.state?.mode === 'stopped' || client.state?.mode === 'fault') await sleep(lookMs, undefined, { signal })
  return client.state?.mode ?? 'disarmed'
}
