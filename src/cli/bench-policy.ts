// cliport bench policy

import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { benchPolicy, type PolicyBenchReport } from '../bench/policy.js'
import { projectPath } from '../native/paths.js'
import { machineLine } from '../runtime/machine.js'
import { packageOf } from '../runtime/policy.js'
import { type CommonOptions, configFor, runVerb, wholeNumber, withCommonOptions } from './context.js'
import { durationRow } from './duration-row.js'

interface BenchPolicyOptions extends CommonOptions {
  readonly policy?: string
  readonly python?: string
  readonly checkpoint?: string
  readonly against?: string
  readonly threads?: number
  readonly engine?: string
  readonly repeats: number
}

/** What the shipped package was exported from. */
const shippedCheckpoint = 'models/checkpoints/edge.pt'

export function addBenchPolicy(bench: Command): void {
  withCommonOptions(
    bench
      .command('policy')
      .description('measure a decision and its parts, compared with the peak of the processor and with PyTorch'),
  )
    .option('--policy <folder>', 'policy package (default: policy.package of the settings)')
    .option('--python <file>', 'Python with models/requirements.txt; eager PyTorch is measured in alternation')
    .option(
      '--checkpoint <file>',
      'checkpoint from which the package was exported (default: that of the shipped package)',
    )
    .option('--against <folder>', 'another policy package, measured in alternation')
    .option('--threads <n>', 'threads of ONNX Runtime (default: policy.threads of the settings)', wholeNumber(1, 64))
    .option('--engine <name>', 'onnxruntime-node or native (default: policy.engine of the settings)')
    .option('--repeats <n>', 'number of decisions', wholeNumber(1, 100_000), 100)
    .action((options: BenchPolicyOptions) =>
      runVerb(options, async ({ signal, tell }) => {
        const { policy, python, against, repeats, threads, engine } = options
        const config = await configFor(options, {
          'policy.package': policy,
          'policy.threads': threads,
          'policy.engine': engine,
        })
        const report = await benchPolicy({
          repeats,
          ...(python === undefined ? {} : { python }),
          checkpoint: checkpointOf(options),
          ...(against === undefined ? {} : { against }),
          config,
          command: `cliport bench policy --repeats ${repeats} --threads ${packageOf(config).threads}${engine === undefined ? '' : ` --engine ${engine}`}${python === undefined ? '' : ' --python PYTHON'}${against === undefined ? '' : ' --against OTHER'}`,
          signal,
          tell,
        })
        return { exitCode: (report.decisions_differ ?? 0) === 0 ? 0 : 1, json: report, lines: linesOf(report) }
      }),
    )
}

function againstLines({ against }: PolicyBenchReport): string[] {
  if (against === undefined) return []
  return [
    durationRow(`  decide of ${against.policy}`, against.decide),
    `  ratio ${against.ratio} (median over the pairs), ${against.ratio_of_shortest} of the shortest; ${against.decisions_differ} decisions differ`,
  ]
}

/** For a package that is not the shipped one, only the caller knows it. */
function checkpointOf({ checkpoint, policy }: BenchPolicyOptions): string | null {
  if (checkpoint !== undefined) return checkpoint
  const shipped = projectPath(shippedCheckpoint)
  return policy === undefined && existsSync(shipped) ? shipped : null
}

function linesOf(report: PolicyBenchReport): string[] {
  const { graph, eager_same_model: eager } = report
  const compared =
    eager === undefined
      ? ['eager PyTorch: left out, no --python']
      : [
          durationRow(`the same net in eager PyTorch ${report.torch}`, eager),
          `  ratio of medians ${report.ratio_same_model}${report.decisions_differ === undefined ? ', random weights' : `, ${report.decisions_differ} decisions differ`}`,
        ]
  return [
    machineLine(report.machine),
    `processors ${(100 * report.processors_busy).toFixed(0)} % busy, ${report.threads} threads, ${report.rss_mb} MB; ${report.engine}, ONNX Runtime ${report.onnxruntime} on ${report.provider}`,
    '',
    durationRow(`decision of ${report.policy}`, report.decision),
    ...Object.entries(report.stages).map(([name, durations]) => durationRow(`  ${name}`, durations)),
    `  decide, the first after loading ${report.first_decide_ms.toFixed(1)} ms`,
    ...againstLines(report),
    durationRow('1 ms timer of the main thread', report.event_loop_ms),
    durationRow('  the same without decisions', report.event_loop_idle_ms),
    ...compared,
    ...(graph === undefined ? [] : ['', ...graphLines(graph)]),
  ]
}

function graphLines(graph: NonNullable<PolicyBenchReport['graph']>): string[] {
  return [
    `${graph.gflop.toFixed(2)} GFLOP a decision, ${graph.gflops.toFixed(0)} GFLOP/s: ${(100 * graph.share_of_peak).toFixed(0)} % of the ${graph.peak_gflops.toFixed(0)} of a matrix product`,
    ...graph.types
      .filter(({ share }) => share >= 0.01)
      .map(
        ({ type, nodes, ms, share, gflop }) =>
          `  ${type.padEnd(24)} ${`${nodes}`.padStart(4)} nodes ${ms.toFixed(2).padStart(8)} ms ${(100 * share).toFixed(0).padStart(4)} % ${gflop.toFixed(3).padStart(8)} GFLOP`,
      ),
  ]
}
