// The runtime's end of the link: a lease, plans, stops; heartbeats and watching from one tick of the event loop.
//
// The tick is a timer of the thread that runs the cycle, on purpose: when that thread stalls, the heartbeats stop, and
// the controller stops the arm. A heartbeat thread would hide a stall.

import { randomBytes } from 'node:crypto'
import type { Clock, RobotLink } from '../../control/ports.js'
import type { CheckedPlan, Execution, RobotState } from '../../control/types.js'
import { Awaited } from './awaited.js'
import { AwakeTime } from './awake.js'
import { ClockOffset } from './clock-offset.js'
import { decodeReply, decodeState, encodeRequest, planMessage, type RequestBody, robotState } from './codec.js'
import { type Event, EventKind, type Reply, type State, type Welcome } from './gen/link_pb.js'
import { LinkError } from './link-error.js'
import { type LinkOptions, linkDefaults } from './options.js'
import { PlanRun } from './plan-run.js'
import type { LinkTransport } from './transport.js'

/** What a test may replace. */
export interface LinkTiming {
  readonly clock: Clock
  /** Calls `tick` again and again; returns what ends it. */
  every(periodMs: number, tick: () => void): () => void
}

const realTiming: LinkTiming = {
  clock: { nowNs: () => process.hrtime.bigint() },
  every(periodMs, tick) {
    const timer = setInterval(tick, periodMs)
    return () => clearInterval(timer)
  },
}

/** A command on its way: what its events do, and when to wonder where they are. */
interface Pending {
  readonly sequence: bigint
  /** @returns true when the command has ended */
  onEvent(event: Event): boolean
  /** The controller could make nothing of the request. */
  onError(code: string, message: string): void
  onTick(): void
  fail(error: Error): void
}

export class LinkClient implements RobotLink {
  /**
   * Says hello and waits for the first state.
   * @throws CliportError LINK_ABSENT when nobody answers in time, LINK_PROTOCOL when the peer speaks another version
   */
  static async connect(
    transport: LinkTransport,
    options: Partial<LinkOptions> = {},
    timing: LinkTiming = realTiming,
  ): Promise<LinkClient> {
    const client = new LinkClient(transport, { ...linkDefaults, ...options }, timing)
    try {
      await client.#hello()
      await client.#firstState()
      return client
    } catch (error) {
      await client.#end()
      throw error
    }
  }

  readonly #transport: LinkTransport
  readonly #options: LinkOptions
  readonly #clock: Clock
  readonly #awake: AwakeTime
  readonly #endTicks: () => void
  readonly #pending = new Map<bigint, Pending>()
  readonly #states: RobotState[] = []
  readonly #offset = new ClockOffset()
  readonly #catchingUp = new Map<Awaited<void>, bigint>()
  readonly #pings = new Map<bigint, bigint>()

  #session = randomSession()
  #sequence = 0n
  #stopSequence = 0n
  #commandId = 0n
  #beats = 0n
  #welcome: Welcome | null = null
  #greeting: Awaited<Welcome> | null = null
  #stateAwaited: Awaited<State> | null = null
  #state: State | null = null
  /** Whether this process keeps up the lease with heartbeats. */
  #armed = false
  #freshMs = 0
  #pingedMs = 0
  #lastEvent = 0n

