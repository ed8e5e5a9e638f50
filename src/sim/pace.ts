// How the paced clock follows wall time: never ahead of it, and never faster than heartbeats and commands are read.

/** How far the clock may fall behind wall time before it gives up catching up, milliseconds. */
const longestDebtMs = 10
/** The sockets' thread looks every 4 ms; after more than this it waits for a processor. */
const longestIoLagMs = 10
/** A heartbeat comes every 20 ms; the watchdog stops the arm after 100 ms without one. */
const longestUnheardMs = 50
/** Who has not been heard for so long has ended or hangs, milliseconds in which the cell itself ran. */
const longestWaitMs = 5000

/** What the controller's sockets say about whoever commands it. */
export interface Hearing {
  /** Since the sockets were last read, milliseconds of wall time. */
  readonly ioLagMs: number
  /** Since the lease holder was last heard, milliseconds of simulated time; 0 while nobody holds the lease. */
  readonly unheardMs: number
}

/** Counts the steps that are due. After a stall it forgets what was missed rather than race after it. */
export class Pace {
  #dueMs: number
  #lastMs: number
  #waitedMs = 0
  #longestMs = 0

  constructor(
    private readonly stepMs: number,
    nowMs: number,
  ) {
    this.#dueMs = nowMs
    this.#lastMs = nowMs
  }

  /** For how long the clock has stood still for a lease holder that was not heard, at most, milliseconds. */
  get longestWaitMs(): number {
    return this.#longestMs
  }

  /**
   * Steps to make now.
   *
   * Time stands still while the sockets' thread is starved, since heartbeats that are unread are not missing ones; and
   * while the lease holder is late, since a machine that has no processor for it is no fault of a simulated arm. Who
   * stays away has died: then time goes on, and the watchdog does its work.
   *
   * @param nowMs wall time, monotonic
   */
  stepsDue(nowMs: number, { ioLagMs, unheardMs }: Hearing): number {
    const sinceMs = nowMs - this.#lastMs
    this.#lastMs = nowMs
    const isWaiting = this.#waits(unheardMs, sinceMs)
    if (isWaiting || ioLagMs > longestIoLagMs) this.#dueMs = nowMs + this.stepMs
    if (nowMs < this.#dueMs) return 0
    this.#dueMs = Math.max(this.#dueMs, nowMs - longestDebtMs)
    const steps = Math.floor((nowMs - this.#dueMs) / this.stepMs) + 1
    this.#dueMs += steps * this.stepMs
    return steps
  }

  /** A gap between two calls is a stall of the cell itself: little of it counts as waiting for somebody else. */
  #waits(unheardMs: number, sinceMs: number): boolean {
    if (unheardMs <= longestUnheardMs) {
      this.#waitedMs = 0
      return false
    }
    this.#waitedMs += Math.min(sinceMs, longestDebtMs)
    this.#longestMs = Math.max(this.#longestMs, Math.min(this.#waitedMs, longestWaitMs))
    return this.#waitedMs <= longestWaitMs
  }
}
