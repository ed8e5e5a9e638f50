// Streams for minutes and says what arrived: frames delivered and dropped, age at delivery, memory. Software cameras,
// fed by a thread of their own at 30 fps. With --load MODULE that module runs beside it in a worker (inference, say): it
// posts a message for each piece of work and exits when it gets one.
//
//   node --expose-gc scripts/soak.mjs [--minutes 5] [--cameras 3] [--width 640] [--height 480] [--load MODULE]

import os from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { openCamera } from '@cliport/realsense'
import { SoftwareCamera, softwareBuffersAlive } from '@cliport/realsense/testing'

const fps = 30
const nowMs = () => Number(process.hrtime.bigint() / 1000n) / 1000

/** Stamps are regular, as a camera's; when a frame really went in stands in `injectedMs`, by its number. */
async function feed({ cameras, width, height, injectedMs }) {
  const size = { width, height, fx: width, fy: width, cx: width / 2, cy: height / 2 }
  const devices = Array.from(
    { length: cameras },
    (_, i) => new SoftwareCamera({ serial: `SOAK${i}`, depth: size, color: size }),
  )
  const depth = new Uint16Array(width * height).fill(1000)
  const color = new Uint8Array(width * height * 3).fill(9)
  const originMs = nowMs()
  for (let number = 1; ; number++) {
    if (number % 300 === 0) globalThis.gc?.()
    const dueMs = originMs + (number * 1000) / fps
    while (nowMs() < dueMs) await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - nowMs())))
    injectedMs[number % injectedMs.length] = nowMs()
    for (const device of devices) device.inject({ number, timestampMs: (number * 1000) / fps, depth, color })
  }
}

function percentiles(values) {
  const sorted = Float64Array.from(values).sort()
  const at = (share) => Number(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(2))
  return { p50: at(0.5), p99: at(0.99), max: at(1), n: sorted.length }
}

async function soak() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '5' },
      cameras: { type: 'string', default: '3' },
      width: { type: 'string', default: '640' },
      height: { type: 'string', default: '480' },
      load: { type: 'string' },
    },
  })
  const [cameras, width, height] = [values.cameras, values.width, values.height].map(Number)
  const injectedMs = new Float64Array(new SharedArrayBuffer(8 * 4096))
  const feeder = new Worker(new URL(import.meta.url), { workerData: { cameras, width, height, injectedMs } })
  feeder.on('error', (error) => {
    throw error
  })
  const load = values.load === undefined ? undefined : new Worker(values.load)
  let loads = 0
  load?.on('message', () => loads++)
  const opened = await Promise.all(
    Array.from({ length: cameras }, (_, i) =>
      openCamera({ serial: `SOAK${i}`, waitForCamera: true, depth: { width, height }, color: { width, height } }),
    ),
  )
  const endNs = process.hrtime.bigint() + BigInt(Math.round(Number(values.minutes) * 60e9))
  const ages = []
  const memoryMb = []
  const memory = setInterval(() => {
    globalThis.gc?.() // node --expose-gc: what is left is held, not merely uncollected
    memoryMb.push(Math.round(process.memoryUsage().rss / 2 ** 20))
  }, 10_000)
  const lost = await Promise.all(
    opened.map(async (camera) => {
      let first = 0
      let last = 0
      let delivered = 0
      for await (const frame of camera) {
        ages.push(nowMs() - injectedMs[frame.depth.number % injectedMs.length])
        first ||= frame.depth.number
        last = frame.depth.number
        delivered++
        if (frame.arrivalNs > endNs) break
      }
      return { injected: last - first + 1, delivered }
    }),
  )
  clearInterval(memory)
  const stats = opened.map((camera) => camera.stats)
  const sum = (pick) => stats.reduce((total, one) => total + pick(one), 0)
  const closed = await Promise.all(opened.map((camera) => camera.close()))
  console.error(`closed: ${JSON.stringify(closed)}`)
  load?.postMessage('stop') // it exits by itself: terminating a native addon's worker in mid-call is the addon's risk
  if (load) await new Promise((resolve) => load.on('exit', resolve))
  console.error('load ended')
  await feeder.terminate()
  console.error('feeder ended')
  console.log(
    JSON.stringify({
      streams: `${cameras} x ${width}x${height} depth + colour at ${fps} fps, ${values.minutes} min`,
      injected: lost.reduce((total, { injected }) => total + injected, 0),
      delivered: lost.reduce((total, { delivered }) => total + delivered, 0),
      dropped: sum(({ dropped }) => dropped),
      incomplete: sum(({ incomplete }) => incomplete),
      restarts: sum(({ restarts }) => restarts),
      age_ms: percentiles(ages),
      memory_mb: { after_30_s: memoryMb[2], middle: memoryMb[memoryMb.length >> 1], last: memoryMb.at(-1) },
      buffers_alive: softwareBuffersAlive(),
      inferences: loads,
      machine: `${os.cpus().length} x ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}`,
    }),
  )
}

await (isMainThread ? soak() : feed(workerData))
