// Where the time went: every stage over the whole run, and each step from its first look to its end.

import { duration, px } from './format.js'
import { type Markup, markup } from './markup.js'
import type { Durations, RunStep } from './types.js'

/**
 * A bar up to the median, a line up to p99 and a tick at the slowest, on a logarithmic axis: planning takes a tenth of a
 * millisecond and a motion seconds.
 */
export function stageChart(stages: Readonly<Record<string, Durations>>): Markup | null {
  const names = Object.keys(stages).filter((name) => stages[name]!.n > 0)
  if (names.length === 0) return null
  const least = Math.max(0.01, Math.min(...names.map((name) => stages[name]!.p50)))
  const low = Math.floor(Math.log10(least) - 0.2)
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(0.01, ...names.map((name) => stages[name]!.max)))))
  const at = (ms: number) =>
    px(Math.min(100, Math.max(0.6, ((Math.log10(Math.max(ms, 1e-3)) - low) / (high - low)) * 100)))
  const decades = Array.from({ length: high - low + 1 }, (_, i) => low + i)
  const grid = decades.map((decade) => markup`<i style="left:${at(10 ** decade)}%"></i>`)
  const rows = names.map((name) => {
    const { p50, p99, max, n } = stages[name]!
    return markup`<tr${name.includes('.') ? markup` class="part"` : ''}><th scope="row">${name}</th><td class="bar" aria-hidden="true"><div>${grid}<b class="stage-${stageClass(
      name,
    )}" style="width:${at(p50)}%"></b><s style="left:${at(p50)}%;width:calc(${at(p99)}% - ${at(p50)}%)"></s><u style="left:${at(max)}%"></u></div></td><td>${duration(
      p50,
    )}</td><td>${duration(p99)}</td><td>${duration(max)}</td><td>${n}</td></tr>`
  })
  const axis = decades.map((decade) => markup`<span style="left:${at(10 ** decade)}%">${axisLabel(decade)}</span>`)
  return markup`<div class="scroll"><table class="stages"><thead><tr><th scope="col">stage</th><th scope="col" class="bar"><div class="axis" aria-hidden="true">${axis}</div></th><th scope="col">p50</th><th scope="col">p99</th><th scope="col">max</th><th scope="col">n</th></tr></thead><tbody>${rows}</tbody></table></div>`
}

/** One bar a step, all on one scale; parts of a stage ('propose.text') are inside it and not drawn again. */
export function stepTimeline(steps: readonly RunStep[]): Markup | null {
  const totals = steps.map((step) => totalMs(step.stagesMs))
  const longest = Math.max(...totals)
  if (!(longest > 0)) return null
  const rows = steps.map((step, i) => {
    const parts = wholeStages(step.stagesMs).map(
      ([name, ms]) =>
        markup`<span class="stage-${stageClass(name)}" style="flex:${px(Math.max(ms, 0.001))} 1 0" title="${name}: ${duration(ms)}"></span>`,
    )
    return markup`<li><span class="who">${stepName(step, i).toLowerCase()}</span><div class="track"><div class="flow" style="width:${px(
      (totals[i]! / longest) * 100,
    )}%">${parts}</div></div><span class="sum">${duration(totals[i]!)}</span></li>`
  })
  const shown = new Map(steps.flatMap((step) => wholeStages(step.stagesMs).map(([name]) => [stageClass(name), name])))
  const keys = [...shown].map(
    ([key, name]) => markup`<li><i class="stage-${key}"></i>${key === 'other' ? 'other' : name}</li>`,
  )
  return markup`<ol class="timeline">${rows}</ol><ul class="keys">${keys}</ul>`
}

/** 'Step 2', or 'Last look' where no action followed. */
export function stepName({ plans }: RunStep, index: number): string {
  return plans.length > 0 ? `Step ${index + 1}` : 'Last look'
}

/** Milliseconds of a step in which the arm did not move. */
export function thinkingMs(stagesMs: Readonly<Record<string, number>>): number {
  return totalMs(stagesMs) - (stagesMs.execute ?? 0)
}

const drawn = ['capture', 'project', 'propose', 'decide', 'plan', 'check', 'execute', 'verify']

function stageClass(name: string): string {
  const stage = name.split('.')[0]!
  return drawn.includes(stage) ? stage : 'other'
}

function wholeStages(stagesMs: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(stagesMs).filter(([name, ms]) => !name.includes('.') && ms > 0)
}

function totalMs(stagesMs: Readonly<Record<string, number>>): number {
  return wholeStages(stagesMs).reduce((sum, [, ms]) => sum + ms, 0)
}

function axisLabel(decade: number): string {
  return decade >= 3 ? `${10 ** (decade - 3)} s` : `${Number((10 ** decade).toPrecision(1))} ms`
}
