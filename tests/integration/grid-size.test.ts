// The grid has as many rows and columns in TypeScript as in the native projection, for all bounds that can be set.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { gridSize, lookAt } from '../../src/control/geometry.js'
import type { HeightmapSpec } from '../../src/control/types.js'
import { projectHeightmap } from '../../src/native/heightmap.js'
import { cliport } from '../fixtures/cli.js'
import { npy, zip } from '../fixtures/npz.js'

const frame = {
  ...{ width: 2, height: 2, fx: 100, fy: 100, cx: 1, cy: 1 },
  T_base_camera: lookAt([1, 0, 0.75], [0.5, 0, 0]),
  color: new Uint8Array(12),
  depthM: new Float32Array(4),
}

/** Projects into buffers of the size that `gridSize` gives; the addon refuses any other. */
async function projects(spec: HeightmapSpec): Promise<boolean> {
  const { rows, cols } = gridSize(spec)
  const cells = rows * cols
  const output = { heightM: new Float32Array(cells), color: new Uint8Array(3 * cells) }
  return projectHeightmap([frame], spec, output).then(
    () => true,
    () => false,
  )
}

/** A side as the settings name it, in tenths of a millimetre; often a whole number of half cells. */
const side = (pixel: number) =>
  fc
    .tuple(fc.integer({ min: -20000, max: 19000 }), fc.integer({ min: 1, max: 220 }), fc.boolean())
    .map(([min, halves, exact]): [number, number] => {
      const length = exact ? Math.ceil((halves * pixel) / 2) : halves * 7
      return [min / 1e4, (min + Math.max(pixel, length)) / 1e4]
    })

const bounds = fc.integer({ min: 5, max: 500 }).chain((pixel) =>
  fc.tuple(side(pixel), side(pixel)).map(
    ([[xMinM, xMaxM], [yMinM, yMaxM]]): HeightmapSpec => ({
      ...{ xMinM, xMaxM, yMinM, yMaxM },
      ...{ zMinM: 0, zMaxM: 0.28, pixelM: pixel / 1e4 },
    }),
  ),
)

propertyTest.prop([bounds], { numRuns: 1000 })('both sides make the same grid of random bounds', async (spec) => {
  expect(await projects(spec)).toBe(true)
})

test('both sides make the same grid of every bound in a sweep', async () => {
  const different: HeightmapSpec[] = []
  let halves = 0
  for (let mm = 300; mm < 460; mm++) {
    for (const pixelM of [0.002, 0.0025, 0.003, 0.003125, 0.004, 0.005, 0.01]) {
      const spec = { xMinM: 0.25, xMaxM: mm / 1000, yMinM: -0.05, yMaxM: 0.05, zMinM: 0, zMaxM: 0.28, pixelM }
      if (((mm - 250) / (1000 * pixelM)) % 1 === 0.5) halves++
      if (!(await projects(spec))) different.push(spec)
    }
  }
  expect(halves).toBeGreaterThan(100)
  expect(different).toEqual([])
})

test('a buffer of another size is refused, so that the sweep would see it', async () => {
  const spec = { xMinM: 0.25, xMaxM: 0.455, yMinM: -0.5, yMaxM: 0.5, zMinM: 0, zMaxM: 0.28, pixelM: 0.002 }
  const cells = 500 * 103
  const output = { heightM: new Float32Array(cells), color: new Uint8Array(3 * cells) }
  expect(() => projectHeightmap([frame], spec, output)).toThrow(/Expected 51000 elements/)
})

test('the command line projects onto a workspace whose side is half a cell too long', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cliport-grid-'))
  try {
    const [config, frames] = [join(folder, 'cell.yaml'), join(folder, 'frames.npz')]
    writeFileSync(config, 'version: 1\nworkspace: {x_max_m: 0.455, pixel_m: 0.002}\n')
    // A camera that looks straight down from 1 m over the middle of the workspace, on something 0.1 m high.
    const arrays = {
      'color.npy': npy('|u1', '(1, 3, 4, 3)', new Uint8Array(36).fill(90)),
      'depth_m.npy': npy('<f4', '(1, 3, 4)', new Float32Array(12).fill(0.9)),
      'intrinsics.npy': npy('<f8', '(1, 3, 3)', Float64Array.of(100, 0, 1.5, 0, 100, 1, 0, 0, 1)),
      'T.npy': npy('<f8', '(1, 4, 4)', Float64Array.of(0, 1, 0, 0.35, 1, 0, 0, 0, 0, 0, -1, 1, 0, 0, 0, 1)),
    }
    writeFileSync(frames, zip(arrays, true))
    const { exitCode, report } = await cliport('heightmap', '--config', config, '--npz', frames, '--json')
    expect(exitCode).toBe(0)
    expect(report).toMatchObject({ rows: 500, cols: 102, cells: 51000, seen_cells: 12 })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
