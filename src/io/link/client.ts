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
import {
  decodeReply,
  decodeState,
  encodeRequest,
  jointsMessage,
  planMessage,
  type RequestBody,
  robotState,
} from './codec.js'
import { EventFeed } from './event-feed.js'
import { LinkFailures } from './failures.js'
import { type Event, EventKind, type Plan as PlanMessage, type Reply, type State, type Welcome } from './gen/link_pb.js'
import type { LinkError } from './link-error.js'
import { type LinkOptions, linkDefaults } from './options.js'
import { PlanRun } from './plan-run.js'
import type { LinkTransport, Refusal } from './transport.js'

/** What a test may replace. */
export interface LinkTiming {
  readonly clock: Clock
  /** Calls `tick` again and again; returns what ends it. */
  every(periodMs: number, tick: () => void): () => void
}

/** Who holds the lease. */
export type Lease = 'free' | 'own' | 'other'

const realTiming: LinkTiming = {
  clock: { nowNs: () => process.hrtime.bigint() },
  every(periodMs, tick) {
    const timer = setInterval(tick, periodMs)
    return () => clearInterval(timer)
  },
}

/** A plan's message, given its id and for how long it is valid. */
type PlanOf = (id: bigint, validForS: number) => PlanMessage

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
   * @throws CliportError LINK_ABSENT when nobody answers in time, LINK_AUTH_FAILED when the keys do not fit,
   * LINK_PROTOCOL when the peer speaks another version; the signal's reason when it is aborted
   */
  static async connect(
    transport: LinkTransport,
    options: Partial<LinkOptions> = {},
    { signal, ...timing }: Partial<LinkTiming> & { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<LinkClient> {
    const client = new LinkClient(transport, { ...linkDefaults, ...options }, { ...realTiming, ...timing })
    try {
      signal?.throwIfAborted()
      await unlessAborted(
        client.#hello().then(() => client.#firstState()),
        signal,
      )
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
  readonly #pings = new Map<bigint, { sentNs: bigint; answered: (roundTripNs: bigint) => void }>()
  readonly #failures: LinkFailures

  #session = randomSession()
  #sequence = 0n
  #stopSequence = 0n
  #commandId = 0n
  #beats = 0n
  #welcome: Welcome | null = null
  #instance = 0n
  #greeting: Awaited<Welcome> | null = null
  #stateAwaited: Awaited<State> | null = null
  #state: State | null = null
  /** Whether this process keeps up the lease with heartbeats. */
  #armed = false
  #freshMs = 0
  #pingedMs = 0
  #lastEvent = 0n
  #pinging: Awaited<bigint> | null = null
  #feed: EventFeed | null = null
  #feedHandler: (event: Event) => void = () => {}
  #missedSinceMs = 0

  private constructor(transport: LinkTransport, options: LinkOptions, { clock, every }: LinkTiming) {
    this.#transport = transport
    this.#options = options
    this.#clock = clock
    this.#awake = new AwakeTime(options.tickMs, clock.nowNs())
    this.#failures = new LinkFailures(transport.address, options, () => [...this.#states])
    transport.onReply((bytes) => this.#onReply(bytes))
    transport.onRefused?.((why) => this.#onRefused(why))
    transport.onState((bytes) => this.#onState(bytes))
    this.#endTicks = every(options.tickMs, () => this.#tick())
  }

  get state(): RobotState | null {
    return this.#states.at(-1) ?? null
  }

  get address(): string {
    return this.#transport.address
  }

  get backend(): string {
    return this.#welcome?.backend ?? ''
  }

  /** Name and version of the controller's software. */
  get software(): string {
    return this.#welcome?.software ?? ''
  }

  get lease(): Lease {
    const holder = this.#state?.leaseSession ?? 0n
    if (holder === 0n) return 'free'
    return holder === this.#session ? 'own' : 'other'
  }

  /** Where the tool may be: xMin, xMax, yMin, yMax, zMin, zMax in metres, as the controller will enforce it. */
  get motionBoxM(): readonly number[] {
    return this.#welcome?.motionBoxM ?? []
  }

  /** Where no part of the arm may be, six numbers a box in the same order. */
  get keepOutM(): readonly number[] {
    return this.#welcome?.keepOutM ?? []
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
  async arm(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const arming = this.#arm()
    try {
      await unlessAborted(arming, signal)
    } catch (error) {
      // Whoever gave up is not left with an armed arm.
      if (signal?.aborted) void arming.then(() => this.#release()).catch(() => {})
      throw error
    }
  }

  async #arm(): Promise<void> {
    if (!this.#holdsLease()) {
      this.#session = randomSession()
      this.#sequence = 0n
      this.#stopSequence = 0n
      this.#beats = 0n
      await this.#hello()
    }
    const answer = await this.#command('arm', (id) => ({ case: 'acquire', value: { id } }))
    if (answer.kind === 'rejected') throw this.#failures.refused('did not arm', answer.reason, answer.message)
    this.#armed = true
    await this.#caughtUp(answer.stampNs)
  }

  execute(plan: CheckedPlan, signal?: AbortSignal): Promise<Execution> {
    return this.#execute(`the plan '${plan.name}'`, (id, validForS) => planMessage(plan, id, validForS), signal)
  }

  /**
   * Moves all joints together to `qRad`, from whatever posture the arm is in: the way home. Only the controller checks
   * it, so a person should be looking. Ends like `execute`.
   */
  moveJoints(qRad: readonly number[], speedMps: number, signal?: AbortSignal): Promise<Execution> {
    const message = (id: bigint, validForS: number) => jointsMessage(qRad, speedMps, id, validForS)
    return this.#execute('the move of the joints', message, signal)
  }

  async #execute(what: string, message: PlanOf, signal?: AbortSignal): Promise<Execution> {
    if (signal?.aborted)
      return { status: 'stopped', reason: 'aborted before it began', segments: [], sealed: this.#sealed }
    const onAbort = () => {
      void this.stop('the caller gave up').catch(() => {}) // whether it arrived shows in how the plan ends
    }
    signal?.addEventListener('abort', onAbort)
    try {
      const { execution, stampNs } = await this.#run(what, message)
      await this.#caughtUp(stampNs)
      return execution.status === 'done' ? execution : { ...execution, error: this.#failures.ended(what, execution) }
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
        if (!this.#transport.streams) this.#giveUp(id, this.#failures.unanswered('stop'))
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
        onError: (code, message) => reject(this.#failures.refused('did not stop', code, message)),
        onTick: () => {
          if (this.#awake.ms >= overdueMs) this.#giveUp(id, this.#failures.unanswered('stop'))
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
    if (answer.kind === 'rejected')
      throw this.#failures.refused('did not clear the stop', answer.reason, answer.message)
  }

  /** Gives the lease back. A plan that still runs is stopped by the controller, since the heartbeats end. */
  async close(): Promise<void> {
    if (this.#armed && this.#pending.size === 0) await this.#release().catch(() => {})
    await this.#end()
  }

  async #release(): Promise<void> {
    this.#armed = false
    await this.#command('release', (id) => ({ case: 'release', value: { id } }), 200)
  }

  /**
   * Round trip of one message to the controller's sockets and back, milliseconds.
   * @throws CliportError LINK_PEER_LOST when it is not answered in time
   */
  async ping(): Promise<number> {
    const awaited = new Awaited<bigint>(this.#awake.ms + this.#options.answerTimeoutMs)
    this.#ping(awaited.resolve)
    this.#pinging = awaited
    try {
      return Number(await awaited.promise) / 1e6
    } finally {
      this.#pinging = null
    }
  }

  /**
   * Hands on every event from now on, of all sessions, in order, each once: what the stream lost is asked for again.
   * One handler at a time. A gap in `sequence` means that the controller no longer keeps what was missed.
   */
  watchEvents(handler: (event: Event) => void): void {
    this.#feed = new EventFeed(this.#lastEvent + 1n)
    this.#feedHandler = handler
    this.#transport.onEvents?.((bytes) => this.#onReply(bytes))
  }

  // ---- plans ----

  #run(what: string, message: PlanOf): Promise<{ execution: Execution; stampNs: bigint }> {
    const { answerTimeoutMs, silenceTimeoutMs, planValidForS } = this.#options
    const id = ++this.#commandId
    const firstEvent = this.#lastEvent + 1n
    const run = new PlanRun()
    this.#freshMs = this.#awake.ms
    let missedSinceMs = this.#awake.ms
    let replayed = false
    return new Promise((resolve, reject) => {
      const { sequence, sent } = this.#request({ case: 'plan', value: message(id, planValidForS) })
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
            this.#lose(this.#failures.lost(`fell silent for ${silenceTimeoutMs} ms while it ran ${what}`))
            return
          }
          // The state says that the plan is over, or never began: then its last events are on their way, or lost.
          if (this.#isRunning(id)) missedSinceMs = this.#awake.ms
          if (this.#awake.ms - missedSinceMs <= answerTimeoutMs) return
          if (replayed) {
            const words = run.answered ? 'never said how it ended' : 'did not answer'
            this.#giveUp(id, this.#failures.lost(`${words} ${what}`))
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
          if (!this.#transport.streams) this.#giveUp(id, this.#failures.lost(`vanished while it ran ${what}`))
        },
        (cause) => this.#giveUp(id, this.#failures.lost(`cannot be reached for ${what}`, cause)),
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
          if (this.#awake.ms >= overdueMs) this.#giveUp(id, this.#failures.unanswered(what))
        },
        fail: reject,
      })
      sent.then(
        () => {
          if (!this.#transport.streams) this.#giveUp(id, this.#failures.unanswered(what))
        },
        (cause) => this.#giveUp(id, this.#failures.lost(`cannot be reached for '${what}'`, cause)),
      )
    })
  }

  /** Repeats Hello until it is answered: the first may go out before there is a connection. */
  async #hello(): Promise<void> {
    this.#welcome = null
    this.#greeting = new Awaited(this.#awake.ms + this.#options.connectTimeoutMs)
    this.#sayHello()
    const before = this.#instance
    const welcome = await this.#greeting.promise
    const isSame = before === welcome.instance
    this.#greeting = null
    this.#instance = welcome.instance
    this.#welcome = welcome
    this.#transport.welcomed({ state: welcome.statePort, event: welcome.eventPort, stop: welcome.stopPort })
    this.#lastEvent = welcome.lastEventSequence
    if (this.#feed && !isSame) this.#feed = new EventFeed(welcome.lastEventSequence + 1n)
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
        if (!this.#transport.streams) this.#greeting?.reject(this.#failures.absent('did not answer'))
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
      else this.#greeting.reject(this.#failures.absent(`did not answer within ${connectTimeoutMs} ms`))
    }
    if (this.#stateAwaited && this.#awake.ms >= this.#stateAwaited.overdueMs) {
      const where = `from port ${this.#welcome?.statePort}`
      this.#stateAwaited.reject(
        this.#failures.absent(`answers, but sent no state ${where} within ${connectTimeoutMs} ms`),
      )
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
    if (this.#welcome && !this.#pinging && this.#awake.ms - this.#pingedMs >= this.#options.pingMs) this.#ping()
    this.#tickConnecting()
    this.#settleCaughtUp()
    this.#fillGaps()
    if (this.#pinging && this.#awake.ms >= this.#pinging.overdueMs) {
      this.#pinging.reject(this.#failures.unanswered('ping'))
    }
    for (const { onTick } of [...this.#pending.values()]) onTick()
  }

  #ping(answered: (roundTripNs: bigint) => void = () => {}): void {
    this.#pingedMs = this.#awake.ms
    const sentNs = this.#clock.nowNs()
    this.#pings.clear() // one at a time: an older one that is still out was too slow to tell anything
    const { sequence, sent } = this.#request({ case: 'ping', value: {} })
    this.#pings.set(sequence, { sentNs, answered })
    void sent.catch(() => {})
  }

  /** Asks for events again that are due and have not come for a while. */
  #fillGaps(): void {
    const from = this.#feed?.missing(this.#state?.lastEventSequence ?? 0n) ?? null
    if (from === null) this.#missedSinceMs = this.#awake.ms
    if (from === null || this.#awake.ms - this.#missedSinceMs < this.#options.replayAfterMs) return
    this.#missedSinceMs = this.#awake.ms
    void this.#request({ case: 'replay', value: { fromSequence: from } }).sent.catch(() => {})
  }

  // ---- receiving ----

  #onReply(bytes: Uint8Array): void {
    const receivedNs = this.#clock.nowNs()
    let reply: Reply
    try {
      reply = decodeReply(bytes)
    } catch (cause) {
      this.#lose(this.#failures.unreadable(cause))
      return
    }
    const sequence = reply.header?.sequence ?? 0n
    switch (reply.body.case) {
      case 'welcome':
        if (reply.header?.session === this.#session) this.#greeting?.resolve(reply.body.value)
        return
      case 'pong': {
        const ping = this.#pings.get(sequence)
        this.#pings.delete(sequence)
        if (ping === undefined) return
        this.#offset.add(ping.sentNs, reply.body.value.controllerNs, receivedNs)
        ping.answered(receivedNs - ping.sentNs)
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
    for (const due of this.#feed?.add(event) ?? []) this.#feedHandler(due)
    if (event.session !== this.#session) return
    if (this.#pending.get(event.commandId)?.onEvent(event)) this.#pending.delete(event.commandId)
  }

  #onError(sequence: bigint, code: string, message: string): void {
    if (code === 'version') {
      this.#lose(this.#failures.otherVersion(message))
      return
    }
    if (code === 'replay_gap') this.#feed?.skipWhatIsGone()
    // A repetition was refused: its first delivery may run, and events tell what becomes of that.
    if (code === 'sequence') return
    for (const [id, pending] of this.#pending) {
      if (pending.sequence !== sequence) continue
      this.#pending.delete(id)
      pending.onError(code, message)
    }
  }

  #onRefused(why: Refusal): void {
    this.#lose(this.#failures.keysDoNotFit(why))
  }

  #onState(bytes: Uint8Array): void {
    let state: State
    try {
      state = decodeState(bytes)
    } catch (cause) {
      this.#lose(this.#failures.unreadable(cause))
      return
    }
    if (this.#welcome && state.header?.session !== this.#welcome.instance) {
      if (this.#armed || this.#pending.size > 0)
        this.#lose(this.#failures.lost('was replaced by another one at its address'))
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
    this.#pinging?.reject(error)
    for (const awaited of this.#catchingUp.keys()) awaited.resolve()
    this.#catchingUp.clear()
    for (const id of [...this.#pending.keys()]) this.#giveUp(id, error)
  }

  async #end(): Promise<void> {
    this.#endTicks()
    this.#armed = false
    this.#lose(this.#failures.lost('was left: the link has been closed'))
    await this.#transport.close()
  }
}

function randomSession(): bigint {
  return randomBytes(8).readBigUInt64LE() | 1n // never 0
}

/** What `work` comes to, unless the caller gives up first: then the signal's reason. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
