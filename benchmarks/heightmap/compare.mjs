// The native heightmap against its NumPy reference in every cell of many scenes. For speed: cliport bench heightmap.
//
//   node benchmarks/heightmap/compare.mjs --python VENV/bin/python --scenes FOLDER
//
// VENV: python3 -m venv VENV && VENV/bin/pip install -r benchmarks/requirements.txt. Needs the compiled project (make
// setup). Scenes are .npz files: color u1 [n,h,w,3], depth_m f4 [n,h,w] in metres, intrinsics f8 [n,3,3] in pixels,
// T f8 [n,4,4] camera to base; optionally bounds f8 [3,2] and pix_size f8 [] (default: the published workspace).
// Exit code 1 when a cell of exact mode differs at all, or more than five cells of any scene in fast mode: in height by
// more than 1 um, or in colour.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startNumpyReference } from '../../dist/bench/numpy-reference.js'
import { gridSize } from '../../dist/control/geometry.js'
import { framesOf, specOf } from '../../dist/io/heightmap-check.js'
import { readNpz } from '../../dist/io/npz.js'
import { projectHeightmap } from '../../dist/native/heightmap.js'
import { machine } from '../../dist/runtime/machine.js'

const { values: options } = parseArgs({
  options: { python: { type: 'string', default: 'python3' }, scenes: { type: 'string' } },
})
if (options.scenes === undefined) throw new Error('Expected a folder of scenes: compare.mjs --scenes FOLDER')

async function project(path, mode) {
  const npz = readNpz(path)
  const spec = specOf(npz, path)
  const { rows, cols } = gridSize(spec)
  const cells = rows * cols
  const output = { heightM: new Float32Array(cells), color: new Uint8Array(3 * cells) }
  const frames = framesOf(npz, path).map((frame) => ({ ...frame.intrinsics, ...frame }))
  await projectHeightmap(frames, spec, output, mode)
  return output
}

function differences(output, heightM, color, toleranceM) {
  let height = 0
  let colors = 0
  let cells = 0
  for (let i = 0; i < heightM.length; i++) {
    const higher = Math.abs(output.heightM[i] - heightM[i]) > toleranceM
    const painted = [0, 1, 2].some((c) => output.color[3 * i + c] !== color[3 * i + c])
    if (higher) height++
    if (painted) colors++
    if (higher || painted) cells++
  }
  return { height, colors, cells }
}

const total = { scenes: 0, cells: 0, height_cells_differ: 0, color_cells_differ: 0, fast_cells_differ_at_most: 0 }
const before = machine(`node benchmarks/heightmap/compare.mjs ${process.argv.slice(2).join(' ')}`)
const scratch = mkdtempSync(join(tmpdir(), 'heightmap-'))
const reference = startNumpyReference(options.python)
try {
  const names = readdirSync(options.scenes).filter((name) => name.endsWith('.npz'))
  for (const name of names.sort()) {
    const path = join(options.scenes, name)
    await reference.load(path)
    await reference.save(join(scratch, 'expected.npz'))
    const expected = readNpz(join(scratch, 'expected.npz'))
    const heightM = expected.array('height_m', '<f4').data
    const color = expected.array('color', '|u1').data
    const exact = await project(path, { threads: 1 + (total.scenes % 3) })
    if (heightM.length !== exact.heightM.length) throw new Error(`${name}: grids differ in size`)
    const { height, colors } = differences(exact, heightM, color, 0)
    const fast = differences(await project(path, { fast: true, threads: 2 }), heightM, color, 1e-6)
    total.scenes++
    total.cells += heightM.length
    total.height_cells_differ += height
    total.color_cells_differ += colors
    total.fast_cells_differ_at_most = Math.max(total.fast_cells_differ_at_most, fast.cells)
  }
  if (total.scenes === 0) throw new Error(`There is no .npz file in ${options.scenes}`)
} finally {
  reference.close()
  rmSync(scratch, { recursive: true })
}
process.stdout.write(`${JSON.stringify({ ...total, machine: before })}\n`)
if (total.height_cells_differ + total.color_cells_differ > 0 || total.fast_cells_differ_at_most > 5)
  process.exitCode = 1
