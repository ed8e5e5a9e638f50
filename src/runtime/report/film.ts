// The animated picture of a run. Frames are compressed as they come, so that a long run fits in memory; when there are
// too many, every second one is dropped and from then on frames are taken half as often.

import { encodeAnimation, encodeWebp, type Picture } from '../../io/pictures.js'

const maxFrames = 160
const widthPx = 640
/** The picture repeats; nobody waits longer than this to see the run once. */
const longestMs = 14_000
const lastFrameMs = 1600
/** Frames that may wait for compression; a slow machine leaves frames out rather than memory. */
const maxWaiting = 6

export interface FinishedFilm {
  readonly animation: Buffer
  /** The last frame alone, for people who want no motion. */
  readonly last: Buffer
  readonly width: number
  readonly height: number
  /** How many times faster than the run it is shown. */
  readonly speedup: number
}

export class Film {
  #frames: { stampNs: bigint; picture: Promise<Buffer> }[] = []
  #size: { width: number; height: number } | null = null
  #waiting = 0
  #leastGapNs = 0n

  /** Takes a frame, copying it, or lets it go. Frames of another size than the first are let go. */
  add(picture: Picture, stampNs: bigint): void {
    const { width, height } = picture
    this.#size ??= { width, height }
    const lastNs = this.#frames.at(-1)?.stampNs
    const tooSoon = lastNs !== undefined && stampNs - lastNs < this.#leastGapNs
    const fits = width === this.#size.width && height === this.#size.height && picture.rgb.length === width * height * 3
    if (tooSoon || !fits || this.#waiting >= maxWaiting) return
    this.#waiting += 1
    const encoded = encodeWebp({ ...picture, rgb: new Uint8Array(picture.rgb) }, { quality: 88, widthPx })
    // An error comes up in finish(); without this it would count as unhandled until then.
    encoded.catch(() => {}).finally(() => (this.#waiting -= 1))
    this.#frames.push({ stampNs, picture: encoded })
    if (this.#frames.length > maxFrames) this.#thin()
  }

  /** Null when there was no frame. */
  async finish(): Promise<FinishedFilm | null> {
    if (this.#frames.length === 0 || this.#size === null) return null
    const pictures = await Promise.all(this.#frames.map((frame) => frame.picture))
    const gapsMs = this.#frames
      .slice(1)
      .map((frame, i) => Math.max(1, Number(frame.stampNs - this.#frames[i]!.stampNs) / 1e6))
    const totalMs = gapsMs.reduce((sum, gap) => sum + gap, 0)
    const speedup = Math.max(1, totalMs / longestMs)
    const delaysMs = [...gapsMs.map((gap) => Math.max(20, gap / speedup)), lastFrameMs]
    const scale = Math.min(1, widthPx / this.#size.width)
    return {
      animation: await encodeAnimation(pictures, delaysMs),
      last: pictures.at(-1)!,
      width: Math.round(this.#size.width * scale),
      height: Math.round(this.#size.height * scale),
      speedup,
    }
  }

  #thin(): void {
    const spanNs = this.#frames.at(-1)!.stampNs - this.#frames[0]!.stampNs
    this.#leastGapNs = (spanNs / BigInt(this.#frames.length - 1)) * 2n
    this.#frames = this.#frames.filter((_, i) => i % 2 === 0)
  }
}
