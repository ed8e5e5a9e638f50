// From a camera's clock to the host's monotonic clock.

import type { StampDomain } from './names.js'

/** The camera counts microseconds in 32 bits: its stamps start again every 71.6 minutes. */
const wrapMs = 2 ** 32 / 1000
const bucketMs = 1000
const bucketsKept = 60
/** Below this span a slope would be noise. */
const slopeSpanMs = 10_000
/** Nanoseconds a millisecond, which is parts per million: no crystal is worse. */
const maxSlopePpm = 200
/** A jump that no delay explains: the camera was reset, or somebody set the wall clock. */
const jumpNs = 1e9

interface Point {
  /** Unwrapped device time since the first frame, ms. */
  readonly xMs: number
  /** Arrival minus device time, ns, relative to the first frame: constant offset + drift + delay of this frame. */
  readonly delayNs: number
}

export interface ClockReading {
  /** When the frame was taken, host monotonic time: strictly increasing, never after its arrival. */
  readonly stampNs: bigint
  /** How much longer than the quickest frames this one took to arrive. */
  readonly extraDelayNs: number
  /** Drift of the camera's clock, parts per million; 0 until 10 s were seen. */
  readonly driftPpm: number
  /** The clock was fitted anew with this frame. */
  readonly restarted: boolean
}

/**
 * Fits a camera's clock to the host's from pairs of device stamp and arrival.
 *
 * Delays are only ever positive, so the clock's line is the one under all points that lies nearest to them: an edge of
 * their lower convex hull, the one over the mean (Moon, Skelly, Towsley: Estimation and removal of clock skew, INFOCOM
 * 1999). Points are the quickest frame of each second of the last minute. The constant part of the delay (exposure,
 * transfer of the quickest frame) cannot be seen from the host and remains in the stamp.
 */
export class ClockFit {
  #domain: StampDomain | undefined
  #lastRawMs = 0
  #wraps = 0
  #originMs = 0
  #originNs = 0n
  #lastStampNs = 0n
  #buckets: (Point & { bucket: number })[] = []

  observe(rawMs: number, domain: StampDomain, arrivalNs: bigint): ClockReading {
    let restarted = false
    if (this.#domain !== domain) restarted = this.#restart(rawMs, domain, arrivalNs)
    if (domain !== 'system' && rawMs - this.#lastRawMs < -wrapMs / 2) this.#wraps++
    this.#lastRawMs = rawMs

    let point = this.#point(rawMs, arrivalNs)
    if (this.#buckets.length > 0 && Math.abs(point.delayNs - this.#line(point.xMs).atNs) > jumpNs) {
      restarted = this.#restart(rawMs, domain, arrivalNs)
      point = this.#point(rawMs, arrivalNs)
    }
    this.#add(point)
    const line = this.#line(point.xMs)
    const extraDelayNs = Math.max(0, point.delayNs - line.atNs)
    let stampNs = arrivalNs - BigInt(Math.round(extraDelayNs))
    if (stampNs <= this.#lastStampNs) stampNs = this.#lastStampNs + 1n
    this.#lastStampNs = stampNs
    return { stampNs, extraDelayNs, driftPpm: line.slopePpm, restarted }
  }

  #restart(rawMs: number, domain: StampDomain, arrivalNs: bigint): true {
    this.#domain = domain
    this.#wraps = 0
    this.#lastRawMs = rawMs
    this.#originMs = rawMs
    this.#originNs = arrivalNs
    this.#buckets = []
    return true
  }

  #point(rawMs: number, arrivalNs: bigint): Point {
    const xMs = rawMs + this.#wraps * wrapMs - this.#originMs
    return { xMs, delayNs: Number(arrivalNs - this.#originNs) - xMs * 1e6 }
  }

  #add(point: Point): void {
    const bucket = Math.floor(point.xMs / bucketMs)
    const last = this.#buckets.at(-1)
    if (last?.bucket !== bucket) {
      this.#buckets.push({ ...point, bucket })
      if (this.#buckets.length > bucketsKept) this.#buckets.shift()
    } else if (point.delayNs < last.delayNs) {
      this.#buckets[this.#buckets.length - 1] = { ...point, bucket }
    }
  }

  #line(xMs: number): { atNs: number; slopePpm: number } {
    const points = this.#buckets
    const lowest = Math.min(...points.map(({ delayNs }) => delayNs))
    const first = points[0]
    const last = points.at(-1)
    if (!first || !last || last.xMs - first.xMs < slopeSpanMs) return { atNs: lowest, slopePpm: 0 }
    const hull = lowerHull(points)
    const meanMs = points.reduce((sum, point) => sum + point.xMs, 0) / points.length
    const right = hull.findIndex((point) => point.xMs >= meanMs)
    const a = hull[Math.max(0, right - 1)]!
    const b = hull[Math.max(1, right)]!
    const slopePpm = (b.delayNs - a.delayNs) / (b.xMs - a.xMs)
    if (Math.abs(slopePpm) > maxSlopePpm) return { atNs: lowest, slopePpm: 0 }
    return { atNs: a.delayNs + slopePpm * (xMs - a.xMs), slopePpm }
  }
}

/** The corners of the chain under all points, left to right (Andrew's monotone chain). Points are sorted by x. */
function lowerHull(points: readonly Point[]): Point[] {
  const hull: Point[] = []
  for (const point of points) {
    while (hull.length > 1 && isAbove(hull.at(-2)!, hull.at(-1)!, point)) hull.pop()
    hull.push(point)
  }
  return hull
}

/** Whether `middle` lies on or above the segment from `a` to `b`. */
function isAbove(a: Point, middle: Point, b: Point): boolean {
  return (middle.delayNs - a.delayNs) * (b.xMs - a.xMs) >= (b.delayNs - a.delayNs) * (middle.xMs - a.xMs)
}

/** Stamps of a recording: its own distances, starting at the arrival of its first frame. */
export class RecordingClock {
  #first: { rawMs: number; arrivalNs: bigint } | undefined
  #lastStampNs = 0n

  observe(rawMs: number, _domain: StampDomain, arrivalNs: bigint): ClockReading {
    const restarted = this.#first === undefined || rawMs < this.#first.rawMs
    if (restarted) this.#first = { rawMs, arrivalNs }
    let stampNs = this.#first!.arrivalNs + BigInt(Math.round((rawMs - this.#first!.rawMs) * 1e6))
    if (stampNs <= this.#lastStampNs) stampNs = this.#lastStampNs + 1n
    this.#lastStampNs = stampNs
    return { stampNs, extraDelayNs: 0, driftPpm: 0, restarted }
  }
}
