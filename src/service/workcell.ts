// The arm and the cameras of the service: one session of the runtime, open from start to end, its policy loaded once.

import { setTimeout as sleep } from 'node:timers/promises'
import type { CycleSettings, View } from '../control/cycle.js'
import { CliportError } from '../control/errors.js'
import type { UnderstandOptions } from '../control/goal/types.js'
import type { Policy, RobotLink } from '../control/ports.js'
import type { RobotMode } from '../control/types.js'
import { LinkClient } from '../io/link/client.js'
import type { Config } from '../runtime/config/schema.js'
import { type Clearable, recover, release } from '../runtime/link/manual-motion.js'
import { consentRequired, movesHardware, needsConsent } from '../runtime/robot.js'
import { type CellPorts, openSession, type PerceptionPorts, type Scene, type Session } from '../runtime/session.js'
import type { Cell, CellFaults } from '../sim/api.js'

/** The simulated scene that a service begins with. */
export interface SceneChoice {
  readonly task: string
  readonly seed: number
  /** What the scene must make sense of. */
  readonly sentence: string
  /** For tests: what goes wrong in it. */
  readonly faults?: CellFaults
}

interface Opened {
  readonly session: Session
  readonly ports: PerceptionPorts & CellPorts
  readonly cell: Cell | null
  /** Makes another scene, and connects its arm. */
  readonly reset: ((scene: Scene) => Promise<CellPorts>) | null
}

const modesAtRest: readonly RobotMode[] = ['disarmed', 'armed', 'stopped', 'fault', 'free_drive']
const lookAtModeMs = 20
const releaseTimeoutMs = 10_000
/** A real controller sends 250 states a second. */
const absentMs = 3000
/** A simulated one may wait for a busy machine. */
const simulatedAbsentMs = 20_000

export class Workcell {
  #opened: Opened | null = null
  #scene: SceneChoice | null
  /** The newest look that shows the workspace with nothing in front of it, and when it was taken. */
  #view: { readonly view: View; readonly atMs: number } | null = null
  #looking: Promise<View> | null = null
  /** Whether everything that was done in the scene was for its own sentence. */
  #isOwnWork = true

  /** @param scene of the simulated cell; not looked at where the settings list cameras */
  constructor(
    readonly config: Config,
    scene: SceneChoice,
    private readonly tell: (line: string) => void,
  ) {
    this.#scene = config.cameras.length > 0 ? null : scene
  }

  get isSimulated(): boolean {
    return this.#scene !== null
  }

  get scene(): Omit<SceneChoice, 'faults'> | null {
    if (this.#scene === null) return null
    const { faults: _, ...scene } = this.#scene
    return scene
  }

  get isOpen(): boolean {
    return this.#opened !== null
  }

  /** @throws CliportError SERVICE_REFUSED while nothing is open */
  get ports(): PerceptionPorts & CellPorts {
    return this.#expectOpen().ports
  }

  get settings(): CycleSettings {
    return this.#expectOpen().session.settings
  }

  /** Whose left and right a sentence means. @throws CliportError SERVICE_REFUSED while nothing is open */
  get understandOptions(): UnderstandOptions {
    const { pointOfView } = this.settings
    return pointOfView === undefined ? {} : { pointOfView }
  }

  get cell(): Cell | null {
    return this.#opened?.cell ?? null
  }

  get link(): RobotLink | null {
    return this.#opened?.ports.link ?? null
  }

  get policy(): Policy | null {
    return this.#opened?.ports.policy ?? null
  }

  get view(): { readonly view: View; readonly atMs: number } | null {
    return this.#view
  }

  /** Opens policy, cameras and arm; the arm is disarmed. @throws as `openSession` */
  async open(signal: AbortSignal): Promise<void> {
    await this.close()
    const { config, tell } = this
    if (this.#scene === null) {
      // Opening moves nothing; `arm` wants the consent.
      const session = await openSession(config, { hardware: { consent: async () => true }, tell, signal })
      this.#opened = { session, ports: session.ports, cell: null, reset: null }
      return
    }
    this.#isOwnWork = true
    const scene = this.#sceneOptions(this.#scene)
    const session = await openSession(config, { cell: { thread: 'worker', policy: 'package', scene }, tell, signal })
    this.#opened = {
      session,
      ports: { ...session.ports, ...session.scene.ports },
      cell: session.cell,
      reset: async (other) => (await session.reset(other)).ports,
    }
  }

  /** How another scene is made. @throws CliportError SERVICE_REFUSED with a real cell, or while nothing is open */
  expectScenes(): NonNullable<Opened['reset']> {
    const { reset } = this.#expectOpen()
    if (reset !== null) return reset
    throw new CliportError('SERVICE_REFUSED', 'A real cell has no scenes to choose from', {
      stage: 'serve',
      hint: 'Lay the table by hand',
    })
  }

