// cliport bench link

import type { Command } from 'commander'
import { benchLink, type LinkBenchReport } from '../bench/link.js'
import { machineLine } from '../runtime/machine.js'
import { raiseThreadPriority } from '../runtime/thread-priority.js'
import { type CommonOptions, configFor, runVerb, wholeNumber, withCommonOptions } from './context.js'
import { durationRow } from './duration-row.js'

interface BenchLinkOptions extends CommonOptions {
  readonly messages: number
  readonly stops: number
  readonly soak: number
}

export function addBenchLink(bench: Command): void {
  withCommonOptions(
    bench.command('link').description('measure round trips, state age and stops against cliport-controller'),
  )
    .option('--messages <n>', 'round trips of each kind, from Node and from C++', wholeNumber(1, 1_000_000), 20_000)
    .option('--stops <n>', 'stops of a moving arm under inference load', wholeNumber(1, 100_000), 1000)
    .option(
      '--soak <seconds>',
      'moves under inference load for this time; an unrequested stop is a failure',
      wholeNumber(0),
      0,
    )
    .action((options: BenchLinkOptions) =>
      runVerb(options, async ({ signal, tell }) => {
        raiseThreadPriority()
        const report = await benchLink({
          messages: options.messages,
          stops: options.stops,
          soakSeconds: options.soak,
          config: await configFor(options),
          command: `cliport bench link --messages ${options.messages} --stops ${options.stops} --soak ${options.soak}`,
          signal,
          tell,
        })
        const unrequested = report.unrequested_stops + (report.soak?.unrequested_stops ?? 0)
        return { exitCode: unrequested === 0 ? 0 : 1, json: report, lines: linesOf(report) }
      }),
    )
}

function linesOf(report: LinkBenchReport): string[] {
  const { ping, soak } = report
  return [
    machineLine(report.machine),
    `processors ${(100 * report.processors_busy).toFixed(0)} % busy, ${report.steal_ms} ms stolen, ${report.decisions} decisions`,
    '',
    durationRow('command to acknowledgement, Node', report.node_cpp),
    durationRow('command to acknowledgement, C++', report.cpp_cpp),
    `  ratio of p50 ${report.ratio_p50.toFixed(2)} (at most 1.5)`,
    durationRow('ping, Node', ping.node_cpp),
    durationRow('ping, C++', ping.cpp_cpp),
    `  ratio of p50 ${ping.ratio_p50.toFixed(2)}`,
    durationRow('age of the state at arrival (p99 below 5)', report.state_age),
    durationRow('interval of states', report.state_interval),
    durationRow('stop to deceleration (p99 at most 5)', report.stop_to_deceleration),
    `unrequested stops: ${[report.unrequested_stops, ...new Set(report.unrequested_reasons)].join('; ')}`,
    ...(soak
      ? [
          `soak of ${soak.seconds} s: ${soak.moves} moves, ${soak.decisions} decisions, ${soak.unrequested_stops} unrequested stops ${soak.reasons.join('; ')}`,
        ]
      : []),
  ]
}
