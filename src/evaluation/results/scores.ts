// The tables of whole episodes: scores beside the published ones, ablations, open loop beside closed loop.

import { mean } from '../../runtime/statistics.js'
import { publishedPercent } from '../../sim/tasks/index.js'
import { conditions, isLimitedData, trainingOf } from './conditions.js'
import { type Episodes, isOracle, isPlain } from './episodes.js'
import { interval, percent, seedsText, table } from './markdown.js'

export function scoreSection(all: readonly Episodes[]): string[] {
  const undisturbed = all.filter(
    ({ openLoop, faults, report }) => !openLoop && faults === null && report.split === 'test',
  )
  const plain = undisturbed.filter(isPlain)
  if (plain.length === 0) return []
  const rank = (one: Episodes) => (isOracle(one) ? 2 : one.label === '' ? 0 : 1)
  const shown = [...plain, ...undisturbed.filter(({ label }) => isLimitedData(label))].sort(
    (a, b) => a.report.task.localeCompare(b.report.task) || rank(a) - rank(b) || a.label.localeCompare(b.label),
  )
  const means = (['seen', 'unseen'] as const).flatMap((split) => {
    const reports = plain
      .filter((one) => !isOracle(one) && one.report.task.endsWith(`-${split}-colors`))
      .map(({ report }) => report)
    if (reports.length < 2) return []
    const score = percent(mean(reports.map((report) => report.mean_score)))
    const success = percent(mean(reports.map((report) => report.success_rate)))
    return [
      `Mean of the ${numberWord(reports.length)} ${split} tasks: score **${score}**, success rate **${success}**.`,
    ]
  })
  return [
    '## Scores',
    'Whole cycle on the simulated cell, step limits as published. An episode ends when the runtime decides that the goal is achieved. *Score*: mean of the partial scores, per cent, with its 95 % interval (Wilson). *Success*: per cent of the scenes with the full score. *Published*: best published score at 100 demonstrations a task; "reached": it is not above the interval. The simulators differ (MuJoCo and a Franka arm here, PyBullet and a UR5 in the publication), so the scores cannot be compared exactly.',
    table(
      [
        'task',
        'policy',
        'demonstrations of the task',
        'captioned scenes',
        'seeds',
        'scenes',
        'score',
        '95 %',
        'success',
        'published, 100 demonstrations',
        '',
        'false achieved',
        'acted on when done',
      ],
      shown.map(scoreRow),
    ),
    ...means,
    '### Conditions',
    conditions(shown),
  ]
}

/** 'three', as running text says it; digits above ten. */
function numberWord(count: number): string {
  const words = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
  return words[count] ?? `${count}`
}

function scoreRow(one: Episodes): string[] {
  const { report, label } = one
  const { demonstrations, captionedScenes } = isOracle(one)
    ? { demonstrations: '-', captionedScenes: '-' }
    : trainingOf(label, report.task)
  const published = publishedPercent(report.task)
  const verdict = published === null ? '' : published / 100 <= report.ci95[1] ? 'reached' : 'missed'
  return [
    report.task,
    label === '' ? report.policy : `${report.policy}: ${label}`,
    demonstrations,
    captionedScenes,
    seedsText(report.seed, report.episodes),
    `${report.episodes}`,
    percent(report.mean_score),
    interval(report.ci95),
    percent(report.success_rate),
    published === null ? '-' : published.toFixed(1),
    isOracle(one) ? '' : verdict,
    percent(report.false_achieved),
    percent(report.false_continue),
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
    '## Ablations',
    'Mean score in per cent (95 % interval; success rate; number of scenes). Compare only rows with the same budget. Seeds below 20000 are scenes that development looks at: rows on other seeds than the row above are on other scenes. The publication used another simulator.',
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
      [...new Set(found.flatMap((one) => (one === undefined ? [] : [seedsText(one.seed, one.episodes)])))].join('; '),
      ...found.map((report) =>
        report === undefined
          ? '-'
          : `${percent(report.mean_score)} (${interval(report.ci95)}; success ${percent(report.success_rate, 0)}; n ${report.episodes})`,
      ),
      scores.length === tasks.length ? percent(mean(scores)) : '-',
    ]
  })
  return [table(['policy', 'seeds', ...tasks, 'mean score'], rows)]
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
      seedsText(report.seed, report.episodes),
      `${report.episodes}`,
      percent(report.mean_score),
      interval(report.ci95),
      percent(report.success_rate),
      report.steps_mean.toFixed(2),
      percent(report.false_achieved),
    ])
  if (rows.length === 0) return []
  return [
    '## Closed loop against open loop',
    'Both loops run on the same scenes with the same disturbances in the physics, which the runtime is not told about: some grasps fail at random, and objects that are still to be moved are shifted between each observation and the motion after it. Open loop: one observation at the start, one action for each object in it, no verification. Closed loop: the runtime as it is.',
    table(
      [
        ...['task', 'loop', 'disturbed by', 'step budget', 'seeds', 'scenes'],
        ...['score', '95 %', 'success', 'steps', 'false achieved'],
      ],
      rows,
    ),
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
