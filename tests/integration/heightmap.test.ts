import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { afterAll, expect, test } from 'vitest'
import type { RgbdFrame } from '../../src/control/types.js'
import { checkHeightmap, framesOf } from '../../src/io/heightmap-check.js'
import { readNpz } from '../../src/io/npz.js'
import { createProjector } from '../../src/io/projector.js'
import { projectHeightmap } from '../../src/native/heightmap.js'
import { projectPath } from '../../src/native/paths.js'
import { heightmapReference } from '../fixtures/data.js'
import { npy, zip } from '../fixtures/npz.js'

const folder = mkdtempSync(join(tmpdir(), 'heightmap-'))
afterAll(() => rmSync(folder, { recursive: true }))

const published = { xMinM: 0.25, xMaxM: 0.75, yMinM: -0.5, yMaxM: 0.5, zMinM: 0, zMaxM: 0.28, pixelM: 0.003125 }

/** A camera that looks straight down from (0.5, 0, 1). */
function aFrame(over: Partial<RgbdFrame> = {}): RgbdFrame {
  return {
    camera: 'top',
    intrinsics: { width: 4, height: 3, fx: 100, fy: 100, cx: 1.5, cy: 1 },
    T_base_camera: Float64Array.of(0, 1, 0, 0.5, 1, 0, 0, 0, 0, 0, -1, 1, 0, 0, 0, 1),
    color: new Uint8Array(36).fill(90),
    depthM: new Float32Array(12).fill(0.9),
    stampNs: 5n,
    ...over,
  }
}

function anOutput() {
  return { heightM: new Float32Array(51200), color: new Uint8Array(153600), labels: new Uint8Array(51200) }
}

test('the fused heightmap equals the published implementation in every cell', async () => {
  expect(await checkHeightmap(heightmapReference)).toEqual({
    cells: 51200,
    height_cells_differ: 0,
    color_cells_differ: 0,
    max_abs_m: 0,
  })
})

test('the heightmap of each camera equals the published implementation in every cell', async () => {
  const npz = readNpz(heightmapReference)
  const frames = framesOf(npz, heightmapReference)
  const heights = npz.array('u16_hmaps', '<f4').data
  const colors = npz.array('u16_cmaps_stable', '|u1').data
  expect(frames).toHaveLength(3)
  for (const [camera, frame] of frames.entries()) {
    const { heightM, color } = await createProjector().project([frame], published)
    expect(heightM).toEqual(heights.slice(51200 * camera, 51200 * (camera + 1)))
    expect(Buffer.from(color)).toEqual(Buffer.from(colors.slice(153600 * camera, 153600 * (camera + 1))))
  }
})

test('depth that was never rounded to whole units projects as published, too', async () => {
  const npz = readNpz(heightmapReference)
  const frame = { ...framesOf(npz, heightmapReference)[0]!, depthM: npz.array('f32_depth_cam0', '<f4').data }
  const { heightM } = await createProjector().project([frame], published)
  expect(heightM).toEqual(npz.array('f32_hmaps', '<f4').data)
})

/** A file like the golden one, of our own making: one camera over a flat table, and the result as it should be. */
async function referenceFile(
  path: string,
  spoil: (heightM: Float32Array, color: Uint8Array) => void,
  without?: string,
) {
  const { width, height, fx, fy, cx, cy } = aFrame().intrinsics
  const raw = new Uint16Array(12).fill(9000)
  const frame = aFrame({ depthM: Float32Array.from(raw, (n) => n * Math.fround(1e-4)) })
  const { heightM, color } = await createProjector().project([frame], published)
  spoil(heightM, color)
  const files: Record<string, Buffer> = {
    color: npy('|u1', `(1, ${height}, ${width}, 3)`, frame.color),
    u16_depth_raw: npy('<u2', `(1, ${height}, ${width})`, raw),
    intrinsics: npy('<f8', '(1, 3, 3)', Float64Array.of(fx, 0, cx, 0, fy, cy, 0, 0, 1)),
    T: npy('<f8', '(1, 4, 4)', frame.T_base_camera),
    bounds: npy('<f8', '(3, 2)', Float64Array.of(0.25, 0.75, -0.5, 0.5, 0, 0.28)),
    pix_size: npy('<f8', '()', Float64Array.of(0.003125)),
    u16_fused_h: npy('<f4', '(320, 160)', heightM),
    u16_fused_c_stable: npy('|u1', '(320, 160, 3)', color),
  }
  const kept = Object.entries(files).filter(([name]) => name !== without)
  writeFileSync(path, zip(Object.fromEntries(kept.map(([name, bytes]) => [`${name}.npy`, bytes])), true))
}

