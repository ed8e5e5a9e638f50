// cliport eval

import { type Command, Option } from 'commander'
import pc from 'picocolors'
import type { CellFaults } from '../../sim/api.js'
import { type EpisodeReport, type EvalReport, evaluate } from '../evaluate.js'
import { defaultTask } from '../run.js'
import { type CommonOptions, configFor, runVerb, wholeNumber, withCommonOptions } from './context.js'
import { addFault, faultHelp } from './faults.js'

interface EvalOptions extends CommonOptions {
  readonly task: string
  readonly policy?: string
  readonly episodes: number
  readonly seed: number
  readonly link: 'in-process' | 'sockets'
  readonly steps?: number
  readonly fault?: CellFaults
}

export function addEval(program: Command): void {
  withCommonOptions(program.command('eval').description('score a policy on many simulated scenes'))
    .option('--task <name>', 'task', defaultTask)
    .option('--policy <folder>', "policy package, or 'oracle'")
    .option('--episodes <n>', 'number of scenes', wholeNumber(1, 100_000), 50)
    .option('--seed <n>', 'scene i is number seed + 2i; 10001: the test scenes', wholeNumber(0), 10001)
    .addOption(
      new Option('--link <way>', 'in-process: free clock; sockets: ZeroMQ and the paced clock')
        .choices(['in-process', 'sockets'])
        .default('in-process'),
    )
    .option('--steps <n>', 'greatest number of picks a scene (default: as published for the task)', wholeNumber(1, 200))
    .option('--fault <key=value>', `fault of the simulated cell, may be repeated; ${faultHelp}`, addFault)
    .action(runEval)
}

async function runEval(options: EvalOptions): Promise<void> {
  await runVerb(options, async ({ signal, tell }) => {
    const { task, episodes, seed, link, steps, fault } = options
    const oracle = options.policy === 'oracle'
    const config = await configFor(options, { 'policy.package': oracle ? undefined : options.policy })
    const report = await evaluate({
      task,
      episodes,
      seed,
      oracle,
      link,
      ...(steps === undefined ? {} : { steps }),
      ...(fault === undefined ? {} : { faults: fault }),
      config,
      signal,
      tell,
      onEpisode: (episode) => tell(episodeLine(episode, episodes)),
    })
    return { exitCode: 0, json: report, lines: summary(report) }
  })
}

function episodeLine({ index, seed, outcome, reason, score, achieved, steps, goal }: EpisodeReport, episodes: number) {
  const mark = achieved ? pc.green('ok ') : pc.red('not')
  return `${`${index + 1}`.padStart(`${episodes}`.length)}/${episodes} ${mark} scene ${seed}: score ${score.toFixed(2)}, ${outcome} after ${steps} steps, "${goal}"${outcome === 'achieved' ? '' : `: ${reason}`}`
}

function summary(report: EvalReport): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  const [low, high] = report.ci95
  return [
    `${report.policy} on ${report.task}, ${report.episodes} scenes from ${report.seed} (${report.split})`,
    `score           ${report.mean_score.toFixed(3)} (95 %: ${low.toFixed(3)} to ${high.toFixed(3)})`,
    `success         ${percent(report.success_rate)} in ${report.steps_mean.toFixed(2)} steps on average`,
    `false achieved  ${percent(report.false_achieved)}`,
    `false continue  ${percent(report.false_continue)}`,
    `workspace       ${percent(report.workspace_share)} of the published one is used`,
    `decision        p50 ${report.decision_ms.p50.toFixed(1)} ms, p99 ${report.decision_ms.p99.toFixed(1)} ms`,
    `pace            ${report.episodes_per_minute.toFixed(1)} scenes a minute`,
  ]
}
