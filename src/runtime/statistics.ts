// Means and how sure they are.

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

/**
 * 95 % interval of a mean of values in 0..1: Wilson's score interval (1927), with the mean in the place of the share. It
 * stays inside 0..1 and has a width even where all values are equal (50 of 50 gives 0.93 to 1). For fractional scores it
 * is wider than need be, since no values in 0..1 vary more than zeros and ones of the same mean do.
 */
export function wilsonInterval(values: readonly number[]): [low: number, high: number] {
  const n = values.length
  if (n === 0) return [0, 1]
  const z = 1.959964
  const p = mean(values)
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n)
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))
  // Rounding must not leave an end that is exactly 0 or 1 slightly outside of it.
  return [p === 0 ? 0 : Math.max(0, centre - half), p === 1 ? 1 : Math.min(1, centre + half)]
}

/** A probability that something is so, and whether it was. */
export interface Belief {
  readonly probability: number
  readonly isTrue: boolean
}

export interface ReliabilityBin {
  readonly count: number
  readonly meanProbability: number
  /** Share of the beliefs in this bin that were true. */
  readonly share: number
}

/** Beliefs in `count` equally wide bins of probability, empty ones left out. */
export function reliabilityBins(beliefs: readonly Belief[], count = 10): ReliabilityBin[] {
  const bins = Array.from({ length: count }, (): Belief[] => [])
  for (const belief of beliefs) bins[Math.min(count - 1, Math.floor(belief.probability * count))]!.push(belief)
  return bins
    .filter((bin) => bin.length > 0)
    .map((bin) => ({
      count: bin.length,
      meanProbability: mean(bin.map(({ probability }) => probability)),
      share: mean(bin.map(({ isTrue }) => (isTrue ? 1 : 0))),
    }))
}

/** Expected calibration error (Naeini et al., AAAI 2015; Guo et al., ICML 2017), ten bins; 0 of nothing. */
export function expectedCalibrationError(beliefs: readonly Belief[]): number {
  const distances = reliabilityBins(beliefs).map(
    ({ count, meanProbability, share }) => count * Math.abs(meanProbability - share),
  )
  return beliefs.length === 0 ? 0 : distances.reduce((sum, distance) => sum + distance, 0) / beliefs.length
}
