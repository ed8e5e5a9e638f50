// The published benchmark's own environment (PyBullet, UR5), as examples/original-environment/run.py sums it up.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CliportError } from '../../control/errors.js'
import { publishedPercent } from '../../sim/tasks/index.js'
import { type Episodes, isOracle, isPlain } from './episodes.js'
import { interval, percent, table } from './markdown.js'

const shareSchema = z.object({
  count: z.number(),
  of: z.number(),
  share: z.number(),
  ci95: z.tuple([z.number(), z.number()]),
})
const averageSchema = z.object({ mean: z.number(), ci95: z.tuple([z.number(), z.number()]) })
const rowSchema = z.object({
  episodes: z.number(),
  seeds: z.tuple([z.number(), z.number()]),
  score: averageSchema,
  success: shareSchema,
  score_when_decided: averageSchema,
  false_achieved: shareSchema,
  stops_when_done: shareSchema,
  stops_when_done_arm_home: shareSchema,
  stops_when_sentence_done: shareSchema,
  wrong_moves: shareSchema,
  moves_of_a_moved_object: z.object({ count: z.number(), of: z.number() }),
})
const summarySchema = z.object({
  version: z.literal(1),
  policy: z.object({ name: z.string(), package_sha256: z.string() }),
  act: z.enum(['always', 'decided']),
  checkout_sha256: z.string(),
  versions: z.record(z.string(), z.string()),
  rows: z.record(z.string(), rowSchema),
  failed: z.array(z.object({ task: z.string(), seed: z.number() })),
})
type Row = z.infer<typeof rowSchema>
type Share = z.infer<typeof shareSchema>

/** Episodes of a row, by default. */
const wholeRow = 50

/** What run.py has written into its folder. */
export type OriginalSummary = z.infer<typeof summarySchema>

/** @returns null where the folder has no summary. @throws CliportError INPUT_INVALID for one of another form */
export async function readOriginalSummary(folder: string): Promise<OriginalSummary | null> {
  const path = join(folder, 'summary.json')
  if (!existsSync(path)) return null
  try {
    return summarySchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new CliportError('INPUT_INVALID', `The file ${path} is no summary of the original environment`, {
      stage: 'start',
      hint: 'Expected the summary.json of examples/original-environment/run.py',
      cause,
    })
  }
}

/** A table of its own: another simulator, another arm, and a policy that was not trained there. */
export function originalSection(summary: OriginalSummary | null, own: readonly Episodes[]): string[] {
  if (summary === null || Object.keys(summary.rows).length === 0) return []
  const rows = Object.entries(summary.rows).map(([task, row]) => {
    const cell = own.find(
      (one) => isPlain(one) && !isOracle(one) && one.report.task === task && one.report.split === 'test',
    )
    return scoreCells(task, row, cell === undefined ? null : cell.report.mean_score)
  })
  const endings = Object.entries(summary.rows).map(([task, row]) => endingCells(task, row))
  return [
    "## The original's environment (not trained there)",
    [
      `The published benchmark itself (PyBullet, UR5, its own renderer and rewards), played by examples/original-environment over the policy server. Policy \`${summary.policy.name}\` (package ${summary.policy.package_sha256.slice(0, 12)}) has never been trained there. Each episode has a process of its own; step limits as published; ${versionsText(summary)}.`,
      summary.act === 'always'
        ? '*Score*: every proposal is carried out, whatever the policy thinks of it, as published agents act. *When it decides*: the score at the first look at which the policy would not act, where a run ends.'
        : '*Score*: an episode ends where the policy would not act.',
      '*Own cell*: the row of the table of scores above. *Published*: best score at 100 demonstrations, on the same tasks in the same environment, but with other scenes: `eval.py` seeds one of two random generators only, and training there. 95 % intervals (Wilson) in brackets.',
    ].join(' '),
    table(
      [
        ...['task', 'seeds', 'episodes', 'score', 'success', 'when it decides', 'said achieved too early', 'own cell'],
        'published, 100 demonstrations',
      ],
      rows,
    ),
    'Whether it knows that it is done. A *finished scene* has the full reward; the look at it has the UR5 above the place of the last action. *Arm at home*: the same scene with the arm out of view. *Finished sentence*: the last look at each sentence that came true, in tasks of several sentences (a run also counts: it stops after as many things as the sentence names). *Wrong move*: an object was moved and the reward did not grow. *To and fro*: the object had been moved in an earlier step of the episode.',
    table(
      ['task', 'stops in a finished scene', 'arm at home', 'stops at a finished sentence', 'wrong moves', 'to and fro'],
      endings,
    ),
    ...failedText(summary),
    ...fewText(summary),
  ]
}

function scoreCells(task: string, row: Row, ownScore: number | null): string[] {
  const published = publishedPercent(task)
  return [
    task,
    row.seeds[0] === row.seeds[1] ? `${row.seeds[0]}` : `${row.seeds[0]} to ${row.seeds[1]}`,
    `${row.episodes}`,
    `${percent(row.score.mean)} (${interval(row.score.ci95)})`,
    percent(row.success.share),
    `${percent(row.score_when_decided.mean)} (${interval(row.score_when_decided.ci95)})`,
    countText(row.false_achieved),
    ownScore === null ? '-' : percent(ownScore),
    published === null ? '-' : published.toFixed(1),
  ]
}

function endingCells(task: string, row: Row): string[] {
  const { count, of } = row.moves_of_a_moved_object
  return [
    task,
    `${countText(row.stops_when_done)} (${interval(row.stops_when_done.ci95)} %)`,
    countText(row.stops_when_done_arm_home),
    countText(row.stops_when_sentence_done),
    countText(row.wrong_moves),
    `${count} of ${of}`,
  ]
}

function countText({ count, of }: Share): string {
  return `${count} of ${of}`
}

function versionsText({ versions, checkout_sha256 }: OriginalSummary): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `${packages.join(', ')}, checkout ${checkout_sha256.slice(0, 12)}`
}

function failedText({ failed }: OriginalSummary): string[] {
  if (failed.length === 0) return []
  return [`No end, and not in the tables: ${failed.map(({ task, seed }) => `${task} ${seed}`).join(', ')}.`]
}

function fewText({ rows }: OriginalSummary): string[] {
  const least = Math.min(...Object.values(rows).map(({ episodes }) => episodes))
  return least >= wholeRow ? [] : [`Fewer than ${wholeRow} episodes in some rows: read the intervals, not the means.`]
}
