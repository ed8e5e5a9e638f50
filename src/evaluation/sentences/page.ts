// The page of an evaluation of sentences: one row a sentence, filtered by kind and verdict. No script: the filters are
// radio buttons, and style sheets hide what does not fit.

import type { Proposal } from '../../control/types.js'
import { type Markup, markup, Markup as Safe } from '../../runtime/report/markup.js'
import { sceneMarks } from '../../runtime/report/scene-marks.js'
import { style } from '../../runtime/report/style.js'
import { describeVerdict, type SentenceLine, type SentencesReport, type SentenceView } from './evaluate-sentences.js'
import { rightActions, type SentenceVerdict, sentenceVerdicts } from './judge-sentence.js'

/** A scene's picture, and what is drawn over it. */
export interface SentencePicture {
  readonly file: string
  /** Of the heightmap. */
  readonly rows: number
  readonly cols: number
  /** Null: nothing would move. */
  readonly proposal: Proposal | null
  readonly candidates: SentenceView['candidates']
}

interface PageRow {
  readonly line: SentenceLine
  readonly picture: SentencePicture
}

const moods: Readonly<Record<SentenceVerdict, 'good' | 'fair' | 'bad'>> = {
  right: 'good',
  forbidden_move: 'bad',
  wrong_move: 'bad',
  refused_wrongly: 'fair',
  asked_wrongly: 'fair',
}

