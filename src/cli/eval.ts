// cliport eval

import { availableParallelism } from 'node:os'
import { type Command, Option } from 'commander'
import pc from 'picocolors'
import { CliportError } from '../control/errors.js'
import type { EvalShard } from '../datasets/evaluate-on-cluster.js'
import { type EpisodeReport, type EvalReport, evaluate } from '../evaluation/evaluate.js'
import { evaluateGrounding, type GroundingMode, type GroundingReport, groundingModes } from '../evaluation/grounding.js'
import { RawFolder, type RawKind } from '../evaluation/raw-folder.js'
import { tryRealFrames } from '../evaluation/real-frames.js'
import { parseShard, type Shard } from '../evaluation/shard.js'
import { parseStepBudget, type StepBudget } from '../evaluation/step-budget.js'
import { whileLocked } from '../io/folder-lock.js'
import { StageHistograms } from '../runtime/durations.js'
import { describePolicy } from '../runtime/policy.js'
import { defaultTask } from '../runtime/run.js'
import { realWorkspaceOf } from '../runtime/settings.js'
import type { CellFaults } from '../sim/api.js'
import {
  type CommonOptions,
  configFor,
  policyFlags,
  runVerb,
  type Verb,
  type VerbResult,
  wholeNumber,
  withCommonOptions,
} from './context.js'
import { episodesOnCluster } from './eval-cluster.js'
import { sentences } from './eval-sentences.js'
import { addFault, faultHelp } from './faults.js'
import { clusterOf, rayHelp } from './ray.js'

interface EvalOptions extends CommonOptions {
  readonly task: string
  readonly policy?: string
  readonly episodes: number
  readonly seed: number
  readonly link: 'in-process' | 'sockets'
  readonly steps?: StepBudget
  readonly openLoop?: boolean
  readonly fault?: CellFaults
  readonly graspFailure?: string
  readonly nudge?: string
  readonly real?: string
  readonly grounding?: GroundingMode
  readonly sentences?: string
  readonly out?: string
  readonly label?: string
  readonly shard?: Shard
  readonly ray?: string
  readonly python?: string
  readonly jobs: number
}

export function addEval(program: Command): void {
  withCommonOptions(program.command('eval').description('score a policy on many simulated scenes, or on real frames'))
    .option('--task <name>', 'task whose scenes are run', defaultTask)
    .option(
      '--policy <folder>',
      "policy package, tcp://HOST:PORT of a policy server, or 'oracle' (default: policy of the settings)",
    )
    .option('--episodes <n>', 'number of scenes', wholeNumber(1, 100_000), 50)
    .option(
      '--seed <n>',
      'scene i has seed + 2i; even: training, odd: validation, from 10001: test; published tables use the block in benchmarks/policy/seeds.md',
      wholeNumber(0),
      10001,
    )
    .addOption(
      new Option(
        '--link <way>',
        'in-process: no sockets, time passes only while a command runs; sockets: ZeroMQ, paced clock',
      )
        .choices(['in-process', 'sockets'])
        .default('in-process'),
    )
    .option(
      '--steps <budget>',
      'greatest number of picks per scene: a number, or 3n+1 with n objects to be moved (default: as published for the task)',
      parseStepBudget,
    )
    .option(
      '--open-loop',
      'observe once, act on each object in turn, without a second observation and without verification',
    )
    .option('--grasp-failure <p>', 'probability 0..1 that a grasp fails in the physics; the runtime is not told')
    .option(
      '--nudge <metres>',
      'LEAST:GREATEST metres by which objects that are still to be moved are shifted between observation and grasp; the runtime is not told',
    )
    .option('--fault <key=value>', `fault of the simulated cell, may be repeated; ${faultHelp}`, addFault)
    .addOption(
      new Option(
        '--grounding <what>',
        'only the first decision, without motion: sentences about objects that are present, absent, both, paraphrased sentences, or sentences that name another thing of the scene',
      ).choices(groundingModes),
    )
    .option(
      '--sentences <file>',
      'only the first decision, without motion: sentences whose right answers are known (benchmarks/sentences/README.md); writes a page with pictures',
    )
    .option(
      '--real <folder>',
      'sentences of goals.json on real frames with labels, compared with chance and with the nearest colour',
    )
    .option(
      '--out <folder>',
      'folder for the raw results that cliport results reads: report.json, lines.jsonl, pictures of failures',
    )
    .option('--label <text>', 'name of this evaluation in the tables of cliport results', '')
    .option('--shard <i/n>', 'only every n-th scene, beginning with the i-th, for one machine of several', parseShard)
    .option('--ray <address>', rayHelp)
    .addOption(
      new Option('--jobs <n>', 'workers of --ray local')
        .argParser(wholeNumber(1, 256))
        .default(availableParallelism(), 'one per core'),
    )
    .option('--python <path>', 'interpreter with Ray, for --ray (default: CLIPORT_PYTHON, else python3)')
    .action(runEval)
}

