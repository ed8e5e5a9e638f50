// The runtime's end of the link: a lease, plans, stops; heartbeats and watching from one tick of the event loop.
//
// The tick is a timer of the thread that runs the cycle, on purpose: when that thread stalls, the heartbeats stop, and
// the controller stops the arm. A heartbeat thread would hide a stall.

import type { Clock, RobotLink } from '../../control/ports.js'
import type { CheckedJointPlan, CheckedPlan, EndEffectorKind, Execution, RobotState } from '../../control/types.js'
import { unlessAborted } from './awaited.js'
import { decodeReply, decodeState, endEffectorKindOf, featureNames, jointsMessage, planMessage } from './codec.js'
import { LinkCommands, type PlanOf } from './commands.js'
import { EventLoopTime } from './event-loop-time.js'
import { EventStream } from './event-stream.js'
import { LinkFailures } from './failures.js'
import type { Error as ErrorMessage, Event } from './gen/link_pb.js'
import { Handshake } from './handshake.js'
import type { LinkError } from './link-error.js'
import { type LinkOptions, linkDefaults, optionsFor, type PeerOptions } from './options.js'
import { Pings } from './pings.js'
import { LinkSession } from './session.js'
import { StateCache } from './state-cache.js'
import { type LinkTiming, realTiming } from './timing.js'
import type { LinkTransport } from './transport.js'

/** Who holds the lease. */
export type Lease = 'free' | 'own' | 'other'

