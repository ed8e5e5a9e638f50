// Watches the arm's states beside the runs: where it is, whether its controller has stopped or faulted by itself, whether
// it is still there.

import { describeReason } from '../control/reason.js'
import type { RobotState } from '../control/types.js'
import type { Workcell } from './workcell.js'

const periodMs = 100

export interface LinkWatchHandlers {
  /** A state that was not told of yet, ten times a second at most. */
  readonly onState: (state: RobotState) => void
  /** Once, as the controller latches. */
  readonly onLatched: (as: 'stopped' | 'fault', reason: string) => void
  /** Once, as the states stop coming. */
  readonly onLost: (reason: string) => void
}

export class LinkWatch {
  #timer: NodeJS.Timeout | null = null
  #last: RobotState | null = null
  #isLost = false

  constructor(
    private readonly workcell: Workcell,
    private readonly handlers: LinkWatchHandlers,
  ) {}

  begin(): void {
    this.#timer = setInterval(() => this.#look(), periodMs)
    this.#timer.unref()
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
  }

  #look(): void {
    const state = this.workcell.link?.state ?? null
    if (state === null) return
    const { mode } = state
    if ((mode === 'stopped' || mode === 'fault') && this.#last?.mode !== mode) {
      this.handlers.onLatched(mode, latchReason(state))
    }
    if (state !== this.#last) this.handlers.onState(state)
    const ageMs = Number(process.hrtime.bigint() - state.arrivedNs) / 1e6
    const isLost = ageMs > this.workcell.absentMs
    if (isLost && !this.#isLost)
      this.handlers.onLost(`the controller has sent no state for ${(ageMs / 1000).toFixed(0)} s`)
    this.#isLost = isLost
    this.#last = state
  }
}

function latchReason(state: RobotState): string {
  const reason = describeReason(state) || `the controller reports ${state.mode}`
  return state.reason === 'watchdog'
    ? `${reason}: heartbeat time-out, this service was late; look at the load of the machine`
    : reason
}
