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
/** How often ages are told, and pauses between looks where nobody watches. */
const tellMs = 500
const unwatchedMs = 2000
const cameraWidthPx = 480
const cellPicture = { widthPx: 480, heightPx: 360 } as const

type Cameras = EventData<'cameras'>['cameras']

export class Live {
  readonly #newestMs = new Map<string, number>()
  #askedMs: number | null = null
  #problem: { readonly message: string; readonly cameras: readonly string[] } | null = null
  #timer: NodeJS.Timeout | null = null
  #teller: NodeJS.Timeout | null = null
  #ended = false
  #looks = 0
  #encoding = false

  /**
   * @param isMoving something moves in front of the cameras, or may
   * @param clockMs  the service's clock
   */
  constructor(
    private readonly workcell: Workcell,
    private readonly hub: Hub,
    private readonly isMoving: () => boolean,
    private readonly clockMs: () => number,
  ) {}

  begin(): void {
    this.#next(0)
    this.#teller = setInterval(() => {
      if (this.workcell.isOpen) this.hub.emit('cameras', { cameras: this.cameras() })
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
    const isWaiting = this.#askedMs !== null && nowMs - this.#askedMs > stalledMs
    const names = this.workcell.isOpen ? this.workcell.ports.camera.names : [...this.#newestMs.keys()]
    return names.map((name) => {
      const newestMs = this.#newestMs.get(name)
      const problem = this.#problem?.cameras.includes(name)
        ? this.#problem.message
        : isWaiting
          ? 'no frame arrives'
          : null
      return { name, age_ms: newestMs === undefined ? null : nowMs - newestMs, ok: problem === null, problem }
    })
  }

  /** Age of the oldest camera's newest frame; Infinity before the first. */
  oldestMs(): number {
    return Math.max(0, ...this.cameras().map(({ age_ms }) => age_ms ?? Number.POSITIVE_INFINITY))
  }

  /** Frames in mid-motion, for the recording and whoever watches. @throws CliportError CAMERA_STALLED */
  async glance(signal: AbortSignal): Promise<readonly RgbdFrame[]> {
    this.#askedMs ??= performance.now()
    try {
      const frames = await this.workcell.ports.camera.capture(signal)
      this.#arrived(frames)
      void this.#encode(() => this.#sendFrames(frames, { clock_ms: this.clockMs(), goal_id: null }))
      return frames
    } catch (error) {
      if (!signal.aborted) this.#failed(error)
      throw error
    } finally {
      this.#askedMs = null
    }
  }

  /** A look that somebody else took. */
  looked({ frames, heightmap }: View, goalId: string | null): void {
    this.#arrived(frames)
    const head = { clock_ms: this.clockMs(), goal_id: goalId }
    const { color, heightM, rows, cols } = heightmap
    void this.#encode(() => [
      ...this.#sendFrames(frames, head),
      this.#send('color', 'color', topView(color, rows, cols), head),
      this.#send('height', 'height', heightView(heightM, rows, cols, heightTopM(heightM)), head),
      this.#sendLayer('elevation', elevationView(heightM, rows, cols), head),
    ])
  }

  /** Affordances of a proposal, seen from above. */
  async heat(kind: 'pick' | 'place', layer: Layer, goalId: string): Promise<void> {
    if (this.hub.size === 0) return
    await this.#sendLayer(kind, layer, { clock_ms: this.clockMs(), goal_id: goalId })
  }

  async #sendLayer(
    kind: 'pick' | 'place' | 'elevation',
    layer: Layer,
    head: Pick<PictureHeader, 'clock_ms' | 'goal_id'>,
  ): Promise<void> {
    const { width, height } = layer
    this.hub.picture({ kind, name: kind, type: 'image/webp', width, height, ...head }, await encodeLayer(layer))
  }

  #arrived(frames: readonly RgbdFrame[]): void {
    const nowMs = performance.now()
    for (const { camera } of frames) this.#newestMs.set(camera, nowMs)
    this.#problem = null
  }

  /** What a camera that is named has not delivered; no name: any of them. */
  #failed(error: unknown): void {
    const { message } = error as Error
    const names = this.workcell.isOpen ? this.workcell.ports.camera.names : []
    const named = names.filter((name) => message.includes(`'${name}'`))
    this.#problem = { message, cameras: named.length > 0 ? named : names }
  }

  /** Pictures for whoever watches; what comes while others are still made is left out. */
  async #encode(make: () => readonly Promise<void>[]): Promise<void> {
    if (this.hub.size === 0 || this.#encoding) return
    this.#encoding = true
    await Promise.allSettled(make())
    this.#encoding = false
  }

  #sendFrames(
    frames: readonly RgbdFrame[],
    head: Pick<PictureHeader, 'clock_ms' | 'goal_id'>,
  ): readonly Promise<void>[] {
    return frames.map((frame) => {
      const { width, height } = colorIntrinsicsOf(frame)
      return this.#send('camera', frame.camera, { rgb: frame.color, width, height }, head, cameraWidthPx)
    })
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

  /** Never throws: what a camera does not deliver is told of, and asked for again. */
  async #turn(): Promise<void> {
    if (!this.workcell.isOpen) return
    try {
      if (this.isMoving()) await this.#cell()
      else {
        await this.#look()
        await this.#cell()
      }
    } catch (error) {
      this.#failed(error)
    } finally {
      this.#askedMs = null
      this.#looks++
    }
  }

  async #look(): Promise<void> {
    this.#askedMs = performance.now()
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
