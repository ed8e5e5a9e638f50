// node scripts/check-gpu.mjs PACKAGE: one JSON line. The same decisions on the CPU and on each GPU provider that works:
// how far the maps lie apart (share of their range), whether the pick and the place are the same, and how long they take.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OnnxPolicy } from '../dist/io/policy/onnx-policy.js'
import { mergeConfig } from '../dist/runtime/config/load.js'
import { buildPolicy } from '../dist/runtime/policy-build.js'

const folder = process.argv[2] ?? 'models/edge'
const { CLIPORT_POLICY_LIBRARY: library } = process.env
const goals = ['put the red blocks in a green bowl', 'put the blue block in the yellow bowl']
const [decisions, warmUps, tolerance] = [50, 5, 1e-2]
const engines = mkdtempSync(join(tmpdir(), 'cliport-check-gpu-'))

/** Heightmaps of made-up scenes: what is computed with them, not what is found, is compared. */
function heightmaps(spec, count) {
  const rows = Math.round((spec.yMaxM - spec.yMinM) / spec.pixelM)
  const cols = Math.round((spec.xMaxM - spec.xMinM) / spec.pixelM)
  let state = 1
  const random = () => {
    state = (state * 1664525 + 1013904223) >>> 0
    return state / 2 ** 32
  }
  return Array.from({ length: count }, () => {
    const heightM = new Float32Array(rows * cols)
    const color = new Uint8Array(3 * rows * cols).fill(90)
    for (let block = 0; block < 8; block++) {
      const [u0, v0] = [Math.floor(random() * (rows - 20)), Math.floor(random() * (cols - 20))]
      const rgb = [random(), random(), random()].map((part) => Math.floor(255 * part))
      for (let u = u0; u < u0 + 16; u++) {
        for (let v = v0; v < v0 + 16; v++) {
          heightM[u * cols + v] = 0.04
          color.set(rgb, 3 * (u * cols + v))
        }
      }
    }
    return { spec, rows, cols, heightM, color, stampNs: 0n }
  })
}

async function decide(options) {
  const policy = await OnnxPolicy.load(folder, { ...(library && { library }), engine: 'native', engines, ...options })
  try {
    const scenes = heightmaps(policy.info.workspace, 5)
    const answers = []
    for (const scene of scenes)
      for (const goal of goals) answers.push(await policy.propose(scene, goal, { maps: true }))
    const took = []
    for (let i = -warmUps; i < decisions; i++) {
      const startMs = performance.now()
      await policy.propose(scenes[0], goals[0])
      if (i >= 0) took.push(performance.now() - startMs)
    }
    took.sort((a, b) => a - b)
    const nodes = Object.fromEntries(
      Object.entries(policy.execution.nodes ?? {}).map(([graph, providers]) => [
        graph,
        Object.fromEntries(
          Object.entries(providers).map(([name, operators]) => [
            name,
            Object.values(operators).reduce((a, b) => a + b, 0),
          ]),
        ),
      ]),
    )
    return { answers, p50: took[Math.floor(took.length / 2)], p90: took[Math.floor(0.9 * took.length)], nodes }
  } finally {
    await policy.close()
  }
}

/** Greatest difference of two maps over the range of the first. */
function mapDifference(a, b) {
  let [difference, low, high] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < a.length; i++) {
    difference = Math.max(difference, Math.abs(a[i] - b[i]))
    low = Math.min(low, a[i])
    high = Math.max(high, a[i])
  }
  return high > low ? difference / (high - low) : difference
}

function compared(cpu, other) {
  let [same, maps] = [0, 0]
  cpu.answers.forEach((one, i) => {
    const two = other.answers[i]
    const told = ({ pick, place }) => JSON.stringify([pick.pixel, place.pixel, place.yawRad.toFixed(2)])
    if (told(one) === told(two)) same++
    for (const name of one.maps ? ['pick', 'place'] : [])
      maps = Math.max(maps, mapDifference(one.maps[name], two.maps[name]))
  })
  return { same_decisions: same, of: cpu.answers.length, max_map_difference: maps }
}

const round = (ms) => Math.round(100 * ms) / 100
const cpu = await decide({ providers: ['cpu'] })
const report = { package: folder, cpu: { p50_ms: round(cpu.p50), p90_ms: round(cpu.p90) } }
let failed = false
let usable = 0
for (const [name, options] of [
  ['cuda', { providers: ['cuda'] }],
  ['tensorrt_fp32', { providers: ['tensorrt'], gpu: { precision: 'fp32' } }],
  ['tensorrt_fp16', { providers: ['tensorrt'], gpu: { precision: 'fp16' } }],
]) {
  try {
    if (options.gpu !== undefined) {
      const text = JSON.stringify({
        version: 1,
        policy: { package: folder, engines, library: library ?? null, ...options.gpu },
      })
      const config = mergeConfig({ text, name: 'check' }, {}, {})
      const { engines: built } = await buildPolicy({
        config,
        signal: AbortSignal.timeout(120_000),
        onProgress: () => {},
      })
      report[`${name}_build_s`] = built.reduce((sum, { build_s }) => sum + build_s, 0)
    }
    const found = await decide(options)
    usable++
    const comparison = compared(cpu, found)
    report[name] = { p50_ms: round(found.p50), p90_ms: round(found.p90), nodes: found.nodes, ...comparison }
    // fp16 is another arithmetic: its figures are reported, not judged.
    if (name !== 'tensorrt_fp16' && comparison.max_map_difference > tolerance) failed = true
  } catch (error) {
    report[name] = { unusable: error.message ?? String(error) }
  }
}
rmSync(engines, { recursive: true, force: true })
console.log(JSON.stringify(report))
if (usable === 0) {
  console.error('check-gpu: no provider of a GPU can be used here, so that nothing was compared')
  process.exitCode = 1
}
if (failed) {
  console.error(`check-gpu: a provider's maps differ from the CPU's by more than ${tolerance} of their range`)
  process.exitCode = 1
}
