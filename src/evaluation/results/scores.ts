// The tables of whole episodes: scores beside the published ones, what each part is worth, what the closed loop is worth.

import { mean } from '../../runtime/statistics.js'
import type { EpisodeLine, EvalReport } from '../evaluate.js'
import type { RawResults } from '../raw-folder.js'
import { interval, percent, table } from './markdown.js'
import { publishedPercent, publishedTasks } from './published.js'

export interface Episodes {
  readonly label: string
  readonly report: EvalReport
  readonly lines: readonly EpisodeLine[]
  readonly path: string
  readonly openLoop: boolean
  readonly faults: { readonly graspFailure?: number; readonly nudgeM?: readonly [number, number] } | null
  readonly steps: { readonly perMove: number; readonly more: number } | null
}

export function episodesOf(raw: readonly RawResults<Record<string, unknown>>[]): Episodes[] {
  return raw
    .filter(({ kind }) => kind === 'episodes')
    .map(({ label, report, lines, path, asked }) => ({
      label,
      report: report as unknown as EvalReport,
      lines: lines as unknown as EpisodeLine[],
      path,
      ...(asked as unknown as Pick<Episodes, 'openLoop' | 'faults' | 'steps'>),
    }))
}

/** Nothing special about it: the shipped policy, closed loop, nothing disturbed. */
function isPlain({ label, openLoop, faults }: Episodes): boolean {
  return label === '' && !openLoop && faults === null
}

export function scoreSection(all: readonly Episodes[]): string[] {
  const plain = all.filter((episodes) => isPlain(episodes) && episodes.report.split === 'test')
  if (plain.length === 0) return []
  const rows = [...plain]
    .sort((a, b) => Number(isOracle(a)) - Number(isOracle(b)))
    .map((one) => {
      const { report } = one
      const published = publishedPercent(report.task)
      const verdict = published === null ? '' : published / 100 <= report.ci95[1] ? 'reached' : 'missed'
      return [
        report.task,
        report.policy,
        `${report.episodes}`,
        percent(report.mean_score),
        interval(report.ci95),
        published === null ? '-' : published.toFixed(1),
        isOracle(one) ? '' : verdict,
        percent(report.false_achieved),
        percent(report.false_continue),
      ]
    })
  const means = (['seen', 'unseen'] as const).flatMap((split) => {
    const scores = publishedTasks.flatMap((task) => {
      const found = plain.find((one) => !isOracle(one) && one.report.task === `${task}-${split}-colors`)
      return found === undefined ? [] : [found.report.mean_score]
    })
    return scores.length === publishedTasks.length
      ? [`Mean of the three ${split} tasks: **${percent(mean(scores))}**.`]
      : []
  })
  return [
    '## Scores',
    'Whole cycle on the simulated cell, test scenes (10001, 10003, ...), step limits as published. An episode ends when the runtime decides that the goal is achieved. Mean score in per cent with its 95 % interval (Wilson), and the best published score at 100 demonstrations a task. "Reached": the published value is not above the interval. The simulators differ (MuJoCo and a Franka arm here, PyBullet and a UR5 in the publication), so the scores cannot be compared exactly. All objects are within reach of the arm.',
    table(['task', 'policy', 'scenes', 'score', '95 %', 'published', '', 'false achieved', 'acted on when done'], rows),
    ...means,
  ]
}

/** What a label, or a part of one, means. */
const legend = [
  ['without the zoom', 'the shipped weights, decided by the coarse stage alone.'],
  [
    'small budget',
    'one separate training for each row, all with the same number of samples: a tenth of that of the shipped policy (stages `worth` of models/recipe.json). These policies never refuse (thresholds of found, pick and place are 0), so the table compares where they act, not their calibration. Where the label says nothing more, the policy has all parts.',
  ],
  ['without pre-training', 'no captioned scenes; demonstrations instead.'],
  [
    '100 demonstrations',
    '100 demonstrations of each task and no generated scenes, with the labels of the shipped policy (every valid pick, every equally good place).',
  ],
  [
    'one pixel',
    'the same, labelled as in the publication: one pixel for the pick, one cell and rotation for the place, no maps.',
  ],
] as const

