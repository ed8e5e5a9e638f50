// Passes at a fixed rate: each has the instant at which it is due, which does not move when one before it was late.

import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../control/ports.js'

/** How the schedule waits. Tests put a clock here that they move by hand. */
export interface Waiting {
  readonly clock: Clock
  /** Resolves at `atNs`, at once when that is past. @throws the signal's reason */
  until(atNs: bigint, signal: AbortSignal): Promise<void>
}

/** A timer is up to this late, milliseconds: the rest is waited for by looking at the clock. */
const timerSlackMs = 2

/** Waits on the event loop: a timer for most of the time, then the clock, so that a pass does not begin late by a timer. */
export function waitingOn(clock: Clock): Waiting {
  return {
    clock,
    async until(atNs, signal) {
      const leftMs = () => Number(atNs - clock.nowNs()) / 1e6
      if (leftMs() > timerSlackMs) await sleep(Math.floor(leftMs() - timerSlackMs), undefined, { signal })
      while (leftMs() > 0) await setImmediate(undefined, { signal })
    },
  }
}

/** What one turn of the schedule was. */
export type Turn<T> = { readonly kind: 'counted'; readonly value: T } | { readonly kind: 'again' }

/**
 * Runs `count` passes, pass i due at the first instant plus i periods. A pass that takes longer than a period makes the
 * next one late, and that one's latency still counts from when it was due. A turn of kind 'again' is none of the path's
 * doing: it is not counted, and the passes after it are due a period later, by as many periods as it took.
 */
export async function atFixedRate<T>(
  { periodNs, count }: { readonly periodNs: bigint; readonly count: number },
  { clock }: Waiting,
  signal: AbortSignal,
  pass: (dueNs: bigint) => Promise<Turn<T>>,
): Promise<T[]> {
  const values: T[] = []
  let dueNs = clock.nowNs() + periodNs
  while (values.length < count) {
    signal.throwIfAborted()
    const turn = await pass(dueNs)
    dueNs += periodNs
    if (turn.kind === 'counted') values.push(turn.value)
    else while (dueNs < clock.nowNs()) dueNs += periodNs
  }
  return values
}
