// cliport replay

import type { Command } from 'commander'
import { type Difference, type ReplayReport, replay } from '../runtime/replay.js'
import { type CommonOptions, configFor, runVerb, withCommonOptions } from './context.js'

interface ReplayOptions extends CommonOptions {
  readonly policy?: string
}

export function addReplay(program: Command): void {
  withCommonOptions(
    program
      .command('replay')
      .description('make the decisions of a recorded run again on what its cameras saw, and compare every number')
      .argument('<file>', "recording.mcap of a run's folder"),
  )
    .option('--policy <folder>', 'policy package (default: policy.package of the settings)')
    .action((file: string, options: ReplayOptions) =>
      runVerb(options, async ({ tell }) => {
        const config = await configFor(options, { 'policy.package': options.policy })
        const report = await replay({ file, config, tell })
        // Nothing was compared: who takes 0 for "the same" is not told so.
        const isSame = report.decisions > 0 && report.different.length === 0
        return { exitCode: isSame ? 0 : 1, json: report, lines: summary(report) }
      }),
    )
}

function summary({ goal, policy, decisions, same, different }: ReplayReport): string[] {
  return [
    `goal       ${goal}`,
    `policy     ${policy.recorded}${policy.now === policy.recorded ? '' : `, now ${policy.now}`}`,
    decisions === 0
      ? 'decisions  none in this recording: nothing to compare. The run ended before its policy was asked; its run.json says why'
      : `decisions  ${decisions}, ${same} of them the same bit for bit`,
    ...different.map(describe),
  ]
}

function describe({ decision, parts, recorded, now }: Difference): string {
  return `decision ${decision} differs in ${parts.join(', ')}: ${JSON.stringify(recorded)} was, ${JSON.stringify(now)} is`
}