test('a check counts the cells that differ, and tells by how much', async () => {
  const path = join(folder, 'spoilt.npz')
  await referenceFile(path, (heightM, color) => {
    heightM[100]! += 0.25
    heightM[200]! += 0.125
    color[3 * 300 + 2]! += 1
    color[3 * 300]! += 1
  })
  expect(await checkHeightmap(path)).toEqual({
    cells: 51200,
    height_cells_differ: 2,
    color_cells_differ: 1,
    max_abs_m: 0.25,
  })
})

test('a file without a reference, or of another shape, cannot be checked', async () => {
  const path = join(folder, 'partial.npz')
  await referenceFile(path, () => {}, 'u16_fused_h')
  await expect(checkHeightmap(path)).rejects.toMatchObject({ code: 'INPUT_INVALID', stage: 'project' })
  await expect(checkHeightmap(path)).rejects.toThrow(/has no array 'u16_fused_h', only color, u16_depth_raw/)
  writeFileSync(path, zip({ 'color.npy': npy('|u1', '(2, 6)', new Uint8Array(12)) }, false))
  await expect(checkHeightmap(path)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
})

test('the projector makes a map of the spec with the stamp of the oldest frame', async () => {
  const map = await createProjector().project([aFrame(), aFrame({ stampNs: 3n }), aFrame({ stampNs: 4n })], published)
  expect(map).toMatchObject({ rows: 320, cols: 160, stampNs: 3n, spec: published })
  expect(Math.max(...map.heightM)).toBeCloseTo(0.1, 6)
  expect(map.heightM.filter((heightM) => heightM > 0)).toHaveLength(12)
})

test.each<[string, Partial<RgbdFrame>, RegExp]>([
  [
    'only holes',
    { depthM: Float32Array.from({ length: 12 }, (_, i) => [0, NaN, -1, Infinity][i % 4]!) },
    /no finite depth/,
  ],
  ['depth of another size', { depthM: new Float32Array(11).fill(1) }, /11 depths, expected 12/],
  ['colour of another size', { color: new Uint8Array(12) }, /12 bytes of colour, expected 36/],
  ['a pose that is not finite', { T_base_camera: new Float64Array(16).fill(NaN) }, /T_base_camera/],
  ['no focal length', { intrinsics: { width: 4, height: 3, fx: 0, fy: 1, cx: 0, cy: 0 } }, /intrinsics fx 0/],
  ['no size', { intrinsics: { width: 0, height: 3, fx: 1, fy: 1, cx: 0, cy: 0 } }, /0 x 3 pixels/],
])('a frame with %s is invalid and its camera is named', async (_, over, message) => {
  const projected = createProjector().project([aFrame(), aFrame({ camera: 'left', ...over })], published)
  await expect(projected).rejects.toMatchObject({ code: 'FRAME_INVALID', stage: 'project' })
  await expect(projected).rejects.toThrow(/camera 'left'/)
  await expect(projected).rejects.toThrow(message)
})

test('one pixel with depth is enough', async () => {
  const depthM = new Float32Array(12).fill(NaN)
  depthM[7] = 0.9
  const map = await createProjector().project([aFrame({ depthM })], published)
  expect(map.heightM.filter((heightM) => heightM > 0)).toHaveLength(1)
})

test('no frames at all are invalid', async () => {
  await expect(createProjector().project([], published)).rejects.toMatchObject({ code: 'FRAME_INVALID' })
})

test('the addon names argument, expected and received size before any work begins', () => {
  const { intrinsics, ...rest } = aFrame()
  const frame = { ...intrinsics, ...rest }
  const project =
    (over: object, output: object = anOutput(), spec: object = published) =>
    () =>
      projectHeightmap([{ ...frame, ...over }], { ...published, ...spec }, { ...anOutput(), ...output })
  expect(project({ depthM: new Float32Array(3) })).toThrow(
    new RangeError('Expected 12 elements for frames[0].depthM but received 3'),
  )
  expect(project({ color: new Uint8Array(3) })).toThrow(/Expected 36 elements for frames\[0\]\.color but received 3/)
  expect(project({ labels: new Uint8Array(3) })).toThrow(/frames\[0\]\.labels/)
  expect(project({}, { heightM: new Float32Array(1) })).toThrow(/Expected 51200 elements for output\.heightM/)
  expect(project({}, { color: new Uint8Array(1) })).toThrow(/output\.color/)
  expect(project({}, { labels: new Uint8Array(1) })).toThrow(/output\.labels/)
  expect(project({}, {}, { pixelM: 0 })).toThrow(RangeError)
  expect(project({ depthM: new Float64Array(12) })).toThrow(
    new TypeError('Expected frames[0].depthM to be a Float32Array'),
  )
  expect(project({ width: 2.5 })).toThrow(/Expected an integer from 1 to 16384 for frames\[0\]\.width but received 2.5/)
})

test('labels follow the highest point, and many projections may run at once', async () => {
  const { intrinsics, ...rest } = aFrame()
  const low = { ...intrinsics, ...rest, labels: new Uint8Array(12).fill(1) }
  const high = { ...low, depthM: new Float32Array(12).fill(0.8), labels: new Uint8Array(12).fill(2) }
  const outputs = Array.from({ length: 20 }, anOutput)
  await Promise.all(outputs.map((output, i) => projectHeightmap(i % 2 ? [low, high] : [low], published, output)))
  for (const [i, output] of outputs.entries()) {
    expect(new Set(output.labels)).toEqual(new Set(i % 2 ? [0, 1, 2] : [0, 1]))
  }
})

test('buffers live until the projection ends although nobody else holds them', async () => {
  const { intrinsics, ...rest } = aFrame()
  const results = Array.from({ length: 50 }, () =>
    projectHeightmap(
      [{ ...intrinsics, ...rest, color: new Uint8Array(36), depthM: new Float32Array(12) }],
      published,
      anOutput(),
    ),
  )
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  await Promise.all(results)
})

test('the addon works in a worker thread, and a worker may end while it works', async () => {
  const addon = JSON.stringify(projectPath('build/Release/heightmap.node'))
  const code = `
    const { project } = require(${addon})
    const { parentPort } = require('node:worker_threads')
    const size = 640 * 480
    const frame = { width: 640, height: 480, fx: 450, fy: 450, cx: 320, cy: 240,
      T_base_camera: Float64Array.of(0, 1, 0, 0.5, 1, 0, 0, 0, 0, 0, -1, 1, 0, 0, 0, 1),
      color: new Uint8Array(3 * size).fill(9), depthM: new Float32Array(size).fill(0.9) }
    const output = { heightM: new Float32Array(51200), color: new Uint8Array(153600) }
    const spec = ${JSON.stringify(published)}
    const all = Array.from({ length: 40 }, () => project(Array(8).fill(frame), spec, output))
    all[0].then(() => parentPort.postMessage(output.heightM.filter((h) => h > 0).length))`
  for (let i = 0; i < 3; i++) {
    const worker = new Worker(code, { eval: true })
    const cells = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    expect(cells).toBeGreaterThan(1000)
    expect(await worker.terminate()).toBe(1)
  }
})

test('cells that stand alone are emptied and small holes are filled where the options say so', async () => {
  const size = 40
  const depthM = new Float32Array(size * size).fill(0.9)
  const frame = aFrame({
    intrinsics: { width: size, height: size, fx: 288, fy: 288, cx: 19.5, cy: 19.5 }, // a pixel is a cell
    color: new Uint8Array(3 * size * size).fill(90),
    depthM,
  })
  const plain = await createProjector().project([frame], published)
  depthM[20 * size + 20] = 0.8
  depthM[10 * size + 10] = 0
  const spoilt = await createProjector().project([frame], published)
  const differing = (map: typeof plain) => map.heightM.filter((heightM, i) => heightM !== plain.heightM[i]).length
  expect(differing(spoilt)).toBeGreaterThan(1)
  const cleaned = await createProjector({ outliers: { toleranceM: 0.01, minSupport: 2 }, holePasses: 1 }).project(
    [frame],
    published,
  )
  expect(differing(cleaned)).toBe(0)
})

test('an option that makes no sense is named', async () => {
  const output = anOutput()
  const { intrinsics, T_base_camera, color, depthM } = aFrame()
  const frame = { ...intrinsics, T_base_camera, color, depthM }
  const project = (options: object) => projectHeightmap([frame], published, output, options)
  expect(() => project({ holePasses: 65 })).toThrow(/options.holePasses.*65/)
  expect(() => project({ outliers: { toleranceM: 0.01, minSupport: 9 } })).toThrow(/options.outliers.minSupport.*9/)
  await expect(project({ outliers: { toleranceM: -1, minSupport: 2 } })).rejects.toThrow(/tolerance/i)
})
