// Listens to a stream: level, pieces of speech, "stop". Runs in the voice's thread.

import { joined } from '../joined.js'
import { frameS, frameSamples, Segmenter } from './segmenter.js'
import { framesBetweenLooks, longestLookS, type StopFrame, StopSpotter } from './stop-spotter.js'
import type { EarReply } from './worker-protocol.js'

/** What an ear needs of nets. */
export interface EarModels {
  /** Probability that the next frame of 512 samples is speech. */
  readonly probability: (frame: Float32Array) => Promise<number>
  /** What the end of the sound says; null: "stop" is not listened for. */
  readonly look: ((audio: Float32Array) => Promise<StopFrame>) | null
}

/** Kept before speech begins: its first sounds are soft. */
const framesBefore = 10
/** A button that is held longer than this keeps the end of what was said. */
const longestHoldFrames = Math.round(30 / frameS)
const framesOfLevel = 4
/** Looks go on for so long after speech has ended: the end of "stop" may look like silence. */
const framesAfterSpeech = 10

export class Ear {
  readonly #segmenter = new Segmenter()
  readonly #spotter = new StopSpotter()
  /** Frames that are kept: those of the piece of speech, or the last few before one. */
  #frames: Float32Array[] = []
  #rest = new Float32Array(0)
  #isHeld = false
  /** While a button is held: whether any of it was speech. */
  #heldSpeech = false
  #sinceSpeech = Number.POSITIVE_INFINITY
  #sinceLook = 0
  #looking: Promise<void> | null = null
  #levels: number[] = []
  #heldFrames = 0

  constructor(
    private readonly models: EarModels,
    private readonly tell: (reply: EarReply) => void,
  ) {}

  /** Another stream of sound, of which nothing is known yet. */
  begin(): void {
    this.#frames = []
    this.#levels = []
    this.#rest = new Float32Array(0)
    this.#isHeld = false
    this.#heldSpeech = false
    this.#sinceSpeech = Number.POSITIVE_INFINITY
    this.#segmenter.reset()
    this.#spotter.reset()
  }

  /** A button is pressed, or let go: then what was said until now is a piece of speech. */
  hold(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return
    this.#isHeld = isHeld
    if (isHeld) {
      this.#frames = this.#frames.slice(-framesBefore)
      this.#heldSpeech = this.#segmenter.isSpeech
      this.#heldFrames = 0
    } else {
      const seconds = this.#heldFrames * frameS
      if (this.#heldSpeech) this.#tellUtterance()
      else this.tell({ kind: 'silence', seconds, levelDb: levelOf(this.#frames.slice(-Math.max(1, this.#heldFrames))) })
      this.#frames = this.#frames.slice(-framesBefore)
    }
    this.#segmenter.reset()
  }

  /** @param samples 16 kHz mono, -1..1, any number of them */
  async hear(samples: Float32Array): Promise<void> {
    const all = new Float32Array(this.#rest.length + samples.length)
    all.set(this.#rest)
    all.set(samples, this.#rest.length)
    let at = 0
    for (; at + frameSamples <= all.length; at += frameSamples) await this.#frame(all.slice(at, at + frameSamples))
    this.#rest = all.slice(at)
  }

  /** Until no look is under way, for tests and for an orderly end. */
  async settled(): Promise<void> {
    await this.#looking
  }

  async #frame(frame: Float32Array): Promise<void> {
    const event = this.#segmenter.next(await this.models.probability(frame))
    const { isSpeech } = this.#segmenter
    this.#frames.push(frame)
    if (event === 'begin') {
      this.#spotter.reset()
      this.#heldSpeech = true
    }
    this.#tellLevel(frame)
    this.#sinceSpeech = isSpeech && this.#segmenter.silentFrames === 0 ? 0 : this.#sinceSpeech + 1
    this.#lookForStop()
    if (this.#isHeld) {
      this.#heldFrames++
      if (this.#frames.length > longestHoldFrames) this.#frames.shift()
    } else if (event === 'end') this.#tellUtterance()
    else if (!isSpeech && this.#frames.length > framesBefore + 2) this.#frames.shift()
  }

  #tellUtterance(): void {
    const audio = joined(this.#frames, Float32Array)
    this.#frames = this.#frames.slice(-framesBefore)
    this.tell({ kind: 'utterance', audio, endedAt: performance.timeOrigin + performance.now() })
  }

  #tellLevel(frame: Float32Array): void {
    this.#levels.push(powerOf(frame))
    if (this.#levels.length < framesOfLevel) return
    const power = this.#levels.reduce((sum, each) => sum + each, 0) / framesOfLevel
    this.#levels = []
    this.tell({ kind: 'level', levelDb: decibels(power), isSpeech: this.#segmenter.isSpeech })
  }

  /** One look at a time: a slow machine looks less often, and never later. */
  #lookForStop(): void {
    const { look } = this.models
    if (look === null || ++this.#sinceLook < framesBetweenLooks || this.#looking !== null) return
    if (this.#sinceSpeech > framesAfterSpeech) return
    this.#sinceLook = 0
    const audio = joined(this.#frames.slice(-Math.round(longestLookS / frameS)), Float32Array)
    this.#looking = look(audio)
      .then((frame) => {
        if (this.#spotter.look(frame)) this.tell({ kind: 'stop' })
      })
      .finally(() => {
        this.#looking = null
      })
  }
}

function powerOf(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  return samples.length === 0 ? 0 : sum / samples.length
}

function levelOf(frames: readonly Float32Array[]): number {
  return decibels(powerOf(joined(frames, Float32Array)))
}

/** Root mean square against full scale; -100 for silence. */
function decibels(power: number): number {
  return Math.max(-100, 10 * Math.log10(power + 1e-10))
}