  /** Makes another simulated scene; its arm is a new one, and disarmed. @throws CliportError SERVICE_REFUSED, TASK_UNKNOWN, CELL_FAILED */
  async reset(scene: SceneChoice): Promise<void> {
    const opened = this.#expectOpen()
    const reset = this.expectScenes()
    await this.#looking?.catch(() => {})
    const ports = await reset(this.#sceneOptions(scene))
    this.#scene = scene
    this.#isOwnWork = true
    this.#view = null
    this.#opened = { ...opened, ports: { ...opened.ports, ...ports } }
  }

  /** Looks at the workspace; a second call while one looks gets the same look. @throws CliportError CAMERA_STALLED, FRAME_INVALID */
  look(signal?: AbortSignal): Promise<View> {
    this.#looking ??= this.#look(signal).finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  /** A goal begins. @returns whether the scene's truth judges it: its sentence is the scene's, as all were that began before it */
  begins(sentence: string): boolean {
    this.#isOwnWork &&= sentence === this.#scene?.sentence.trim()
    return this.#isOwnWork
  }

  /** Somebody else has looked, with nothing in front of the workspace. */
  seen(view: View): void {
    this.#view = { view, atMs: performance.now() }
  }

  /** Until the arm does not move any more; no longer where its controller is gone, whose last word may be that it moves. */
  async untilAtRest(): Promise<void> {
    for (;;) {
      const state = this.link?.state ?? null
      if (state === null || modesAtRest.includes(state.mode)) return
      if (Number(process.hrtime.bigint() - state.arrivedNs) / 1e6 > this.absentMs) return
      await sleep(lookAtModeMs)
    }
  }

  /** Clears a latched stop or fault of the controller. A person's act. @throws CliportError LINK_REFUSED, LINK_PEER_LOST */
  async clear(signal: AbortSignal): Promise<void> {
    const { link } = this.ports
    if (isClearable(link)) await recover(link, signal)
    // The controller keeps the lease for half a second; until then it would not be armed again.
    while (link instanceof LinkClient && link.lease === 'own') await sleep(lookAtModeMs, undefined, { signal })
  }

  /**
   * @param isConsentGiven a person says that the area of a real arm is clear, and the emergency stop at hand
   * @throws CliportError CONSENT_REQUIRED, LINK_REFUSED, LINK_PEER_LOST
   */
  async arm(isConsentGiven: boolean): Promise<void> {
    const { link } = this.ports
    if (needsConsent(link.backend, this.config.robot) && !isConsentGiven) {
      throw consentRequired(
        link.backend,
        'Clear the area, hold the emergency stop, then arm with consent (`cliport arm --consent-to-motion`, "consent_to_motion": true)',
      )
    }
    await link.arm()
  }

  /**
   * Opens the end effector where the arm stands: what it holds falls. Disarmed afterwards.
   * @param isConsentGiven a person has put a hand or a box under it; asked for of a real arm, every time
   * @param onDisarmed the lease is given back, whatever came of it; not called where the consent is missing
   * @throws CliportError CONSENT_REQUIRED, LINK_REFUSED, LINK_PEER_LOST
   */
  async release(isConsentGiven: boolean, onDisarmed: () => void): Promise<void> {
    const { link } = this.ports
    if (movesHardware(link.backend) && !isConsentGiven) {
      throw consentRequired(
        link.backend,
        'Put a hand or a box under what it holds, then let go with consent (`cliport release --consent-to-motion`, "consent_to_motion": true)',
      )
    }
    try {
      await release(link, this.config, AbortSignal.timeout(releaseTimeoutMs))
    } finally {
      await this.disarm().catch(() => {}) // without a lease nothing moves either; a link that is lost says so by itself
      onDisarmed()
    }
  }

  /** Whether the end effector holds something, as the controller says. */
  get isHolding(): boolean {
    return this.link?.state?.endEffector.holding ?? false
  }

  /** Gives the arm's lease back, where the link knows how to. */
  async disarm(): Promise<void> {
    const { link } = this
    if (link instanceof LinkClient) await link.disarm()
  }

  /** Without a state of the arm for so long its controller is gone. */
  get absentMs(): number {
    return this.link !== null && movesHardware(this.link.backend) ? absentMs : simulatedAbsentMs
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = null
    this.#view = null
    await opened?.session.close()
  }

  async #look(signal?: AbortSignal): Promise<View> {
    const { camera, projector } = this.ports
    const frames = await camera.capture(signal)
    const heightmap = await projector.project(frames, this.settings.workspace)
    return { frames, heightmap }
  }

  #sceneOptions({ task, seed, sentence, faults }: SceneChoice): Scene {
    const link = this.config.robot.link === null ? 'sockets' : 'robot'
    return { task, seed, goal: sentence, clock: 'paced', link, ...(faults === undefined ? {} : { faults }) }
  }

  #expectOpen(): Opened {
    if (this.#opened !== null) return this.#opened
    throw new CliportError('SERVICE_REFUSED', 'Neither arm nor cameras are open', {
      stage: 'serve',
      hint: 'The state of the service says why: cliport status',
      retryable: true,
    })
  }
}

function isClearable(link: RobotLink): link is RobotLink & Clearable {
  return 'clear' in link
}