async function runEval(options: EvalOptions): Promise<void> {
  await runVerb(
    options,
    (verb) =>
      whileLocked(options.out, 'cliport eval', () => {
        expectOneMode(options)
        if (options.sentences !== undefined) {
          expectNoMotion(options, '--sentences')
          return sentences(options, options.sentences, verb)
        }
        if (options.real !== undefined) return realFrames(options, options.real, verb)
        return options.grounding === undefined ? episodes(options, verb) : grounding(options, verb)
      }),
    { isStream: true },
  )
}

async function episodes(options: EvalOptions, { signal, tell }: Verb): Promise<VerbResult> {
  const { task, seed, link, steps, openLoop = false } = options
  const oracle = options.policy === 'oracle'
  const faults = faultsOf(options)
  const config = await configFor(options, oracle ? {} : policyFlags(options.policy))
  const raw = await rawFolder(options, 'episodes')
  const asked = { task, episodes: options.episodes, seed, link, openLoop, steps: steps ?? null, faults: faults ?? null }
  const onEpisode = (episode: EpisodeReport) => tell(episodeLine(episode, options.episodes))
  const cluster = clusterOf(options, { signal, tell })
  const decisions = new StageHistograms()
  const reports: EpisodeReport[] = []
  const here = () =>
    evaluate({
      task,
      episodes: options.episodes,
      ...(options.shard === undefined ? {} : { shard: options.shard }),
      seed,
      oracle,
      link,
      openLoop,
      ...(steps === undefined ? {} : { steps }),
      ...(faults === undefined ? {} : { faults }),
      ...(raw === undefined ? {} : { raw }),
      config,
      signal,
      tell,
      decisions,
      onEpisode(episode) {
        reports.push(episode)
        onEpisode(episode)
      },
    })
  const report = cluster === null ? await here() : await episodesOnCluster(options, cluster, config, raw, onEpisode)
  await raw?.finish({ ...asked, ...config.cell, package: oracle ? 'oracle' : describePolicy(config) }, report)
  const shard = { episodes: reports, decisions: decisions.encoded('propose') } satisfies EvalShard
  return { exitCode: 0, json: options.shard === undefined ? report : { ...report, shard }, lines: summary(report) }
}

async function grounding(options: EvalOptions, { signal, tell }: Verb): Promise<VerbResult> {
  const { task, seed, episodes: scenes, grounding: mode } = options
  expectNoMotion(options, '--grounding')
  const config = await configFor(options, policyFlags(options.policy))
  const raw = await rawFolder(options, 'grounding')
  const report = await evaluateGrounding({
    task,
    grounding: mode!,
    scenes,
    seed,
    config,
    ...(raw === undefined ? {} : { raw }),
    signal,
    tell,
  })
  await raw?.finish({ task, grounding: mode, scenes, seed, ...config.cell, package: describePolicy(config) }, report)
  return { exitCode: 0, json: report, lines: groundingSummary(report) }
}

async function realFrames(options: EvalOptions, folder: string, { tell }: Verb): Promise<VerbResult> {
  const config = await configFor(options, policyFlags(options.policy))
  const workspace = realWorkspaceOf(config)
  const raw = await rawFolder(options, 'real-frames')
  const report = await tryRealFrames({ folder, workspace, config, tell, ...(raw === undefined ? {} : { raw }) })
  await raw?.finish({ package: describePolicy(config) }, report)
  const { sentences, picks_right: right, places_asked: asked, places_right: placed, acted, acted_right: well } = report
  const { absent, absent_acted: absentActed } = report
  const lines = [
    `${report.policy}: ${right} of ${sentences - absent} picks and ${placed} of ${asked} places on the right object`,
    `chance        ${report.picks_by_chance.toFixed(1)} picks`,
    `nearest colour ${report.nearest_color_picks} picks, ${report.nearest_color_places} places`,
    `would act on  ${acted}, ${well} of them right`,
    ...(absent > 0 ? [`absent        would act on ${absentActed} of ${absent} sentences about absent objects`] : []),
    calibrationLine(report.calibration_error),
  ]
  return { exitCode: 0, json: report, lines }
}

