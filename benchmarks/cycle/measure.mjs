// Every stage of the cycle and the whole cycle, from complete runs: real sockets, paced cell, shipped policy.
//
//   node benchmarks/cycle/measure.mjs [--runs 10] [--seed 1] [--json]
//
// The durations are the ones that each run recorded (/stage in recording.mcap). A cycle goes from one proposal to the
// next; "thinking" is the cycle without the arm's motion. Needs the compiled project (make setup).

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { jsonOf, readRecording } from '../../dist/io/recording/reader.js'

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const out = mkdtempSync(join(tmpdir(), 'cliport-cycle-'))
const samples = new Map()
const add = (stage, ms) => samples.set(stage, [...(samples.get(stage) ?? []), ms])
const outcomes = {}

for (let run = 0; run < Number(options.runs); run++) {
  const seed = String(Number(options.seed) + 2 * run)
  const goal = 'put the red blocks in a green bowl'
  const { stdout } = spawnSync(process.execPath, [cli, 'run', goal, '--seed', seed, '--out', out, '--json'], {
    encoding: 'utf8',
  })
  const report = JSON.parse(stdout.trim().split('\n').at(-1))
  outcomes[report.outcome] = (outcomes[report.outcome] ?? 0) + 1
  addCycles(await stagesOf(join(report.folder, 'recording.mcap')))
}
rmSync(out, { recursive: true, force: true })

const result = {
  stages: Object.fromEntries([...samples].map(([stage, ms]) => [stage, durationsOf(ms)])),
  outcomes,
  machine: {
    cpu: cpus()[0].model,
    cores: cpus().length,
    load_1min: loadavg()[0],
    node: process.version,
    date: new Date().toISOString(),
    command: `node benchmarks/cycle/measure.mjs --runs ${options.runs} --seed ${options.seed}`,
  },
}
if (options.json) console.log(JSON.stringify(result))
else printTable(result)

async function stagesOf(recording) {
  const { messages } = await readRecording(recording)
  return messages.filter(({ topic }) => topic === '/stage').map(jsonOf)
}

/** Stages that others contain (propose.decide in propose) count as stages, not in the sum. */
function addCycles(stages) {
  let cycle = null
  for (const { stage, duration_ms: ms } of stages) {
    add(stage, ms)
    if (stage.includes('.')) continue
    if (stage === 'propose') {
      if (cycle?.whole > cycle?.thinking) for (const name of ['thinking', 'whole']) add(`cycle, ${name}`, cycle[name])
      cycle = { whole: 0, thinking: 0 }
    }
    if (cycle === null) continue
    cycle.whole += ms
    if (stage !== 'execute') cycle.thinking += ms
  }
}

function durationsOf(ms) {
  const sorted = ms.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: sorted.at(-1), n: sorted.length }
}

function printTable({ stages, machine }) {
  console.log(`${machine.cpu}, ${machine.cores} cores, load ${machine.load_1min.toFixed(1)}, ${machine.date}`)
  console.log(`${machine.command}; outcomes ${JSON.stringify(outcomes)}\n`)
  console.log('| stage | p50 ms | p99 ms | max ms | n |\n|---|---|---|---|---|')
  for (const [stage, { p50, p99, max, n }] of Object.entries(stages)) {
    console.log(`| ${stage} | ${[p50, p99, max].map((ms) => ms.toFixed(ms < 10 ? 2 : 1)).join(' | ')} | ${n} |`)
  }
}
