// The page of a latency report: one file that opens from disk, with the report itself and its diagrams beside it.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unwritable } from '../../io/unwritable.js'
import type { Durations } from '../../runtime/durations.js'
import { machineLine } from '../../runtime/machine.js'
import { duration, percent } from '../../runtime/report/format.js'
import { type Markup, markup, Markup as Safe } from '../../runtime/report/markup.js'
import { style } from '../../runtime/report/style.js'
import { stageChart } from '../../runtime/report/timings.js'
import { distributionChart, stageColor, timelineChart, wholeStages } from './charts.js'
import type { LatencyReport } from './report.js'

/**
 * Writes latency.json, latency.html, latency-distribution.svg and latency-timeline.svg.
 * @returns their paths
 * @throws CliportError INPUT_INVALID, DISK_FULL
 */
export async function writeLatencyPage(report: LatencyReport, folder: string): Promise<string[]> {
  const files: Readonly<Record<string, string>> = {
    'latency.json': `${JSON.stringify(report)}\n`,
    'latency.html': latencyPage(report),
    'latency-distribution.svg': `${distributionChart(report)}\n`,
    'latency-timeline.svg': `${timelineChart(report)}\n`,
  }
  try {
    return await Promise.all(
      Object.entries(files).map(async ([name, content]) => {
        const path = join(folder, name)
        await writeFile(path, content)
        return path
      }),
    )
  } catch (cause) {
    throw unwritable('the report', folder, '--out', cause)
  }
}

/** The page's HTML. */
export function latencyPage(report: LatencyReport): string {
  const { frame_to_command: path, deadline_ms: deadlineMs, deadline_misses: misses, rate_hz: rateHz } = report
  const isGood = path.p99 <= deadlineMs
  const source = report.source.kind === 'cell' ? 'simulated cell' : 'recorded frames'
  return `<!doctype html>\n${markup`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Latency at ${rateHz} Hz</title><style>${new Safe(style)}</style><style>${new Safe(ownStyle)}</style></head><body><main>
<header class="hero alone ${isGood ? 'good' : 'fair'}"><div class="banner">
<p class="kicker">cliport bench latency, ${source}, ${rateHz} Hz</p>
<h1>Frame to first command: ${duration(path.p50)} at the median, ${duration(path.p99)} at p99</h1>
<p class="outcome">${outcomeMark(isGood)} ${misses} of ${path.n} passes later than ${deadlineMs} ms</p>
<p class="meaning">A pass counts from the instant at which its observation was due, however late the pass before it ended.</p>
</div></header>
${facts(report)}
<section id="timings"><div class="title"><h2>Distribution</h2></div><figure>${distributionChart(report)}</figure>${summary(report)}
<div class="title"><h2>Timeline</h2></div><figure>${timelineChart(report)}</figure>${keys(report)}
<div class="title"><h2>Stages</h2></div>${stageChart(report.stages)}</section>
${conditions(report)}
</main><footer>${machineLine(report.machine)}</footer></body></html>`}\n`
}

const ownStyle = `
#timings .title:not(:first-child) { margin-top: 40px; } #timings figure { margin-bottom: 12px; overflow-x: auto; } #timings figure svg { min-width: 640px; width: 100%; }
.conditions { margin: 0 6px; display: grid; gap: 4px; overflow-wrap: anywhere; }
figure { border: 1px solid var(--line); border-radius: 14px; overflow: hidden; box-shadow: var(--shadow); }
.stage-expose { background: var(--capture); } .stage-transfer { background: #4f7fc0; } .stage-link { background: var(--execute); } .stage-wait { background: #c2504a; }
`

function outcomeMark(isGood: boolean): Markup {
  return isGood
    ? markup`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 13l4 4L19 7"/></svg>`
    : markup`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 6v7M12 18v.01"/></svg>`
}

function facts({ policy, provider, precision, usage, cold_start_ms: coldMs, source, end_to_end: all }: LatencyReport) {
  const rows: readonly (readonly [string, string])[] = [
    ['policy', `${policy.name}, ${precision} on ${provider}, ${policy.threads} threads`],
    ['cameras', source.cameras.join(', ')],
    ['cold start', duration(coldMs)],
    ['this process', `${percent(usage.process_cpu_share)} of the processors`],
    ...(usage.gpu_share === null ? [] : [['GPU', percent(usage.gpu_share)] as const]),
    [
      'energy',
      usage.energy === null
        ? 'this machine does not tell'
        : `${usage.energy.watts.toFixed(1)} W (${usage.energy.source}), ${(usage.energy.joules / Math.max(1, all.n)).toFixed(2)} J a pass`,
    ],
  ]
  return markup`<dl class="facts">${rows.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

function summary(report: LatencyReport): Markup {
  const rows: readonly (readonly [string, Durations])[] = [
    ['due to first command', report.end_to_end],
    ['frame to first command', report.frame_to_command],
    ['age of the observation at dispatch', report.observation_age],
    ['reaction to a change', report.reaction],
    ['jitter of the first commands', report.jitter],
  ]
  const columns = ['p50', 'p90', 'p99', 'p999', 'max'] as const
  const cells = (durations: Durations) => columns.map((name) => markup`<td>${duration(durations[name])}</td>`)
  return markup`<div class="scroll"><table class="stages"><thead><tr><th></th>${[
    'p50',
    'p90',
    'p99',
    'p99.9',
    'max',
    'n',
  ].map((name) => markup`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows.map(
    ([name, durations]) => markup`<tr><th scope="row">${name}</th>${cells(durations)}<td>${durations.n}</td></tr>`,
  )}</tbody></table></div>`
}

function keys({ samples }: LatencyReport): Markup {
  const names = wholeStages(samples).map(([name]) => name)
  return markup`<ul class="keys">${names.map(
    (name) => markup`<li><i style="background:${stageColor(name)}"></i>${name}</li>`,
  )}</ul>`
}

function conditions(report: LatencyReport): Markup {
  const { cold_start: cold, power_mode: power, versions, without_command: silent, policy, machine } = report
  const told = (value: string | boolean | null) => (value === null ? 'not told' : `${value}`)
  const lines = [
    `Goal: ${report.goal}. Pictures: ${report.source.content}.`,
    `Cold start: process ${duration(cold.process_ms)}, policy with its engines ${duration(cold.policy_ms)}, source ${duration(cold.source_ms)}, controller and link ${duration(cold.link_ms)}, first pass ${duration(cold.first_pass_ms)}.`,
    `Processors ${percent(report.processors_busy)} busy, ${report.steal_ms} ms taken by the host; load ${machine.load_1min} in the minute before. Controller: ${report.controller_scheduler}.`,
    `Governor ${told(power.governor)}, energy preference ${told(power.energy_preference)}, turbo ${told(power.turbo)}, board ${told(power.board_mode)}.`,
    `cliport ${versions.cliport}, Node ${versions.node}, ONNX Runtime ${versions.onnxruntime}; heightmap ${report.heightmap.mode}, ${report.heightmap.threads} thread(s).`,
    `Graph of the decision: SHA-256 ${policy.decide_sha256}.`,
    ...(report.repeated === 0
      ? []
      : [
          `Passes run again, because the arm had to go back to its look pose or met an earlier stop: ${report.repeated}.`,
        ]),
    ...(silent.n === 0 ? [] : [`Passes without a command: ${silent.n}; ${silent.reasons.join('; ')}.`]),
  ]
  return markup`<section><div class="title"><h2>Conditions</h2></div><ul class="conditions">${lines.map((line) => markup`<li>${line}</li>`)}</ul>
<p class="again">Again:</p><pre>${machine.command}</pre></section>`
}
