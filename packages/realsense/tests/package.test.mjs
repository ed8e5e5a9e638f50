// The package as its users have it, on plain Node: run on the installed tarball, under the address sanitizer, and on
// arm64 under emulation (scripts/test-*). The full suite is the repository's tests/integration/realsense-*.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { libraryInfo, listCameras, openCamera, pointCloud } from '@cliport/realsense'
import { SoftwareCamera, softwareBuffersAlive } from '@cliport/realsense/testing'

const [width, height] = [640, 480]
const [depthFx, colorFx, baselineM, periodMs] = [384, 608, 0.015, 1000 / 30]
const software = new SoftwareCamera({
  serial: 'PACKAGE',
  depth: { width, height, fx: depthFx, fy: depthFx, cx: width / 2, cy: height / 2 },
  color: { width, height, fx: colorFx, fy: colorFx, cx: width / 2, cy: height / 2 },
  T_color_depth: [1, 0, 0, baselineM, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
})
const folder = mkdtempSync(join(tmpdir(), 'realsense-package-'))
after(() => {
  software.unplug()
  rmSync(folder, { recursive: true, force: true })
})

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const black = new Uint8Array(width * height * 3)
const flat = (value) => new Uint16Array(width * height).fill(value)

/** Frames 1 to `count`, no faster than a camera three times as quick, and than this (perhaps emulated) machine. */
async function inject(camera, count, depth = (number) => flat(number)) {
  for (let number = 1; number <= count; number++) {
    const before = camera.stats
    software.inject({ number, timestampMs: 1000 + number * periodMs, depth: depth(number), color: black })
    const seen = ({ received, incomplete }) => received + incomplete
    for (let i = 0; i < 200 && seen(camera.stats) === seen(before); i++) await pause(2)
    await pause(periodMs / 3)
  }
}

test('the library and the software camera are found', async () => {
  const library = libraryInfo()
  console.log(`${process.arch}, librealsense2 ${library.version}`)
  assert.deepEqual(library.missingOptional, [])
  assert.deepEqual(
    (await listCameras()).map(({ serial }) => serial),
    ['PACKAGE'],
  )
})

test('injected depth and colour are synchronised', async () => {
  const camera = await openCamera({ serial: 'PACKAGE' })
  const pairs = []
  const consumed = (async () => {
    for await (const { depth, color } of camera) pairs.push([depth.number, color.number, depth.data[1]])
  })()
  await inject(camera, 20)
  await camera.close()
  await consumed
  assert.ok(pairs.length >= 10, `${pairs.length} pairs`)
  for (const [depth, color, value] of pairs) assert.deepEqual([color, value], [depth, depth])
})

test('aligned depth lies where the closed form says', async () => {
  const camera = await openCamera({ serial: 'PACKAGE', align: 'color' })
  const [u0, size] = [400, 16]
  const patch = flat(0)
  for (let v = 232; v < 248; v++) patch.fill(1000, v * width + u0 - size / 2, v * width + u0 + size / 2)
  const [frame] = await Promise.all([camera.next(), inject(camera, 4, () => patch)])
  const columns = [...frame.depth.data.keys()].filter((i) => frame.depth.data[i] > 0).map((i) => i % width)
  const center = columns.reduce((sum, u) => sum + u, 0) / columns.length
  const expected = colorFx * ((u0 - 0.5 - width / 2) / depthFx + baselineM) + width / 2
  console.log(`patch at u = ${center.toFixed(2)}, closed form ${expected.toFixed(2)}`)
  assert.ok(Math.abs(center - expected) < 1)
  assert.ok(pointCloud(frame).positionsM.length >= 3 * columns.length)
  await camera.close()
})

test('leases run out at four, are detached on release, and come back', async () => {
  const camera = await openCamera({ serial: 'PACKAGE', depth: true, delivery: 'lease' })
  const next = async (number) => {
    software.inject({ number, timestampMs: number * periodMs, depth: flat(number) })
    return camera.next()
  }
  const leases = [await next(1), await next(2), await next(3), await next(4)]
  await assert.rejects(next(5), { code: 'LEASES_EXHAUSTED' })
  const view = leases[0].depth.data
  for (const lease of leases) lease.release()
  assert.equal(view.byteLength, 0)
  assert.ok((await next(6)).depth.data[0] >= 5)
  await camera.close()
})

test('what is recorded plays back in step', async () => {
  const [, minor] = libraryInfo().version.split('.').map(Number)
  const file = join(folder, minor >= 58 ? 'test.db3' : 'test.bag')
  const camera = await openCamera({ serial: 'PACKAGE', record: file })
  await inject(camera, 12)
  await camera.close()
  assert.ok(existsSync(file))
  const player = await openCamera({ file })
  let pairs = 0
  for await (const { depth, color } of player) {
    assert.equal(depth.number, color.number)
    assert.equal(depth.data[3], depth.number)
    pairs++
  }
  await player.close()
  assert.ok(pairs >= 9, `${pairs} pairs`)
})

test('a recording of a real camera plays', { skip: !process.env.REALSENSE_TEST_BAG }, async () => {
  const player = await openCamera({ file: process.env.REALSENSE_TEST_BAG, pairing: 'latest', align: 'depth' })
  const frame = await player.next()
  assert.equal(player.info.name, 'Intel RealSense D435')
  assert.ok(pointCloud(frame).positionsM.length > 250_000)
  await player.close()
})

test('a pulled cable, a silent camera and a bad file end as they should', async () => {
  const camera = await openCamera({ serial: 'PACKAGE', depth: true, stallMs: 300 })
  const states = []
  camera.onState((state) => states.push(state))
  software.unplug()
  software.plug()
  while (!states.includes('streaming')) await pause(10)
  while (!states.includes('stalled')) await pause(10)
  await camera.close()
  await assert.rejects(openCamera({ file: join(folder, 'nothing.bag') }), { code: 'FILE_INVALID' })
})

test('a worker that ends with its camera open takes it along', async () => {
  const source = `
    import { openCamera } from '@cliport/realsense'
    import { SoftwareCamera } from '@cliport/realsense/testing'
    const size = { width: 64, height: 48, fx: 60, fy: 60, cx: 32, cy: 24 }
    const software = new SoftwareCamera({ serial: 'WORKER', depth: size })
    const camera = await openCamera({ serial: 'WORKER', depth: true, delivery: 'lease' })
    let number = 0
    setInterval(() => software.inject({ number: ++number, timestampMs: number * 5, depth: new Uint16Array(64 * 48) }), 5)
    await camera.next()
    process.exit(4)`
  const worker = new Worker(source, { eval: true, execArgv: ['--input-type=module'] })
  assert.equal(await new Promise((resolve) => worker.on('error', resolve).on('exit', resolve)), 4)
})

test('every injected buffer was given back', async () => {
  for (let i = 0; i < 500 && softwareBuffersAlive() > 0; i++) await pause(10)
  assert.equal(softwareBuffersAlive(), 0)
})
