// Frames of several cameras that belong to the same moment.

import type { RealSenseCamera } from './camera.js'
import type { CameraFrame } from './frame.js'

interface Stamped<T> {
  readonly stampNs: bigint
  readonly item: T
}

export interface Match<T> {
  /** One for each camera, in their order. */
  readonly items: readonly T[]
  /** Latest stamp minus earliest. */
  readonly skewNs: number
}

/** Frames held back for each camera: a camera may be this many frames later than another. */
const depth = 3

/**
 * Puts together frames whose fitted stamps lie within `toleranceNs` of the first camera's. With half a period that is
 * the nearest frame of each camera, and of free-running cameras there always is one. Frame counters are not used: they
 * drift apart between cameras.
 */
export class FrameMatcher<T> {
  readonly #queues: Stamped<T>[][]
  readonly #toleranceNs: number
  /** Frames that were put aside without a match. */
  unmatched = 0

  constructor(cameras: number, toleranceNs: number) {
    this.#queues = Array.from({ length: cameras }, () => [])
    this.#toleranceNs = toleranceNs
  }

  /** Adds a frame; returns the newest match that it completes. Stamps of one camera must increase. */
  push(camera: number, stampNs: bigint, item: T): Match<T> | undefined {
    const queue = this.#queues[camera]!
    queue.push({ stampNs, item })
    if (queue.length > depth) {
      queue.shift()
      this.unmatched++
    }
    for (const reference of [...this.#queues[0]!].reverse()) {
      const group = this.#queues.map((frames) => nearest(frames, reference.stampNs))
      const fits = group.every((found) => found && distance(found.stampNs, reference.stampNs) <= this.#toleranceNs)
      if (fits) return this.#take(group as Stamped<T>[])
    }
    return undefined
  }

  #take(group: readonly Stamped<T>[]): Match<T> {
    group.forEach((taken, camera) => {
      const queue = this.#queues[camera]!
      const index = queue.indexOf(taken)
      this.unmatched += index
      queue.splice(0, index + 1)
    })
    const offsetsNs = group.map(({ stampNs }) => Number(stampNs - group[0]!.stampNs))
    return { items: group.map(({ item }) => item), skewNs: Math.max(...offsetsNs) - Math.min(...offsetsNs) }
  }
}

function distance(a: bigint, b: bigint): number {
  return Math.abs(Number(a - b))
}

function nearest<T>(frames: readonly Stamped<T>[], stampNs: bigint): Stamped<T> | undefined {
  return frames.reduce<Stamped<T> | undefined>(
    (best, frame) => (best && distance(best.stampNs, stampNs) <= distance(frame.stampNs, stampNs) ? best : frame),
    undefined,
  )
}

export interface MatchedFrames {
  /** One for each camera, in their order; each valid as if it had been taken from its camera. */
  readonly frames: readonly CameraFrame[]
  readonly skewNs: number
  /** Frames without a partner, since the start. */
  readonly unmatched: number
}

/**
 * Frames of several cameras, matched by their stamps on the host's clock.
 *
 * @param options.toleranceMs default: half the period of the first camera's frames
 * @throws whatever a camera's `next` throws
 */
export async function* matchFrames(
  cameras: readonly RealSenseCamera[],
  options: { readonly toleranceMs?: number; readonly signal?: AbortSignal } = {},
): AsyncGenerator<MatchedFrames, void, undefined> {
  let matcher: FrameMatcher<CameraFrame> | undefined
  const nextOf = async (camera: number) => ({ camera, frame: await cameras[camera]!.next({ signal: options.signal }) })
  const pending = cameras.map((_, camera) => nextOf(camera))
  for (const promise of pending) promise.catch(() => {}) // one rejection is reported, the others go with it
  for (;;) {
    const { camera, frame } = await Promise.race(pending)
    if (frame === undefined) return
    pending[camera] = nextOf(camera)
    pending[camera]?.catch(() => {})
    const periodMs = 1000 / (frame.images[0]?.fps || 30)
    matcher ??= new FrameMatcher(cameras.length, (options.toleranceMs ?? periodMs / 2) * 1e6)
    const match = matcher.push(camera, frame.stampNs, frame)
    if (match) yield { frames: match.items, skewNs: match.skewNs, unmatched: matcher.unmatched }
  }
}
