// Gives free memory back to the system: pictures, recordings and runs are made in a dozen threads, and the C library keeps
// what each of them has freed.

import { returnFreeBlocks } from '../native/memory.js'

/** It costs some milliseconds, and pages that are wanted again are asked for again. */
const everyMs = 30_000

export class MemoryReturn {
  #timer: NodeJS.Timeout | null = null
  #returnedMs = Number.NEGATIVE_INFINITY

  /**
   * @param isBusy something moves: what allocates meanwhile might wait
   * @param giveBack must not throw
   */
  constructor(
    private readonly isBusy: () => boolean,
    private readonly giveBack: () => Promise<void> = returnFreeBlocks,
  ) {}

  begin(): void {
    this.#timer = setInterval(() => {
      if (!this.isBusy()) this.between()
    }, everyMs)
    this.#timer.unref()
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
  }

  /** Nothing moves at this moment: a goal has ended. */
  between(): void {
    const nowMs = performance.now()
    if (nowMs - this.#returnedMs < everyMs) return
    this.#returnedMs = nowMs
    void this.giveBack()
  }
}
