// Offset between the controller's clock and ours, from pings. For people and recordings; no time-out depends on it.

interface Sample {
  readonly offsetNs: bigint
  readonly roundTripNs: bigint
}

/** Of the last pings the one with the shortest round trip counts, whose offset is off by half of that at most. */
export class ClockOffset {
  readonly #samples: Sample[] = []

  constructor(private readonly kept = 16) {}

  /** @param sentNs and `receivedNs` on our clock, `controllerNs` on the controller's */
  add(sentNs: bigint, controllerNs: bigint, receivedNs: bigint): void {
    const roundTripNs = receivedNs - sentNs
    this.#samples.push({ offsetNs: controllerNs - (sentNs + roundTripNs / 2n), roundTripNs })
    if (this.#samples.length > this.kept) this.#samples.shift()
  }

  reset(): void {
    this.#samples.length = 0
  }

  /** Controller's clock minus ours, and its greatest error; null before the first answer. */
  get best(): { readonly offsetNs: bigint; readonly errorNs: bigint } | null {
    const [first, ...others] = this.#samples
    if (first === undefined) return null
    const best = others.reduce((a, b) => (b.roundTripNs < a.roundTripNs ? b : a), first)
    return { offsetNs: best.offsetNs, errorNs: best.roundTripNs / 2n }
  }
}
