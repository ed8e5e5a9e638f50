// cliport bench controller

import type { Command } from 'commander'
import { benchController, type ControllerBenchReport } from '../bench/controller.js'
import { machineLine } from '../runtime/machine.js'
import { type CommonOptions, configFor, runVerb, wholeNumber, withCommonOptions } from './context.js'
import { durationRow } from './duration-row.js'

interface BenchControllerOptions extends CommonOptions {
  readonly seconds: number
}

export function addBenchController(bench: Command): void {
  withCommonOptions(
    bench.command('controller').description('measure the lateness of the 1 kHz loop under inference and rendering'),
  )
    .option('--seconds <n>', 'length of each of the three phases', wholeNumber(1, 86_400), 60)
    .action((options: BenchControllerOptions) =>
      runVerb(options, async ({ signal, tell }) => {
        const { seconds } = options
        const config = await configFor(options)
        const command = `cliport bench controller --seconds ${seconds}`
        const report = await benchController({ seconds, config, command, signal, tell })
        return { exitCode: report.late_in_a_row <= 1 ? 0 : 1, json: report, lines: linesOf(report) }
      }),
    )
}

function linesOf(report: ControllerBenchReport): string[] {
  const row = (what: string, phase: ControllerBenchReport['fifo']) => [
    durationRow(`${what} (${phase.scheduler})`, phase),
    `  ${phase.cycles} cycles, ${phase.late_over_1ms} later than 1 ms, at most ${phase.late_in_a_row} in a row; processors ${(100 * phase.processors_busy).toFixed(0)} % busy, ${phase.steal_ms} ms stolen`,
  ]
  return [
    machineLine(report.machine),
    `load: ${report.load}; ${report.decisions} decisions, ${report.looks} observations`,
    '',
    ...row('controller', report.fifo),
    ...row('controller', report.default_scheduler),
    ...row('bare loop', report.bare_loop),
  ]
}
