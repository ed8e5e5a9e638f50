// cliport record

import { availableParallelism } from 'node:os'
import { type Command, Option } from 'commander'
import { type RecordReport, record } from '../datasets/record.js'
import { recordOnCluster } from '../datasets/record-on-cluster.js'
import type { RecordRequest } from '../datasets/record-request.js'
import { parseShard, type Shard } from '../evaluation/shard.js'
import { whileLocked } from '../io/folder-lock.js'
import { defaultTask } from '../runtime/run.js'
import { type CommonOptions, configFor, realNumber, runVerb, wholeNumber, withCommonOptions } from './context.js'
import { clusterOf, rayHelp } from './ray.js'
import { addDatasetVerbs } from './record-dataset.js'

interface RecordOptions extends CommonOptions {
  readonly task: string
  readonly episodes: number
  readonly seed: number
  readonly out: string
  readonly jobs: number
  readonly shard?: Shard
  readonly ray?: string
  readonly python?: string
  readonly frames?: boolean
  readonly perturb: number
  readonly appearance?: 'published' | 'randomized' | 'mixed'
  readonly sensor?: 'clean' | 'real' | 'mixed'
}

export function addRecord(program: Command): void {
  const verb = program
    .command('record')
    .description('record demonstrations of the oracle in the simulated cell, for training; look after data sets')
  addDatasetVerbs(verb)
  withCommonOptions(
    verb
      .command('episodes', { isDefault: true })
      .description('record demonstrations of the oracle in the simulated cell (what record does without a verb)'),
  )
    .option('--task <name>', 'task whose scenes are recorded', defaultTask)
    .option('--episodes <n>', 'number of episodes', wholeNumber(1, 1_000_000), 100)
    .option('--seed <n>', 'episode i has scene seed + 2i; even: training, odd: validation', wholeNumber(0), 0)
    .requiredOption('--out <folder>', 'folder of the episodes; complete episodes in it are kept')
    .addOption(
      new Option('--jobs <n>', 'processes that record')
        .argParser(wholeNumber(1, 256))
        .default(availableParallelism(), 'one per core'),
    )
    .option('--shard <i/n>', 'only every n-th episode, beginning with the i-th, for one machine of several', parseShard)
    .option('--ray <address>', rayHelp)
    .option('--python <path>', 'interpreter with Ray, for --ray (default: CLIPORT_PYTHON, else python3)')
    .option('--frames', 'record the camera pictures, calibration and poses too')
    .option(
      '--perturb <p>',
      'probability that a step places at a wrong spot, so that the data contain mistakes',
      realNumber(0, 1),
      0,
    )
    .addOption(
      new Option(
        '--appearance <kind>',
        'light, colours, table and camera poses (default: cell.appearance of the settings)',
      ).choices(['published', 'randomized', 'mixed']),
    )
    .addOption(
      new Option('--sensor <kind>', 'noise and holes of the cameras (default: cell.sensor of the settings)').choices([
        'clean',
        'real',
        'mixed',
      ]),
    )
    .action(runRecord)
}

async function runRecord(options: RecordOptions): Promise<void> {
  await runVerb(
    options,
    async ({ signal, tell }) => {
      const config = await configFor(options)
      let toldMs = 0
      const cluster = clusterOf(options, { signal, tell })
      const report = await whileLocked(options.out, 'cliport record', () => {
        const request: RecordRequest = {
          task: options.task,
          episodes: options.episodes,
          seed: options.seed,
          out: options.out,
          ...(options.shard === undefined ? {} : { shard: options.shard }),
          jobs: options.jobs,
          frames: options.frames === true,
          perturb: options.perturb,
          appearance: options.appearance ?? config.cell.appearance,
          sensor: options.sensor ?? config.cell.sensor,
          config,
          signal,
          tell,
          onProgress({ done, of, leftS }) {
            if (performance.now() - toldMs < 1000 && done < of) return
            toldMs = performance.now()
            tell(`${done} of ${of} episodes, ${timeLeft(leftS)} left`)
          },
        }
        return cluster === null ? record(request) : recordOnCluster(request, cluster)
      })
      return { exitCode: 0, json: report, lines: summary(report) }
    },
    { isStream: true },
  )
}

function summary(report: RecordReport): string[] {
  const { recorded, kept, redone, episodes, out, achieved_share: achieved, episodes_per_minute: perMinute } = report
  return [
    `${episodes} episodes of ${report.task} (${report.split}) in ${out}`,
    `${recorded} recorded at ${perMinute.toFixed(1)} a minute (${redone.length} of them again), ${kept} kept`,
    `goal achieved in ${(100 * achieved).toFixed(1)} % of the recorded ones`,
  ]
}

function timeLeft(seconds: number): string {
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}
