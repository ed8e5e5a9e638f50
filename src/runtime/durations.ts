// Durations of stages, kept as histograms: the stable JSON's `durations` objects come from here.

import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'
import type { StageMeter } from '../control/ports.js'

/** Milliseconds. */
export interface Durations {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  readonly n: number
}

/** A meter that also hands out what it has measured. Microseconds inside, three significant digits. */
export class StageHistograms implements StageMeter {
  readonly #histograms = new Map<string, Histogram>()

  /** One duration of a stage, milliseconds. */
  observe(stage: string, durationMs: number): void {
    let histogram = this.#histograms.get(stage)
    if (histogram === undefined) {
      histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 3.6e9, numberOfSignificantValueDigits: 3 })
      this.#histograms.set(stage, histogram)
    }
    histogram.recordValue(Math.min(3.6e9, Math.max(0, Math.round(durationMs * 1000))))
  }

  /** What was measured of a stage, as text for another process; empty where it never ran. */
  encoded(stage: string): string {
    const histogram = this.#histograms.get(stage)
    return histogram === undefined ? '' : encodeIntoCompressedBase64(histogram)
  }

  /** Adds what `encoded` gave in another process. */
  add(stage: string, encoded: string): void {
    if (encoded === '') return
    const other = decodeFromCompressedBase64(encoded)
    const histogram = this.#histograms.get(stage)
    if (histogram === undefined) this.#histograms.set(stage, other)
    else histogram.add(other)
  }

  /** Of one stage; all zero where it never ran. */
  of(stage: string): Durations {
    const histogram = this.#histograms.get(stage)
    if (histogram === undefined) return { p50: 0, p90: 0, p99: 0, p999: 0, max: 0, n: 0 }
    // A bucket's upper end may lie above the greatest value in it.
    const at = (percentile: number) => Math.min(histogram.getValueAtPercentile(percentile), histogram.maxValue) / 1000
    return {
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: histogram.maxValue / 1000,
      n: histogram.totalCount,
    }
  }

  /** Of all stages, in the order in which they first ran. */
  all(): Record<string, Durations> {
    return Object.fromEntries([...this.#histograms.keys()].map((stage) => [stage, this.of(stage)]))
  }
}
