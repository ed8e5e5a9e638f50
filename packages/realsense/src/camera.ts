// An open camera: carries out what the life cycle decides, and hands out frames.

import { ClockFit, type ClockReading, RecordingClock } from './clock.js'
import { type CameraInfo, hardwareReset, onCamerasChanged, requireLibrary } from './devices.js'
import { fromNative, native, RealSenseError, type RealSenseErrorCode } from './errors.js'
import { type CameraFrame, frameOf } from './frame.js'
import { advance, type CameraState, type Life, type LifeAction, type LifeEvent } from './lifecycle.js'
import { domainName, invalid, sealed } from './names.js'
import { addon, type NativeCounts, type NativeStatus, type SensorOption } from './native.js'
import { Opening } from './opening.js'
import { type CameraOptions, sessionOptions } from './options.js'
import { copyOf, leaseOf, type Run, stopRun } from './run.js'
import { addCounts, type CameraStats, noCounts } from './stats.js'
import { FrameWaiters, type NextOptions } from './waiters.js'

export type { CameraStats } from './stats.js'
export type { NextOptions } from './waiters.js'
export type { SensorOption }

const watchdogMs = 100
const nowNs = () => process.hrtime.bigint()

/**
 * Opens a camera or a recording and resolves when it streams.
 *
 * @throws RealSenseError what cannot be used, and why; an absent camera unless `waitForCamera`
 */
export async function openCamera(options: CameraOptions = {}): Promise<RealSenseCamera> {
  options.signal?.throwIfAborted()
  const camera = new RealSenseCamera(options)
  try {
    await camera.opened
    return camera
  } catch (error) {
    await camera.close()
    throw error
  }
}

export class RealSenseCamera implements AsyncIterable<CameraFrame> {
  readonly #opening: Opening
  readonly #options: CameraOptions
  readonly #native: ReturnType<typeof sessionOptions>
  readonly #clock: { observe: ClockFit['observe'] }
  readonly #listeners = new Set<(state: CameraState) => void>()
  readonly #waiters = new FrameWaiters(
    () => this.#keepAlive(),
    () => `the camera is ${this.state}.${this.#lastError ? ` Last error: ${this.#lastError.message}` : ''}`,
  )
  readonly #watchdog: NodeJS.Timeout
  #unwatch: (() => void) | undefined
  #life: Life = { state: 'starting', failures: 0 }
  #run: Run | undefined
  #wait: NodeJS.Timeout | undefined
  #stopping: Promise<boolean> = Promise.resolve(true)
  #past: NativeCounts = noCounts
  #starts = 0
  #info: CameraInfo | undefined
  #reading: ClockReading | undefined
  #lastError: RealSenseError | undefined
  #closing: Promise<{ clean: boolean }> | undefined

