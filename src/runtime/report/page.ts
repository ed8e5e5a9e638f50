// The page of a run: one file that opens from disk, with pictures beside it, no script and nothing from a network.

import type { Affordance } from '../../control/types.js'
import { rampCss } from '../../io/pictures.js'
import type { FinishedFilm } from './film.js'
import { duration, metres, percent } from './format.js'
import { type Markup, markup, Markup as Safe } from './markup.js'
import { planProfile } from './plan-profile.js'
import { sceneMarks } from './scene-marks.js'
import { style } from './style.js'
import { stageChart, stepName, stepTimeline, thinkingMs } from './timings.js'
import type { RunHead, RunResult, RunStep, StepResult } from './types.js'

export type CameraPictures = readonly {
  readonly camera: string
  readonly file: string
  readonly width: number
  readonly height: number
}[]

export interface PageStep extends RunStep {
  /** Height of the brightest colour of the height picture, metres. */
  readonly topM: number
  /** File of each picture: 'view', 'height', and with maps 'pick' and 'place'. */
  readonly pictures: Readonly<Record<string, string>>
}

export interface PageData {
  readonly head: RunHead & { readonly startedAt: Date }
  readonly result: RunResult
  readonly steps: readonly PageStep[]
  readonly cameras: { readonly before: CameraPictures; readonly after: CameraPictures }
  readonly film: Pick<FinishedFilm, 'width' | 'height' | 'speedup'> | null
  readonly problems: readonly string[]
}

type Mood = 'good' | 'fair' | 'bad' | 'still'

const outcomes: Readonly<Record<RunResult['outcome'], { mood: Mood; title: string; meaning: string }>> = {
  achieved: { mood: 'good', title: 'Achieved', meaning: 'The runtime looked again and found nothing left to do.' },
  failed: { mood: 'bad', title: 'Failed', meaning: 'It tried, and the goal is not achieved.' },
  not_understood: {
    mood: 'fair',
    title: 'Not understood',
    meaning: 'The sentence is no command that this policy knows. Nothing was moved.',
  },
  unsupported: {
    mood: 'fair',
    title: 'Not supported',
    meaning: 'The sentence is understood, and cannot be done yet. Nothing was moved.',
  },
  ambiguous: { mood: 'fair', title: 'Ambiguous', meaning: 'Several things fit the sentence. Nothing was moved.' },
  not_found: {
    mood: 'fair',
    title: 'Not found',
    meaning: 'What the sentence names is not in view. Nothing was moved for it.',
  },
  unsure: { mood: 'fair', title: 'Unsure', meaning: 'The policy was not sure enough, so the arm did not move.' },
  refused: { mood: 'fair', title: 'Refused', meaning: 'The plan lay outside what this cell allows.' },
  stopped: { mood: 'still', title: 'Stopped', meaning: 'The run was stopped. The arm is at rest.' },
  error: { mood: 'bad', title: 'Error', meaning: 'An unexpected error ended the run.' },
}

const results: Readonly<Record<StepResult, { mood: Mood; title: string }>> = {
  placed: { mood: 'good', title: 'placed' },
  missed: { mood: 'fair', title: 'grasp missed' },
  lost: { mood: 'fair', title: 'lost on the way' },
  refused: { mood: 'fair', title: 'plan refused' },
  unsure: { mood: 'fair', title: 'unsure' },
  not_understood: { mood: 'fair', title: 'not understood' },
  unsupported: { mood: 'fair', title: 'not supported' },
  ambiguous: { mood: 'fair', title: 'ambiguous' },
  not_found: { mood: 'fair', title: 'not found' },
  finished: { mood: 'good', title: 'nothing left to do' },
  failed: { mood: 'bad', title: 'given up' },
  stopped: { mood: 'still', title: 'stopped' },
  error: { mood: 'bad', title: 'error' },
}

const glyphs: Readonly<Record<Mood, string>> = {
  good: 'M5 12.5l4.5 4.5L19 7.5',
  fair: 'M12 5.5v8.5M12 18v.6',
  bad: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  still: 'M8.5 6.5v11M15.5 6.5v11',
}

