// cliport run "SENTENCE"

import type { Command } from 'commander'
import pc from 'picocolors'
import type { NotUnderstood } from '../control/goal/types.js'
import { shellCommand } from '../control/shell-quote.js'
import { defaultTask, type RunReport, runSentence } from '../runtime/run.js'
import type { CellFaults } from '../sim/api.js'
import { type CommonOptions, configFor, policyFlags, runVerb, wholeNumber, withCommonOptions } from './context.js'
import { addFault, faultHelp } from './faults.js'
import { currentInvocation } from './invocation.js'
import { askWhich, canAsk, isAnsweredYes, realArmQuestion } from './question.js'
import { stageTable } from './stage-table.js'

interface RunOptions extends CommonOptions {
  readonly task: string
  readonly seed: number
  readonly policy?: string
  readonly robot?: string
  readonly out?: string
  readonly steps?: number
  readonly consentToMotion?: boolean
  readonly fault?: CellFaults
}

export function addRun(program: Command): void {
  withCommonOptions(
    program
      .command('run')
      .description('pick and place until the goal is achieved, on the simulated cell or on the controller at --robot')
      .argument('<sentence>', 'for example "put the red blocks in a green bowl"'),
  )
    .option(
      '--task <name>',
      'task that the simulated scene belongs to; what the sentence names is put into the scene',
      defaultTask,
    )
    .option('--seed <n>', 'seed of the simulated scene', wholeNumber(0), 3)
    .option(
      '--policy <folder>',
      "policy package, tcp://HOST:PORT of a policy server, or 'oracle' (default: policy of the settings)",
    )
    .option(
      '--robot <address>',
      'controller, for example tcp://10.0.0.2:5600 or deoxys://10.0.0.2 (default: robot.link of the settings, else the simulated cell)',
    )
    .option('--out <folder>', 'folder in which the run makes its own folder (default: run.out of the settings)')
    .option('--steps <n>', 'greatest number of picks (default: run.max_steps of the settings)', wholeNumber(1, 200))
    .option('--consent-to-motion', 'a person at the real arm agrees to its motion; without it the question is asked')
    .option('--fault <key=value>', `fault of the simulated cell, may be repeated; ${faultHelp}`, addFault)
    .action(run)
}

async function run(sentence: string, options: RunOptions): Promise<void> {
  await runVerb(options, async ({ signal, tell }) => {
    const oracle = options.policy === 'oracle'
    const config = await configFor(options, {
      ...(oracle ? {} : policyFlags(options.policy)),
      'robot.link': options.robot,
      'robot.consent_to_motion': options.consentToMotion,
      'run.out': options.out,
      'run.max_steps': options.steps,
    })
    const report = await runSentence({
      sentence,
      task: options.task,
      seed: options.seed,
      oracle,
      ...(options.fault === undefined ? {} : { faults: options.fault }),
      command: `cliport ${shellCommand(...currentInvocation().args)}`,
      config,
      signal,
      tell: (line) => tell(pc.dim(line)),
      ...(canAsk() ? { askConsent: (backend) => mayMove(backend, signal) } : {}),
      ...(canAsk() && options.json !== true ? { clarify } : {}),
    })
    return { exitCode: exitCodeFor(report), json: report, lines: summary(report) }
  })
}

/** The sentence that a person means instead of an ambiguous one. */
async function clarify({ reason, candidates }: NotUnderstood, signal: AbortSignal): Promise<string | null> {
  return (await askWhich(reason, candidates, signal))?.sentence ?? null
}

function exitCodeFor({ outcome }: RunReport): number {
  if (outcome === 'achieved') return 0
  return outcome === 'stopped' ? 130 : 1
}

function summary(report: RunReport): string[] {
  const { outcome, reason, truth, steps, retries, stages, page, error } = report
  const color = outcome === 'achieved' ? pc.green : outcome === 'error' || outcome === 'failed' ? pc.red : pc.yellow
  return [
    '',
    ...stageTable(stages),
    '',
    `outcome  ${pc.bold(color(outcome))}: ${reason}`,
    ...(error === undefined ? [] : [`         ${error.code} in ${error.stage}. ${error.hint}`]),
    ...(truth === undefined
      ? []
      : [`truth    ${truth.achieved ? 'achieved' : 'not achieved'}, score ${truth.score.toFixed(2)}`]),
    `steps    ${steps}, ${retries} of them retries`,
    `start    ${report.first_motion_ms === null ? 'nothing moved' : `first motion after ${(report.first_motion_ms / 1000).toFixed(1)} s`}, peak memory ${report.rss_peak_mb} MB`,
    `page     ${page}`,
    ...wouldWork(report),
  ]
}

/** The last lines of a run in which nothing moved: why, and what to say instead. */
function wouldWork({ outcome, reason, understood }: RunReport): string[] {
  if (understood === undefined || understood.canonical !== undefined) return []
  const { candidates = [], suggestions = [] } = understood
  const sentences = candidates.length > 0 ? candidates.map(({ sentence }) => sentence) : suggestions
  return [
    '',
    `nothing was moved. ${outcome}: ${reason}`,
    ...(sentences.length === 0 ? [] : ['what would work here:', ...sentences.map((sentence) => `  ${sentence}`)]),
  ]
}

function mayMove(backend: string, signal: AbortSignal): Promise<boolean> {
  return isAnsweredYes(realArmQuestion(backend), signal)
}