  /** @internal use openCamera */
  constructor(options: CameraOptions) {
    const { library } = options
    const version = requireLibrary(library)
    this.#options = options
    this.#native = sessionOptions(options, version)
    this.#clock = options.file === undefined ? new ClockFit() : new RecordingClock()
    if (options.file === undefined) {
      this.#unwatch = onCamerasChanged(({ added, removed }) => {
        const serial = this.#info?.serial ?? options.serial
        if (removed.some((camera) => camera.serial === serial)) this.#event('disappeared')
        if (added.some((camera) => serial === undefined || camera.serial === serial)) this.#event('appeared')
      })
    }
    this.#watchdog = setInterval(() => this.#watch(), watchdogMs)
    this.#watchdog.unref()
    this.#opening = new Opening(
      options,
      () => options.waitForCamera === true && this.state === 'absent',
      () => this.#lastError,
    )
    this.#start()
  }

  /** Settles with the first start. @internal use openCamera */
  get opened(): Promise<void> {
    return this.#opening.done
  }

  get state(): CameraState {
    return this.#life.state
  }

  /** The camera, known once it was open. */
  get info(): CameraInfo | undefined {
    return this.#info
  }

  /** Why it is not streaming, when an error was the cause. */
  get lastError(): RealSenseError | undefined {
    return this.#lastError
  }

  /** Calls `listener` with every new state; the returned function ends that. */
  onState(listener: (state: CameraState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get stats(): CameraStats {
    const status = this.#run?.session.status()
    const counts = addCounts(this.#past, status?.counts ?? noCounts)
    return {
      ...counts,
      dropped: counts.superseded + counts.untaken,
      restarts: Math.max(0, this.#starts - 1),
      leases: status?.leases ?? 0,
      driftPpm: this.#reading?.driftPpm ?? 0,
      extraDelayMs: (this.#reading?.extraDelayNs ?? 0) / 1e6,
    }
  }

  /**
   * The newest frame that was not taken yet; waits for one. Undefined at the end of a recording and after `close`.
   * Of a camera that is away or being restarted, waits (give `timeoutMs` or a signal), or throws without `reconnect`.
   *
   * @throws RealSenseError ABORTED, TIMEOUT, LEASES_EXHAUSTED, and without `reconnect` why it stopped
   */
  next(options: NextOptions = {}): Promise<CameraFrame | undefined> {
    sealed(options, ['signal', 'timeoutMs', 'afterNs'], 'the options of next')
    const frame = this.#waiters.wait(options)
    this.#serve()
    return frame
  }

  /** Frames until the recording ends, the camera is closed (both end the loop) or the signal aborts (throws). */
  async *frames(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<CameraFrame, void, undefined> {
    sealed(options, ['signal'], 'the options of frames')
    for (;;) {
      const frame = await this.next(options)
      if (frame === undefined) return
      yield frame
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<CameraFrame, void, undefined> {
    return this.frames()
  }

  /** All options of all sensors, with ranges. */
  async options(): Promise<SensorOption[]> {
    return this.#open().session.options().catch(rethrow)
  }

  /** @throws RealSenseError OPTION_UNKNOWN, OPTION_RANGE naming what there is */
  async setOption(sensor: string, name: string, value: number): Promise<void> {
    if (!Number.isFinite(value)) throw invalid(`option ${name}`, 'a finite number', value)
    await this.#open().session.setOption(sensor, name, value).catch(rethrow)
  }

  /** The camera's present settings as a preset. @throws RealSenseError for cameras without advanced mode */
  async preset(): Promise<string> {
    return this.#open().session.preset().catch(rethrow)
  }

  /**
   * Ends it. Never waits longer than `stopTimeoutMs`: `clean` false means that the library did not let go in time, and
   * that its thread was left to itself. Frames that were taken as copies stay readable, leases do not.
   */
  close(): Promise<{ clean: boolean }> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<{ clean: boolean }> {
    this.#unwatch?.()
    clearInterval(this.#watchdog)
    clearTimeout(this.#wait)
    this.#event('close')
    this.#opening.reject(new RealSenseError('CLOSED', 'The camera was closed while it opened.'))
    this.#waiters.resolveAll()
    return { clean: await this.#stopping }
  }

  #open(): Run {
    if (!this.#run || this.state !== 'streaming') {
      throw new RealSenseError('CLOSED', `The camera is not streaming; it is ${this.state}.`)
    }
    return this.#run
  }

  #event(event: LifeEvent): void {
    const before = this.#life.state
    const { life, action } = advance(this.#life, event)
    this.#life = life
    this.#act(action)
    if (life.state !== before) for (const listener of this.#listeners) listener(life.state)
  }

  #act(action: LifeAction): void {
    switch (action.kind) {
      case 'none':
        return
      case 'start':
        this.#start()
        return
      case 'stop':
        clearTimeout(this.#wait)
        this.#stop()
        return
      case 'reset':
        void hardwareReset(this.#info?.serial ?? '')
          .catch((error) => this.#note(error))
          .then(() => this.#event('reset'))
        return
      case 'wait':
        clearTimeout(this.#wait)
        this.#wait = setTimeout(() => this.#event('waited'), action.ms)
        this.#keepAlive()
        return
    }
  }

  #start(): void {
    clearTimeout(this.#wait)
    void this.#stopping.then(() => {
      if (this.state !== 'starting') return
      const { Session } = addon()
      // Once found, the same camera is looked for again.
      const serial = this.#options.serial ?? (this.#options.file === undefined ? this.#info?.serial : undefined)
      try {
        const session = native(() => new Session({ ...this.#native, serial }, () => this.#onNotify(run)))
        const run: Run = { session, startedNs: nowNs(), taken: 0, announced: false, failed: false }
        this.#run = run
        this.#keepAlive()
      } catch (error) {
        this.#fail(error)
      }
    })
  }

  /** Ends the present run, in bounded time. */
  #stop(): void {
    const run = this.#run
    if (!run) {
      void this.#stopping.then(() => this.#event('stopped'))
      return
    }
    this.#run = undefined
    this.#stopping = stopRun(run, this.#options.stopTimeoutMs ?? 3000, (counts) => {
      this.#past = addCounts(this.#past, counts)
    })
    void this.#stopping.then(() => this.#event('stopped'))
  }

  /** The native side has a frame or a new state. */
  #onNotify(run: Run): void {
    const status = run.session.status()
    if (run !== this.#run) {
      if (status.finished) run.onFinished?.()
      return
    }
    this.#followStatus(run, status)
    if (run === this.#run) this.#serve()
  }

  #followStatus(run: Run, status: NativeStatus): void {
    if (status.state === 'streaming' || status.state === 'ended') {
      if (!run.announced) {
        run.announced = true
        this.#starts++
        this.#info = status.device
        this.#lastError = undefined
        this.#event('started')
        this.#opening.succeed()
      }
    }
    if (status.state === 'failed' && status.finished && !run.failed) {
      run.failed = true
      this.#fail(new RealSenseError(status.code as RealSenseErrorCode, status.message))
    }
    // The end of a recording comes behind its last frame, which may not have been taken yet.
    if (status.state === 'ended' && status.finished && !this.#serve()) {
      if (this.#options.repeat) {
        this.#stop()
        this.#life = { state: 'starting', failures: 0 }
        this.#start()
      } else {
        this.#event('ended')
        this.#waiters.resolveAll()
      }
    }
  }

  #note(error: unknown): RealSenseError {
    const known = fromNative(error)
    this.#lastError =
      known instanceof RealSenseError ? known : new RealSenseError('LIBRARY_ERROR', String(known), { cause: known })
    return this.#lastError
  }

  #fail(error: unknown): void {
    const known = this.#note(error)
    this.#stop()
    const absent = known.code === 'CAMERA_ABSENT'
    if (this.#opening.pending && !(absent && this.#options.waitForCamera)) {
      this.#opening.fail(known)
    } else if (this.#options.reconnect === false || this.#options.file !== undefined) {
      this.#waiters.rejectAll(known)
      this.#event('close')
      return
    }
    this.#event(absent ? 'not-found' : 'failed')
  }

  /** Hands frames to those who wait; returns whether it handed out one. */
  #serve(): boolean {
    if (this.state === 'closed' || this.state === 'ended') {
      if (this.#lastError && this.#closing === undefined) this.#waiters.rejectAll(this.#lastError)
      else this.#waiters.resolveAll()
      return false
    }
    let served = false
    for (let waiter = this.#waiters.first; waiter !== undefined && this.#run; waiter = this.#waiters.first) {
      let frame: CameraFrame | undefined
      try {
        frame = this.#take(this.#run)
      } catch (error) {
        waiter.reject(fromNative(error))
        continue
      }
      if (!frame) break
      if (frame.arrivalNs < waiter.afterNs) {
        frame.release()
        continue
      }
      served = true
      waiter.resolve(frame)
    }
    // A consumer that was slow to come for the last frame: the end was reported before.
    if (!served && this.#waiters.size > 0 && this.#run?.session.status().state === 'ended') {
      const run = this.#run
      queueMicrotask(() => {
        if (run === this.#run) this.#followStatus(run, run.session.status())
      })
    }
    return served
  }

  #take(run: Run): CameraFrame | undefined {
    const taken = run.session.take()
    if (!taken) return undefined
    this.#event('frame')
    const first = taken.images.find(({ type }) => type === 1) ?? taken.images[0]!
    this.#reading = this.#clock.observe(first.timestampMs, domainName(first.domain), first.arrivalNs)
    const { lease, keep } = this.#native
    const hold = lease ? leaseOf(run, taken.lease, () => run === this.#run) : copyOf(run, keep)
    return frameOf(taken, this.#reading.stampNs, hold)
  }

  /** Looks at arrivals, not at what was taken: a busy consumer is no stall. */
  #watch(): void {
    const run = this.#run
    if (this.state !== 'streaming' || !run || this.#options.file !== undefined) return
    const status = run.session.status()
    const silentNs = Math.min(Number(nowNs() - status.lastArrivalNs), Number(nowNs() - run.startedNs))
    const fps = Math.min(...this.#native.streams.map(({ fps }) => fps || 30))
    const stallMs = this.#options.stallMs ?? Math.max(1000, 5000 / fps)
    if (silentNs / 1e6 < stallMs) return
    this.#note(new RealSenseError('CAMERA_STALLED', `The camera sent no frame for ${stallMs} ms.`))
    if (this.#options.reconnect === false) {
      this.#waiters.rejectAll(this.#lastError)
      this.#event('close')
    } else {
      this.#event('stalled')
    }
  }

  /** Somebody who waits for a frame keeps the process alive; an open camera alone does not. */
  #keepAlive(): void {
    const alive = this.#waiters.size > 0 || this.#opening.pending
    this.#run?.session.keepAlive(alive)
    for (const timer of [this.#watchdog, this.#wait]) alive ? timer?.ref() : timer?.unref()
  }
}

function rethrow(error: unknown): never {
  throw fromNative(error)
}
