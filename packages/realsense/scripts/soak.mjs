// Streams for minutes and says what arrived: frames delivered and dropped, age at delivery, stamps, memory. Software
// cameras, fed by a thread of their own. With --load MODULE that module runs beside it in a worker (inference, say): it
// posts a message for each piece of work, with its milliseconds, and exits when it gets one.
//
//   node --expose-gc scripts/soak.mjs [--minutes 5] [--cameras 3] [--width 640] [--height 480] [--fps 30] [--load MODULE]
//
// Ends with exit code 1 when a frame was not the one that was sent, when a stamp went backwards, when a buffer was not
// given back, or when memory grew.

import { once } from 'node:events'
import os from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { libraryInfo, openCamera } from '@cliport/realsense'
import { SoftwareCamera, softwareBuffersAlive } from '@cliport/realsense/testing'

const nowMs = () => Number(process.hrtime.bigint() / 1000n) / 1000
/** When each frame went in, by its number modulo this. */
const remembered = 1 << 16

/** Stamps are regular, as a camera's. The first and the last pixel of every picture say its number. */
async function feed({ cameras, width, height, fps, injectedMs }) {
  const size = { width, height, fps, fx: width, fy: width, cx: width / 2, cy: height / 2 }
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
    for (const at of [0, depth.length - 1]) depth[at] = number
    for (const at of [0, color.length - 1]) color[at] = number
    injectedMs[number % remembered] = nowMs()
    for (const device of devices) device.inject({ number, timestampMs: (number * 1000) / fps, depth, color })
  }
}

function percentiles(values) {
  const sorted = Float64Array.from(values).sort()
  const at = (share) => Number(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]?.toFixed(2))
  return { p50: at(0.5), p99: at(0.99), max: at(1), n: sorted.length }
}

/** Whether the frame is the one of that number, pixel for pixel where it says so, and its colour of the same moment. */
function isWhole({ depth, color }) {
  const [d, c] = [depth.data, color.data]
  const number = depth.number
  const says = (value, bits) => value === number % 2 ** bits
  return color.number === number && says(d[0], 16) && says(d.at(-1), 16) && says(c[0], 8) && says(c.at(-1), 8)
}

/** Takes frames of one camera until the time is over. */
async function watch(camera, endNs, injectedMs, ages, stampErrors) {
  const seen = { first: 0, last: 0, delivered: 0, wrong: 0, stampsBack: 0 }
  let lastStampNs = 0n
  for await (const frame of camera) {
    const { number } = frame.depth
    const sentMs = injectedMs[number % remembered]
    ages.push(nowMs() - sentMs)
    // The clock is fitted within the first seconds.
    if (seen.delivered > 100) stampErrors.push(Math.abs(Number(frame.stampNs / 1000n) / 1000 - sentMs))
    if (!isWhole(frame)) seen.wrong++
    if (frame.stampNs <= lastStampNs) seen.stampsBack++
    lastStampNs = frame.stampNs
    seen.first ||= number
    seen.last = number
    seen.delivered++
    if (frame.arrivalNs > endNs) return seen
  }
  return seen
}

/** Memory is flat when its last quarter is no higher than its second one, but for what an allocator's arenas move. */
function memoryVerdict(samplesMb) {
  const quarter = (i) =>
    samplesMb.slice(Math.floor((i * samplesMb.length) / 4), Math.ceil(((i + 1) * samplesMb.length) / 4))
  const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]
  const [second, last] = [median(quarter(1)), median(quarter(3))]
  return { second_quarter: second, last_quarter: last, max: Math.max(...samplesMb), flat: last <= second * 1.05 + 10 }
}

function optionsOf(args) {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '5' },
      cameras: { type: 'string', default: '3' },
      width: { type: 'string', default: '640' },
      height: { type: 'string', default: '480' },
      fps: { type: 'string', default: '30' },
      load: { type: 'string' },
    },
  })
  const { load, ...numbers } = values
  return { load, ...Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, Number(value)])) }
}

async function soak() {
  const { load: loadPath, minutes, cameras, width, height, fps } = optionsOf(process.argv.slice(2))
  const injectedMs = new Float64Array(new SharedArrayBuffer(8 * remembered))
  const feeder = new Worker(new URL(import.meta.url), { workerData: { cameras, width, height, fps, injectedMs } })
  feeder.on('error', (error) => {
    throw error
  })
  // A load may use ONNX Runtime, which reads the environment of the process, not that of the thread.
  process.env.ORT_DISABLE_TELEMETRY = '1'
  const load = loadPath === undefined ? undefined : new Worker(resolve(loadPath))
  const loadsMs = []
  if (load) await once(load, 'message') // ready
  load?.on('message', (ms) => loadsMs.push(ms))
  const size = { width, height, fps }
  const opened = await Promise.all(
    Array.from({ length: cameras }, (_, i) =>
      openCamera({ serial: `SOAK${i}`, waitForCamera: true, depth: size, color: size }),
    ),
  )
  const startedMs = nowMs()
  const endNs = process.hrtime.bigint() + BigInt(Math.round(minutes * 60e9))
  const [ages, stampErrors, memoryMb] = [[], [], []]
  const memory = setInterval(() => {
    globalThis.gc?.() // node --expose-gc: what is left is held, not merely uncollected
    memoryMb.push(Math.round(process.memoryUsage().rss / 2 ** 20))
  }, minutes * 1000) // sixty samples
  const seen = await Promise.all(opened.map((camera) => watch(camera, endNs, injectedMs, ages, stampErrors)))
  clearInterval(memory)
  const seconds = (nowMs() - startedMs) / 1000
  const stats = opened.map((camera) => camera.stats)
  const sum = (all, pick) => all.reduce((total, one) => total + pick(one), 0)
  const closed = await Promise.all(opened.map((camera) => camera.close()))
  load?.postMessage('stop') // it exits by itself: terminating a native addon's worker in mid-call is the addon's risk
  if (load) await once(load, 'exit')
  await feeder.terminate()
  for (let i = 0; i < 100 && softwareBuffersAlive() > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20))

  const report = {
    streams: `${cameras} x ${width}x${height} depth + colour at ${fps} fps, ${seconds.toFixed(0)} s`,
    injected: sum(seen, ({ first, last }) => last - first + 1),
    delivered: sum(seen, ({ delivered }) => delivered),
    dropped: sum(stats, ({ dropped }) => dropped),
    incomplete: sum(stats, ({ incomplete }) => incomplete),
    restarts: sum(stats, ({ restarts }) => restarts),
    age_ms: percentiles(ages),
    stamp_error_ms: percentiles(stampErrors),
    wrong_frames: sum(seen, ({ wrong }) => wrong),
    stamps_back: sum(seen, ({ stampsBack }) => stampsBack),
    memory_mb: memoryVerdict(memoryMb),
    buffers_alive: softwareBuffersAlive(),
    closed_clean: closed.every(({ clean }) => clean),
    ...(load && { inference_ms: percentiles(loadsMs) }),
    machine: `${os.cpus().length} x ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}, Node ${process.version}`,
    library: libraryInfo().version,
    date: new Date().toISOString(),
    command: `node ${process.execArgv.join(' ')} ${process.argv.slice(1).join(' ')}`.replaceAll(
      `${process.cwd()}/`,
      '',
    ),
  }
  console.log(JSON.stringify(report, null, 2))
  const isGood =
    report.wrong_frames === 0 &&
    report.stamps_back === 0 &&
    report.buffers_alive === 0 &&
    report.closed_clean &&
    report.memory_mb.flat
  process.exitCode = isGood ? 0 : 1
}

await (isMainThread ? soak() : feed(workerData))
