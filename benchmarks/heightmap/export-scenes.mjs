// Camera frames of random scenes of the simulated cell as .npz files, for `compare.mjs --scenes FOLDER`.
//
//   node benchmarks/heightmap/export-scenes.mjs FOLDER [--scenes 200] [--seed 1]
//
// Half of the scenes have a real sensor's noise and holes, half have random cameras, light and colours.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createCell } from '../../dist/sim/index.js'
import { npy, zip } from './write-npz.mjs'

const {
  values: options,
  positionals: [folder],
} = parseArgs({
  allowPositionals: true,
  options: { scenes: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
})
if (folder === undefined) throw new Error('Expected a folder for the scenes: export-scenes.mjs FOLDER')
mkdirSync(folder, { recursive: true })

const cell = createCell('caller')
for (let i = 0; i < Number(options.scenes); i++) {
  const seed = Number(options.seed) + 2 * i
  await cell.reset({
    task: 'put-block-in-bowl-full-colors',
    seed,
    clock: 'free',
    sensor: i % 2 === 0 ? 'clean' : 'real',
    appearance: i % 4 < 2 ? 'published' : 'randomized',
  })
  const frames = await cell.capture()
  const { width, height } = frames[0].intrinsics
  const n = frames.length
  const scene = {
    'color.npy': npy(
      '|u1',
      `(${n}, ${height}, ${width}, 3)`,
      joined(Uint8Array, frames, ({ color }) => color),
    ),
    'depth_m.npy': npy(
      '<f4',
      `(${n}, ${height}, ${width})`,
      joined(Float32Array, frames, ({ depthM }) => depthM),
    ),
    'intrinsics.npy': npy('<f8', `(${n}, 3, 3)`, joined(Float64Array, frames, matrixOf)),
    'T.npy': npy(
      '<f8',
      `(${n}, 4, 4)`,
      joined(Float64Array, frames, ({ T_base_camera }) => T_base_camera),
    ),
  }
  writeFileSync(join(folder, `${String(seed).padStart(6, '0')}.npz`), zip(scene, false))
}
await cell.close()
console.log(`${options.scenes} scenes in ${folder}`)
process.exit(0)

function matrixOf({ intrinsics: { fx, fy, cx, cy } }) {
  return [fx, 0, cx, 0, fy, cy, 0, 0, 1]
}

function joined(Type, frames, partOf) {
  return Type.from(frames.flatMap((frame) => Array.from(partOf(frame))))
}
