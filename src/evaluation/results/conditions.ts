// Under which conditions the scores were measured, and what the policies were trained on.

import type { Episodes } from './episodes.js'

/** Demonstrations of a task, and captioned scenes, as a table says them. */
interface Training {
  readonly demonstrations: string
  readonly captionedScenes: string
}

/** Of the shipped policy, as in models/MODEL_CARD.md: packing has 402 episodes, and 356 more from the stage `pack` on. */
const shippedDemonstrations: Readonly<Record<string, string>> = {
  'put-block-in-bowl': '600',
  'stack-block-pyramid-seq': '450',
  'packing-boxes-pairs': '402 + 356',
}
const shippedCaptionedScenes = '2,620'
/** Of the small trainings, which have the data of the stage `pack`. */
const limitedCaptionedScenes = '1,800'

/** Whether a row belongs beside the published column, which had 100 demonstrations of each task. */
export function isLimitedData(label: string): boolean {
  return label.includes('100 demonstrations')
}

/** What the policy of a row was trained on. @param label of the evaluation, empty for the shipped policy */
export function trainingOf(label: string, task: string): Training {
  if (isLimitedData(label)) return { demonstrations: '100', captionedScenes: limitedCaptionedScenes }
  const demonstrations = shippedDemonstrations[task.replace(/-(seen|unseen|full)-colors$/, '')] ?? '-'
  return { demonstrations, captionedScenes: shippedCaptionedScenes }
}

/** What has to be known before a score is compared with another one. @param shown the rows of the table of scores */
export function conditions(shown: readonly Episodes[]): string {
  return [setup(shown), training(shown), unseen, thresholds(shown), scenes(shown), seeds]
    .filter((line) => line !== '')
    .map((line) => `- ${line}`)
    .join('\n')
}

const links = { 'in-process': 'in process, without sockets', sockets: 'ZeroMQ sockets' } as const
const clocks = {
  'in-process': 'free: time passes only while a command runs, so neither computing time nor a slow machine counts',
  sockets: 'paced by wall time',
} as const
const sensors = { clean: 'clean, no noise and no holes in the depth', real: 'with noise and holes' } as const

function setup(shown: readonly Episodes[]): string {
  const several = <T extends string>(values: readonly (T | undefined)[], words: Readonly<Record<T, string>>) =>
    [...new Set(values)].flatMap((value) => (value === undefined ? [] : [words[value]])).join('; or ')
  const link = shown.map((one) => one.link)
  const sensor = several(
    shown.map((one) => one.sensor),
    sensors,
  )
  if (sensor === '') return ''
  return `**Link** ${several(link, links)}. **Clock** ${several(link, clocks)}. **Sensor** ${sensor}. Scores over sockets, with a noisy sensor or on a real arm are not in this table.`
}

function training(shown: readonly Episodes[]): string {
  const limited = shown.some(({ label }) => isLimitedData(label))
    ? ' The rows with 100 demonstrations have as many, and a tenth of the samples of the shipped training; "one pixel" is labelled as in the publication.'
    : ''
  return `**Training data**: the published column had 100 demonstrations of each task. The shipped policy had 400 to 600 of each (packing more, from the stage \`pack\` on), in the same simulator as these scores, and captioned scenes, in which nothing is moved (models/MODEL_CARD.md).${limited}`
}

const unseen =
  '**Unseen colours** (orange, purple, pink, white): no demonstration showed them or a colour like them. The captioned scenes did: values and names of these colours were in training. Read "unseen" as "not in demonstrations".'

function thresholds(shown: readonly Episodes[]): string {
  const decisions = shown
    .filter(({ label }) => label === '')
    .flatMap(({ lines }) => lines.flatMap((line) => line.decisions ?? []))
  if (decisions.length === 0) return ''
  const unsure = decisions.filter(({ decision }) => decision === 'unsure').length
  return `**Thresholds**: those of pick (0.01) and place (0.022) are so low that they gate nothing in practice: ${unsure} of ${decisions.length} decisions of the shipped policy ended as unsure. Refusals come from \`found\`.`
}

function scenes(shown: readonly Episodes[]): string {
  const share = Math.min(...shown.map(({ report }) => report.workspace_share ?? 1))
  return `**Scenes**: each comes from its seed, and its sentence from the scene. All objects lie within reach of the arm (${(100 * share).toFixed(0)} % of the published workspace). \`cliport run\` differs: it builds its scene around the sentence, so what the sentence names is always there, and its success is not a score.`
}

const seeds =
  '**Seeds**: scene i has seed first + 2i. Development looks at seeds below 20000; a release is scored once on a block above them (benchmarks/policy/seeds.md).'
