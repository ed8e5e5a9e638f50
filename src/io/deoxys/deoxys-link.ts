// Drives a robot through an existing deoxys controller (docs/deoxys.md): a RobotLink with fewer guarantees.

import { Worker } from 'node:worker_threads'
import { CliportError, type ErrorCode } from '../../control/errors.js'
import type { LinkGuarantee, RobotLink } from '../../control/ports.js'
import type { CheckedPlan, Execution, RobotState } from '../../control/types.js'
import type { ToolGeometry } from '../../native/kinematics.js'
import { workerUrl } from '../../native/paths.js'
import { LinkError, type LinkReason } from '../link/link-error.js'
import { parseDeoxysAddress } from './address.js'
import type { DeoxysAnswer, DeoxysEvent, DeoxysFailure, DeoxysRequest, DeoxysWorkerSettings } from './events.js'
import { type DeoxysOptions, deoxysDefaults } from './options.js'

/** What deoxys' protocol has no word for. */
export const deoxysLacks = [
  'lease',
  'authentication',
  'acknowledgement',
  'expiry',
  'watchdog',
  'latched-stop',
] as const satisfies readonly LinkGuarantee[]

export interface DeoxysLinkSettings {
  /** A person is beside the arm and wants it to move. Without it only our own simulated front end is driven. */
  readonly consentToMotion: boolean
  readonly tool: ToolGeometry
  readonly jointMarginRad: number
  readonly options?: Partial<DeoxysOptions>
}

/** Beyond what leaving takes by its own times. */
const longestGoodbyeMs = 20_000

type Waiting = (answer: DeoxysAnswer) => void

export class DeoxysLink implements RobotLink {
  /**
   * Binds the command ports and waits for the first state. Sends nothing: a deoxys controller starts to control with the
   * first message that it receives.
   * @param address deoxys://HOST[:PORT], see address.ts
   * @throws CliportError LINK_ABSENT when no state comes, LINK_PROTOCOL when something else publishes there, LINK_REFUSED
   * when a port is taken, CONFIG_INVALID for a wrong address
   */
  static async connect(address: string, settings: DeoxysLinkSettings): Promise<DeoxysLink> {
    const link = new DeoxysLink(address, settings)
    try {
      await link.#meet()
      return link
    } catch (error) {
      await link.close()
      throw error
    }
  }

  readonly lacks: readonly LinkGuarantee[] = deoxysLacks
  readonly #options: DeoxysOptions
  readonly #worker: Worker
  readonly #exited: Promise<void>
  readonly #alive: NodeJS.Timeout
  readonly #states: RobotState[] = []
  readonly #waiting = new Map<number, Waiting>()
  #hear: (event: DeoxysEvent) => void = () => {}
  #lastId = 0
  #consent: boolean
  #simulated = false
  #lost: DeoxysFailure | null = null

