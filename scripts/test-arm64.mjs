// node scripts/test-arm64.mjs record FILE                  what the addons of this machine compute
// node scripts/test-arm64.mjs compare FILE ADDONS          the same with the addons in a folder, compared
//
// Run by scripts/test-arm64: recorded on this machine, compared under emulation.

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'

process.env.ORT_DISABLE_TELEMETRY = '1'
const [mode, file, folder = 'build/Release'] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const addon = (name) => require(resolve(folder, `${name}.node`))

/** A table with blocks, seen from above by one camera. */
async function heightmap() {
  const [width, height] = [320, 240]
  const depthM = Float32Array.from({ length: width * height }, (_, i) => 0.9 - ((i * 7919) % 97) / 970)
  const color = Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * 31) % 256)
  const T_base_camera = Float64Array.of(0, -1, 0, 0.5, -1, 0, 0, 0, 0, 0, -1, 0.9, 0, 0, 0, 1)
  const frame = { width, height, fx: 250, fy: 250, cx: 159.5, cy: 119.5, T_base_camera, color, depthM }
  const spec = { xMinM: 0.25, xMaxM: 0.75, yMinM: -0.5, yMaxM: 0.5, zMinM: 0, zMaxM: 0.28, pixelM: 0.003125 }
  const output = { heightM: new Float32Array(320 * 160), color: new Uint8Array(3 * 320 * 160) }
  await addon('heightmap').project([frame], spec, output, {})
  return { heightM: [...output.heightM], color: [...output.color] }
}

function kinematics() {
  const tool = { flangeToTcpM: 0.1034, flangeToTcpYawRad: -Math.PI / 4 }
  const qRad = new Float64Array(7)
  const found = addon('kinematics').inverse(0.5, 0.1, 0.2, 0.3, tool, 0.1, qRad)
  const T_base_tool = new Float64Array(16)
  addon('kinematics').forward(qRad, tool, T_base_tool)
  return { found, T_base_tool: [...T_base_tool] }
}

/** A decision of the shipped policy on the own engine, with the library that the npm package ships for this processor. */
async function decision() {
  const { Engine, slots } = addon('engine')
  const main = require.resolve('onnxruntime-node')
  const engine = new Engine(join(main, '../../bin/napi-v6/linux', process.arch, 'libonnxruntime.so.1'))
  const { version } = await engine.library()
  const settings = { providers: [], threads: 1, keepMemory: false, config: {} }
  const graph = readFileSync('models/edge/decide.onnx')
  const { inputs, assignments } = await engine.open('decide', { ...settings, graph }, 1)
  const types = { float32: Float32Array, uint8: Uint8Array, int64: BigInt64Array }
  const feeds = inputs.map(({ tensor, type, shape }) => {
    const values = new types[type](shape.reduce((size, side) => size * side, 1))
    if (type === 'uint8') for (let i = 0; i < values.length; i++) values[i] = (i * 31) % 256
    return [tensor, values]
  })
  const { outputs } = await engine.run('decide', Object.fromEntries(feeds), 2)
  await engine.close()
  const numbers = Object.entries(outputs).map(([name, values]) => [name, [...values].map(Number)])
  return {
    version,
    providers: Object.keys(assignments),
    slots: Object.keys(slots).length,
    outputs: Object.fromEntries(numbers),
  }
}

/** Greatest difference between numbers of two equal structures; infinite where they are not equal otherwise. */
function difference(a, b) {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b)
  if (typeof a !== 'object' || a === null) return a === b ? 0 : Number.POSITIVE_INFINITY
  const keys = Object.keys(a)
  if (typeof b !== 'object' || b === null || Object.keys(b).length !== keys.length) return Number.POSITIVE_INFINITY
  return keys.reduce((most, key) => Math.max(most, difference(a[key], b[key])), 0)
}

const found = { heightmap: await heightmap(), kinematics: kinematics(), decision: await decision() }
for (const name of ['raster', 'controller', 'memory', 'service_manager']) addon(name)
if (mode === 'record') {
  writeFileSync(file, JSON.stringify(found))
} else {
  const here = JSON.parse(readFileSync(file, 'utf8'))
  // The heightmap is exact on every processor; kinematics and ONNX Runtime's kernels round in an order of their own.
  const limits = { heightmap: 0, kinematics: 1e-9, decision: 1e-4 }
  let failed = false
  for (const [name, limit] of Object.entries(limits)) {
    const most = difference(here[name], found[name])
    const ok = most <= limit
    failed ||= !ok
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${process.arch} ${name}: greatest difference ${most}, at most ${limit}`)
  }
  console.log(`ok   ${process.arch}: engine on ONNX Runtime ${found.decision.version}; all seven addons load`)
  process.exitCode = failed ? 1 : 0
}
