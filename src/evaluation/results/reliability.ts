// How far the policy's probabilities can be believed: a reliability diagram as SVG, and its table.

import { type Belief, expectedCalibrationError, reliabilityBins } from '../../runtime/statistics.js'
import { beliefNames, beliefsOf, type GroundingLine, type GroundingReport } from '../grounding.js'
import type { RawResults } from '../raw-folder.js'
import { interval, percent, seedsText, table } from './markdown.js'

type GroundingResults = RawResults<Record<string, unknown>>

/** The test list of paraphrases, beside the benchmark's own sentences. */
export function paraphraseSection(raw: readonly GroundingResults[]): string[] {
  const all = shipped(raw, 'paraphrased')
  if (all.length === 0) return []
  const rows = all.map(({ report }) => {
    const { task, seed, present } = report as unknown as GroundingReport
    return present === null
      ? [task, '-', '0', '-', '-', '-']
      : [
          task,
          seedsText(seed, present.asked),
          `${present.asked}`,
          `${present.refusals} (${interval(present.ci95)} %)`,
          percent(present.pick_right),
          percent(present.place_right),
        ]
  })
  return [
    '## Paraphrased sentences',
    'The first decision on test scenes with sentence forms that are not in the training data and other words for half of the nouns and colours ("grab the crimson cubes and drop each one into the dish"; src/evaluation/paraphrases.ts).',
    table(['task', 'seeds', 'sentences', 'refusals', 'pick right when acted', 'place right'], rows),
  ]
}

/** Whether the sentence decides: the same scenes, asked for another of their things. */
export function sensitivitySection(raw: readonly GroundingResults[]): string[] {
  const rows = shipped(raw, 'exchanged').flatMap(({ report }) => {
    const { task, seed, exchanged } = report as unknown as GroundingReport
    if (exchanged === null) return []
    const { asked, right, ci95 } = exchanged
    return [[task, seedsText(seed, asked), `${asked}`, `${percent(right / asked)} (${interval(ci95)} %)`]]
  })
  if (rows.length === 0) return []
  return [
    '## Sentences that name another thing of the scene',
    'The colour or the noun of what is picked, or of where it goes, is exchanged for that of another thing that is there (src/evaluation/exchanged-questions.ts). *Right*: the first decision acts, and on that other thing.',
    table(['task', 'seeds', 'sentences', 'right (95 %)'], rows),
  ]
}

/** @param picture path of the diagram as the page refers to it */
export function groundingSection(raw: readonly GroundingResults[], picture: string): string[] {
  const all = shipped(raw, 'own')
  if (all.length === 0) return []
  const rows = all.map(({ report }) => {
    const { task, seed, split, absent, present } = report as unknown as GroundingReport
    return [
      task,
      split,
      seedsText(seed, absent?.asked ?? present?.asked ?? 1),
      absent === null ? '-' : `${absent.false_moves} of ${absent.asked} (${interval(absent.ci95)} %)`,
      present === null ? '-' : `${present.refusals} of ${present.asked} (${interval(present.ci95)} %)`,
      present === null ? '-' : percent(present.pick_right),
      present === null ? '-' : percent(present.place_right),
    ]
  })
  const errors = Object.entries(beliefsOf(linesOf(all))).map(([name, beliefs]) => [
    name,
    `${beliefs.length}`,
    expectedCalibrationError(beliefs).toFixed(3),
  ])
  return [
    '## Sentences about absent objects',
    'Each scene is used twice. First with a sentence that names a colour of block or bowl that is not on the table: acting is a false move. Then with its own sentence: not acting is a refusal. Only the first decision counts. The thresholds were chosen on validation scenes (odd seeds below 10001), not on these.',
    table(
      ['task', 'scenes', 'seeds', 'false moves (95 %)', 'refusals (95 %)', 'pick right when acted', 'place right'],
      rows,
    ),
    `![Reliability diagram: how often each probability was right](${picture})`,
    'Expected calibration error (ten bins) over all of these decisions:',
    table(['probability', 'decisions', 'calibration error'], errors),
  ]
}