  private constructor(
    private readonly address: string,
    { consentToMotion, tool, jointMarginRad, options }: DeoxysLinkSettings,
  ) {
    this.#options = { ...deoxysDefaults, ...options }
    this.#consent = consentToMotion
    const workerData: DeoxysWorkerSettings = {
      address: parseDeoxysAddress(address),
      options: this.#options,
      tool,
      jointMarginRad,
    }
    this.#worker = new Worker(workerUrl('io/deoxys/deoxys-worker'), { workerData, name: 'deoxys', execArgv: [] })
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve()))
    this.#worker.on('message', (event: DeoxysEvent) => this.#take(event))
    const die = (message: string) =>
      this.#take({ kind: 'lost', failure: { code: 'LINK_PEER_LOST', reason: 'thread_ended', message } })
    this.#worker.on('error', ({ message }) =>
      die(`cannot be driven any more: the thread that sends failed: ${message}`),
    )
    this.#worker.on('exit', () => die('cannot be driven any more: the thread that sends has ended'))
    this.#alive = setInterval(() => this.#say({ kind: 'alive' }), this.#options.aliveMs)
    this.#alive.unref()
  }

  /** Newest state that was measured; null before the arm is controlled, when deoxys repeats an old one. */
  get state(): RobotState | null {
    return this.#states.at(-1) ?? null
  }

  /** 'sim' only when our own front end says so; anything else counts as hardware. */
  get backend(): string {
    return this.#simulated ? 'sim' : 'deoxys'
  }

  /** A person said yes, after the link was opened. */
  allowMotion(): void {
    this.#consent = true
  }

  /**
   * Takes about two seconds: deoxys changes its control law only after a second without control; then the arm floats
   * until its pose is known, and is stiffened where it is.
   * @throws CliportError CONSENT_REQUIRED; LINK_REFUSED after a stop, or when the robot is in no state to move;
   * LINK_STATE_STALE when control does not begin; LINK_PEER_LOST
   */
  async arm(): Promise<void> {
    if (!this.#consent && !this.#simulated) {
      throw new CliportError('CONSENT_REQUIRED', `${this.address} moves a real arm`, {
        stage: 'start',
        hint: 'Clear the area, hold the emergency stop, then run again with --consent-to-motion',
      })
    }
    const answer = await this.#ask((id) => ({ kind: 'arm', id }))
    if (answer.kind === 'failed') throw this.#error(answer.failure)
  }

  async execute(plan: CheckedPlan, signal?: AbortSignal): Promise<Execution> {
    if (signal?.aborted) {
      const holding = this.state?.endEffector.holding ?? false
      return { status: 'stopped', reason: 'stop_requested', detail: 'aborted before it began', segments: [], holding }
    }
    const onAbort = () => this.#say({ kind: 'stop', detail: 'the caller gave up' })
    signal?.addEventListener('abort', onAbort)
    try {
      const { name, segments } = plan
      const answer = await this.#ask((id) => ({ kind: 'execute', id, plan: { name, segments } }))
      if (answer.kind === 'executed') return answer.execution
      throw this.#error((answer as Extract<DeoxysAnswer, { kind: 'failed' }>).failure)
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /**
   * The motion ends on its line within `stopMs`, and the arm is held there. Latched in this process only: nothing keeps
   * another program from moving the arm.
   */
  async stop(reason: string): Promise<void> {
    this.#say({ kind: 'stop', detail: reason })
  }

  /** Opens the latch of a stop or fault; the arm is disarmed. A person's act. @throws CliportError LINK_REFUSED */
  async clear(): Promise<void> {
    const answer = await this.#ask((id) => ({ kind: 'clear', id }))
    if (answer.kind === 'failed') throw this.#error(answer.failure)
    this.#lost = null
  }

  /** Stops what moves and leaves the control law; the controller's process then ends by itself and is restarted. */
  async close(): Promise<void> {
    const { handoverMs, stopMs } = this.#options
    clearInterval(this.#alive)
    this.#say({ kind: 'leave' })
    // A thread that hangs is left to the end of the process: ended by force, it would take the process with it.
    let patience: NodeJS.Timeout | undefined
    const tooLong = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, longestGoodbyeMs + handoverMs + stopMs)
    })
    await Promise.race([this.#exited, tooLong])
    clearTimeout(patience)
    this.#worker.unref()
  }

  // ---- the worker ----

  async #meet(): Promise<void> {
    const { connectTimeoutMs } = this.#options
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        this.#hear = (event) => {
          // Counted from here: that a busy machine starts threads late says nothing about the controller.
          if (event.kind === 'bound') timer = setTimeout(() => reject(this.#absent()), connectTimeoutMs)
          if (event.kind === 'met') resolve()
          if (event.kind === 'lost') reject(this.#error(event.failure))
          if (event.kind === 'unbound') reject(this.#taken(event.message))
        }
      })
    } finally {
      clearTimeout(timer)
      this.#hear = () => {}
    }
  }

  #take(event: DeoxysEvent): void {
    this.#hear(event)
    if (event.kind === 'met') this.#simulated = event.simulated
    else if (event.kind === 'state') this.#keep(event.state)
    else if (event.kind === 'answer') this.#settle(event.id, event.answer)
    else if (event.kind === 'lost') {
      this.#lost ??= event.failure
      for (const id of [...this.#waiting.keys()]) this.#settle(id, { kind: 'failed', failure: event.failure })
    }
  }

  #keep(state: RobotState): void {
    this.#states.push(state)
    if (this.#states.length > this.#options.statesKept) this.#states.shift()
  }

  #settle(id: number, answer: DeoxysAnswer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.(answer)
  }

  #say(request: DeoxysRequest): void {
    this.#worker.postMessage(request)
  }

  #ask(request: (id: number) => DeoxysRequest): Promise<DeoxysAnswer> {
    const id = ++this.#lastId
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#say(request(id))
    })
  }

  // ---- errors ----

  #error({ code, reason, message }: DeoxysFailure): LinkError {
    const cause = this.#lost !== null && this.#lost.reason !== reason ? ` (before: ${this.#lost.message})` : ''
    return new LinkError(
      code,
      `The deoxys controller at ${this.address} ${verbOf(code)}${message}${cause}`,
      {
        stage: 'execute',
        hint: hints[reason] ?? hintOfCode[code] ?? 'Look at the arm, then at the log of the controller',
        reason,
      },
      [...this.#states],
    )
  }

  #absent(): LinkError {
    const { connectTimeoutMs } = this.#options
    return new LinkError(
      'LINK_ABSENT',
      `No deoxys controller publishes states at ${this.address} (waited ${connectTimeoutMs} ms)`,
      {
        stage: 'start',
        hint: 'Start auto_arm.sh on the control computer; PC.IP there must be the address of this computer; check ports and firewall',
        retryable: true,
      },
    )
  }

  #taken(message: string): LinkError {
    return new LinkError('LINK_REFUSED', `Cannot drive ${this.address}: ${message}`, {
      stage: 'start',
      reason: 'port_taken',
      hint: 'Only one program per computer can drive deoxys: end the other one',
    })
  }
}

function verbOf(code: ErrorCode): string {
  return code === 'LINK_REFUSED' ? 'is not armed: ' : ''
}

const hintOfCode: Partial<Record<ErrorCode, string>> = {
  LINK_PEER_LOST: 'Look at the arm first: deoxys lets go of it 1 s after the last command. Then look at its log',
  LINK_STATE_STALE: 'Look whether a stop is pressed and what the controller printed, then start the run again',
  LINK_PROTOCOL: 'Check the ports: arm state is one above the port of the address. Another release of deoxys?',
}

const hints: Readonly<Partial<Record<LinkReason, string>>> = {
  latched: 'The arm was stopped or has faulted: look at it, then start the run again',
  tool_mismatch: "Set the end effector in the robot's Desk to the tool that is mounted (the hand, by default)",
  posture: 'Guide the arm by hand until the tool points straight down and the elbow is up',
  user_stop: 'Release the stop button beside the arm',
  restarted: 'The controller ended and was restarted by its script, which also clears errors: look at the arm first',
}