/**
 * The link to a controller: state, commands, events, stop. One client a session; the controller stops the arm when it sends no heartbeat.
 */
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
        client.#hello().then(() => client.#states.first()),
        signal,
      )
      return client
    } catch (error) {
      await client.#end()
      throw error
    }
  }

  readonly #transport: LinkTransport
  readonly #asked: LinkOptions
  readonly #options: PeerOptions
  readonly #clock: Clock
  readonly #loopTime: EventLoopTime
  readonly #failures: LinkFailures
  readonly #session: LinkSession
  readonly #handshake: Handshake
  readonly #states: StateCache
  readonly #events: EventStream
  readonly #pings: Pings
  readonly #commands: LinkCommands
  readonly #endTicks: () => void
  /** Whether this process keeps up the lease with heartbeats. */
  #armed = false

  private constructor(transport: LinkTransport, options: LinkOptions, { clock, every }: LinkTiming) {
    const { streams } = transport
    const peerOptions = optionsFor('', options)
    this.#transport = transport
    this.#clock = clock
    const loopTime = new EventLoopTime(options.tickMs, clock.nowNs())
    const states = new StateCache(clock, loopTime, peerOptions)
    const failures = new LinkFailures(transport.address, peerOptions, () => states.robotStates)
    const session = new LinkSession(transport, clock)
    const events = new EventStream(session, loopTime, options)
    const lose = (error: LinkError) => this.#lose(error)
    this.#asked = options
    this.#options = peerOptions
    this.#loopTime = loopTime
    this.#states = states
    this.#failures = failures
    this.#session = session
    this.#events = events
    this.#handshake = new Handshake(session, streams, loopTime, options, failures)
    this.#pings = new Pings(session, clock, loopTime, peerOptions, failures)
    this.#commands = new LinkCommands(session, states, events, streams, loopTime, peerOptions, failures, lose)
    transport.onReply((bytes) => this.#onReply(bytes))
    transport.onEvents?.((bytes) => this.#onReply(bytes))
    transport.onRefused?.((why) => lose(failures.keysDoNotFit(why)))
    transport.onState((bytes) => this.#onState(bytes))
    this.#endTicks = every(options.tickMs, () => this.#tick())
  }

  get state(): RobotState | null {
    return this.#states.robot
  }

  get address(): string {
    return this.#transport.address
  }

  get backend(): string {
    return this.#handshake.welcome?.backend ?? ''
  }

  /** Name and version of the controller's software. */
  get software(): string {
    return this.#handshake.welcome?.software ?? ''
  }

  get lease(): Lease {
    const holder = this.#states.newest?.leaseSession ?? 0n
    if (holder === 0n) return 'free'
    return holder === this.#session.id ? 'own' : 'other'
  }

  /** Where the tool may be: xMin, xMax, yMin, yMax, zMin, zMax in metres, as the controller will enforce it. */
  get motionBoxM(): readonly number[] {
    return this.#handshake.welcome?.motionBoxM ?? []
  }

  /** Where no part of the arm may be, six numbers a box in the same order. */
  get keepOutM(): readonly number[] {
    return this.#handshake.welcome?.keepOutM ?? []
  }

  /** Milliseconds since the last state message; time in which this process itself stood still does not count. */
  get absentMs(): number {
    return this.#states.absentMs
  }

  get speedLimitMps(): number {
    return this.#handshake.welcome?.speedLimitMps ?? 0
  }

  /** What is mounted on the arm, as the controller knows it. */
  get endEffector(): EndEffectorKind {
    return endEffectorKindOf(this.#handshake.welcome?.endEffector?.kind ?? 0)
  }

  /** What the controller carries out beyond plain segments, e.g. 'contact_speed' (docs/link.md). */
  get features(): readonly string[] {
    return featureNames(this.#handshake.welcome?.features ?? [])
  }

  /** Controller's clock minus ours, by the shortest round trip of the last pings; null before the first. */
  get clockOffset(): { readonly offsetNs: bigint; readonly errorNs: bigint } | null {
    return this.#pings.offset
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
      this.#session.renew()
      await this.#hello()
    }
    const answer = await this.#commands.ask('arm', (id) => ({ case: 'acquire', value: { id } }))
    if (answer.kind === 'rejected') throw this.#failures.refused('did not arm', answer)
    this.#armed = true
    await this.#caughtUp(answer.stampNs)
  }

  execute(plan: CheckedPlan, signal?: AbortSignal, onSegment?: (index: number) => void): Promise<Execution> {
    const blends = this.features.includes('blend')
    const message: PlanOf = (id, validForS) => planMessage(plan, id, validForS, blends)
    return this.#execute(`the plan '${plan.name}'`, message, signal, onSegment)
  }

  /**
   * Moves all joints together, from whatever posture the arm is in: the way home. The end is checked here, the way there
   * only by the controller, so a person should be looking. Ends like `execute`.
   */
  moveJoints(plan: CheckedJointPlan, signal?: AbortSignal): Promise<Execution> {
    return this.#execute(`the plan '${plan.name}'`, (id, validForS) => jointsMessage(plan, id, validForS), signal)
  }

  async #execute(
    what: string,
    message: PlanOf,
    signal?: AbortSignal,
    onSegment?: (index: number) => void,
  ): Promise<Execution> {
    if (signal?.aborted) {
      const { holding } = this.#states
      return { status: 'stopped', reason: 'stop_requested', detail: 'aborted before it began', segments: [], holding }
    }
    const onAbort = () => {
      void this.stop('the caller gave up').catch(() => {}) // whether it arrived shows in how the plan ends
    }
    signal?.addEventListener('abort', onAbort)
    try {
      const { execution, stampNs } = await this.#commands.run(what, message, onSegment)
      await this.#caughtUp(stampNs)
      return execution.status === 'done' ? execution : { ...execution, error: this.#failures.ended(what, execution) }
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Resolves when the controller has begun to stop. @throws CliportError LINK_PEER_LOST when it does not answer */
  stop(reason: string): Promise<void> {
    return this.#commands.stop(reason)
  }

  /**
   * Clears a latched stop or fault; the arm is disarmed afterwards. A person's act, always: nothing in the runtime
   * calls it by itself.
   * @throws CliportError LINK_REFUSED while the arm still moves
   */
  async clear(): Promise<void> {
    this.#armed = false
    const answer = await this.#commands.ask('clear', (id) => ({ case: 'clear', value: { id } }))
    if (answer.kind === 'rejected') throw this.#failures.refused('did not clear the stop', answer)
  }

  /** Gives the lease back and stays connected; the arm may not move until it is armed again. */
  async disarm(): Promise<void> {
    if (this.#armed) await this.#release()
  }

  /** Gives the lease back. A plan that still runs is stopped by the controller, since the heartbeats end. */
  async close(): Promise<void> {
    if (this.#armed && this.#commands.pending.isEmpty) await this.#release().catch(() => {})
    await this.#end()
  }

  async #release(): Promise<void> {
    this.#armed = false
    await this.#commands.ask('release', (id) => ({ case: 'release', value: { id } }), 200)
  }

  /**
   * Round trip of one message to the controller's sockets and back, milliseconds.
   * @throws CliportError LINK_PEER_LOST when it is not answered in time
   */
  async ping(): Promise<number> {
    return Number(await this.#pings.ask()) / 1e6
  }

  /**
   * Hands on every event from now on, of all sessions, in order, each once: what the stream lost is asked for again.
   * One handler at a time. A gap in `sequence` means that the controller no longer keeps what was missed.
   */
  watchEvents(handler: (event: Event) => void): void {
    this.#events.watch(handler)
  }

  // ---- sending ----

  async #hello(): Promise<void> {
    const { welcome, isSame } = await this.#handshake.greet()
    Object.assign(this.#options, optionsFor(welcome.backend, this.#asked))
    this.#transport.welcomed({ state: welcome.statePort, event: welcome.eventPort, stop: welcome.stopPort })
    this.#events.welcomed(welcome.lastEventSequence, isSame)
    this.#pings.reset()
    this.#states.welcomed(welcome.instance)
  }

  async #caughtUp(stampNs: bigint): Promise<void> {
    if (this.#transport.streams) await this.#states.caughtUp(stampNs)
  }

  #tick(): void {
    this.#loopTime.tick(this.#clock.nowNs())
    if (!this.#transport.streams) return
    if (this.#armed) this.#session.heartbeat()
    this.#pings.tick(this.#handshake.welcome !== null)
    this.#handshake.tick()
    this.#states.tick(() => this.#failures.noState(this.#handshake.welcome?.statePort))
    this.#events.tick(this.#states.newest?.lastEventSequence ?? 0n)
    this.#commands.pending.tick()
    this.#noticeAbsence()
  }

  /** A simulated cell may take its time, but its sockets publish states for as long as its controller lives. */
  #noticeAbsence(): void {
    const { isSimulatedCell, absentTimeoutMs } = this.#options
    if (!isSimulatedCell || this.#commands.pending.isEmpty || this.#states.absentMs <= absentTimeoutMs) return
    this.#lose(this.#failures.lost(`has sent nothing for ${absentTimeoutMs} ms`))
  }

  // ---- receiving ----

  #onReply(bytes: Uint8Array): void {
    const receivedNs = this.#clock.nowNs()
    const reply = this.#decoded(decodeReply, bytes)
    if (reply === null) return
    const sequence = reply.header?.sequence ?? 0n
    switch (reply.body.case) {
      case 'welcome':
        if (reply.header?.session === this.#session.id) this.#handshake.onWelcome(reply.body.value)
        return
      case 'pong':
        this.#pings.onPong(sequence, reply.body.value.controllerNs, receivedNs)
        return
      case 'event':
        this.#onEvent(reply.body.value)
        return
      case 'error':
        this.#onError(sequence, reply.body.value)
        return
      default: // a reply that this release does not know
    }
  }

  #onEvent(event: Event): void {
    this.#events.add(event)
    if (event.session === this.#session.id) this.#commands.pending.onEvent(event)
  }

  #onError(sequence: bigint, error: ErrorMessage): void {
    const { code } = error
    if (code === 'version') {
      this.#lose(this.#failures.otherVersion(error.message))
      return
    }
    if (code === 'replay_gap') this.#events.skipWhatIsGone()
    // A repetition was refused: its first delivery may run, and events tell what becomes of that.
    if (code !== 'sequence') this.#commands.pending.onError(sequence, error)
  }

  #onState(bytes: Uint8Array): void {
    const state = this.#decoded(decodeState, bytes)
    if (state === null) return
    const { welcome } = this.#handshake
    if (welcome === null || state.header?.session === welcome.instance) this.#states.add(state)
    else if (this.#armed || !this.#commands.pending.isEmpty) {
      this.#lose(this.#failures.lost('was replaced by another one at its address'))
    }
  }

  /** Something that is no message of the link ends it. */
  #decoded<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T | null {
    try {
      return decode(bytes)
    } catch (cause) {
      this.#lose(this.#failures.unreadable(cause))
      return null
    }
  }

  // ---- ends ----

  #holdsLease(): boolean {
    const state = this.#states.newest
    if (state?.header?.session !== this.#handshake.welcome?.instance) return false
    return this.#armed && state?.leaseSession === this.#session.id
  }

  #lose(error: LinkError): void {
    this.#armed = false
    this.#handshake.lose(error)
    this.#pings.lose(error)
    this.#states.lose(error)
    this.#commands.pending.giveUpAll(error)
  }

  async #end(): Promise<void> {
    const closed = this.#failures.lost('was left: the link has been closed')
    this.#endTicks()
    this.#handshake.close(closed)
    this.#commands.pending.end(closed)
    this.#lose(closed)
    await this.#transport.close()
  }
}
