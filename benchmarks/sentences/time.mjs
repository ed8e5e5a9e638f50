// From a sentence to a command: how long the things in view take to find, and each sentence to be understood on them.
//
//   node benchmarks/sentences/time.mjs [FILE] [--rounds 20] [--json]
//
// FILE: sentences of scenes of the simulated cell (default: those beside this file). Needs the compiled project.

import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { understand } from '../../dist/control/goal/index.js'
import { seeScene } from '../../dist/control/goal/scene.js'
import { lookAtScene } from '../../dist/evaluation/look.js'
import { readSentenceFile } from '../../dist/evaluation/sentences/sentence-file.js'
import { loadConfig } from '../../dist/runtime/config/load.js'
import { openSession } from '../../dist/runtime/session.js'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } },
})
const file = positionals[0] ?? fileURLToPath(new URL('sentences.json', import.meta.url))
const rows = (await readSentenceFile(file)).filter(({ scene }) => scene.kind === 'cell')

const config = await loadConfig({ environment: {}, flags: {} })
const session = await openSession(config, { cell: { thread: 'caller', policy: 'package' }, tell: console.error })
const { lexicon } = session.ports.policy.info
const samples = { scene: [], sentence: [], both: [] }
const timed = (work) => {
  const start = performance.now()
  const value = work()
  return { value, ms: performance.now() - start }
}
const scenes = new Map()
for (const { sceneName, scene } of rows) {
  if (scenes.has(sceneName)) continue
  const { task, seed } = scene
  scenes.set(sceneName, await lookAtScene(session, { task, seed, sensor: 'clean', appearance: 'published' }))
}
const rounds = Number(options.rounds)
for (let round = 0; round <= rounds; round++) {
  for (const { sceneName, sentence } of rows) {
    const seen = timed(() => seeScene(scenes.get(sceneName).heightmap, lexicon))
    const understood = timed(() => understand(sentence, lexicon, seen.value))
    if (round === 0) continue // compiles
    samples.scene.push(seen.ms)
    samples.sentence.push(understood.ms)
    samples.both.push(seen.ms + understood.ms)
  }
}
await session.close()

const durationsOf = (ms) => {
  const sorted = ms.toSorted((a, b) => a - b)
  const at = (share) => Math.round(100 * sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]) / 100
  return { p50: at(0.5), p99: at(0.99), max: at(1), n: sorted.length }
}
const result = {
  sentences: rows.length,
  stages: Object.fromEntries(Object.entries(samples).map(([stage, ms]) => [stage, durationsOf(ms)])),
  machine: {
    cpu: cpus()[0].model,
    cores: cpus().length,
    load_1min: loadavg()[0],
    node: process.version,
    date: new Date().toISOString(),
    command: `node benchmarks/sentences/time.mjs --rounds ${rounds}`,
  },
}
if (options.json) console.log(JSON.stringify(result))
else {
  for (const [stage, { p50, p99, max, n }] of Object.entries(result.stages)) {
    console.log(`${stage.padEnd(9)} p50 ${p50} ms, p99 ${p99} ms, longest ${max} ms (${n})`)
  }
}
