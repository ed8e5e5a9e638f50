// cliport bench delay

import { type Command, InvalidArgumentError } from 'commander'
import { shellCommand } from '../control/shell-quote.js'
import { benchDelay, lineOf } from '../evaluation/delay.js'
import { machineLine } from '../runtime/machine.js'
import { defaultTask } from '../runtime/run.js'
import { type CommonOptions, configFor, realNumber, runVerb, wholeNumber, withCommonOptions } from './context.js'
import { currentInvocation } from './invocation.js'

interface BenchDelayOptions extends CommonOptions {
  readonly task: string
  readonly episodes: number
  readonly seed: number
  readonly delays: readonly number[]
  readonly drifts: readonly number[]
  readonly policy?: string
}

export function addBenchDelay(bench: Command): void {
  withCommonOptions(
    bench
      .command('delay')
      .description('measure what latency costs the task: success, time and retries with delays put into the cycle'),
  )
    .option('--task <name>', 'task whose scenes are run', defaultTask)
    .option('--episodes <n>', 'number of scenes in each row', wholeNumber(1, 100_000), 20)
    .option('--seed <n>', 'scene i has seed + 2i', wholeNumber(0), 10001)
    .option(
      '--delays <ms,...>',
      'delays between an observation and the plan made from it, simulated milliseconds',
      numbers(0, 60_000),
      [0, 50, 100, 200, 400],
    )
    .option(
      '--drifts <mps,...>',
      'speeds at which what is to be moved slides from an observation until the arm sets off, metres a second',
      numbers(0, 1),
      [0, 0.05, 0.1],
    )
    .option('--policy <folder>', 'policy package (default: policy.package of the settings)')
    .action(run)
}

async function run(options: BenchDelayOptions): Promise<void> {
  await runVerb(options, async ({ signal, tell }) => {
    const { task, episodes, seed, delays, drifts, policy } = options
    const report = await benchDelay({
      task,
      episodes,
      seed,
      delaysMs: delays,
      driftsMps: drifts,
      config: await configFor(options, { 'policy.package': policy }),
      command: `cliport ${shellCommand(...currentInvocation().args)}`,
      signal,
      tell,
    })
    return { exitCode: 0, json: report, lines: [machineLine(report.machine), '', ...report.rows.map(lineOf)] }
  })
}

/** Parses numbers with commas between them. */
function numbers(min: number, max: number): (text: string) => readonly number[] {
  const parse = realNumber(min, max)
  return (text) => {
    const values = text.split(',').map(parse)
    if (new Set(values).size < values.length)
      throw new InvalidArgumentError(`Expected different numbers but received '${text}'.`)
    return values
  }
}