export function reliabilitySvg(raw: readonly GroundingResults[]): string | null {
  const all = shipped(raw, 'own')
  return all.length === 0 ? null : reliabilityDiagram(beliefsOf(linesOf(all)))
}

type Words = 'own' | 'paraphrased' | 'exchanged'

/** Test scenes; with none, whatever there is. Asked in the scenes' own words, in others, or for other things. */
function shipped(raw: readonly GroundingResults[], words: Words): readonly GroundingResults[] {
  const asks = ({ grounding }: GroundingResults['report']): Words =>
    grounding === 'paraphrased' || grounding === 'exchanged' ? grounding : 'own'
  const all = raw.filter(({ kind, label, report }) => kind === 'grounding' && label === '' && asks(report) === words)
  const test = all.filter(({ report }) => report.split === 'test')
  return test.length > 0 ? test : all
}

function linesOf(all: readonly GroundingResults[]): GroundingLine[] {
  return all.flatMap(({ lines }) => lines as unknown as GroundingLine[])
}

const titles: Readonly<Record<(typeof beliefNames)[number], string>> = {
  pick: 'the pick is right',
  place: 'the place is right',
  found: 'the thing is there',
  remaining: 'something is left to do',
}

const panelPx = 190
const marginPx = 34

/** A panel for each probability that was asked for, side by side, as SVG. */
export function reliabilityDiagram(
  beliefs: Readonly<Partial<Record<(typeof beliefNames)[number], readonly Belief[]>>>,
): string {
  const asked = beliefNames.filter((name) => (beliefs[name] ?? []).length > 0)
  const panels = asked.map((name, i) => panel(titles[name], beliefs[name]!, i * (panelPx + marginPx)))
  const [width, height] = [asked.length * (panelPx + marginPx) + 12, panelPx + 76]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>${panels.join('')}</svg>\n`
}

/** Share that was right over the mean probability of each bin; the dot's area grows with the number of decisions. */
function panel(title: string, beliefs: readonly Belief[], left: number): string {
  const x = (value: number) => (left + marginPx + value * panelPx).toFixed(1)
  const y = (value: number) => (26 + (1 - value) * panelPx).toFixed(1)
  const ticks = [0, 0.5, 1].map(
    (tick) =>
      `<text x="${x(tick)}" y="${26 + panelPx + 16}" text-anchor="middle" fill="#555">${tick}</text><text x="${Number(x(0)) - 5}" y="${Number(y(tick)) + 4}" text-anchor="end" fill="#555">${tick}</text>`,
  )
  const bins = reliabilityBins(beliefs)
  const points = bins.map(({ meanProbability, share }) => `${x(meanProbability)},${y(share)}`).join(' ')
  const dots = bins.map(
    ({ meanProbability, share, count }) =>
      `<circle cx="${x(meanProbability)}" cy="${y(share)}" r="${(2 + 7 * Math.sqrt(count / beliefs.length)).toFixed(1)}" fill="#1f6fb4" fill-opacity="0.75"><title>${count} decisions: said ${meanProbability.toFixed(2)}, right ${share.toFixed(2)}</title></circle>`,
  )
  const error = expectedCalibrationError(beliefs).toFixed(3)
  return [
    `<text x="${x(0.5)}" y="16" text-anchor="middle" font-weight="bold">${title}</text>`,
    `<rect x="${x(0)}" y="${y(1)}" width="${panelPx}" height="${panelPx}" fill="#f6f7f9" stroke="#bbb"/>`,
    `<line x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" stroke="#888" stroke-dasharray="4 4"/>`,
    `<polyline points="${points}" fill="none" stroke="#1f6fb4" stroke-width="1.5"/>`,
    ...dots,
    ...ticks,
    `<text x="${x(0.5)}" y="${26 + panelPx + 34}" text-anchor="middle">probability said; n ${beliefs.length}, error ${error}</text>`,
  ].join('')
}
