import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { projectPath } from '../../src/native/paths.js'
import {
  addSensorNoise,
  createRasterizer,
  type MeshInstance,
  type RenderCamera,
  type RenderLight,
  type SensorNoise,
} from '../../src/native/raster.js'

const identity = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)
const light: RenderLight = { direction: [0.2, 0.1, 1], ambient: 0.5, shadows: true }
const background = [0.2, 0.4, 0.6] as const

/** A square of 2 m at z = 0, red. */
const square: MeshInstance = {
  positionsM: Float32Array.of(-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, -1, 0, 1, 1, 0, -1, 1, 0),
  colorRgb: Float32Array.of(1, 0, 0, 1, 0, 0),
  label: 7,
}

/** Straight down from (0, 0, heightM): 40 degrees across. */
function cameraAt(heightM: number): RenderCamera {
  const T_base_camera = Float64Array.of(0, 1, 0, 0, 1, 0, 0, 0, 0, 0, -1, heightM, 0, 0, 0, 1)
  return { width: 64, height: 48, fx: 88, fy: 88, cx: 31.5, cy: 23.5, T_base_camera }
}

function aTarget() {
  return { color: new Uint8Array(64 * 48 * 3), depthM: new Float32Array(64 * 48), labels: new Uint8Array(64 * 48) }
}

test('every camera sees the square at its own distance', async () => {
  const targets = [aTarget(), aTarget()]
  await createRasterizer([square]).render(identity, [cameraAt(1), cameraAt(2)], targets, light, background)
  for (const [i, { depthM, labels, color }] of targets.entries()) {
    expect(Math.min(...depthM)).toBeCloseTo(i + 1, 5)
    expect(Math.max(...depthM)).toBeCloseTo(i + 1, 5)
    expect(new Set(labels)).toEqual(new Set([7]))
    expect(color[0]).toBeGreaterThan(200)
    expect(color[1]).toBe(0)
  }
})

test('rendering now and rendering on the thread pool give the same pixels', async () => {
  const rasterizer = createRasterizer([square])
  const [now, later] = [aTarget(), aTarget()]
  rasterizer.renderSync(identity, [cameraAt(3)], [now], light, background)
  await rasterizer.render(identity, [cameraAt(3)], [later], light, background)
  expect(later).toEqual(now)
  expect(new Set(now.labels)).toEqual(new Set([0, 7]))
})

test('where nothing is seen there is the background, no depth and no label', () => {
  const target = aTarget()
  createRasterizer([]).renderSync(new Float64Array(0), [cameraAt(1)], [target], light, background)
  expect([...target.color.subarray(0, 3)]).toEqual([51, 102, 153])
  expect(new Set(target.depthM)).toEqual(new Set([0]))
  expect(new Set(target.labels)).toEqual(new Set([0]))
})

test('poses are taken when a render begins, so that they may change at once', async () => {
  const poses = identity.slice()
  const target = aTarget()
  const rendered = createRasterizer([square]).render(poses, [cameraAt(1)], [target], light, background)
  poses[11] = 0.5
  await rendered
  expect(target.depthM[0]).toBeCloseTo(1, 5)
})

test('a render ends well although the rasteriser is not used again', async () => {
  const targets = Array.from({ length: 30 }, aTarget)
  await Promise.all(
    targets.map((target) => createRasterizer([square]).render(identity, [cameraAt(1)], [target], light, background)),
  )
  expect(targets.every(({ depthM }) => Math.abs(depthM[0]! - 1) < 1e-5)).toBe(true)
})

test('what does not fit is refused by name, expected and received size', () => {
  const rasterizer = createRasterizer([square])
  const render =
    (poses: Float64Array, target: object, over: object = {}, camera: object = {}) =>
    () =>
      rasterizer.renderSync(
        poses,
        [{ ...cameraAt(1), ...camera }],
        [{ ...aTarget(), ...target }],
        { ...light, ...over },
        background,
      )
  expect(render(new Float64Array(3), {})).toThrow(
    new RangeError('Expected 16 elements for T_base_object but received 3'),
  )
  expect(render(identity, { depthM: new Float32Array(2) })).toThrow(
    new RangeError('Expected 3072 elements for targets[0].depthM but received 2'),
  )
  expect(render(identity, { color: new Float32Array(2) })).toThrow(
    new TypeError('Expected targets[0].color to be a Uint8Array'),
  )
  expect(render(identity, {}, { direction: [0, 0, 0] })).toThrow(RangeError)
  expect(render(identity, {}, { direction: [0, 0] })).toThrow(/Expected 3 elements for light.direction but received 2/)
  expect(render(identity, {}, { ambient: 2 })).toThrow(/light.ambient/)
  expect(render(identity, {}, {}, { fx: 0 })).toThrow(/cameras\[0\]/)
  expect(() => rasterizer.renderSync(identity, [cameraAt(1)], [], light, background)).toThrow(
    new RangeError('Expected 1 elements for targets but received 0'),
  )
  expect(() => createRasterizer([square, { ...square, colorRgb: new Float32Array(5) }])).toThrow(
    new RangeError('Expected 6 elements for instances[1].colorRgb but received 5'),
  )
  expect(() => createRasterizer([{ ...square, label: 256 }])).toThrow(/instances\[0\].label but received 256/)
  expect(() => createRasterizer([{ ...square, positionsM: new Float32Array(18).fill(NaN) }])).toThrow(/finite/)
})

const noise: SensorNoise = { depthSigmaM: 0.002, colorSigma: 2, edgeHoleProbability: 0.5, blobHoleProbability: 0.001 }

test('sensor noise is the same for the same seed and leaves labels alone', () => {
  const clean = aTarget()
  createRasterizer([square]).renderSync(identity, [cameraAt(3)], [clean], light, background)
  const spoilt = (seed: number) => {
    const target = { color: clean.color.slice(), depthM: clean.depthM.slice(), labels: clean.labels.slice() }
    addSensorNoise(target, 64, 48, noise, seed)
    return target
  }
  expect(spoilt(1)).toEqual(spoilt(1))
  expect(spoilt(1).depthM).not.toEqual(spoilt(2).depthM)
  expect(spoilt(1).labels).toEqual(clean.labels)
  const holes = (depthM: Float32Array) => depthM.filter((z) => z === 0).length
  expect(holes(spoilt(1).depthM)).toBeGreaterThan(holes(clean.depthM))
})

test('sensor noise refuses a seed that is not a whole number', () => {
  expect(() => addSensorNoise(aTarget(), 64, 48, noise, 0.5)).toThrow(/whole number .* received 0.5/)
  expect(() => addSensorNoise(aTarget(), 64, 49, noise, 1)).toThrow(/Expected 9408 elements for target.color/)
})

test('the addon works in a worker thread', async () => {
  const code = `
    const { Rasterizer } = require(${JSON.stringify(projectPath('build/Release/raster.node'))})
    const { parentPort, workerData } = require('node:worker_threads')
    const target = { color: new Uint8Array(9216), depthM: new Float32Array(3072) }
    new Rasterizer([workerData.square])
      .render(workerData.identity, [workerData.camera], [target], workerData.light, [0, 0, 0])
      .then(() => parentPort.postMessage(target.depthM[0]))`
  const worker = new Worker(code, { eval: true, workerData: { square, identity, camera: cameraAt(1), light } })
  const depthM = await new Promise<number>((resolve, reject) => worker.once('message', resolve).once('error', reject))
  expect(depthM).toBeCloseTo(1, 5)
})
