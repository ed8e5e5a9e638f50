// The service's clock as this browser knows it, and a slow tick for whatever shows an age.

import { signal } from '@preact/signals'

/** Redrawn by: ages of pictures, of the link, of the goal that runs. Milliseconds of this browser's clock. */
export const now = signal(performance.now())
setInterval(() => {
  now.value = performance.now()
}, 250)

let offsetMs: number | null = null

/** @param clockMs the service's clock when it sent a message that has just come */
export function heardClock(clockMs: number, isFirst: boolean): void {
  const offset = clockMs - performance.now()
  // A message that was under way for long makes the clock look late; the fastest one is nearest to the truth.
  offsetMs = isFirst || offsetMs === null ? offset : Math.max(offset, offsetMs)
}

/** The service's clock, estimated from below: an act expires too early rather than too late. */
export function serviceClockMs(atMs: number = performance.now()): number {
  return atMs + (offsetMs ?? 0)
}
