// The service's clock as this browser knows it, and a slow tick for whatever shows an age.

import { signal } from '@preact/signals'

/** Redrawn by: ages of pictures, of the link, of the goal that runs. Milliseconds of this browser's clock. */
export const now = signal(performance.now())
setInterval(() => {
  now.value = performance.now()
}, 250)

/** What two clocks that keep the same time may drift apart, and more: 1 ms a second. */
const mostDrift = 1e-3
let offsetMs: number | null = null
let heardMs = 0

/** @param clockMs the service's clock when it sent a message that has just come */
export function heardClock(clockMs: number, isFirst: boolean): void {
  const atMs = performance.now()
  const offset = clockMs - atMs
  // A message that was under way for long makes the clock look late; the fastest one is nearest to the truth. An old one is
  // not held against a clock that has drifted since: a page stays open for days.
  offsetMs = isFirst || offsetMs === null ? offset : Math.max(offset, offsetMs - (atMs - heardMs) * mostDrift)
  heardMs = atMs
}

/** The service's clock, estimated from below: an act expires too early rather than too late. */
export function serviceClockMs(atMs: number = performance.now()): number {
  return atMs + (offsetMs ?? 0)
}
