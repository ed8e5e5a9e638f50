// Pictures for people: what failed, by cause, and what the policy makes of real frames.

import { basename, join } from 'node:path'
import type { RawResults } from '../raw-folder.js'
import { type RealFrameLine, type RealFramesReport, realBeliefsOf } from '../real-frames.js'
import { type Episodes, isOracle } from './episodes.js'
import { table } from './markdown.js'
import { reliabilityDiagram } from './reliability.js'

/** Takes a picture of the raw results into the page's own folder. @returns its path as the page refers to it */
export type TakePicture = (file: string, name: string) => string

/** As many of one cause are shown. */
const shownOfACause = 3

const meanings: Readonly<Record<string, string>> = {
  wrong_object: 'aimed at or moved an object that should stay',
  wrong_place: 'moved the right object to a wrong place',
  imprecise: 'right object and right place, outside the tolerance',
  missed_grasp: 'aimed at the right object, but the grasp failed',
  dropped: 'aimed at the right place, but the object did not come to rest there',
  unsure: 'did not act because the policy was unsure',
  refused: 'no plan within the limits of the arm',
  not_found: 'did not find an object that is there',
  gave_up_early: 'reported success although objects were left',
  continued_after_done: 'reached the goal and did not stop',
  step_limit: 'reached the step limit with right steps only',
  stopped: 'was stopped',
  error: 'ended with an error',
}

export function failureSection(all: readonly Episodes[], take: TakePicture): string[] {
  const episodes = all.filter((one) => !isOracle(one) && one.label === '')
  if (episodes.length === 0) return []
  const failed = episodes.flatMap((one) =>
    one.lines.filter(({ cause }) => cause !== null).map((line) => ({ ...one, line })),
  )
  const causes = Object.keys(meanings).filter((cause) => failed.some(({ line }) => line.cause === cause))
  const groups = [...new Set(episodes.map(groupOf))].sort()
  const rows = causes.map((cause) => [
    cause.replaceAll('_', ' '),
    meanings[cause]!,
    ...groups.map((group) => `${failed.filter((one) => groupOf(one) === group && one.line.cause === cause).length}`),
  ])
  const totals = groups.map((group) => {
    const lines = episodes.filter((one) => groupOf(one) === group).flatMap((one) => one.lines)
    return `${lines.filter(({ cause }) => cause !== null).length} of ${lines.length}`
  })
  return [
    '## Failures by cause',
    'The cause is the last failed step that no later step corrected, judged by the true poses in the cell. If every step was right, the cause is how the runtime ended the episode.',
    table(['cause', 'meaning', ...groups], [...rows, ['all', '', ...totals]]),
    ...causes.flatMap((cause) => {
      const shown = failed
        .filter(({ line }) => line.cause === cause && line.pictures.length > 0)
        .slice(0, shownOfACause)
      return shown.length === 0
        ? []
        : [
            `### ${cause.replaceAll('_', ' ')}`,
            ...shown.map(({ line, path, ...one }) => {
              const pictures = line.pictures.map((file) => {
                const name = `${basename(path)}-${basename(file)}`
                return `![${cause.replaceAll('_', ' ')}, scene ${line.seed}](${take(join(path, file), name)})`
              })
              return `"${line.goal}", scene ${line.seed} of ${groupOf(one)}: score ${line.score.toFixed(2)} after ${line.steps} steps, ${line.outcome} (${line.reason})\n\n${pictures.join(' ')}`
            }),
          ]
    }),
  ]
}

function groupOf({ report, faults, openLoop }: Pick<Episodes, 'report' | 'faults' | 'openLoop'>): string {
  return `${report.task.replace('-colors', '')}${faults === null ? '' : ', disturbed'}${openLoop ? ', open loop' : ''}`
}

/** Those of the shipped policy. */
function realFrames(raw: readonly RawResults<Record<string, unknown>>[]) {
  return raw.filter(({ kind, label }) => kind === 'real-frames' && label === '')
}

/** How far the policy's probabilities can be believed on real frames, as SVG; null: no frames. */
export function realReliabilitySvg(raw: readonly RawResults<Record<string, unknown>>[]): string | null {
  const lines = realFrames(raw).flatMap((one) => one.lines as unknown as RealFrameLine[])
  return lines.length === 0 ? null : reliabilityDiagram(realBeliefsOf(lines))
}

/** @param diagram path of the reliability diagram as the page refers to it */
export function realFramesSection(
  raw: readonly RawResults<Record<string, unknown>>[],
  take: TakePicture,
  diagram: string,
): string[] {
  return realFrames(raw).flatMap(({ report, lines, path }) => {
    const real = report as unknown as RealFramesReport
    const asked = real.sentences - (real.absent ?? 0)
    const yes = (is: boolean | null) => (is === null ? '' : is ? 'yes' : 'no')
    const rows = (lines as unknown as RealFrameLine[]).map((line) => [
      line.frame,
      line.sentence,
      yes(line.pick_right),
      yes(line.place_right),
      line.decision,
      line.pick_probability.toFixed(2),
      line.pick_chance === null ? '' : `${(100 * line.pick_chance).toFixed(0)} %`,
      yes(line.nearest_color_pick),
      line.pictures
        .filter((file) => file.includes('camera'))
        .map((file) => `![${line.sentence}](${take(join(path, file), `real-${basename(file)}`)})`)
        .join(' '),
    ])
    const placesByChance = (lines as unknown as RealFrameLine[]).reduce(
      (sum, line) => sum + (line.place_chance ?? 0),
      0,
    )
    return [
      '## Real camera frames',
      'Sentences on frames of a structured-light camera; none of the frames was used in training. Right: the chosen cell shows the object that a person would point at. *Chance*: a random cell among those of all objects. *Nearest colour*: the cell above the table whose colour is nearest to the named one, without any learning.',
      table(
        ['', 'right', 'chance', 'nearest colour'],
        [
          [
            'picks',
            `**${real.picks_right} of ${asked}**`,
            real.picks_by_chance.toFixed(1),
            `${real.nearest_color_picks}`,
          ],
          [
            'places',
            `**${real.places_right} of ${real.places_asked}**`,
            placesByChance.toFixed(1),
            `${real.nearest_color_places}`,
          ],
        ],
      ),
      `The runtime would act on ${real.acted} of ${asked} sentences, ${real.acted_right} of them right, and refuse the others.`,
      ...(real.absent > 0
        ? [`Of ${real.absent} sentences about absent objects it would act on ${real.absent_acted}.`]
        : []),
      `![Reliability diagram on real frames: how often each probability was right](${diagram})`,
      table(
        [
          'frame',
          'sentence',
          'pick right',
          'place right',
          'decision',
          'probability',
          'pick by chance',
          'pick by nearest colour',
          '',
        ],
        rows,
      ),
    ]
  })
}
