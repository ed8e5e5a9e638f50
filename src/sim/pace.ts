// How the paced clock follows wall time: never ahead of it, and never faster than what it commands can be heard.

/** How far the clock may fall behind wall time before it gives up catching up, milliseconds. */
const longestDebtMs = 10
/** The sockets' thread looks every 4 ms; after more than this it waits for a processor. */
const longestIoLagMs = 10

/** Counts the steps that are due. After a stall it forgets what was missed rather than race after it. */
export class Pace {
  #dueMs: number

  constructor(
    private readonly stepMs: number,
    nowMs: number,
  ) {
    this.#dueMs = nowMs
  }

  /**
   * Steps to make now.
   * @param nowMs wall time, monotonic
   * @param ioLagMs since the sockets were last read. While that thread is starved time stands still: heartbeats that
   *   nobody has read yet are not late, and the watchdog must not stop the arm for them
   */
  stepsDue(nowMs: number, ioLagMs: number): number {
    if (ioLagMs > longestIoLagMs) this.#dueMs = nowMs + this.stepMs
    if (nowMs < this.#dueMs) return 0
    this.#dueMs = Math.max(this.#dueMs, nowMs - longestDebtMs)
    const steps = Math.floor((nowMs - this.#dueMs) / this.stepMs) + 1
    this.#dueMs += steps * this.stepMs
    return steps
  }
}