/** The whole document. */
export function renderPage(data: PageData): string {
  const { head, result, steps, cameras, problems } = data
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'">
<title>${result.goal} · ${outcomes[result.outcome].title}</title>
<style>${new Safe(style)}</style>
</head>
<body>
<main>
${hero(data)}
${facts(data)}
${meant(result)}
${result.error && section('error', 'What went wrong', null, markup`<p class="error"><code>${result.error.code}</code> ${result.error.message}</p>${result.error.hint && markup`<p>${result.error.hint}</p>`}`)}
${beforeAfter(cameras)}
${steps.length > 0 && section('steps', 'Step by step', 'Seen from above, the arm at the top.', markup`${legend(steps)}${steps.map(stepArticle)}`)}
${timings(data)}
${section(
  'files',
  'Files',
  null,
  markup`<ul class="files"><li><a href="recording.mcap">recording.mcap</a><span>everything that was seen and done; opens in Foxglove</span></li><li><a href="run.json">run.json</a><span>result, steps and poses, for programs</span></li></ul>
    ${head.command && markup`<p class="again">Run it again</p><pre><code>${head.command}</code></pre>`}
    ${problems.length > 0 && markup`<p class="again">Not written</p><ul class="problems">${problems.map((problem) => markup`<li>${problem}</li>`)}</ul>`}`,
)}
</main>
<footer>cliport-edge · ${head.startedAt.toISOString().replace('T', ' ').slice(0, 19)} UTC</footer>
</body>
</html>
`
  return page.text
}

function hero({ head, result, film, cameras, steps }: PageData): Markup {
  const { mood, title, meaning } = outcomes[result.outcome]
  const still = cameras.after[0] ?? cameras.before[0]
  const picture =
    film !== null
      ? markup`<figure class="film"><picture><source srcset="run-end.webp" media="(prefers-reduced-motion: reduce)"><img src="run.webp" width="${film.width}" height="${film.height}" alt="The arm at work, animated: ${steps.length} steps"></picture>${film.speedup > 1.05 && markup`<figcaption>${film.speedup.toFixed(1)} times as fast as it was</figcaption>`}</figure>`
      : still &&
        markup`<figure class="film"><img src="${still.file}" width="${still.width}" height="${still.height}" alt="The workspace, seen by the camera ${still.camera}"></figure>`
  return markup`<header class="hero${!picture && ' alone'}">
  ${picture}
  <div class="banner ${mood}">
    <p class="kicker">cliport run</p>
    <h1${(result.goal || head.goal).length > 80 && markup` class="long"`}>${quoted(result.goal || head.goal)}</h1>
    <p class="outcome"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="${glyphs[mood]}"/></svg>${title}</p>
    <p class="meaning">${meaning}</p>
    ${truth(result)}
  </div>
</header>`
}

/** How the sentence was understood: what the policy was asked, or why nothing was, and what would work. */
function meant({ understood, reason }: RunResult): Markup | null {
  if (understood === undefined) return null
  const { canonical, notes, candidates = [], suggestions = [] } = understood
  if (canonical !== undefined && notes.length === 0) return null
  const said = (sentence: string) => markup`<code>${sentence}</code>`
  const pictures = candidates.filter(({ picture }) => picture !== null)
  return section(
    'understood',
    canonical === undefined ? 'Why nothing moved' : 'How it was understood',
    null,
    markup`<p>${canonical === undefined ? reason : markup`The policy was asked: ${said(canonical)}`}</p>
    ${notes.length > 0 && markup`<ul>${notes.map((note) => markup`<li>${note}</li>`)}</ul>`}
    ${pictures.length > 0 && markup`<div class="maps">${pictures.map(({ name, sentence, picture }) => markup`<figure class="map"><div class="frame"><img src="${picture!}" loading="lazy" alt="${name}"></div><figcaption>${name}: ${said(sentence)}</figcaption></figure>`)}</div>`}
    ${suggestions.length > 0 && markup`<p class="again">What would work here</p><ul>${suggestions.map((sentence) => markup`<li>${said(sentence)}</li>`)}</ul>`}`,
  )
}

/** What the cell knows, beside what the runtime concluded; the two may disagree, and then that is the news. */
function truth({ truth, outcome }: RunResult): Markup | null {
  if (truth === undefined) return null
  const agree = truth.achieved === (outcome === 'achieved')
  const verdict = truth.achieved ? 'achieved' : 'not achieved'
  return markup`<p class="truth${!agree && ' disagree'}"><b>Truth</b> ${verdict}, score ${truth.score.toFixed(2)}${
    agree ? '' : markup` <em>— runtime and cell disagree</em>`
  }<small>what the simulated cell knows; the runtime never sees it</small></p>`
}

function facts({ head, result, steps }: PageData): Markup {
  const total = steps.reduce((sum, { stagesMs }) => sum + thinkingMs(stagesMs) + (stagesMs.execute ?? 0), 0)
  const moving = steps.reduce((sum, { stagesMs }) => sum + (stagesMs.execute ?? 0), 0)
  const entries: (readonly [string, string | number | undefined])[] = [
    ['Actions', result.steps],
    ['Retries', result.retries],
    ['Arm in motion', moving > 0 ? duration(moving) : undefined],
    ['Looking and deciding', total > 0 ? duration(total - moving) : undefined],
    ['Policy', head.policy],
    ['Arm', head.backend],
    ['Task', head.task],
    ['Seed', head.seed],
  ]
  const shown = entries.filter(([, value]) => value !== undefined)
  return markup`<dl class="facts">${shown.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

function beforeAfter({ before, after }: PageData['cameras']): Markup | null {
  if (before.length === 0) return null
  const pair = (picture: CameraPictures[number]) => {
    const later = after.find(({ camera }) => camera === picture.camera)
    const figure = ({ file, width, height }: CameraPictures[number], when: string) =>
      markup`<figure><img src="${file}" width="${width}" height="${height}" loading="lazy" alt="${when}, camera ${picture.camera}"><figcaption>${when}</figcaption></figure>`
    return markup`<div class="pair">${figure(picture, 'before')}${later && figure(later, 'after')}</div>`
  }
  const [first, ...others] = before
  const more =
    others.length > 0 &&
    markup`<details><summary>${others.length === 1 ? 'The other camera' : `The other ${others.length} cameras`}</summary>${others.map(
      (picture) => markup`<h3>${picture.camera}</h3>${pair(picture)}`,
    )}</details>`
  return section(
    'cameras',
    after.length > 0 ? 'Before and after' : 'Before',
    `Camera ${first!.camera}`,
    markup`${pair(first!)}${more}`,
  )
}

function legend(steps: readonly PageStep[]): Markup {
  const maps = steps.some(({ pictures }) => pictures.pick !== undefined)
  return markup`<ul class="legend"><li><i class="ring pick"></i>pick</li><li><i class="ring place"></i>place, with the turn of the object</li>${
    maps &&
    markup`<li><i class="ramp" style="background:linear-gradient(90deg, ${new Safe(rampCss.heat)})"></i>affordance, low to high</li>`
  }</ul>`
}

function stepArticle(step: PageStep, index: number): Markup {
  const { proposal, plans, executions = [], heightmap, pictures, stagesMs } = step
  const { mood, title } = results[step.result]
  const acted = plans.length > 0
  const map = (file: string, caption: string, marks: Markup | null | undefined | false) =>
    markup`<figure class="map"><div class="frame"><img src="${file}" width="${heightmap.rows}" height="${heightmap.cols}" loading="lazy" alt="${caption}">${marks}</div><figcaption>${caption}</figcaption></figure>`
  const both = acted && proposal && sceneMarks(heightmap, proposal, { pick: true, place: true })
  const profile = planProfile(plans, executions, heightmap)
  return markup`<article class="step" id="step-${index + 1}">
  <header><h3><span>${index + 1}</span>${stepName(step, index)}</h3><p class="tag ${mood}">${title}</p>${step.note && markup`<p class="note">${step.note}</p>`}</header>
  <div class="maps">
    ${map(pictures.view!, 'What the cameras see', both)}
    ${markup`<figure class="map"><div class="frame"><img src="${pictures.height}" width="${heightmap.rows}" height="${heightmap.cols}" loading="lazy" alt="Height over the table">${both}</div><figcaption>Height <span class="scale">0 <i style="background:linear-gradient(90deg, ${new Safe(rampCss.height)})"></i> ${Math.round(step.topM * 1000)} mm</span></figcaption></figure>`}
    ${pictures.pick && proposal && map(pictures.pick, 'Where to pick', sceneMarks(heightmap, proposal, { pick: acted, place: false }))}
    ${pictures.place && proposal && map(pictures.place, 'Where to place', sceneMarks(heightmap, proposal, { pick: false, place: acted }))}
  </div>
  ${proposal && probabilities(proposal)}
  ${profile && markup`<figure class="plan"><figcaption>Plan: height of the tool along its way <span class="keys">${plans.map(({ name }) => markup`<i class="leg ${name}"></i>${name} `)}</span></figcaption>${profile}</figure>`}
  <footer>${acted && proposal && markup`${pose('pick', proposal.pick)}${pose('place', proposal.place)}`}<p><b>${duration(thinkingMs(stagesMs))}</b> to look and decide${(stagesMs.execute ?? 0) > 0 && markup`, <b>${duration(stagesMs.execute ?? 0)}</b> in motion`}</p></footer>
</article>`
}

function probabilities({ pick, place, found, remaining }: NonNullable<RunStep['proposal']>): Markup {
  const meters = [
    ['pick', pick.probability],
    ['place', place.probability],
    ['in view', found],
    ['something left to do', remaining],
  ] as const
  return markup`<ul class="meters">${meters.map(
    ([name, p]) =>
      markup`<li><span>${name}</span><meter min="0" max="1" value="${p}">${percent(p)}</meter><b>${percent(p)}</b></li>`,
  )}</ul>`
}

function pose(name: 'pick' | 'place', { p_base_m, yawRad }: Affordance): Markup {
  const degrees = Math.round((yawRad * 180) / Math.PI)
  return markup`<p><i class="ring ${name}"></i>${name} <span class="num">${metres(...p_base_m)}</span> m${degrees !== 0 && markup`, turned <span class="num">${degrees}°</span>`}</p>`
}

function timings({ result, steps }: PageData): Markup | null {
  const chart = stageChart(result.stages)
  const timeline = stepTimeline(steps)
  if (chart === null && timeline === null) return null
  const note = 'A bar ends at the median, its line at p99, the tick is the slowest. The axis is logarithmic.'
  return section(
    'timings',
    'Where the time went',
    null,
    markup`${timeline}${chart && markup`<p class="hint">${note}</p>${chart}`}`,
  )
}

function section(id: string, title: string, hint: string | null, body: Markup): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-title"><div class="title"><h2 id="${id}-title">${title}</h2>${hint && markup`<p class="hint">${hint}</p>`}</div>${body}</section>`
}

/** A very long goal stays readable: the rest is in run.json. */
function quoted(goal: string): string {
  const most = 240
  return goal.length > most ? `“${goal.slice(0, most)}…”` : `“${goal}”`
}
