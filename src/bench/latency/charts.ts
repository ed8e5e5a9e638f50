// Diagrams of a latency report, SVG that stands alone. In a page with the style of runtime/report their colours follow its
// theme.

import { px } from '../../runtime/report/format.js'
import { type Markup, markup } from '../../runtime/report/markup.js'
import type { LatencyReport, Samples } from './report.js'

const width = 1000
const height = 330
const left = 64
const right = 20
const top = 18
const bottom = 44
const plotWidth = width - left - right
const plotHeight = height - top - bottom

const text = { soft: 'var(--soft, #5d646f)', ink: 'var(--ink, #1c1f24)' }
const lineColor = 'var(--line, #e2dfd7)'
const deadlineColor = 'var(--bad, #b3261e)'

/** Colour of each stage; the names of the style's own where it has one. */
const stageColors: Readonly<Record<string, string>> = {
  wait: '#c2504a',
  expose: 'var(--capture, #7c8aa5)',
  transfer: '#4f7fc0',
  project: 'var(--project, #0ea5b7)',
  propose: 'var(--propose, #7c5cd6)',
  decide: 'var(--decide, #b08af0)',
  plan: 'var(--plan, #d9a514)',
  check: 'var(--check, #8fae2b)',
  link: 'var(--execute, #e0762f)',
}

export function stageColor(stage: string): string {
  return stageColors[stage] ?? 'var(--other, #a8a29a)'
}

/** Stages that are not parts of others: they add up to the end-to-end latency. */
export function wholeStages({ stages_ms: stages }: Samples): [name: string, values: readonly number[]][] {
  return Object.entries(stages).filter(([name]) => !name.includes('.'))
}

interface Curve {
  readonly name: string
  readonly values: readonly number[]
  readonly color: string
}

/** Latency over percentile; the axis shows as much of 99 to 99.9 % as of 90 to 99 %, up to what the passes can tell. */
export function distributionChart({ samples, deadline_ms: deadlineMs }: LatencyReport): Markup {
  const curves: Curve[] = [
    { name: 'due to first command', values: samples.end_to_end_ms, color: 'var(--accent, #0e7490)' },
    { name: 'frame to first command', values: samples.frame_to_command_ms, color: 'var(--pick, #d9600a)' },
  ]
  const n = samples.end_to_end_ms.length
  const nines = Math.log10(2 * n)
  const xOf = (share: number) => left + (Math.min(nines, -Math.log10(1 - share)) / nines) * plotWidth
  const y = axisTo(Math.max(deadlineMs, ...samples.end_to_end_ms))
  const ticks = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999].filter((share) => -Math.log10(1 - share) <= nines)
  const paths = curves.map(({ values, color }) => {
    const sorted = values.toSorted((a, b) => a - b)
    const points = sorted.map((ms, i) => `${px(xOf((i + 0.5) / n))} ${px(y.of(ms))}`)
    return markup`<path d="M${points.join(' L')}" style="fill:none;stroke:${color};stroke-width:2.4"/>`
  })
  const marks = ticks.map(
    (
      share,
    ) => markup`<line x1="${px(xOf(share))}" x2="${px(xOf(share))}" y1="${top}" y2="${top + plotHeight}" style="stroke:${lineColor}"/>
<text x="${px(xOf(share))}" y="${height - 22}" text-anchor="${xOf(share) > width - 60 ? 'end' : 'middle'}">${`${Number((100 * share).toPrecision(7))} %`}</text>`,
  )
  const names = curves.map(
    ({ name, color }, i) =>
      markup`<text x="${left + 14}" y="${top + 20 + 20 * i}" style="fill:${color};font-weight:600">${name}</text>`,
  )
  return frame(
    `Latency by percentile, ${n} passes`,
    markup`${y.grid}${marks}${deadlineLine(y, deadlineMs)}${paths}${names}${axisName('percentile of the passes')}`,
  )
}

