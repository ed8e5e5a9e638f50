// Steady noise (fans, drives, a cell's ventilation) taken out of a piece of speech before it is transcribed: the Wiener filter
// with a decision-directed estimate of how loud the speech is. Y. Ephraim, D. Malah, "Speech enhancement using a minimum
// mean-square error short-time spectral amplitude estimator", IEEE TASSP 32(6), 1984, equation 51; P. Scalart, J. Vieira Filho,
// "Speech enhancement based on a priori signal to noise estimation", ICASSP 1996.

/** Samples of a frame (32 ms at 16 kHz), of the step from one to the next, and values of a frame's spectrum. */
const [frameSize, hop] = [512, 128] as const
const bins = frameSize / 2 + 1
/** Share of the frames that are taken for noise alone: the quietest, and no fewer than 8 (64 ms). */
const quietShare = 0.1
const fewestQuiet = 8
/** How much of the estimate comes from the frame before. */
const smoothing = 0.98
/** The least ratio of speech to noise, as a power: -25 dB. */
const leastRatio = 10 ** -2.5
/** What is left at least, as an amplitude (-10 dB): what is filtered harder sounds like other words. */
const leastGain = 0.3

// Periodic Hann: its squares, a quarter of a frame apart, sum to 1.5.
const window = Float64Array.from({ length: frameSize }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / frameSize))
const windowSum = 1.5

/**
 * @param audio 16 kHz mono, -1..1, with some silence in it: before or behind the speech, or between words
 * @returns as long as it; what is shorter than 0.1 s, or has no noise, comes back as it is
 */
export function denoised(audio: Float32Array): Float32Array {
  const spectra = spectraOf(audio)
  const noise = noiseOf(spectra)
  if (noise === null) return audio
  const sum = new Float64Array(audio.length + 2 * frameSize)
  let before = new Float64Array(bins)
  for (const [k, { re, im }] of spectra.entries()) {
    before = filter(re, im, noise, before)
    mirror(re, im)
    transform(re, im)
    // Real and imaginary part swapped twice, the forward transform is the backward one: here the result is real.
    for (let i = 0; i < frameSize; i++) {
      const at = k * hop + i
      sum[at] = sum[at]! + (re[(frameSize - i) % frameSize]! * window[i]!) / (frameSize * windowSum)
    }
  }
  return Float32Array.from(sum.subarray(frameSize, frameSize + audio.length))
}

interface Spectrum {
  readonly re: Float64Array
  readonly im: Float64Array
}

/** Of frames that begin a whole frame before the sound and end behind it, so that each sample is in four. */
function spectraOf(audio: Float32Array): readonly Spectrum[] {
  const frames = Math.ceil((audio.length + frameSize) / hop) + 1
  return Array.from({ length: frames }, (_, k) => {
    const [re, im] = [new Float64Array(frameSize), new Float64Array(frameSize)]
    for (let i = 0; i < frameSize; i++) re[i] = (audio[k * hop + i - frameSize] ?? 0) * window[i]!
    transform(re, im)
    return { re, im }
  })
}

/** Power at each frequency in the quietest whole frames; null: there are too few, or nothing is to be heard in them. */
function noiseOf(spectra: readonly Spectrum[]): Float64Array | null {
  const outside = frameSize / hop
  const whole = spectra.slice(outside, -outside - 1).map((spectrum) => ({ spectrum, power: powerOf(spectrum) }))
  const quietest = whole.sort((a, b) => a.power - b.power)
  const count = Math.max(fewestQuiet, Math.round(quietest.length * quietShare))
  // Frames without any sound: there is no noise, and to take the softest speech for it would harm clear speech.
  if (quietest.length < 2 * fewestQuiet || quietest[fewestQuiet]!.power === 0) return null
  const noise = new Float64Array(bins)
  for (const { spectrum } of quietest.slice(0, count)) {
    const { re, im } = spectrum
    for (let i = 0; i < bins; i++) noise[i] = noise[i]! + (re[i]! ** 2 + im[i]! ** 2) / count
  }
  return noise
}

function powerOf({ re, im }: Spectrum): number {
  let sum = 0
  for (let i = 0; i < bins; i++) sum += re[i]! ** 2 + im[i]! ** 2
  return sum
}

/** Filters a frame in place. @param before what was left of the frame before, as a power over that of the noise; returned for this one */
function filter(
  re: Float64Array,
  im: Float64Array,
  noise: Float64Array,
  before: Float64Array,
): Float64Array<ArrayBuffer> {
  const left = new Float64Array(bins)
  for (let i = 0; i < bins; i++) {
    const ratio = (re[i]! ** 2 + im[i]! ** 2) / (noise[i]! + 1e-12)
    const speech = Math.max(leastRatio, smoothing * before[i]! + (1 - smoothing) * Math.max(0, ratio - 1))
    const gain = speech / (1 + speech)
    left[i] = gain * gain * ratio
    re[i] = re[i]! * Math.max(leastGain, gain)
    im[i] = im[i]! * Math.max(leastGain, gain)
  }
  return left
}

/** The upper half of a real signal's spectrum, from the lower one. */
function mirror(re: Float64Array, im: Float64Array): void {
  for (let i = 1; i < frameSize / 2; i++) {
    re[frameSize - i] = re[i]!
    im[frameSize - i] = -im[i]!
  }
}

const cosines = Float64Array.from({ length: frameSize / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / frameSize))
const sines = Float64Array.from({ length: frameSize / 2 }, (_, i) => -Math.sin((2 * Math.PI * i) / frameSize))
const reversed = Uint16Array.from({ length: frameSize }, (_, i) => {
  let bits = 0
  for (let bit = 1; bit < frameSize; bit *= 2) bits = bits * 2 + (i & bit ? 1 : 0)
  return bits
})

/** The discrete Fourier transform of a frame, in place (J. Cooley, J. Tukey, 1965; radix 2, decimation in time). */
function transform(re: Float64Array, im: Float64Array): void {
  for (let i = 0; i < frameSize; i++) {
    const j = reversed[i]!
    if (j <= i) continue
    ;[re[i], re[j]] = [re[j]!, re[i]!]
    ;[im[i], im[j]] = [im[j]!, im[i]!]
  }
  for (let half = 1; half < frameSize; half *= 2) {
    const stride = frameSize / (2 * half)
    for (let start = 0; start < frameSize; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const [a, b] = [start + k, start + k + half]
        const [c, s] = [cosines[k * stride]!, sines[k * stride]!]
        const [x, y] = [re[b]! * c - im[b]! * s, re[b]! * s + im[b]! * c]
        re[b] = re[a]! - x
        im[b] = im[a]! - y
        re[a] = re[a]! + x
        im[a] = im[a]! + y
      }
    }
  }
}
