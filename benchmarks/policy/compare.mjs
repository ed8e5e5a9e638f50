// One decision of the shipped policy, on ONNX Runtime as the runtime uses it and in eager PyTorch, interleaved in one
// run: the same net, the same weights, the same heightmap and sentence, the same number of threads.
//
//   node benchmarks/policy/compare.mjs --python VENV/bin/python --checkpoint FILE.pt [--threads 2] [--repeats 100] [--json]
//
// VENV: python3 -m venv VENV && VENV/bin/pip install -r models/requirements.txt. FILE.pt is what the package was exported
// from (models/checkpoints/edge.pt of the shipped one); without it the net's weights are random and only time is compared.
// Needs the compiled project (make setup). Exit code 1 when the two decide differently.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { OnnxPolicy } from '../../dist/io/policy/onnx-policy.js'

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    package: { type: 'string', default: fileURLToPath(new URL('../../models/edge', import.meta.url)) },
    checkpoint: { type: 'string' },
    threads: { type: 'string', default: '2' },
    repeats: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
  },
})

/** eager.py in a process of its own: one JSON line in, one out. */
function startEager(settings) {
  const child = spawn(options.python, [fileURLToPath(new URL('eager.py', import.meta.url)), JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Threads that spin between two decisions would slow down whoever is measured next.
    env: { ...process.env, OMP_NUM_THREADS: options.threads, OMP_WAIT_POLICY: 'PASSIVE' },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async next() {
      const { value, done } = await lines.next()
      if (done) throw new Error('PyTorch ended. Give a Python with models/requirements.txt: --python')
      return JSON.parse(value)
    },
    decide() {
      child.stdin.write('decide\n')
      return this.next()
    },
    close: () => child.stdin.end(),
  }
}

/** A dark table with two red blocks, a blue one, a green bowl and a yellow one. */
function aHeightmap(spec, rows, cols) {
  const heightM = new Float32Array(rows * cols)
  const color = new Uint8Array(3 * rows * cols).fill(51)
  const put = (u0, v0, radius, rgb, heightAt) => {
    for (let u = u0 - radius; u <= u0 + radius; u++) {
      for (let v = v0 - radius; v <= v0 + radius; v++) {
        const zM = heightAt(Math.hypot(u - u0, v - v0))
        if (zM === null) continue
        heightM[u * cols + v] = zM
        color.set(rgb, 3 * (u * cols + v))
      }
    }
  }
  const bowl = (r) => (r > 22 ? null : r > 18 ? 0.05 : 0.01)
  put(60, 60, 6, [255, 87, 89], () => 0.04)
  put(120, 110, 6, [255, 87, 89], () => 0.04)
  put(100, 40, 6, [78, 121, 167], () => 0.04)
  put(200, 70, 24, [89, 169, 79], bowl)
  put(260, 100, 24, [237, 201, 72], bowl)
  return { spec, rows, cols, heightM, color, stampNs: 1n }
}

function durations(samplesMs) {
  const sorted = [...samplesMs].sort((a, b) => a - b)
  const at = (share) => Number(sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)].toFixed(3))
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1), n: sorted.length }
}

const goal = 'put the red blocks in a green bowl'
const policy = await OnnxPolicy.load(options.package, { threads: Number(options.threads) })
const { rows, cols, workspace } = policy.manifest
const heightmap = aHeightmap(workspace, rows, cols)
const folder = mkdtempSync(join(tmpdir(), 'cliport-bench-'))
writeFileSync(join(folder, 'color.raw'), heightmap.color)
writeFileSync(join(folder, 'height.raw'), new Uint8Array(heightmap.heightM.buffer))
const eager = startEager({
  folder,
  goal,
  checkpoint: options.checkpoint ?? null,
  threads: Number(options.threads),
  rows,
  cols,
})

const { torch } = await eager.next()
const [onnxMs, graphMs, eagerMs] = [[], [], []]
let differ = 0
const warmUps = 5
for (let i = -warmUps; i < Number(options.repeats); i++) {
  const started = performance.now()
  const proposal = await policy.propose(heightmap, goal)
  const tookMs = performance.now() - started
  const other = await eager.decide()
  if (i < 0) continue
  onnxMs.push(tookMs)
  graphMs.push(proposal.timingMs.decide)
  eagerMs.push(other.ms)
  differ += JSON.stringify([proposal.pick.pixel, proposal.place.pixel]) !== JSON.stringify([other.pick, other.place])
}
eager.close()
await policy.close()
rmSync(folder, { recursive: true })

const onnx = durations(onnxMs)
const torchEager = durations(eagerMs)
const result = {
  decision: onnx,
  decision_graph: durations(graphMs),
  eager_same_model: torchEager,
  ratio_same_model: Number((torchEager.p50 / onnx.p50).toFixed(2)),
  decisions_differ: options.checkpoint ? differ : null,
  threads: Number(options.threads),
  warm_ups: warmUps,
  machine: {
    cpu: cpus()[0].model,
    cores: cpus().length,
    load_1min: Number(loadavg()[0].toFixed(2)),
    node: process.version,
    torch,
    date: new Date().toISOString(),
    command: `node benchmarks/policy/compare.mjs ${process.argv.slice(2).join(' ')}`,
  },
}
if (options.json) console.log(JSON.stringify(result))
else {
  const line = (name, { p50, p99, max, n }) =>
    `${name.padEnd(34)} p50 ${p50} ms  p99 ${p99} ms  max ${max} ms  (n ${n})`
  console.log(line('ONNX Runtime, whole proposal', onnx))
  console.log(line('ONNX Runtime, graph alone', result.decision_graph))
  console.log(line('PyTorch eager, same model', torchEager))
  console.log(
    `ratio of medians ${result.ratio_same_model}; ${options.threads} threads; ${JSON.stringify(result.machine)}`,
  )
  if (options.checkpoint) console.log(`decisions that differ: ${differ}`)
}
if (options.checkpoint && differ > 0) process.exitCode = 1