/** A table for each kind of colours, with one row a label and the tasks side by side. */
export function partsSection(all: readonly Episodes[]): string[] {
  const fair = all.filter(
    (one) => !one.openLoop && one.faults === null && !isOracle(one) && one.report.split === 'test',
  )
  const tables = ['seen', 'unseen', 'full'].flatMap((colors) =>
    partsTable(fair.filter(({ report }) => report.task.endsWith(`-${colors}-colors`))),
  )
  if (tables.length === 0) return []
  const labels = fair.map(({ label }) => label)
  return [
    '## What each part is worth',
    'Mean score in per cent (95 % interval, scenes). Compare only rows with the same budget. The publication used another simulator.',
    legend
      .filter(([part]) => labels.some((label) => label.includes(part)))
      .map(([part, meaning]) => `- *${part}*: ${meaning}`)
      .join('\n'),
    ...tables,
  ]
}

function partsTable(fair: readonly Episodes[]): string[] {
  const labels = [...new Set(fair.map(({ label }) => label))].sort()
  if (labels.every((label) => label === '')) return []
  const tasks = [...new Set(fair.filter(({ label }) => label !== '').map(({ report }) => report.task))].sort()
  const rows = labels.map((label) => {
    const found = tasks.map((task) => fair.find((one) => one.label === label && one.report.task === task)?.report)
    const scores = found.flatMap((report) => (report === undefined ? [] : [report.mean_score]))
    return [
      label === '' ? 'as shipped' : label,
      ...found.map((report) =>
        report === undefined ? '-' : `${percent(report.mean_score)} (${interval(report.ci95)}, n ${report.episodes})`,
      ),
      scores.length === tasks.length ? percent(mean(scores)) : '-',
    ]
  })
  return [table(['policy', ...tasks, 'mean'], rows)]
}

/** Pairs of open and closed loop on the same scenes with the same disturbances. */
export function loopSection(all: readonly Episodes[]): string[] {
  const disturbed = all.filter(({ faults, label }) => faults !== null && label === '')
  const rows = disturbed
    .sort((a, b) => a.report.task.localeCompare(b.report.task) || Number(b.openLoop) - Number(a.openLoop))
    .map(({ report, openLoop, faults, steps }) => [
      report.task,
      openLoop ? 'open' : 'closed',
      faultText(faults!),
      steps === null ? 'as published' : `${steps.perMove} x blocks + ${steps.more}`,
      `${report.episodes}`,
      percent(report.mean_score),
      interval(report.ci95),
      report.steps_mean.toFixed(2),
      percent(report.false_achieved),
    ])
  if (rows.length === 0) return []
  return [
    '## Closed loop against open loop',
    'Both loops run on the same scenes with the same disturbances in the physics, which the runtime is not told about: some grasps fail at random, and objects that are still to be moved are shifted between each observation and the motion after it. Open loop: one observation at the start, one action for each object in it, no verification. Closed loop: the runtime as it is.',
    table(['task', 'loop', 'disturbed by', 'step budget', 'scenes', 'score', '95 %', 'steps', 'false achieved'], rows),
    ...pairs(disturbed),
  ]
}

function pairs(disturbed: readonly Episodes[]): string[] {
  return disturbed
    .filter(({ openLoop }) => openLoop)
    .flatMap((open) => {
      const closed = disturbed.find(
        (one) =>
          !one.openLoop &&
          one.report.task === open.report.task &&
          JSON.stringify([one.faults, one.steps]) === JSON.stringify([open.faults, open.steps]),
      )
      if (closed === undefined) return []
      const scores = new Map(open.lines.map(({ seed, score }) => [seed, score]))
      const both = closed.lines.filter(({ seed }) => scores.has(seed))
      const differences = both.map(({ seed, score }) => score - scores.get(seed)!)
      const count = (is: (difference: number) => boolean) => differences.filter(is).length
      return [
        `${open.report.task}, ${both.length} pairs of scenes: the closed loop is better in ${count((d) => d > 0)}, equal in ${count((d) => d === 0)}, worse in ${count((d) => d < 0)}; mean difference ${percent(mean(differences))} points.`,
      ]
    })
}

function faultText({ graspFailure, nudgeM }: NonNullable<Episodes['faults']>): string {
  const parts: string[] = []
  if (graspFailure) parts.push(`${percent(graspFailure, 0)} % of grasps fail`)
  if (nudgeM) parts.push(`nudges of ${nudgeM.map((m) => (100 * m).toFixed(0)).join(' to ')} cm`)
  return parts.join(', ') || 'other faults'
}

export function isOracle({ report }: Episodes): boolean {
  return report.policy === 'oracle'
}
