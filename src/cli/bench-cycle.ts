// cliport bench cycle

import { type Command, Option } from 'commander'
import { benchCycle, type CycleBenchReport } from '../bench/cycle.js'
import { machineLine } from '../runtime/machine.js'
import { defaultTask } from '../runtime/run.js'
import { type CommonOptions, configFor, runVerb, wholeNumber, withCommonOptions } from './context.js'
import { durationRow } from './duration-row.js'

interface BenchCycleOptions extends CommonOptions {
  readonly task: string
  readonly episodes: number
  readonly seed: number
  readonly clock: 'paced' | 'free'
}

export function addBenchCycle(bench: Command): void {
  withCommonOptions(
    bench
      .command('cycle')
      .description('measure how many picks an hour the simulated cell makes, and where the time goes'),
  )
    .option('--task <name>', 'task whose scenes are run', defaultTask)
    .option('--episodes <n>', 'number of scenes', wholeNumber(1, 100_000), 50)
    .option('--seed <n>', 'scene i has seed + 2i', wholeNumber(0), 1001)
    .addOption(
      new Option('--clock <kind>', 'paced: ZeroMQ and wall time, as on a robot; free: only motion takes time')
        .choices(['paced', 'free'])
        .default('paced'),
    )
    .action((options: BenchCycleOptions) =>
      runVerb(options, async ({ signal, tell }) => {
        const { task, episodes, seed, clock } = options
        const config = await configFor(options)
        const command = `cliport bench cycle --task ${task} --episodes ${episodes} --seed ${seed} --clock ${clock}`
        const report = await benchCycle({ task, episodes, seed, clock, config, command, signal, tell })
        return { exitCode: 0, json: report, lines: linesOf(report) }
      }),
    )
}

function linesOf(report: CycleBenchReport): string[] {
  const { picks_per_hour, episodes, picks, missed, mean_score, clock, processors_busy } = report
  return [
    `${picks_per_hour.toFixed(0)} picks an hour: ${picks} picks in ${episodes} episodes, ${missed} missed, mean score ${mean_score.toFixed(3)}; ${clock} clock`,
    '',
    durationRow('cycle', report.cycle),
    durationRow('  motion', report.motion),
    ...Object.entries(report.plans).map(([name, durations]) => durationRow(`    ${name}`, durations)),
    ...Object.entries(report.stages).map(([name, durations]) => durationRow(`  ${name} (wall)`, durations)),
    '',
    `processors ${(100 * processors_busy).toFixed(0)} % busy; ${machineLine(report.machine)}`,
  ]
}
