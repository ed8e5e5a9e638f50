// What a pass runs on: the cycle of every run on the frames of a source, with a cliport-controller whose simulated arm begins to
// move and is stopped at once.

import type { CycleSettings } from '../../control/cycle.js'
import type { Camera, RobotLink } from '../../control/ports.js'
import type { LinkClient } from '../../io/link/client.js'
import { EventKind } from '../../io/link/gen/link_pb.js'
import { recover } from '../../runtime/link/manual-motion.js'
import { runGoal } from '../../runtime/run-goal.js'
import type { PerceptionPorts } from '../../runtime/session.js'
import type { FrameSource } from './frame-source.js'
import type { Pass } from './pass.js'
import type { Turn, Waiting } from './schedule.js'

export interface RigParts {
  readonly ports: PerceptionPorts
  readonly settings: CycleSettings
  readonly source: FrameSource
  /** To a controller on this machine, whose clock is this process's. */
  readonly link: LinkClient
  readonly goal: string
}

/** A pass that ended without a command, and why. */
export interface Silence {
  readonly reason: string
}

export class Rig {
  readonly #parts: RigParts
  readonly #waiting: Waiting
  #onStarted: ((stampNs: bigint) => void) | null = null

  constructor(parts: RigParts, waiting: Waiting) {
    this.#parts = parts
    this.#waiting = waiting
    parts.link.watchEvents(({ kind, stampNs }) => {
      if (kind === EventKind.EVENT_STARTED) this.#onStarted?.(stampNs)
    })
  }

  /**
   * One goal on the runtime's own cycle until its first plan has begun to move the arm; then the arm is stopped and made
   * ready for the next pass. A pass before whose look the arm had to go back to its look pose, or that met a stop of the
   * pass before it, is to be run again.
   * @throws the signal's reason; CliportError LINK_* when the controller is lost
   */
  async pass(dueNs: bigint, signal: AbortSignal): Promise<Turn<Pass | Silence>> {
    const { ports, settings, goal } = this.#parts
    const attempt = new Attempt(dueNs, this.#parts, this.#waiting, signal)
    this.#onStarted = (stampNs) => attempt.heard(stampNs)
    const result = await runGoal(goal, { ...ports, camera: attempt.camera, link: attempt.link }, settings, {
      meter: attempt,
      signal: AbortSignal.any([attempt.begun, signal]),
    })
    this.#onStarted = null
    signal.throwIfAborted()
    await this.#makeReady(signal)
    if (attempt.isDisturbed) return { kind: 'again' }
    return { kind: 'counted', value: (await attempt.pass()) ?? { reason: `${result.outcome}: ${result.reason}` } }
  }

  /** Arms the arm; one that has stopped is cleared first: it is simulated, and whoever measures has stopped it. */
  async #makeReady(signal: AbortSignal): Promise<void> {
    const { link } = this.#parts
    const mode = link.state?.mode
    if (mode === 'stopping' || mode === 'stopped' || mode === 'fault') await recover(link, signal)
    await link.arm(signal)
  }
}

/** The ports of one pass, which note when what happened. */
class Attempt {
  readonly #cycleMs: Record<string, number> = {}
  #startedNs = 0n
  #arrivedNs = 0n
  #dispatchedNs = 0n
  #commandNs = 0n
  #instants: Promise<{ readonly exposedNs: bigint; readonly readyNs: bigint }> | null = null
  readonly #begun = new AbortController()
  #stopped: Promise<void> | null = null
  /** Whether what happened is none of the path's doing: the arm moved before the look, or a stop came late. */
  isDisturbed = false

  constructor(
    private readonly dueNs: bigint,
    private readonly parts: RigParts,
    private readonly waiting: Waiting,
    private readonly signal: AbortSignal,
  ) {}

  readonly camera: Camera = {
    names: [],
    capture: async () => {
      const { clock } = this.waiting
      await this.waiting.until(this.dueNs, this.signal)
      this.#startedNs = clock.nowNs()
      const { frames, instants } = await this.parts.source.look(this.dueNs)
      this.#arrivedNs = clock.nowNs()
      this.#instants = instants
      return frames
    },
    close: async () => {},
  }

  get link(): RobotLink {
    const { link } = this.parts
    const execute: RobotLink['execute'] = async (plan, ...rest) => {
      if (this.#arrivedNs === 0n) {
        this.isDisturbed = true
        return link.execute(plan, ...rest)
      }
      this.#dispatchedNs = this.waiting.clock.nowNs()
      const execution = await link.execute(plan, this.signal)
      await this.#stopped
      // On a busy machine a repetition of the last pass's stop may reach the controller after it was cleared.
      if (execution.reason === 'latched') this.isDisturbed = true
      return execution
    }
    return {
      get state() {
        return link.state
      },
      backend: link.backend,
      arm: async () => {}, // it is, since the pass before
      execute,
      // Once is enough: a second stop could reach the controller after it has been cleared for the next pass.
      stop: (reason) => this.#stopped ?? link.stop(reason),
      close: async () => {},
    }
  }

  observe(stage: string, durationMs: number): void {
    if (this.#arrivedNs > 0n) this.#cycleMs[stage] = (this.#cycleMs[stage] ?? 0) + durationMs
  }

  /** Aborted by the first command. */
  get begun(): AbortSignal {
    return this.#begun.signal
  }

  /** A plan has begun; the first one after the look is what the pass is about, and the arm is stopped. */
  heard(stampNs: bigint): void {
    if (this.#dispatchedNs === 0n || this.#commandNs !== 0n) return
    this.#commandNs = stampNs
    this.#stopped = this.parts.link.stop('the latency is measured')
    this.#stopped.catch(() => {}) // heard where it is awaited
    this.#begun.abort()
  }

  /** Null without a command. */
  async pass(): Promise<Pass | null> {
    if (this.#commandNs === 0n) return null
    const { exposedNs, readyNs } = await this.#instants!
    return {
      dueNs: this.dueNs,
      startedNs: this.#startedNs,
      exposedNs,
      readyNs,
      arrivedNs: this.#arrivedNs,
      dispatchedNs: this.#dispatchedNs,
      commandNs: this.#commandNs,
      cycleMs: this.#cycleMs,
    }
  }
}
