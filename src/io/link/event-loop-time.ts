// Time in which this process could have received messages of its peer.

/**
 * Counts milliseconds between ticks, but of a long gap only two ticks' worth: during a gap the event loop stood still
 * (a long synchronous call, a suspended laptop), and what arrived meanwhile has not been read yet. Time-outs on a peer
 * count this time, so that our own stall never times out the peer.
 */
export class EventLoopTime {
  #ms = 0
  #lastNs: bigint

  constructor(
    private readonly tickMs: number,
    nowNs: bigint,
  ) {
    this.#lastNs = nowNs
  }

  get ms(): number {
    return this.#ms
  }

  tick(nowNs: bigint): void {
    const elapsedMs = Number(nowNs - this.#lastNs) / 1e6
    this.#lastNs = nowNs
    this.#ms += Math.min(Math.max(0, elapsedMs), 2 * this.tickMs)
  }
}
