// Stage durations as lines for a terminal.

import type { Durations } from '../runtime/durations.js'

export function stageTable(stages: Readonly<Record<string, Durations>>): string[] {
  if (Object.keys(stages).length === 0) return []
  const width = Math.max(5, ...Object.keys(stages).map((stage) => stage.length))
  const row = (name: string, cells: readonly string[]) =>
    name.padEnd(width) + cells.map((cell) => cell.padStart(10)).join('')
  const ms = (value: number) => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)
  return [
    row('stage', ['p50 ms', 'p99 ms', 'max ms', 'n']),
    ...Object.entries(stages).map(([stage, { p50, p99, max, n }]) => row(stage, [ms(p50), ms(p99), ms(max), `${n}`])),
  ]
}
