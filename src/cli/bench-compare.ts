// cliport bench compare

import type { Command } from 'commander'
import { type ComparisonReport, compareLatency, readLatencyReport } from '../bench/latency/compare.js'
import { type CommonOptions, runVerb, withCommonOptions } from './context.js'

export function addBenchCompare(bench: Command): void {
  withCommonOptions(
    bench
      .command('compare')
      .description('compare two reports of cliport bench latency, of two machines or of two versions')
      .argument('<a>', 'latency.json, the one that is divided by')
      .argument('<b>', 'latency.json'),
  ).action((a: string, b: string, options: CommonOptions) =>
    runVerb(options, async () => {
      const [first, second] = await Promise.all([readLatencyReport(a), readLatencyReport(b)])
      const report = compareLatency(first, second, [a, b])
      return { exitCode: 0, json: report, lines: linesOf(report) }
    }),
  )
}

function linesOf({ a, b, differences, rows, deadline_misses: misses }: ComparisonReport): string[] {
  const width = Math.max(...rows.map(({ name }) => name.length)) + 1
  const cells = (values: readonly string[]) => values.map((value) => value.padStart(10)).join('')
  return [
    `A  ${a}: ${misses.a}`,
    `B  ${b}: ${misses.b}`,
    '',
    ...(differences.length === 0
      ? ['the same machine, versions and settings']
      : differences.map(({ what, a: first, b: second }) => `differs: ${what.padEnd(22)} ${first} | ${second}`)),
    '',
    `${''.padEnd(width + 4)}${cells(['A ms', 'B ms', 'B / A'])}  95 %`,
    ...rows.map(({ name, percentile, a_ms: aMs, b_ms: bMs, ratio, interval: [low, high] }) => {
      const figures = cells([aMs.toFixed(2), bMs.toFixed(2), ratio.toFixed(2)])
      const verdict = high < 1 ? 'B is faster' : low > 1 ? 'B is slower' : ''
      return `${name.padEnd(width)} p${percentile}${figures}  ${low.toFixed(2)} to ${high.toFixed(2)}  ${verdict}`.trimEnd()
    }),
  ]
}
