// From a sound card's rate to the service's, a piece at a time.

/** Zero crossings of the sinc on either side; the filter ends where half of the lower rate begins. */
const crossings = 16
const passband = 0.92

/**
 * Windowed-sinc interpolation at the phases that two rates have in common (J. O. Smith, "Digital Audio Resampling Home Page",
 * CCRMA): what lies above half of the lower rate is left out instead of folded down.
 */
export class Resampler {
  /** Input samples an output sample, as a fraction. */
  readonly #from: number
  readonly #to: number
  readonly #half: number
  /** Taps of each phase, from `half - 1` samples before the place to `half` after it. */
  readonly #taps: readonly Float32Array[]
  /** Input that is still looked at; its first sample is `#first` of the stream. */
  #kept: Float32Array
  #first: number
  #made = 0

  /** Rates in Hz, whole numbers. */
  constructor(fromHz: number, toHz: number) {
    const divisor = greatestCommonDivisor(fromHz, toHz)
    this.#from = fromHz / divisor
    this.#to = toHz / divisor
    const cut = Math.min(1, toHz / fromHz) * passband
    this.#half = Math.ceil(crossings / cut)
    this.#taps = Array.from({ length: this.#to }, (_, phase) => tapsAt(phase / this.#to, this.#half, cut))
    // Silence before the first sample.
    this.#kept = new Float32Array(this.#half - 1)
    this.#first = 1 - this.#half
  }

  /** @param samples the next ones of the stream, any number @returns those that can be told by now */
  push(samples: Float32Array): Float32Array<ArrayBuffer> {
    const input = new Float32Array(this.#kept.length + samples.length)
    input.set(this.#kept)
    input.set(samples, this.#kept.length)
    const made: number[] = []
    let begin = 0
    for (; ; this.#made++) {
      const at = this.#made * this.#from
      begin = Math.floor(at / this.#to) - this.#half + 1 - this.#first
      if (begin + 2 * this.#half > input.length) break
      const taps = this.#taps[at % this.#to]!
      let sum = 0
      for (let i = 0; i < taps.length; i++) sum += taps[i]! * input[begin + i]!
      made.push(sum)
    }
    const used = Math.min(begin, input.length)
    this.#kept = input.slice(used)
    this.#first += used
    return Float32Array.from(made)
  }
}

/** @param phase how far the place lies behind an input sample, 0..1 @param cut of the input's half rate, 0..1 */
function tapsAt(phase: number, half: number, cut: number): Float32Array {
  return Float32Array.from({ length: 2 * half }, (_, i) => {
    const x = i - half + 1 - phase
    const sinc = x === 0 ? cut : Math.sin(Math.PI * cut * x) / (Math.PI * x)
    return sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / half))
  })
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