  private constructor(transport: LinkTransport, options: LinkOptions, { clock, every }: LinkTiming) {
    this.#transport = transport
    this.#options = options
    this.#clock = clock
    this.#awake = new AwakeTime(options.tickMs, clock.nowNs())
    transport.onReply((bytes) => this.#onReply(bytes))
    transport.onState((bytes) => this.#onState(bytes))
    this.#endTicks = every(options.tickMs, () => this.#tick())
  }

  get state(): RobotState | null {
    return this.#states.at(-1) ?? null
  }

  get backend(): string {
    return this.#welcome?.backend ?? ''
  }

  /** Where the tool may be: xMin, xMax, yMin, yMax, zMin, zMax in metres, as the controller will enforce it. */
  get motionBoxM(): readonly number[] {
    return this.#welcome?.motionBoxM ?? []
  }

  get speedLimitMps(): number {
    return this.#welcome?.speedLimitMps ?? 0
  }

  /** Controller's clock minus ours, by the shortest round trip of the last pings; null before the first. */
  get clockOffset(): { readonly offsetNs: bigint; readonly errorNs: bigint } | null {
    return this.#offset.best
  }

  /**
   * Takes the lease in a session of its own, or keeps the one it holds. A controller that vanished and came back is
   * another peer and is armed by this call only.
   * @throws CliportError LINK_REFUSED with the controller's reason, LINK_PEER_LOST when it does not answer
   */
  async arm(): Promise<void> {
    if (!this.#holdsLease()) {
      this.#session = randomSession()
      this.#sequence = 0n
      this.#stopSequence = 0n
      this.#beats = 0n
      await this.#hello()
    }
    const answer = await this.#command('arm', (id) => ({ case: 'acquire', value: { id } }))
    if (answer.kind === 'rejected') throw this.#refused('did not arm', answer.reason, answer.message)
    this.#armed = true
    await this.#caughtUp(answer.stampNs)
  }

  async execute(plan: CheckedPlan, signal?: AbortSignal): Promise<Execution> {
    if (signal?.aborted)
      return { status: 'stopped', reason: 'aborted before it began', segments: [], sealed: this.#sealed }
    const onAbort = () => {
      void this.stop('the caller gave up').catch(() => {}) // whether it arrived shows in how the plan ends
    }
    signal?.addEventListener('abort', onAbort)
    try {
      const { execution, stampNs } = await this.#run(plan)
      await this.#caughtUp(stampNs)
      return execution
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Resolves when the controller has begun to stop. @throws CliportError LINK_PEER_LOST when it does not answer */
  async stop(reason: string): Promise<void> {
    const id = ++this.#commandId
    const send = async () => {
      const value = { id, reason }
      const request = encodeRequest(this.#header(++this.#stopSequence), { case: 'stop', value })
      try {
        await this.#transport.sendStop(request)
        if (!this.#transport.streams) this.#giveUp(id, this.#unanswered('stop'))
      } catch {
        // The other way; if there is none either, the answer's time-out says so.
        await this.#request({ case: 'stop', value }).sent.catch(() => {})
      }
    }
    await new Promise<void>((resolve, reject) => {
      let sentMs = this.#awake.ms
      const overdueMs = sentMs + this.#options.answerTimeoutMs
      this.#pending.set(id, {
        sequence: 0n,
        onEvent: () => {
          resolve()
          return true
        },
        onError: (code, message) => reject(this.#refused('did not stop', code, message)),
        onTick: () => {
          if (this.#awake.ms >= overdueMs) this.#giveUp(id, this.#unanswered('stop'))
          if (this.#awake.ms < sentMs + this.#options.stopRepeatMs) return
          sentMs = this.#awake.ms
          void send()
        },
        fail: reject,
      })
      void send()
    })
  }

  /**
   * Clears a latched stop or fault; the arm is disarmed afterwards. A person's act, always: nothing in the runtime
   * calls it by itself.
   * @throws CliportError LINK_REFUSED while the arm still moves
   */
  async clear(): Promise<void> {
    this.#armed = false
    const answer = await this.#command('clear', (id) => ({ case: 'clear', value: { id } }))
    if (answer.kind === 'rejected') throw this.#refused('did not clear the stop', answer.reason, answer.message)
  }

  /** Gives the lease back. A plan that still runs is stopped by the controller, since the heartbeats end. */
  async close(): Promise<void> {
    if (this.#armed && this.#pending.size === 0) {
      await this.#command('release', (id) => ({ case: 'release', value: { id } }), 200).catch(() => {})
    }
    await this.#end()
  }

  // ---- plans ----

  #run(plan: CheckedPlan): Promise<{ execution: Execution; stampNs: bigint }> {
    const { answerTimeoutMs, silenceTimeoutMs, planValidForS } = this.#options
    const id = ++this.#commandId
    const firstEvent = this.#lastEvent + 1n
    const run = new PlanRun()
    this.#freshMs = this.#awake.ms
    let missedSinceMs = this.#awake.ms
    let replayed = false
    return new Promise((resolve, reject) => {
      const { sequence, sent } = this.#request({ case: 'plan', value: planMessage(plan, id, planValidForS) })
      this.#pending.set(id, {
        sequence,
        onEvent: (event) => {
          const execution = run.add(event)
          if (execution) resolve({ execution, stampNs: event.stampNs })
          return execution !== null
        },
        onError: (code, message) => {
          const reason = `${code}: ${message}`
          resolve({ execution: { status: 'rejected', reason, segments: [], sealed: this.#sealed }, stampNs: 0n })
        },
        onTick: () => {
          if (this.#awake.ms - this.#freshMs > silenceTimeoutMs) {
            this.#lose(this.#lost(`fell silent for ${silenceTimeoutMs} ms while it ran the plan '${plan.name}'`))
            return
          }
          // The state says that the plan is over, or never began: then its last events are on their way, or lost.
          if (this.#isRunning(id)) missedSinceMs = this.#awake.ms
          if (this.#awake.ms - missedSinceMs <= answerTimeoutMs) return
          if (replayed) {
            const words = run.answered ? 'never said how it ended' : 'did not answer'
            this.#giveUp(id, this.#lost(`${words} the plan '${plan.name}'`))
            return
          }
          replayed = true
          missedSinceMs = this.#awake.ms
          void this.#request({ case: 'replay', value: { fromSequence: firstEvent } }).sent.catch(() => {})
        },
        fail: reject,
      })
      sent.then(
        () => {
          if (!this.#transport.streams) this.#giveUp(id, this.#lost(`vanished while it ran the plan '${plan.name}'`))
        },
        (cause) => this.#giveUp(id, this.#lost(`cannot be reached for the plan '${plan.name}'`, cause)),
      )
    })
  }

  #isRunning(id: bigint): boolean {
    const state = this.#state
    return state !== null && state.leaseSession === this.#session && state.commandId === id
  }

  /**
   * Answers overtake the state, which comes every few milliseconds: waits until `state` tells of what was answered, so
   * that whoever looks at it finds the arm as the answer left it. Silence is for the next command to notice.
   */
  async #caughtUp(stampNs: bigint): Promise<void> {
    if (!this.#transport.streams || this.#state === null || this.#state.stampNs >= stampNs) return
    const awaited = new Awaited<void>(this.#awake.ms + this.#options.silenceTimeoutMs)
    this.#catchingUp.set(awaited, stampNs)
    await awaited.promise
  }

  #settleCaughtUp(): void {
    for (const [awaited, stampNs] of this.#catchingUp) {
      if (this.#state && this.#state.stampNs < stampNs && this.#awake.ms < awaited.overdueMs) continue
      awaited.resolve()
      this.#catchingUp.delete(awaited)
    }
  }

  get #sealed(): boolean {
    return this.#state?.sealed ?? false
  }

  // ---- other commands ----

  #command(
    what: string,
    body: (id: bigint) => RequestBody,
    timeoutMs = this.#options.answerTimeoutMs,
  ): Promise<{ kind: 'accepted' | 'rejected'; reason: string; message: string; stampNs: bigint }> {
    const id = ++this.#commandId
    return new Promise((resolve, reject) => {
      const overdueMs = this.#awake.ms + timeoutMs
      const { sequence, sent } = this.#request(body(id))
      this.#pending.set(id, {
        sequence,
        onEvent: ({ kind, reason, stampNs }) => {
          resolve({ kind: kind === EventKind.EVENT_ACCEPTED ? 'accepted' : 'rejected', reason, message: '', stampNs })
          return true
        },
        onError: (reason, message) => resolve({ kind: 'rejected', reason, message, stampNs: 0n }),
        onTick: () => {
          if (this.#awake.ms >= overdueMs) this.#giveUp(id, this.#unanswered(what))
        },
        fail: reject,
      })
      sent.then(
        () => {
          if (!this.#transport.streams) this.#giveUp(id, this.#unanswered(what))
        },
        (cause) => this.#giveUp(id, this.#lost(`cannot be reached for '${what}'`, cause)),
      )
    })
  }

  /** Repeats Hello until it is answered: the first may go out before there is a connection. */
  async #hello(): Promise<void> {
    this.#welcome = null
    this.#greeting = new Awaited(this.#awake.ms + this.#options.connectTimeoutMs)
    this.#sayHello()
    const welcome = await this.#greeting.promise
    this.#greeting = null
    this.#welcome = welcome
    this.#transport.welcomed({ state: welcome.statePort, event: welcome.eventPort, stop: welcome.stopPort })
    this.#lastEvent = welcome.lastEventSequence
    this.#offset.reset()
    this.#pings.clear()
    if (this.#state?.header?.session !== welcome.instance) {
      this.#state = null
      this.#states.length = 0
    }
  }
  #sayHello(): void {
    this.#request({ case: 'hello', value: {} }).sent.then(
      () => {
        if (!this.#transport.streams) this.#greeting?.reject(this.#absent('did not answer'))
      },
      () => {}, // no connection yet; the next tick tries again
    )
  }

  async #firstState(): Promise<void> {
    if (this.#state !== null) return
    this.#stateAwaited = new Awaited(this.#awake.ms + this.#options.connectTimeoutMs)
    await this.#stateAwaited.promise
    this.#stateAwaited = null
  }

  #tickConnecting(): void {
    const { connectTimeoutMs } = this.#options
    if (this.#greeting) {
      if (this.#awake.ms < this.#greeting.overdueMs) this.#sayHello()
      else this.#greeting.reject(this.#absent(`did not answer within ${connectTimeoutMs} ms`))
    }
    if (this.#stateAwaited && this.#awake.ms >= this.#stateAwaited.overdueMs) {
      const where = `from port ${this.#welcome?.statePort}`
      this.#stateAwaited.reject(this.#absent(`answers, but sent no state ${where} within ${connectTimeoutMs} ms`))
    }
  }

  // ---- sending ----

  #header(sequence: bigint) {
    return { session: this.#session, sequence, senderNs: this.#clock.nowNs() }
  }

  #request(body: RequestBody): { sequence: bigint; sent: Promise<void> } {
    const sequence = ++this.#sequence
    const bytes = encodeRequest(this.#header(sequence), body)
    // In the next microtask, so that whoever waits for the answer has said so before it can come.
    return { sequence, sent: Promise.resolve().then(() => this.#transport.send(bytes)) }
  }

  #tick(): void {
    this.#awake.tick(this.#clock.nowNs())
    if (!this.#transport.streams) return
    // An unsent heartbeat is no error: whoever waits for an answer will notice.
    if (this.#armed) void this.#request({ case: 'heartbeat', value: { counter: ++this.#beats } }).sent.catch(() => {})
    if (this.#welcome && this.#awake.ms - this.#pingedMs >= this.#options.pingMs) this.#ping()
    this.#tickConnecting()
    this.#settleCaughtUp()
    for (const { onTick } of [...this.#pending.values()]) onTick()
  }

  #ping(): void {
    this.#pingedMs = this.#awake.ms
    const sentNs = this.#clock.nowNs()
    this.#pings.clear() // one at a time: an older one that is still out was too slow to tell anything
    const { sequence, sent } = this.#request({ case: 'ping', value: {} })
    this.#pings.set(sequence, sentNs)
    void sent.catch(() => {})
  }

  // ---- receiving ----

  #onReply(bytes: Uint8Array): void {
    const receivedNs = this.#clock.nowNs()
    let reply: Reply
    try {
      reply = decodeReply(bytes)
    } catch (cause) {
      this.#lose(this.#unreadable(cause))
      return
    }
    const sequence = reply.header?.sequence ?? 0n
    switch (reply.body.case) {
      case 'welcome':
        if (reply.header?.session === this.#session) this.#greeting?.resolve(reply.body.value)
        return
      case 'pong': {
        const sentNs = this.#pings.get(sequence)
        if (sentNs !== undefined) this.#offset.add(sentNs, reply.body.value.controllerNs, receivedNs)
        this.#pings.delete(sequence)
        return
      }
      case 'event':
        this.#onEvent(reply.body.value)
        return
      case 'error':
        this.#onError(sequence, reply.body.value.code, reply.body.value.message)
        return
      default: // a reply that this release does not know
    }
  }

  #onEvent(event: Event): void {
    if (event.sequence > this.#lastEvent) this.#lastEvent = event.sequence
    if (event.session !== this.#session) return
    if (this.#pending.get(event.commandId)?.onEvent(event)) this.#pending.delete(event.commandId)
  }

  #onError(sequence: bigint, code: string, message: string): void {
    if (code === 'version') {
      const error = new LinkError('LINK_PROTOCOL', `The controller at ${this.#transport.address}: ${message}`, {
        stage: 'start',
        hint: 'Install the same release of cliport-edge on both sides',
      })
      this.#lose(error)
      return
    }
    // A repetition was refused: its first delivery may run, and events tell what becomes of that.
    if (code === 'sequence') return
    for (const [id, pending] of this.#pending) {
      if (pending.sequence !== sequence) continue
      this.#pending.delete(id)
      pending.onError(code, message)
    }
  }

  #onState(bytes: Uint8Array): void {
    let state: State
    try {
      state = decodeState(bytes)
    } catch (cause) {
      this.#lose(this.#unreadable(cause))
      return
    }
    if (this.#welcome && state.header?.session !== this.#welcome.instance) {
      if (this.#armed || this.#pending.size > 0) this.#lose(this.#lost('was replaced by another one at its address'))
      return
    }
    // The sockets go on when the control loop stands still: only a newer stamp is a sign of life.
    if (this.#state === null || state.stampNs > this.#state.stampNs) this.#freshMs = this.#awake.ms
    this.#state = state
    this.#states.push(robotState(state, this.#clock.nowNs()))
    if (this.#states.length > this.#options.statesKept) this.#states.shift()
    this.#stateAwaited?.resolve(state)
    this.#settleCaughtUp()
  }

  // ---- ends ----

  #holdsLease(): boolean {
    const state = this.#state
    if (state?.header?.session !== this.#welcome?.instance) return false
    return this.#armed && state?.leaseSession === this.#session
  }

  #giveUp(id: bigint, error: LinkError): void {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    pending?.fail(error)
  }

  #lose(error: LinkError): void {
    this.#armed = false
    this.#greeting?.reject(error)
    this.#stateAwaited?.reject(error)
    for (const awaited of this.#catchingUp.keys()) awaited.resolve()
    this.#catchingUp.clear()
    for (const id of [...this.#pending.keys()]) this.#giveUp(id, error)
  }

  async #end(): Promise<void> {
    this.#endTicks()
    this.#armed = false
    this.#lose(this.#lost('was left: the link has been closed'))
    await this.#transport.close()
  }

  #lost(what: string, cause?: unknown): LinkError {
    const error = {
      stage: 'execute',
      hint:
        'The arm stops by itself 100 ms after it last heard from here. Look whether the controller still runs and what ' +
        'it printed last, then arm again',
      ...(cause === undefined ? {} : { cause }),
    } as const
    return new LinkError('LINK_PEER_LOST', `The controller at ${this.#transport.address} ${what}`, error, [
      ...this.#states,
    ])
  }

  #unanswered(what: string): LinkError {
    return this.#lost(`did not answer '${what}' within ${this.#options.answerTimeoutMs} ms`)
  }

  #absent(what: string): LinkError {
    return new LinkError('LINK_ABSENT', `The controller at ${this.#transport.address} ${what}`, {
      stage: 'start',
      hint: 'Check that cliport-controller runs, that it printed this address when it was ready, and that no firewall is between',
      retryable: true,
    })
  }

  #unreadable(cause: unknown): LinkError {
    return new LinkError('LINK_PROTOCOL', `What came from ${this.#transport.address} is no message of the link`, {
      stage: 'start',
      hint: 'Something else listens at this address, or another release of cliport-edge',
      cause,
    })
  }

  #refused(what: string, reason: string, message = ''): LinkError {
    const words = message ? `${reason}: ${message}` : reason
    return new LinkError(
      'LINK_REFUSED',
      `The controller at ${this.#transport.address} ${what}: ${words}`,
      { stage: 'execute', hint: refusalHints[reason] ?? 'See docs/errors.md for what the reason means', reason },
      [...this.#states],
    )
  }
}

const refusalHints: Readonly<Record<string, string>> = {
  latched: 'The arm was stopped or has faulted: look at it, then let a person clear the stop',
  lease_taken: 'Another program holds the arm: end it, or wait half a second after it has ended',
  joint_limit: 'A joint is outside its limits: move the arm back by hand, then arm again',
  measurement_invalid: 'The robot reports joint angles that are not numbers: restart its control unit',
  busy: 'The arm still moves, or the control thread is starved: try again, then look at the load',
}

function randomSession(): bigint {
  return randomBytes(8).readBigUInt64LE() | 1n // never 0
}
