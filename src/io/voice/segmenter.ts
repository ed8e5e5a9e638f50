// Where speech begins and ends, by the voice activity of one frame after the other.

/** Samples of a frame: 32 ms, what Silero's net takes. */
export const frameSamples = 512
export const frameS = 0.032

/** Probabilities above which speech begins and below which it may end. */
const [begins, ends] = [0.5, 0.35]
/** Frames in a row that make a beginning, and silent ones that make an end. */
const [framesToBegin, framesToEnd] = [2, 19]
/** A longer piece of speech is cut here: no goal takes that long, and Moonshine is made for less. */
const longestFrames = Math.round(20 / frameS)

export type SegmentEvent = 'begin' | 'end' | null

/** Two thresholds and two counts, so that a pause inside a sentence does not end it. */
export class Segmenter {
  #isSpeech = false
  #count = 0
  #length = 0

  get isSpeech(): boolean {
    return this.#isSpeech
  }

  /** Frames of silence that a sentence ends with. */
  get silentFrames(): number {
    return this.#isSpeech ? this.#count : 0
  }

  /** @param probability of speech in the next frame, 0..1 */
  next(probability: number): SegmentEvent {
    if (!this.#isSpeech) {
      this.#count = probability > begins ? this.#count + 1 : 0
      if (this.#count < framesToBegin) return null
      this.#isSpeech = true
      this.#count = 0
      this.#length = framesToBegin
      return 'begin'
    }
    this.#length++
    this.#count = probability < ends ? this.#count + 1 : 0
    if (this.#count < framesToEnd && this.#length < longestFrames) return null
    this.reset()
    return 'end'
  }

  reset(): void {
    this.#isSpeech = false
    this.#count = 0
    this.#length = 0
  }
}
