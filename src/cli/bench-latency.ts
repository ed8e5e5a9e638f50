// cliport bench latency

import type { Command } from 'commander'
import { benchLatency, type LatencySource } from '../bench/latency/latency.js'
import { writeLatencyPage } from '../bench/latency/page.js'
import type { LatencyReport } from '../bench/latency/report.js'
import { shellCommand } from '../control/shell-quote.js'
import { makeOutputFolder } from '../io/unwritable.js'
import type { Config } from '../runtime/config/schema.js'
import { machineLine } from '../runtime/machine.js'
import { defaultTask } from '../runtime/run.js'
import { raiseThreadPriority } from '../runtime/thread-priority.js'
import { type CommonOptions, configFor, realNumber, runVerb, wholeNumber, withCommonOptions } from './context.js'
import { durationRow } from './duration-row.js'
import { openFrames } from './frames.js'
import { currentInvocation } from './invocation.js'

interface BenchLatencyOptions extends CommonOptions {
  readonly rate: number
  readonly passes: number
  readonly deadline: number
  readonly frames?: string
  readonly goal: string
  readonly task: string
  readonly seed: number
  readonly policy?: string
  readonly out?: string
}

export function addBenchLatency(bench: Command): void {
  withCommonOptions(
    bench
      .command('latency')
      .description('measure the whole path at a fixed rate: from a frame to the first command of the 1 kHz loop'),
  )
    .option('--rate <hz>', 'observations a second', realNumber(0.1, 100), 2)
    .option('--passes <n>', 'number of observations', wholeNumber(20, 1_000_000), 300)
    .option('--deadline <ms>', 'from frame to first command; later ones are counted', realNumber(0.1, 60_000), 60)
    .option(
      '--frames <folder>',
      'replay this folder of camera frames, or the first observation of this recording (.mcap); default: the simulated cell',
    )
    .option('--goal <sentence>', 'what the policy is asked for', 'put the red blocks in a green bowl')
    .option('--task <name>', 'task that the simulated scene belongs to', defaultTask)
    .option('--seed <n>', 'seed of the simulated scene', wholeNumber(0), 3)
    .option('--policy <folder>', 'policy package (default: policy.package of the settings)')
    .option('--out <folder>', 'folder for latency.json, latency.html and the diagrams as SVG')
    .action(run)
}

async function run(options: BenchLatencyOptions): Promise<void> {
  await runVerb(options, async ({ signal, tell }) => {
    raiseThreadPriority()
    const { out } = options
    if (out !== undefined) await makeOutputFolder('the report', out, '--out')
    const config = await configFor(options, { 'policy.package': options.policy })
    const report = await benchLatency({
      rateHz: options.rate,
      passes: options.passes,
      deadlineMs: options.deadline,
      goal: options.goal,
      source: await sourceOf(options, config),
      config,
      command: `cliport ${shellCommand(...currentInvocation().args)}`,
      signal,
      tell,
    })
    const files = out === undefined ? [] : await writeLatencyPage(report, out)
    return { exitCode: 0, json: report, lines: [...linesOf(report), ...files.map((file) => `written  ${file}`)] }
  })
}

async function sourceOf({ frames: path, task, seed }: BenchLatencyOptions, config: Config): Promise<LatencySource> {
  if (path === undefined) return { kind: 'cell', task, seed }
  const { frames, workspace } = await openFrames({ frames: path }, config)
  return { kind: 'replay', frames, workspace }
}

function linesOf(report: LatencyReport): string[] {
  const { usage, without_command: silent, cold_start: cold } = report
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`
  return [
    machineLine(report.machine),
    `processors ${percent(report.processors_busy)} busy, ${percent(usage.process_cpu_share)} by this process, ${report.steal_ms} ms stolen`,
    `${report.policy.name} on ${report.provider}, ${report.precision}, ${report.policy.threads} threads; controller ${report.controller_scheduler}`,
    '',
    durationRow(`due to first command, ${report.rate_hz} Hz`, report.end_to_end),
    durationRow('frame to first command', report.frame_to_command),
    durationRow('age of the observation at dispatch', report.observation_age),
    durationRow('reaction to a change', report.reaction),
    durationRow('jitter of the first commands', report.jitter),
    ...Object.entries(report.stages).map(([stage, durations]) => durationRow(`  ${stage}`, durations)),
    '',
    `later than ${report.deadline_ms} ms: ${report.deadline_misses} of ${report.frame_to_command.n}`,
    ...(silent.n === 0 ? [] : [`without a command: ${silent.n}; ${silent.reasons.join('; ')}`]),
    `cold start ${report.cold_start_ms.toFixed(0)} ms: ${Object.entries(cold)
      .map(([part, ms]) => `${part.replace(/_ms$/, '').replace('_', ' ')} ${(ms as number).toFixed(0)}`)
      .join(', ')}`,
    usage.energy === null
      ? 'energy: this machine does not tell'
      : `energy: ${usage.energy.watts.toFixed(1)} W (${usage.energy.source}), ${(usage.energy.joules / report.end_to_end.n).toFixed(2)} J a pass`,
  ]
}
