// The service from another process: the same acts as the page's, for the command line and for programs.

import type { z } from 'zod'
import { CliportError, errorCodes } from '../../control/errors.js'
import type { Goal, lexiconSchema, Preview, ServiceEvent, ServiceState, Takeover } from '../api.js'
import type { sceneSchema } from '../api-scene.js'
import { absent } from './absent.js'
import { events } from './events.js'
import { findService, type ServiceAddress } from './find.js'
import { type Answer, request } from './request.js'

/** What may be said with a new goal. */
export interface AddOptions {
  /** Who gives it; default 'api'. */
  readonly source?: string
  /** Given twice, it means the same goal: for whoever does not know whether the first request arrived. */
  readonly key?: string
  /** Before all others. */
  readonly front?: boolean
}

/** The service's session as every act answers it. */
export type ServiceSession = ServiceState['session']

/** How long an act may be under way before it is refused instead of carried out late. */
const validMs = 5000

/**
 * A service that runs somewhere: its queue, its arm, its events. Every act is refused with COMMAND_EXPIRED when it arrives
 * late, or when the service was started again since `connect`.
 */
export class ServiceClient {
  /** `epoch` and clock of the service as `connect` saw them. */
  #clock: { readonly epoch: string; readonly aheadMs: number }

  private constructor(
    private readonly address: ServiceAddress,
    state: ServiceState,
    sentMs: number,
  ) {
    this.#clock = { epoch: state.epoch, aheadMs: state.clock_ms - sentMs }
  }

  /**
   * @param given url and token; what is left out is that of this user's own service on this machine
   * @throws CliportError SERVICE_ABSENT when nobody answers, TOKEN_INVALID
   */
  static async connect(
    given: Partial<ServiceAddress> & { readonly stateFolder?: string } = {},
  ): Promise<ServiceClient> {
    const address = await findService(given)
    const sentMs = performance.now()
    const state = resultOf<ServiceState>(await request(address, 'GET', '/api/state'))
    return new ServiceClient(address, state, sentMs)
  }

  get url(): string {
    return this.address.url
  }

  /** Adds a goal; it is on the service's disk when this resolves. @throws CliportError GOAL_EMPTY, GOAL_TOO_LONG, QUEUE_FULL */
  add(sentence: string, { source = 'api', key, front = false }: AddOptions = {}): Promise<Goal> {
    return this.#act('/api/goals', { sentence, source, front, ...(key === undefined ? {} : { idempotency_key: key }) })
  }

  /** Unfinished goals in their order, and the newest finished ones. */
  async goals(): Promise<{ readonly unfinished: readonly Goal[]; readonly finished: readonly Goal[] }> {
    const { queue, history } = await this.state()
    return { unfinished: queue, finished: history }
  }

  /** @throws CliportError GOAL_UNKNOWN */
  goal(id: string): Promise<Goal> {
    return this.#get(`/api/goals/${encodeURIComponent(id)}`)
  }

  /** A goal that runs ends before its next action. @throws CliportError GOAL_UNKNOWN */
  cancel(id: string): Promise<Goal> {
    return this.#act(`/api/goals/${encodeURIComponent(id)}`, undefined, 'DELETE')
  }

  /** Queues a goal again that is paused. @throws CliportError GOAL_UNKNOWN */
  resumeGoal(id: string): Promise<Goal> {
    return this.#act(`/api/goals/${encodeURIComponent(id)}/resume`)
  }

  /** Moves a goal before another one; null: to the end. @throws CliportError GOAL_UNKNOWN */
  move(id: string, before: string | null): Promise<Goal> {
    return this.#act(`/api/goals/${encodeURIComponent(id)}/move`, { before })
  }

  /**
   * Queued goals begin.
   * @param consentToMotion of a real arm: a person says that its area is clear, and the emergency stop at hand
   * @throws CliportError SERVICE_REFUSED, CONSENT_REQUIRED, LINK_REFUSED
   */
  arm({ consentToMotion = false }: { readonly consentToMotion?: boolean } = {}): Promise<ServiceSession> {
    return this.#act('/api/arm', { consent_to_motion: consentToMotion })
  }

  /** Nothing begins any more. @throws CliportError SERVICE_REFUSED while a goal runs */
  disarm(): Promise<ServiceSession> {
    return this.#act('/api/disarm')
  }

  /** Stops the arm now; latched. */
  stop(reason = 'a program asked for it'): Promise<ServiceSession> {
    return this.#act('/api/stop', { reason })
  }

