// Every time of the link, in one place. Milliseconds are of this process's waking time: see event-loop-time.ts.

export interface LinkOptions {
  /** Until a controller must have answered and sent its first state. */
  readonly connectTimeoutMs: number
  /** Until it must have answered a command. */
  readonly answerTimeoutMs: number
  /** Without a new state while a plan runs: the controller is lost. */
  readonly stateTimeoutMs: number
  /** Period of heartbeats and of all watching. The controller stops the arm after 100 ms without one. */
  readonly tickMs: number
  /** Period of pings, which measure the offset of the clocks. */
  readonly pingMs: number
  /** Between two sendings of a stop that has not been acknowledged. */
  readonly stopRepeatMs: number
  /** Until events that are missing from the stream are asked for again. */
  readonly replayAfterMs: number
  /** A plan that has not begun within this time of its receipt is never run, seconds. */
  readonly planValidForS: number
  /**
   * Instead of `answerTimeoutMs` and `stateTimeoutMs` with a simulated cell, whose time stands still while its machine is busy; with
   * one that sends no messages at all any more, `absentTimeoutMs`.
   */
  readonly simulatedTimeoutMs: number
  readonly absentTimeoutMs: number
  /** States that are kept for errors. */
  readonly statesKept: number
}

export const linkDefaults: LinkOptions = {
  connectTimeoutMs: 3000,
  answerTimeoutMs: 1000,
  stateTimeoutMs: 500,
  tickMs: 20,
  pingMs: 1000,
  stopRepeatMs: 100,
  replayAfterMs: 100,
  planValidForS: 0.5,
  simulatedTimeoutMs: 60_000,
  absentTimeoutMs: 2000,
  statesKept: 50,
}

/** The options as they hold for the peer that has answered. */
export type PeerOptions = { -readonly [Name in keyof LinkOptions]: LinkOptions[Name] } & {
  /** Its sockets go on in wall time, its arm in simulated time. */
  isSimulatedCell: boolean
}

/** @param backend as Welcome names it; '' before */
export function optionsFor(backend: string, options: LinkOptions): PeerOptions {
  const isSimulatedCell = backend === 'cell'
  const { simulatedTimeoutMs } = options
  const patient = isSimulatedCell ? { answerTimeoutMs: simulatedTimeoutMs, stateTimeoutMs: simulatedTimeoutMs } : {}
  return { ...options, ...patient, isSimulatedCell }
}
