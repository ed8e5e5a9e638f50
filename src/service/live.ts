// Live pictures for whoever looks, and the age of each camera's newest frame. Between goals it looks itself, which keeps
// the view fresh that previews are made on; while the arm moves only the pictures are taken.

import type { View } from '../control/cycle.js'
import { colorIntrinsicsOf } from '../control/frame.js'
import type { RgbdFrame } from '../control/types.js'
import {
  elevationView,
  encodeLayer,
  encodeWebp,
  heightTopM,
  heightView,
  type Layer,
  type Picture,
  topView,
} from '../io/pictures.js'
import type { EventData, PictureHeader } from './api.js'
import type { Hub } from './hub.js'
import type { Workcell } from './workcell.js'

/** Asked for a frame and got none for so long: the camera has stopped. */
const stalledMs = 1500
/** A camera that nobody has looked through for so long is looked through alone. */
const watchAfterMs = 700
/** Looks make way for a sentence that is being typed, though no longer than this: ages are seen. */
const longestWayMs = 600
/** How often ages are told, and pauses between looks where nobody watches. */
const tellMs = 500
const unwatchedMs = 2000
const cameraWidthPx = 480
const cellPicture = { widthPx: 480, heightPx: 360 } as const

type Cameras = EventData<'cameras'>['cameras']

export class Live {
  readonly #newestMs = new Map<string, number>()
  /** Cameras of which a frame was asked for and has not come, and since when. */
  readonly #askedMs = new Map<string, number>()
  readonly #problems = new Map<string, string>()
  #timer: NodeJS.Timeout | null = null
  #teller: NodeJS.Timeout | null = null
  #ended = false
  #looks = 0
  #encoding = false
  #isLooking = false
  #turnedMs = Number.NEGATIVE_INFINITY

  /**
   * @param isMoving something moves in front of the cameras, or may
   * @param isAsked  somebody types, and the policy and its pictures are wanted before others
   * @param clockMs  the service's clock
   */
  constructor(
    private readonly workcell: Workcell,
    private readonly hub: Hub,
    private readonly isMoving: () => boolean,
    private readonly isAsked: () => boolean,
    private readonly clockMs: () => number,
  ) {}