/** Every pass as one bar of its stages, where it was due; the exposure, which the deadline leaves out, on top and pale. */
export function timelineChart(report: LatencyReport): Markup {
  const { samples, deadline_ms: deadlineMs, rate_hz: rateHz, end_to_end: endToEnd } = report
  const { due_ms: dueMs, end_to_end_ms: endToEndMs } = samples
  const spanMs = (dueMs.at(-1) ?? 0) + 1000 / rateHz
  const mostMs = Math.max(2 * deadlineMs, 1.5 * endToEnd.p99)
  const beyond = endToEndMs.filter((ms) => ms > mostMs).length
  const y = axisTo(Math.min(mostMs, Math.max(deadlineMs, ...endToEndMs)))
  const xOf = (ms: number) => left + (ms / spanMs) * plotWidth
  const barWidth = Math.max(0.6, Math.min(14, ((0.72 * 1000) / rateHz / spanMs) * plotWidth))
  const heights = new Float64Array(dueMs.length)
  const isExposure = (name: string) => name === 'expose'
  const ordered = wholeStages(samples).toSorted(([a], [b]) => Number(isExposure(a)) - Number(isExposure(b)))
  const layers = ordered.map(([name, values]) => {
    const bars = values.map((ms, i) => {
      const from = heights[i]!
      heights[i] = from + Math.max(0, ms)
      return ms <= 0
        ? ''
        : `M${px(xOf(dueMs[i]!))} ${px(y.of(from))}V${px(y.of(from + ms))}h${px(barWidth)}V${px(y.of(from))}z`
    })
    return markup`<path d="${bars.join('')}" style="fill:${stageColor(name)};opacity:${isExposure(name) ? 0.35 : 1}"/>`
  })
  const seconds = niceTicks(spanMs / 1000, 8).map(
    (s) => markup`<text x="${px(xOf(1000 * s))}" y="${height - 22}" text-anchor="middle">${`${s} s`}</text>`,
  )
  return frame(
    `Every pass and its stages, ${rateHz} Hz`,
    markup`${y.grid}${layers}${deadlineLine(y, deadlineMs)}${seconds}${axisName('when the observation was due')}${
      beyond > 0 &&
      markup`<text x="${left + 6}" y="${top + 8}" style="fill:${text.ink}">${beyond} of ${endToEndMs.length} reach higher than this diagram</text>`
    }`,
  )
}

interface Axis {
  /** Height in the picture of a duration, milliseconds. */
  readonly of: (ms: number) => number
  readonly grid: Markup
}

function axisTo(largestMs: number): Axis {
  const mostMs = largestMs * 1.06
  const of = (ms: number) => top + plotHeight * (1 - Math.min(ms, mostMs) / mostMs)
  const lines = niceTicks(mostMs, 6).map(
    (
      ms,
    ) => markup`<line x1="${left}" x2="${width - right}" y1="${px(of(ms))}" y2="${px(of(ms))}" style="stroke:${lineColor}"/>
<text x="${left - 8}" y="${px(of(ms) + 4)}" text-anchor="end">${`${ms} ms`}</text>`,
  )
  return { of, grid: markup`${lines}` }
}

/** Round numbers from 0, about `count` of them. */
function niceTicks(most: number, count: number): number[] {
  const rough = most / count
  const decade = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * decade).find((candidate) => candidate >= rough)!
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => Number((i * step).toPrecision(6)))
}

function deadlineLine(y: Axis, deadlineMs: number): Markup {
  const at = px(y.of(deadlineMs))
  return markup`<line x1="${left}" x2="${width - right}" y1="${at}" y2="${at}" style="stroke:${deadlineColor};stroke-dasharray:6 5;stroke-width:1.6"/>
<text x="${width - right}" y="${px(y.of(deadlineMs) - 6)}" text-anchor="end" style="fill:${deadlineColor};font-weight:600;paint-order:stroke;stroke:var(--card, #ffffff);stroke-width:4px">deadline ${deadlineMs} ms</text>`
}

function axisName(name: string): Markup {
  return markup`<text x="${left + plotWidth / 2}" y="${height - 5}" text-anchor="middle" style="fill:${text.ink}">${name}</text>`
}

function frame(title: string, content: Markup): Markup {
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}" style="font:13px system-ui,sans-serif;fill:${text.soft}">
<title>${title}</title><rect width="${width}" height="${height}" rx="12" style="fill:var(--card, #ffffff)"/>
${content}
</svg>`
}
