// The runtime's side of published.py: answers each line of input, a sentence, with one decision.
//   node benchmarks/policy/published.mjs PACKAGE THREADS FRAMES GOAL

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { OnnxPolicy } from '../../dist/io/policy/onnx-policy.js'
import { returnLargeBlocks } from '../../dist/native/memory.js'

const [, , folder, threads, count, goal] = process.argv
// As `cliport run`, `serve` and `policy serve` do.
returnLargeBlocks()
const policy = await OnnxPolicy.load(folder, { threads: Number(threads) })
const heightmaps = theFrames(Number(count), policy.manifest).map((frame) => ({
  spec: policy.info.workspace,
  ...frame,
  stampNs: 1n,
}))
// The sentence is encoded before anybody measures.
await policy.propose(heightmaps[0], goal)
console.log(JSON.stringify({ provider: policy.execution.provider }))

let decisions = 0
for await (const sentence of createInterface({ input: process.stdin })) {
  const heightmap = heightmaps[decisions++ % heightmaps.length]
  const startNs = process.hrtime.bigint()
  const cpu = process.cpuUsage()
  const { pick, place } = await policy.propose(heightmap, sentence)
  const wallS = Number(process.hrtime.bigint() - startNs) / 1e9
  const { user, system } = process.cpuUsage(cpu)
  const { rotations } = policy.info
  const rotation = Math.round((-place.yawRad * rotations) / (2 * Math.PI) + rotations) % rotations
  console.log(
    JSON.stringify({
      wall_s: wallS,
      cpu_s: (user + system) / 1e6,
      // The kernel's kB are 1024 bytes; pages of the mapped weights count.
      peak_gb: (Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024) / 1e9,
      decision: [pick.pixel, place.pixel, rotation],
    }),
  )
}
await policy.close()

/** The frames that eager PyTorch sees: the first of models/cliport_published/parity.py. */
function theFrames(count, { rows, cols }) {
  const program =
    'import sys; from cliport_published.parity import frames; from cliport_published.sizes import Sizes; from cliport_published.tokenizer import ClipTokenizer; [sys.stdout.buffer.write(c.numpy().tobytes() + h.numpy().tobytes()) for c, h, _ in frames(int(sys.argv[1]), Sizes(), ClipTokenizer())]'
  const models = new URL('../../models', import.meta.url).pathname
  const { PYTHONPATH, CLIPORT_PYTHON = 'python3' } = process.env
  const env = { ...process.env, PYTHONPATH: [models, ...(PYTHONPATH ? [PYTHONPATH] : [])].join(':') }
  const { stdout, stderr, status } = spawnSync(CLIPORT_PYTHON, ['-c', program, String(count)], { env, maxBuffer: 1e8 })
  if (status !== 0) throw new Error(`${CLIPORT_PYTHON} made no frames: ${stderr}`)
  const bytes = 7 * rows * cols
  return Array.from({ length: count }, (_, i) => {
    const color = new Uint8Array(stdout.subarray(i * bytes, i * bytes + 3 * rows * cols))
    const start = stdout.byteOffset + i * bytes + 3 * rows * cols
    return { rows, cols, color, heightM: new Float32Array(stdout.buffer.slice(start, start + 4 * rows * cols)) }
  })
}
