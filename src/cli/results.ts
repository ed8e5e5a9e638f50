// cliport results

import type { Command } from 'commander'
import { writeResults } from '../evaluation/results/write-results.js'
import { type CommonOptions, runVerb, withCommonOptions } from './context.js'

interface ResultsOptions extends CommonOptions {
  readonly raw: string
  readonly original?: string
  readonly out: string
}

export function addResults(program: Command): void {
  withCommonOptions(
    program.command('results').description('write the page of results from the raw results of evaluations'),
  )
    .option('--raw <folder>', 'folder of the folders given to cliport eval --out', 'benchmarks/policy/raw')
    .option(
      '--original <folder>',
      'folder of examples/original-environment/run.py (default: original, beside the folder of --raw)',
    )
    .option('--out <file>', 'page to write; its pictures go to images/results in the same folder', 'docs/results.md')
    .action((options: ResultsOptions) =>
      runVerb(options, async () => {
        const report = await writeResults(options.raw, options.out, options.original)
        const { page, evaluations, pictures } = report
        return { exitCode: 0, json: report, lines: [`${page}: ${evaluations} evaluations, ${pictures} pictures`] }
      }),
    )
}