/** The whole document. */
export function renderSentencesPage(report: SentencesReport, rows: readonly PageRow[]): string {
  const kinds = Object.keys(report.by_kind)
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'">
<title>${report.right} of ${report.sentences} sentences right · ${report.policy}</title>
<style>${new Safe(style + ownStyle + filterStyle(kinds))}</style>
</head>
<body>
<main>
${head(report)}
${filters(rows, kinds)}
<ol class="sentences">${rows.map((row) => article(row, kinds))}</ol>
</main>
</body>
</html>
`.text
}

function head(report: SentencesReport): Markup {
  const facts: readonly (readonly [string, string | number])[] = [
    ['Right', `${report.right} of ${report.sentences}`],
    ['Moves where nothing should move', report.forbidden_moves],
    ['Wrong moves in all', report.wrong_moves],
    ['Wrong refusals', report.refused_wrongly],
    ['Right questions', report.ask_right],
    ['Wrong questions', report.ask_wrong],
    ['Policy', report.policy],
  ]
  return markup`<header class="top"><p class="kicker">cliport eval --sentences</p><h1>What it makes of ${report.sentences} sentences</h1></header>
<dl class="facts">${facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

function filters(rows: readonly PageRow[], kinds: readonly string[]): Markup {
  const count = (is: (line: SentenceLine) => boolean) => rows.filter(({ line }) => is(line)).length
  const choice = (group: string, id: string, name: string, n: number, isFirst = false) =>
    markup`<label><input type="radio" name="${group}" id="${id}"${isFirst && markup` checked`}><span>${name} <b>${n}</b></span></label>`
  const verdicts = sentenceVerdicts.filter((verdict) => count((line) => line.verdict === verdict) > 0)
  return markup`<form class="filters" autocomplete="off">
<fieldset><legend>Verdict</legend>${choice('verdict', 'verdict-all', 'all', rows.length, true)}${choice(
    'verdict',
    'verdict-wrong',
    'not right',
    count(({ verdict }) => verdict !== 'right'),
  )}${verdicts.map((verdict) =>
    choice(
      'verdict',
      `verdict-${verdict}`,
      describeVerdict(verdict),
      count((line) => line.verdict === verdict),
    ),
  )}</fieldset>
<fieldset><legend>Kind</legend>${choice('kind', 'kind-all', 'all', rows.length, true)}${kinds.map((kind, i) =>
    choice(
      'kind',
      `kind-${i}`,
      kind,
      count((line) => line.kind === kind),
    ),
  )}</fieldset>
</form>`
}

/** A row is shown unless another kind or another verdict than its own is chosen. */
function filterStyle(kinds: readonly string[]): string {
  const verdicts = sentenceVerdicts.map(
    (verdict) => `main:has(#verdict-${verdict}:checked) .sentence:not(.${verdict}){display:none}`,
  )
  const byKind = kinds.map((_, i) => `main:has(#kind-${i}:checked) .sentence:not(.kind-${i}){display:none}`)
  return ['main:has(#verdict-wrong:checked) .sentence.right{display:none}', ...verdicts, ...byKind].join('\n')
}

function article({ line, picture }: PageRow, kinds: readonly string[]): Markup {
  const { file, rows, cols, proposal } = picture
  const { expect, verdict } = line
  const marks =
    proposal === null ? candidateMarks(picture) : sceneMarks({ rows, cols }, proposal, { pick: true, place: true })
  return markup`<li class="sentence ${verdict} kind-${kinds.indexOf(line.kind)}" id="row-${line.row}">
<div class="frame"><img src="${file}" width="${rows}" height="${cols}" loading="lazy" alt="The scene ${line.scene} from above">${marks}</div>
<div class="said"><header><p class="tag ${moods[verdict]}">${describeVerdict(verdict)}</p><p class="hint">row ${line.row} · ${line.kind} · ${line.scene}</p></header>
<h2>“${line.sentence}”</h2>
<dl>${[
    entry('Read as', line.canonical && quoted(line.canonical)),
    entry('Notes', line.notes.join('; ')),
    entry('Did', didOf(line)),
    entry('Expected', expectedOf(line)),
    entry('Because', expect.why ?? expect.note),
    entry('Asks', line.candidates.map((name, i) => `${i + 1} ${name}`).join(' / ')),
    entry('Proposes', line.suggestions.map(quoted).join(' / ')),
  ]}</dl></div></li>`
}

/** A ring with the number of the candidate round each of its things. */
function candidateMarks({ rows, cols, candidates }: SentencePicture): Markup | null {
  if (candidates.length === 0) return null
  const rings = candidates.map(({ pixels }, i) =>
    pixels.map(
      ([u, v]) =>
        markup`<g class="mark candidate" transform="translate(${u + 0.5} ${v + 0.5})"><g class="halo"><circle r="10"/></g><circle r="10"/><text y="4">${i + 1}</text></g>`,
    ),
  )
  return markup`<svg class="marks" viewBox="0 0 ${rows} ${cols}" aria-hidden="true">${rings}</svg>`
}

function entry(name: string, value: string | null | undefined): Markup | null {
  return value ? markup`<div><dt>${name}</dt><dd>${value}</dd></div>` : null
}

function didOf({ outcome, reason, pick, place, pick_probability: p, place_probability: q }: SentenceLine): string {
  if (pick === null) return `${outcome.replaceAll('_', ' ')}: ${reason}`
  const percent = (value: number | null) => `${Math.round(100 * (value ?? 0))} %`
  return `move ${pick} (${percent(p)}) to ${place?.join(', ') || 'the table'} (${percent(q)})`
}

function expectedOf({ expect, right_pick: picks, right_place: places }: SentenceLine): string {
  const actions = rightActions(expect).join(' or ')
  const of = [picks && `pick ${picks.join(', ')}`, places && `place ${places.join(', ')}`].filter(Boolean)
  return of.length === 0 ? actions : `${actions}; ${of.join('; ')}`
}

function quoted(text: string): string {
  return `“${text}”`
}

const ownStyle = `
.top { margin: 4px 6px 18px; } .top h1 { margin-top: 10px; }
.filters { position: sticky; top: 0; z-index: 1; margin: 18px 0; padding: 10px 6px; background: var(--paper); border-bottom: 1px solid var(--line); max-height: 45vh; overflow-y: auto; }
.filters fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 6px; align-items: center; } .filters fieldset + fieldset { margin-top: 8px; }
.filters legend { float: left; width: 64px; padding: 3px 0 0; color: var(--soft); font-size: 14px; }
.filters input { position: absolute; opacity: 0; } .filters span { display: block; padding: 2px 12px; border-radius: 99px; border: 1px solid var(--line); background: var(--card); font-size: 14px; cursor: pointer; } .filters b { color: var(--soft); font-weight: 500; }
.filters input:checked + span { background: var(--ink); color: var(--card); border-color: var(--ink); } .filters input:checked + span b { color: inherit; } .filters input:focus-visible + span { outline: 2px solid var(--accent); outline-offset: 2px; }
.sentence { display: grid; grid-template-columns: minmax(0, 384px) minmax(0, 1fr); gap: 18px; padding: 14px; margin-bottom: 14px; background: var(--card); border: 1px solid var(--line); border-radius: 16px; }
.sentence.forbidden_move, .sentence.wrong_move { border-color: var(--bad); }
.sentence .frame { align-self: start; } .sentence header { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: center; }
.mark.candidate { stroke: #ffe14d; } .mark.candidate text { fill: #fff; stroke: rgb(0 0 0 / .7); stroke-width: 2.5; paint-order: stroke; font: 700 11px system-ui, sans-serif; text-anchor: middle; }
.tag.good { background: var(--good-wash); color: var(--good); } .tag.fair { background: var(--fair-wash); color: var(--fair); } .tag.bad { background: var(--bad-wash); color: var(--bad); }
.sentence h2 { font-size: 19px; line-height: 1.3; margin: 8px 0 10px; overflow-wrap: anywhere; }
.sentence dl { display: grid; gap: 3px; font-size: 14.5px; } .sentence dl div { display: grid; grid-template-columns: 84px minmax(0, 1fr); gap: 10px; } .sentence dt { color: var(--soft); } .sentence dd { overflow-wrap: anywhere; }
@media (max-width: 760px) { .sentence { grid-template-columns: 1fr; } .filters { position: static; max-height: none; } }
`
