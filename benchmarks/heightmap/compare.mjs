// The native heightmap against its NumPy reference, interleaved in one run; or compared in every cell on many scenes.
//
//   node benchmarks/heightmap/compare.mjs --python VENV/bin/python [--npz FILE] [--repeats 60] [--json]
//   node benchmarks/heightmap/compare.mjs --python VENV/bin/python --scenes FOLDER [--json]
//
// VENV: python3 -m venv VENV && VENV/bin/pip install -r benchmarks/requirements.txt. Needs the compiled project (make
// setup). Scenes are .npz files: color u1 [n,h,w,3], depth_m f4 [n,h,w] in metres, intrinsics f8 [n,3,3] in pixels,
// T f8 [n,4,4] camera to base; optionally bounds f8 [3,2] and pix_size f8 [] (default: the published workspace).
// Exit code 1 when a cell differs.

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { framesOf } from '../../dist/io/heightmap-check.js'
import { readNpz } from '../../dist/io/npz.js'
import { projectHeightmap } from '../../dist/native/heightmap.js'

const published = { xMinM: 0.25, xMaxM: 0.75, yMinM: -0.5, yMaxM: 0.5, zMinM: 0, zMaxM: 0.28, pixelM: 0.003125 }

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    npz: { type: 'string', default: fileURLToPath(new URL('../../../shared/heightmap-ref/ref.npz', import.meta.url)) },
    repeats: { type: 'string', default: '60' },
    scenes: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

/** reference.py in a process of its own: one JSON line in, one out. */
function startReference() {
  const child = spawn(options.python, [fileURLToPath(new URL('reference.py', import.meta.url)), 'serve'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error(`The reference ended. Give a Python with benchmarks/requirements.txt: --python`)
      return JSON.parse(value)
    },
    close: () => child.stdin.end(),
  }
}

function loadScene(path) {
  const npz = readNpz(path)
  const bounds = npz.names.includes('bounds') ? npz.array('bounds', '<f8').data : undefined
  const [xMinM, xMaxM, yMinM, yMaxM, zMinM, zMaxM] = bounds ?? []
  const pixelM = npz.names.includes('pix_size') ? npz.array('pix_size', '<f8').data[0] : published.pixelM
  const spec = bounds === undefined ? published : { xMinM, xMaxM, yMinM, yMaxM, zMinM, zMaxM, pixelM }
  const cells =
    Math.round((spec.xMaxM - spec.xMinM) / spec.pixelM) * Math.round((spec.yMaxM - spec.yMinM) / spec.pixelM)
  const frames = framesOf(npz, path).map((frame) => ({ ...frame, ...frame.intrinsics }))
  return { frames, spec, output: { heightM: new Float32Array(cells), color: new Uint8Array(3 * cells) } }
}

function durations(samplesMs) {
  const sorted = [...samplesMs].sort((a, b) => a - b)
  const at = (share) => Number(sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)].toFixed(3))
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1), n: sorted.length }
}

const machine = () => ({
  cpu: cpus()[0].model,
  cores: cpus().length,
  load_1min: Number(loadavg()[0].toFixed(2)),
  node: process.version,
  date: new Date().toISOString(),
  command: `node benchmarks/heightmap/compare.mjs ${process.argv.slice(2).join(' ')}`,
})

async function timed(reference) {
  const { numpy: version, depth_bytes } = await reference.ask({ load: options.npz })
  const { frames, spec, output } = loadScene(options.npz)
  const native = []
  const numpy = []
  for (let i = -3; i < Number(options.repeats); i++) {
    const startMs = performance.now()
    await projectHeightmap(frames, spec, output)
    const nativeMs = performance.now() - startMs
    const { ms } = await reference.ask({ time: true })
    if (i < 0) continue // warming up
    native.push(nativeMs)
    numpy.push(ms)
  }
  const { bytes_per_s } = await reference.ask({ bandwidth: true })
  const exact = durations(native)
  const slow = durations(numpy)
  return {
    exact_1t: exact,
    numpy: slow,
    ratio_exact_1t: Number((slow.p50 / exact.p50).toFixed(1)),
    bandwidth_bound_ms: Number(((depth_bytes / bytes_per_s) * 1e3).toFixed(3)),
    numpy_version: version,
    frames: frames.map(({ width, height }) => `${width}x${height}`),
    machine: machine(),
  }
}

async function compared(reference) {
  const scratch = mkdtempSync(join(tmpdir(), 'heightmap-'))
  const total = { scenes: 0, cells: 0, height_cells_differ: 0, color_cells_differ: 0 }
  try {
    for (const name of readdirSync(options.scenes)
      .filter((file) => file.endsWith('.npz'))
      .sort()) {
      const path = join(options.scenes, name)
      const { frames, spec, output } = loadScene(path)
      await projectHeightmap(frames, spec, output)
      await reference.ask({ load: path })
      await reference.ask({ save: join(scratch, 'expected.npz') })
      const expected = readNpz(join(scratch, 'expected.npz'))
      const heightM = expected.array('height_m', '<f4').data
      const color = expected.array('color', '|u1').data
      if (heightM.length !== output.heightM.length) throw new Error(`${name}: grids differ in size`)
      total.scenes++
      total.cells += heightM.length
      for (let i = 0; i < heightM.length; i++) {
        if (heightM[i] !== output.heightM[i]) total.height_cells_differ++
        if ([0, 1, 2].some((c) => color[3 * i + c] !== output.color[3 * i + c])) total.color_cells_differ++
      }
    }
  } finally {
    rmSync(scratch, { recursive: true })
  }
  if (total.scenes === 0) throw new Error(`There is no .npz file in ${options.scenes}`)
  return { ...total, machine: machine() }
}

const reference = startReference()
try {
  const result = options.scenes === undefined ? await timed(reference) : await compared(reference)
  if (!options.json) {
    for (const [key, value] of Object.entries(result)) process.stderr.write(`${key}: ${JSON.stringify(value)}\n`)
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
  if (result.height_cells_differ > 0 || result.color_cells_differ > 0) process.exitCode = 1
} finally {
  reference.close()
}
