// The runtime's side of published.py: answers each line of input with one decision.
//   node benchmarks/policy/published.mjs PACKAGE THREADS GOAL

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { OnnxPolicy } from '../../dist/io/policy/onnx-policy.js'

const [, , folder, threads, goal] = process.argv
const policy = await OnnxPolicy.load(folder, { threads: Number(threads) })
const heightmap = { spec: policy.info.workspace, ...theFrame(policy.manifest), stampNs: 1n }
// The sentence is encoded before anybody measures.
await policy.propose(heightmap, goal)
console.log(JSON.stringify({ provider: policy.execution.provider }))

for await (const _ of createInterface({ input: process.stdin })) {
  const startNs = process.hrtime.bigint()
  const cpu = process.cpuUsage()
  const { pick, place } = await policy.propose(heightmap, goal)
  const wallS = Number(process.hrtime.bigint() - startNs) / 1e9
  const { user, system } = process.cpuUsage(cpu)
  const { rotations } = policy.info
  const rotation = Math.round((-place.yawRad * rotations) / (2 * Math.PI) + rotations) % rotations
  console.log(
    JSON.stringify({
      wall_s: wallS,
      cpu_s: (user + system) / 1e6,
      peak_gb: Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1e6,
      decision: [pick.pixel, place.pixel, rotation],
    }),
  )
}
await policy.close()

/** The frame that eager PyTorch sees: the first of models/cliport_published/parity.py. */
function theFrame({ rows, cols }) {
  const program =
    'import sys; from cliport_published.parity import frames; from cliport_published.sizes import Sizes; from cliport_published.tokenizer import ClipTokenizer; c, h, _ = frames(1, Sizes(), ClipTokenizer())[0]; sys.stdout.buffer.write(c.numpy().tobytes() + h.numpy().tobytes())'
  const models = new URL('../../models', import.meta.url).pathname
  const { PYTHONPATH, CLIPORT_PYTHON = 'python3' } = process.env
  const env = { ...process.env, PYTHONPATH: [models, ...(PYTHONPATH ? [PYTHONPATH] : [])].join(':') }
  const { stdout, stderr, status } = spawnSync(CLIPORT_PYTHON, ['-c', program], { env, maxBuffer: 1e8 })
  if (status !== 0) throw new Error(`${CLIPORT_PYTHON} made no frame: ${stderr}`)
  const color = new Uint8Array(stdout.subarray(0, 3 * rows * cols))
  const heightM = new Float32Array(
    stdout.buffer.slice(stdout.byteOffset + 3 * rows * cols, stdout.byteOffset + 7 * rows * cols),
  )
  return { rows, cols, color, heightM }
}
