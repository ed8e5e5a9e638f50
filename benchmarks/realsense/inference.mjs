// The load beside streaming cameras: the shipped policy decides again and again on a heightmap, as the cycle would. For
// packages/realsense/scripts/soak.mjs --load. Needs the compiled project (make setup).

import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parentPort } from 'node:worker_threads'
import { gridSize } from '../../dist/control/geometry.js'
import { OnnxPolicy } from '../../dist/io/policy/onnx-policy.js'

const threads = Number(process.env.CLIPORT_POLICY_THREADS ?? 2)
const policy = await OnnxPolicy.load(fileURLToPath(new URL('../../models/edge', import.meta.url)), {
  providers: ['cpu'],
  threads,
})
const { workspace: spec } = policy.info
const { rows, cols } = gridSize(spec)
// A flat table with a red block and a green bowl's rim; what the net sees does not change how long it takes.
const heightM = new Float32Array(rows * cols).fill(0.001)
const color = new Uint8Array(rows * cols * 3).fill(120)
const heightmap = { spec, rows, cols, heightM, color, stampNs: 0n }

let isOver = false
once(parentPort, 'message').then(() => {
  isOver = true
})
parentPort.postMessage('ready')
while (!isOver) {
  const startedNs = process.hrtime.bigint()
  await policy.propose(heightmap, 'put the red blocks in a green bowl')
  parentPort.postMessage(Number(process.hrtime.bigint() - startedNs) / 1e6)
  // A cycle looks and acts between two decisions; half of the time is plenty.
  await new Promise((resolve) => setTimeout(resolve, 20))
}
await policy.close()
parentPort.close()
