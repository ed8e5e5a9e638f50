// Direct projection of unaligned depth against align-then-project, on an injected device: how old a frame is when it has
// been delivered, and how long its projection takes. The same pictures, one camera at a time, in turns.
//
//   node benchmarks/realsense/direct.mjs [--frames 150] [--width 640] [--height 480]
//
// Needs the compiled project (make setup) and a librealsense2 (REALSENSE2_LIBRARY; else the test library is fetched).

import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { libraryInfo, openCamera } from '@cliport/realsense'
import { SoftwareCamera } from '@cliport/realsense/testing'
import { createProjector } from '../../dist/io/projector.js'
import { testLibrary } from '../../packages/realsense/scripts/fetch-test-library.mjs'

process.env.REALSENSE2_LIBRARY ??= testLibrary('2.59.1')
const fps = 30
const T_color_depth = Float64Array.of(1, 0, 0, 0.015, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)
// Looks straight down from 0.7 m above the middle of the workspace.
const T_base_camera = Float64Array.of(0, -1, 0, 0.5, -1, 0, 0, 0, 0, 0, -1, 0.7, 0, 0, 0, 1)
const spec = { xMinM: 0.25, xMaxM: 0.75, yMinM: -0.5, yMaxM: 0.5, zMinM: -0.05, zMaxM: 0.28, pixelM: 0.003125 }

/** A table with blocks on it, from above; every pixel has depth, as on a good day. */
async function feed({ width, height }) {
  const view = (f) => ({ width, height, fps, fx: f * width, fy: f * width, cx: width / 2, cy: height / 2 })
  const device = new SoftwareCamera({ serial: 'DIRECT', depth: view(0.6), color: view(0.95), T_color_depth })
  const depth = Uint16Array.from({ length: width * height }, (_, i) => {
    const [u, v] = [i % width, Math.floor(i / width)]
    return (u >> 5) % 4 === 0 && (v >> 5) % 3 === 0 ? 660 : 700
  })
  const color = Uint8Array.from({ length: 3 * width * height }, (_, i) => 40 + (i % 200))
  for (let number = 1; ; number++) {
    device.inject({ number, timestampMs: (number * 1000) / fps, depth, color })
    await new Promise((resolve) => setTimeout(resolve, 1000 / fps))
  }
}

function percentiles(values) {
  const sorted = Float64Array.from(values).sort()
  const at = (share) => Number(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(2))
  return { p50: at(0.5), p99: at(0.99), max: at(1), n: sorted.length }
}

const pinhole = ({ intrinsics: { width, height, fx, fy, cx, cy } }) => ({ width, height, fx, fy, cx, cy })

/** One turn: opens the camera, takes frames, projects each. */
async function turn(how, frames, samples) {
  const projector = createProjector()
  const camera = await openCamera({
    serial: 'DIRECT',
    waitForCamera: true,
    depthAs: 'metres',
    ...(how === 'aligned' && { align: 'color' }),
  })
  for (let i = 0; i < frames + 10; i++) {
    const frame = await camera.next()
    const deliveredNs = process.hrtime.bigint()
    const { depth, color } = frame
    const colorCamera = {
      intrinsics: pinhole(color),
      T_color_depth: frame.T_color_depth,
      lens: 'pinhole',
      coefficients: [0, 0, 0, 0, 0],
    }
    await projector.project(
      [
        {
          camera: how,
          intrinsics: pinhole(depth),
          T_base_camera,
          color: color.data,
          depthM: depth.data,
          stampNs: frame.stampNs,
          ...(how === 'direct' && { colorCamera }),
        },
      ],
      spec,
    )
    const projectedNs = process.hrtime.bigint()
    if (i < 10) continue // warm
    samples.delivery.push(Number(deliveredNs - frame.arrivalNs) / 1e6)
    samples.projection.push(Number(projectedNs - deliveredNs) / 1e6)
    samples.total.push(Number(projectedNs - frame.arrivalNs) / 1e6)
  }
  await camera.close()
}

async function measure() {
  const { values } = parseArgs({
    options: {
      frames: { type: 'string', default: '150' },
      width: { type: 'string', default: '640' },
      height: { type: 'string', default: '480' },
    },
  })
  const [frames, width, height] = [values.frames, values.width, values.height].map(Number)
  const feeder = new Worker(new URL(import.meta.url), { workerData: { width, height } })
  const samples = Object.fromEntries(
    ['direct', 'aligned'].map((how) => [how, { delivery: [], projection: [], total: [] }]),
  )
  const turns = 5
  for (let i = 0; i < turns; i++) {
    for (const how of ['direct', 'aligned']) await turn(how, Math.ceil(frames / turns), samples[how])
  }
  await feeder.terminate()
  const all = ({ delivery, projection, total }) => ({
    callback_to_delivery_ms: percentiles(delivery),
    projection_ms: percentiles(projection),
    callback_to_heightmap_ms: percentiles(total),
  })
  const result = {
    picture: `${width}x${height} depth and colour`,
    direct: all(samples.direct),
    aligned: all(samples.aligned),
    machine: `${cpus().length} x ${cpus()[0].model}, load ${loadavg()[0].toFixed(1)}, Node ${process.version}`,
    library: libraryInfo().version,
    date: new Date().toISOString(),
    command: `node benchmarks/realsense/direct.mjs --frames ${frames} --width ${width} --height ${height}`,
  }
  const ratio = result.aligned.callback_to_heightmap_ms.p50 / result.direct.callback_to_heightmap_ms.p50
  console.log(JSON.stringify({ ...result, ratio_p50: Number(ratio.toFixed(2)) }, null, 2))
}

await (isMainThread ? measure() : feed(workerData))
