// One line of durations for people, milliseconds.

import type { Durations } from '../runtime/durations.js'

export function durationRow(what: string, { p50, p99, p999, max, n }: Durations): string {
  const [a, b, c, d] = [p50, p99, p999, max].map((ms) => ms.toFixed(3).padStart(9))
  return `${what.padEnd(44)} p50 ${a}  p99 ${b}  p99.9 ${c}  max ${d}  n ${n}`
}
