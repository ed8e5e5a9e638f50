// cliport bench heightmap

import { basename } from 'node:path'
import { type Command, Option } from 'commander'
import { benchHeightmap, type HeightmapBenchReport } from '../bench/heightmap.js'
import { projectPath } from '../native/paths.js'
import { expectAddons } from '../runtime/addons.js'
import { machineLine } from '../runtime/machine.js'
import { type CommonOptions, runVerb, wholeNumber, withCommonOptions } from './context.js'
import { durationRow } from './duration-row.js'

interface BenchHeightmapOptions extends CommonOptions {
  readonly npz: string
  readonly python?: string
  readonly repeats: number
}

export function addBenchHeightmap(bench: Command): void {
  withCommonOptions(
    bench
      .command('heightmap')
      .description(
        'measure the projection of frames to a heightmap: exact and fast, one and two threads, compared with NumPy',
      ),
  )
    .addOption(
      new Option('--npz <file>', 'frames and grid').default(
        projectPath('tests/fixtures/data/heightmap-reference.npz'),
        'tests/fixtures/data/heightmap-reference.npz',
      ),
    )
    .option(
      '--python <file>',
      'Python with benchmarks/requirements.txt; the NumPy reference is measured in alternation',
    )
    .option('--repeats <n>', 'number of projections of each kind', wholeNumber(1, 100_000), 40)
    .action((options: BenchHeightmapOptions) =>
      runVerb(options, async ({ signal }) => {
        expectAddons('heightmap')
        const { npz, python, repeats } = options
        const command = `cliport bench heightmap --npz ${basename(npz)} --repeats ${repeats}${python === undefined ? '' : ' --python PYTHON'}`
        const report = await benchHeightmap({
          npz,
          repeats,
          ...(python === undefined ? {} : { python }),
          command,
          signal,
        })
        return { exitCode: 0, json: report, lines: linesOf(report) }
      }),
    )
}

function linesOf(report: HeightmapBenchReport): string[] {
  const { numpy, bandwidth_bound_ms, bandwidth_gb_per_s, processors_busy, steal_ms } = report
  return [
    durationRow('exact, one thread', report.exact_1t),
    durationRow('exact, two threads', report.exact_2t),
    durationRow('fast, one thread', report.fast_1t),
    durationRow('fast, two threads', report.fast_2t),
    ...(numpy === undefined ? [] : [durationRow(`NumPy ${report.numpy_version}`, numpy)]),
    ...(numpy === undefined
      ? []
      : [`ratio of medians: exact, one thread ${report.ratio_exact_1t}; fast, two threads ${report.ratio_fast_2t}`]),
    `reading depth once takes ${bandwidth_bound_ms} ms at ${bandwidth_gb_per_s} GB/s; fast differs in ${report.fast_cells_differ} cells`,
    `processors ${(100 * processors_busy).toFixed(0)} % busy, ${steal_ms} ms stolen; ${machineLine(report.machine)}`,
  ]
}