  begin(): void {
    this.#next(0)
    this.#teller = setInterval(() => {
      if (!this.workcell.isOpen) return
      this.hub.emit('cameras', { cameras: this.cameras() })
      for (const name of this.workcell.ports.camera.names) void this.#watch(name)
    }, tellMs)
  }

  end(): void {
    this.#ended = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#teller !== null) clearInterval(this.#teller)
  }

  /** Looks of its own that have ended, with frames or with an error that was told. */
  get looks(): number {
    return this.#looks
  }

  cameras(): Cameras {
    const nowMs = performance.now()
    const names = this.workcell.isOpen ? this.workcell.ports.camera.names : [...this.#newestMs.keys()]
    return names.map((name) => {
      const newestMs = this.#newestMs.get(name)
      const askedMs = this.#askedMs.get(name)
      const isWaiting = askedMs !== undefined && nowMs - askedMs > stalledMs
      const problem = this.#problems.get(name) ?? (isWaiting ? 'no frame arrives' : null)
      return { name, age_ms: newestMs === undefined ? null : nowMs - newestMs, ok: problem === null, problem }
    })
  }

  /** Age of the oldest camera's newest frame; Infinity before the first. */
  oldestMs(): number {
    return Math.max(0, ...this.cameras().map(({ age_ms }) => age_ms ?? Number.POSITIVE_INFINITY))
  }

  /** A look that somebody else took. */
  looked({ frames, heightmap }: View, goalId: string | null): void {
    const nowMs = performance.now()
    for (const { camera } of frames) {
      this.#newestMs.set(camera, nowMs)
      this.#problems.delete(camera)
    }
    if (this.hub.size === 0 || this.#encoding) return
    this.#encoding = true
    const head = { clock_ms: this.clockMs(), goal_id: goalId }
    const { color, heightM, rows, cols } = heightmap
    const pictures: Promise<void>[] = frames.map((frame) => this.#sendFrame(frame, head))
    pictures.push(this.#send('color', 'color', topView(color, rows, cols), head))
    pictures.push(this.#send('height', 'height', heightView(heightM, rows, cols, heightTopM(heightM)), head))
    pictures.push(this.#sendLayer('elevation', elevationView(heightM, rows, cols), head))
    void Promise.allSettled(pictures).then(() => {
      this.#encoding = false
    })
  }

  /** Affordances of a proposal, seen from above. */
  async heat(kind: 'pick' | 'place', layer: Layer, goalId: string): Promise<void> {
    if (this.hub.size === 0) return
    await this.#sendLayer(kind, layer, { clock_ms: this.clockMs(), goal_id: goalId })
  }

  #sendFrame(frame: RgbdFrame, head: Pick<PictureHeader, 'clock_ms' | 'goal_id'>): Promise<void> {
    const { width, height } = colorIntrinsicsOf(frame)
    return this.#send('camera', frame.camera, { rgb: frame.color, width, height }, head, cameraWidthPx)
  }

  /** Of a camera that no look has shown for a while: because the arm moves, or because another camera holds the look up. */
  async #watch(name: string): Promise<void> {
    const { camera } = this.workcell.ports
    const ageMs = performance.now() - (this.#newestMs.get(name) ?? 0)
    const isOld = ageMs > (this.hub.size > 0 ? watchAfterMs : unwatchedMs)
    if (camera.newest === undefined || this.#askedMs.has(name) || !isOld) return
    this.#askedMs.set(name, performance.now())
    try {
      const frame = await camera.newest(name)
      this.#newestMs.set(name, performance.now())
      this.#problems.delete(name)
      if (this.hub.size > 0) await this.#sendFrame(frame, { clock_ms: this.clockMs(), goal_id: null })
    } catch (error) {
      this.#problems.set(name, (error as Error).message)
    } finally {
      this.#askedMs.delete(name)
    }
  }

  async #sendLayer(
    kind: 'pick' | 'place' | 'elevation',
    layer: Layer,
    head: Pick<PictureHeader, 'clock_ms' | 'goal_id'>,
  ): Promise<void> {
    const { width, height } = layer
    this.hub.picture({ kind, name: kind, type: 'image/webp', width, height, ...head }, await encodeLayer(layer))
  }

  async #send(
    kind: PictureHeader['kind'],
    name: string,
    picture: Picture,
    head: Pick<PictureHeader, 'clock_ms' | 'goal_id'>,
    widthPx: number = picture.width,
  ): Promise<void> {
    const encoded = await encodeWebp(picture, { widthPx })
    const width = Math.min(widthPx, picture.width)
    const height = Math.round((picture.height * width) / picture.width)
    this.hub.picture({ kind, name, type: 'image/webp', width, height, ...head }, encoded)
  }

  #next(waitMs: number): void {
    if (this.#ended) return
    this.#timer = setTimeout(async () => {
      const begun = performance.now()
      await this.#turn()
      const isWatched = this.hub.size > 0
      const periodMs = isWatched ? 1000 / this.workcell.config.service.picture_hz : unwatchedMs
      this.#next(Math.max(20, periodMs - (performance.now() - begun)))
    }, waitMs)
    this.#timer.unref()
  }

  /** Never throws. A look that a camera holds up holds up nothing else. */
  async #turn(): Promise<void> {
    if (!this.workcell.isOpen) return
    const nowMs = performance.now()
    if (this.isAsked() && nowMs - this.#turnedMs < longestWayMs) return
    this.#turnedMs = nowMs
    if (!this.isMoving() && !this.#isLooking) {
      this.#isLooking = true
      void this.#look()
        .catch((error) => this.#lookFailed(error as Error))
        .finally(() => {
          this.#isLooking = false
          this.#looks++
        })
    }
    await this.#cell().catch(() => {}) // a cell that has failed is opened anew
  }

  #lookFailed({ message }: Error): void {
    // Where a camera can be asked alone, it is said of that one.
    if (!this.workcell.isOpen || this.workcell.ports.camera.newest !== undefined) return
    for (const name of this.workcell.ports.camera.names) this.#problems.set(name, message)
  }

  async #look(): Promise<void> {
    const view = await this.workcell.look()
    if (this.isMoving()) return
    this.workcell.seen(view)
    this.looked(view, null)
  }

  /** The whole simulated cell, with its arm. */
  async #cell(): Promise<void> {
    const { cell } = this.workcell
    if (cell === null || this.hub.size === 0) return
    const { widthPx: width, heightPx: height } = cellPicture
    const rgb = await cell.observe(width, height)
    await this.#send('cell', 'cell', { rgb, width, height }, { clock_ms: this.clockMs(), goal_id: null })
  }
}
