// Connections to whatever controls the arm, and a person's consent before a real one moves.

import { CliportError } from '../control/errors.js'
import type { RobotLink } from '../control/ports.js'
import { DeoxysLink } from '../io/deoxys/deoxys-link.js'
import { LinkClient } from '../io/link/client.js'
import { linkKeys } from '../io/link/keys.js'
import { linkDefaults } from '../io/link/options.js'
import { expectHost } from '../io/link/resolve-host.js'
import { ZmqTransport } from '../io/link/zmq-transport.js'
import type { BoundLink } from '../native/controller.js'
import type { Config } from './config/schema.js'
import { defaultTool } from './settings.js'

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
  await expectHost(address)
  const connectTimeoutMs = robot.connect_timeout_s * 1000
  return LinkClient.connect(new ZmqTransport(address, keys), { connectTimeoutMs }, { signal })
}

/**
 * The link to a simulated cell of this process, which is there: only a busy machine keeps it waiting.
 * @throws CliportError LINK_ABSENT
 */
export function connectCell({ address, keys }: BoundLink): Promise<LinkClient> {
  return LinkClient.connect(new ZmqTransport(address, keys), { connectTimeoutMs: linkDefaults.simulatedTimeoutMs })
}

/**
 * The controller that the settings name: ours, or an existing deoxys controller at a deoxys:// address.
 * @throws CliportError LINK_ABSENT, LINK_PROTOCOL, LINK_REFUSED; USAGE when the settings name none; the signal's
 * reason when it is aborted while a cliport-controller is waited for
 */
export async function connectRobot(config: Config, signal?: AbortSignal): Promise<RobotLink> {
  const { connect_timeout_s: timeoutS, consent_to_motion: consentToMotion } = config.robot
  const address = expectRobot(config)
  if (!address.startsWith('deoxys://')) return connectLink(address, config, undefined, signal)
  await expectHost(address)
  return DeoxysLink.connect(address, {
    consentToMotion,
    tool: defaultTool,
    jointMarginRad: config.limits.joint_margin_rad,
    options: { connectTimeoutMs: timeoutS * 1000 },
  })
}

/** The address of the robot. @throws CliportError USAGE when the settings name none */
export function expectRobot({ robot }: Config): string {
  if (robot.link !== null) return robot.link
  throw new CliportError('USAGE', 'The settings name no robot', {
    stage: 'start',
    hint: 'Give --robot or robot.link; for a simulated arm: cliport-controller --backend sim. Without cameras in the settings the simulated cell runs',
  })
}

/** What the user must know about a link that promises less than our own; null where nothing is missing. */
function describeLacks({ lacks }: RobotLink): string | null {
  if (lacks === undefined || lacks.length === 0) return null
  return `warning: this link has no ${lacks.join(', no ')} (docs/deoxys.md): stand beside the arm, one program only`
}

/** Asks a person whether the arm of this backend may move. */
export type Consent = (backend: string) => Promise<boolean>

/** Whether a controller moves a real arm; 'cell' and 'sim' do not. */
export function movesHardware(backend: string): boolean {
  return backend !== 'cell' && backend !== 'sim'
}

/**
 * A real arm moves only when a person wants it to: the settings say so, or the person is asked, who is told first what
 * this link does not guarantee.
 * @throws CliportError CONSENT_REQUIRED when the answer is no, or nobody can be asked
 */
export async function expectConsent(
  link: RobotLink,
  { robot }: Config,
  tell: (line: string) => void,
  ask?: Consent,
): Promise<void> {
  const { backend } = link
  const lacks = describeLacks(link)
  if (lacks !== null) tell(lacks)
  if (needsConsent(backend, robot) && !(await ask?.(backend))) {
    throw consentRequired(backend, 'Clear the area, hold the emergency stop, then run again with --consent-to-motion')
  }
  if (link instanceof DeoxysLink) link.allowMotion()
}

/** Whether a person must be asked: the arm is a real one, and the settings do not say that a person agrees. */
export function needsConsent(backend: string, robot: Config['robot']): boolean {
  return movesHardware(backend) && !robot.consent_to_motion
}

/** @param hint what the person does first, and how consent is given then */
export function consentRequired(backend: string, hint: string): CliportError {
  return new CliportError('CONSENT_REQUIRED', `The controller moves a real arm (backend '${backend}')`, {
    stage: 'start',
    hint,
  })
}