  /** A person has looked at the arm: opens the latch of a stop or fault. @throws CliportError SERVICE_REFUSED */
  clear(): Promise<ServiceSession> {
    return this.#act('/api/clear')
  }

  /**
   * Opens the end effector where the arm stands: what it holds falls. Disarmed afterwards.
   * @param consentToMotion of a real arm: a person says that a hand or a box is under it
   * @throws CliportError SERVICE_REFUSED while a goal runs or a stop is latched, CONSENT_REQUIRED, LINK_REFUSED
   */
  release({ consentToMotion = false }: { readonly consentToMotion?: boolean } = {}): Promise<ServiceSession> {
    return this.#act('/api/release', { consent_to_motion: consentToMotion })
  }

  /** No next action; one that is under way is finished. */
  pause(): Promise<ServiceSession> {
    return this.#act('/api/pause')
  }

  /** Goes on with everything that is paused. */
  resume(): Promise<ServiceSession> {
    return this.#act('/api/resume')
  }

  /** Everything that the page shows. */
  state(): Promise<ServiceState> {
    return this.#get('/api/state')
  }

  /** Words that the policy knows. */
  lexicon(): Promise<z.infer<typeof lexiconSchema>> {
    return this.#get('/api/lexicon')
  }

  /** What a sentence would do; nothing moves. */
  preview(sentence: string, heat = false): Promise<Preview> {
    return this.#act('/api/preview', { sentence, heat })
  }

  /** Picks and places what a person points at, now. @throws CliportError SERVICE_REFUSED, INPUT_INVALID */
  takeover(takeover: Takeover): Promise<Goal> {
    return this.#act('/api/takeover', takeover)
  }

  /** Answers the question of a run. @param choice index of a candidate; null: none of them */
  answer(questionId: string, choice: number | null): Promise<ServiceSession> {
    return this.#act(`/api/questions/${encodeURIComponent(questionId)}/answer`, { choice })
  }

  /** Another scene of the simulated cell, disarmed. @throws CliportError SERVICE_REFUSED */
  scene(scene: z.input<typeof sceneSchema>): Promise<ServiceState> {
    return this.#act('/api/scene', scene)
  }

  /** The whole state, then every event, until the signal or the end of the connection. @throws CliportError SERVICE_ABSENT */
  events(signal?: AbortSignal): AsyncGenerator<ServiceEvent> {
    return events(this.address, signal)
  }

  /**
   * The goal when it has ended. With the connection it ends too (a restart of the service leaves the goal paused).
   * @param onWait hears why it does not run, once for each reason
   * @throws the signal's reason; CliportError GOAL_UNKNOWN, SERVICE_ABSENT
   */
  async ended(id: string, signal?: AbortSignal, onWait: (reason: string) => void = () => {}): Promise<Goal> {
    let said: string | null = null
    for await (const event of this.events(signal)) {
      const goal = await this.#goalAt(event, id)
      if (goal !== null && (goal.state === 'done' || goal.state === 'canceled')) return goal
      const session = event.event === 'state' ? event.data.session : event.event === 'session' ? event.data : null
      const reason = goal?.state === 'paused' ? goal.reason : (session?.reason ?? null)
      if (reason !== null && reason !== said) onWait(reason)
      if (session !== null || reason !== null) said = reason
    }
    signal?.throwIfAborted()
    throw absent(this.url, 'it ended the connection')
  }

  /** What an event says of a goal; null: nothing. */
  async #goalAt(event: ServiceEvent, id: string): Promise<Goal | null> {
    if (event.event === 'goal') return event.data.id === id ? event.data : null
    return event.event === 'state' ? this.goal(id) : null
  }

  async #get<T>(path: string): Promise<T> {
    return resultOf<T>(await request(this.address, 'GET', path))
  }

  async #act<T>(path: string, body?: object, method: 'POST' | 'DELETE' = 'POST'): Promise<T> {
    const { epoch, aheadMs } = this.#clock
    const expires = performance.now() + aheadMs + validMs
    const headers = { 'cliport-epoch': epoch, 'cliport-expires': expires.toFixed(0) }
    return resultOf<T>(await request(this.address, method, path, { headers, body }))
  }
}

function resultOf<T>({ status, body }: Answer): T {
  if (status >= 200 && status < 300) return body as T
  const {
    code = 'UNEXPECTED',
    message = `The service answered ${status}`,
    hint = 'Look at its log',
  } = (body as { error?: { code?: string; message?: string; hint?: string } } | null)?.error ?? {}
  const known = errorCodes.find((one) => one === code) ?? 'UNEXPECTED'
  throw new CliportError(known, message, { stage: 'serve', hint })
}