/** @throws CliportError USAGE for two ways of evaluating at once */
function expectOneMode({ real, sentences, grounding }: EvalOptions): void {
  const given = Object.entries({ '--real': real, '--sentences': sentences, '--grounding': grounding })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
  if (given.length < 2) return
  throw usage(
    `Expected at most one of --real, --sentences and --grounding but received ${given.join(' and ')}`,
    'Leave all but one out',
  )
}

/** @throws CliportError USAGE for options of whole episodes */
function expectNoMotion(options: EvalOptions, mode: string): void {
  const wrong = (['openLoop', 'steps', 'fault', 'graspFailure', 'nudge'] as const).find(
    (key) => options[key] !== undefined,
  )
  if (wrong === undefined && options.policy !== 'oracle') return
  throw usage(
    `Expected no ${wrong ?? "'--policy oracle'"} with ${mode}, where nothing moves`,
    `Leave it out, or leave out ${mode} for whole episodes`,
  )
}

async function rawFolder({ out, label }: EvalOptions, kind: RawKind): Promise<RawFolder | undefined> {
  return out === undefined ? undefined : RawFolder.create(out, kind, label)
}

/** `--grasp-failure` and `--nudge` are the faults of the same names, in fewer letters. */
function faultsOf({ fault, graspFailure, nudge }: EvalOptions): CellFaults | undefined {
  let faults = fault
  if (graspFailure !== undefined) faults = addFault(`grasp-failure=${graspFailure}`, faults)
  if (nudge !== undefined) faults = addFault(`nudge-m=${nudge}`, faults)
  return faults
}

function usage(message: string, hint: string): CliportError {
  return new CliportError('USAGE', message, { stage: 'start', hint })
}

function episodeLine({ index, seed, outcome, reason, score, achieved, steps, goal, cause }: EpisodeReport, of: number) {
  const mark = achieved ? pc.green('ok ') : pc.red('not')
  const why = cause === null ? '' : ` [${cause}]`
  return `${`${index + 1}`.padStart(`${of}`.length)}/${of} ${mark} scene ${seed}: score ${score.toFixed(2)}, ${outcome} after ${steps} steps${why}, "${goal}"${outcome === 'achieved' ? '' : `: ${reason}`}`
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

function summary(report: EvalReport): string[] {
  const [low, high] = report.ci95
  const counts = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')
  return [
    `${report.policy} on ${report.task}, ${report.episodes} scenes from ${report.seed} (${report.split})`,
    `score           ${report.mean_score.toFixed(3)} (95 %: ${low.toFixed(3)} to ${high.toFixed(3)})`,
    `success         ${percent(report.success_rate)} in ${report.steps_mean.toFixed(2)} steps on average`,
    `outcomes        ${counts(report.outcomes)}`,
    `causes          ${counts(report.causes) || 'no failure'}`,
    `false achieved  ${percent(report.false_achieved)}`,
    `false continue  ${percent(report.false_continue)}`,
    `workspace       ${percent(report.workspace_share)} of the published workspace is used`,
    `decision        p50 ${report.decision_ms.p50.toFixed(1)} ms, p99 ${report.decision_ms.p99.toFixed(1)} ms`,
    `pace            ${report.episodes_per_minute.toFixed(1)} scenes a minute`,
  ]
}

function groundingSummary({
  policy,
  task,
  seed,
  split,
  absent,
  present,
  exchanged,
  calibration_error: ece,
}: GroundingReport): string[] {
  const lines = [`${policy} on ${task}, grounding questions from ${seed} (${split})`]
  if (absent !== null) lines.push(`not there    ${absent.false_moves} false moves of ${absent.asked}`)
  if (present !== null) {
    lines.push(`there        ${present.refusals} refusals of ${present.asked}`)
    lines.push(`acted on     ${percent(present.pick_right)} pick right, ${percent(present.place_right)} place right`)
  }
  if (exchanged !== null) {
    lines.push(`exchanged    ${exchanged.right} of ${exchanged.asked} change the action to the right one`)
  }
  return [...lines, calibrationLine(ece)]
}

function calibrationLine(errors: Readonly<Record<string, number>>): string {
  const spoken = Object.entries(errors).map(([name, error]) => `${name} ${error.toFixed(3)}`)
  return `calibration  expected error ${spoken.join(', ')}`
}
