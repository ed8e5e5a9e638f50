// The Camera port on RealSense: recordings of a real D435, and software cameras in the place of real ones.

import { describe, expect, test } from 'vitest'
import { checkCamera, checkFirmware, checkFrames, checkUsb } from '../../src/cli/camera-check.js'
import { CliportError } from '../../src/control/errors.js'
import type { HeightmapSpec } from '../../src/control/types.js'
import { asCliportError, openRealSense } from '../../src/io/cameras/realsense.js'
import { createProjector } from '../../src/io/projector.js'
import { d435Recording } from '../fixtures/data.js'
import { height, injectForever, periodMs, softwareCamera, useLibrary, width } from '../fixtures/realsense.js'

const skip = useLibrary('2.59.1')

/** The camera looks straight down from 1.5 m above the origin; image right is base +y. */
const T_down = Float64Array.of(0, -1, 0, 0, 1, 0, 0, 0, 0, 0, -1, 1.5, 0, 0, 0, 1)
const spec: HeightmapSpec = { xMinM: -0.5, xMaxM: 0.5, yMinM: -0.5, yMaxM: 0.5, zMinM: -1, zMaxM: 1.4, pixelM: 0.01 }

describe.skipIf(skip !== undefined)('with the real library', () => {
  test('a recording of a real D435 becomes a heightmap, again and again', async () => {
    const camera = await openRealSense([{ name: 'd435', file: d435Recording, T_base_camera: T_down }])
    try {
      const [frame] = await camera.capture()
      expect(frame!.intrinsics).toMatchObject({ width: 640, height: 480 })
      expect(frame!.intrinsics.fx).toBeGreaterThan(300)
      const seen = frame!.depthM.filter((depthM) => depthM > 0.2 && depthM < 20).length
      expect(seen / frame!.depthM.length).toBeGreaterThan(0.5)
      // Colour was resampled into depth. The colour camera sees less to the sides, so the middle is looked at.
      const middle = Array.from(frame!.depthM.keys()).filter(
        (i) => Math.abs((i % width) - width / 2) < width / 6 && Math.abs(i / width - height / 2) < height / 6,
      )
      const withDepth = middle.filter((i) => frame!.depthM[i]! > 0)
      const coloured = withDepth.filter((i) => frame!.color[3 * i + 1]! > 0)
      expect(coloured.length / withDepth.length).toBeGreaterThan(0.9)
      const heightmap = await createProjector().project([frame!], spec)
      const cells = heightmap.heightM.filter((heightM) => heightM > 0).length
      expect(cells / heightmap.heightM.length).toBeGreaterThan(0.1)

      const [again] = await camera.capture()
      expect(again!.stampNs).toBeGreaterThan(frame!.stampNs)
      expect(Buffer.from(again!.color).equals(Buffer.from(frame!.color))).toBe(true)
    } finally {
      await camera.close()
    }
  })

  test('capture gives a frame of every camera, taken after the call and within half a period', async () => {
    const left = softwareCamera('PORT-L')
    const right = softwareCamera('PORT-R')
    const feeds = [injectForever(left), injectForever(right, 500)]
    const camera = await openRealSense([
      { name: 'left', serial: 'PORT-L', T_base_camera: T_down },
      { name: 'right', serial: 'PORT-R', T_base_camera: T_down },
    ])
    try {
      for (let i = 0; i < 5; i++) {
        const beforeNs = process.hrtime.bigint()
        const frames = await camera.capture()
        expect(frames.map((frame) => frame.camera)).toEqual(['left', 'right'])
        for (const { stampNs, depthM, color } of frames) {
          expect(stampNs).toBeGreaterThanOrEqual(beforeNs)
          expect([depthM.length, color.length]).toEqual([width * height, width * height * 3])
          expect(depthM[0]).toBeGreaterThan(0.9)
        }
        expect(Math.abs(Number(frames[0]!.stampNs - frames[1]!.stampNs))).toBeLessThanOrEqual((periodMs / 2) * 1e6)
      }
    } finally {
      for (const feed of feeds) feed.stop()
      await camera.close()
      left.unplug()
      right.unplug()
    }
  })

  test('frames that were captured are not overwritten by later ones', async () => {
    const software = softwareCamera('PORT-K')
    const feed = injectForever(software)
    const camera = await openRealSense([{ name: 'one', serial: 'PORT-K', T_base_camera: T_down }])
    const kept = (await camera.capture())[0]!
    const valueM = kept.depthM[0]
    for (let i = 0; i < 10; i++) await camera.capture()
    expect(new Set(kept.depthM)).toEqual(new Set([valueM]))
    feed.stop()
    await camera.close()
    software.unplug()
  })

  test('a camera that delivers nothing is CAMERA_STALLED, and says which one and in what state', async () => {
    const software = softwareCamera('PORT-S')
    const camera = await openRealSense([{ name: 'silent', serial: 'PORT-S', T_base_camera: T_down }], {
      timeoutMs: 100,
    })
    await expect(camera.capture()).rejects.toMatchObject({
      code: 'CAMERA_STALLED',
      retryable: true,
      message: /'silent' is streaming/,
    })
    const reason = new Error('enough')
    await expect(camera.capture(AbortSignal.abort(reason))).rejects.toBe(reason)
    await camera.close()
    software.unplug()
  })

  test('what keeps a camera away is told in the terms of the runtime', async () => {
    const open = (camera: object) => openRealSense([{ name: 'top', T_base_camera: T_down, ...camera }])
    await expect(open({ serial: 'NOBODY' })).rejects.toMatchObject({ code: 'CAMERA_ABSENT', message: /'top'.*NOBODY/ })
    await expect(open({ file: 'nothing.bag' })).rejects.toMatchObject({ code: 'RECORDING_CORRUPT' })
    await expect(open({ camera: { fliters: [] } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: /filters/,
    })
    expect(asCliportError('other')).toBe('other')
    expect(await open({ serial: 'NOBODY' }).catch((error) => error)).toBeInstanceOf(CliportError)
  })

  test('cliport camera check judges a streaming camera', async () => {
    const software = softwareCamera('CHECK')
    const feed = injectForever(software)
    const checks = await checkCamera({ serial: 'CHECK', seconds: 1 })
    feed.stop()
    software.unplug()
    const byId = Object.fromEntries(checks.map(({ id, status }) => [id, status]))
    // Rate, drops and time are this machine's; that they were judged at all is what counts here.
    expect(byId).toMatchObject({
      library: 'ok',
      camera: 'ok',
      usb: 'skip',
      firmware: 'skip',
      pairs: 'ok',
      reset: 'skip',
    })
    expect(Object.keys(byId)).toEqual(expect.arrayContaining(['rate', 'drops', 'time']))
    expect((await checkCamera({ serial: 'NOBODY' })).at(-1)).toMatchObject({ id: 'camera', status: 'fail' })
  })
})

describe('the verdicts of cliport camera check', () => {
  const frames = (count: number, options: { lost?: number; fps?: number; domain?: string; delayMs?: number } = {}) =>
    Array.from({ length: count }, (_, i) => ({
      number: i,
      domain: options.domain ?? 'hardware',
      stampNs: BigInt(Math.round((i * 1e9) / (options.fps ?? 30))),
      arrivalNs: BigInt(Math.round((i * 1e9) / (options.fps ?? 30))) + 5_000_000n,
      extraDelayMs: options.delayMs ?? 1,
    })).filter(({ number }) => number === 0 || number > (options.lost ?? 0))
  const stats = { received: 150, incomplete: 0, driftPpm: 12 }
  const verdicts = (...args: Parameters<typeof checkFrames>) =>
    Object.fromEntries(checkFrames(...args).map(({ id, status }) => [id, status]))

  test('a good camera passes', () => {
    expect(verdicts(frames(150), stats, 30)).toEqual({ rate: 'ok', drops: 'ok', pairs: 'ok', time: 'ok' })
  })

  test('half the rate, lost frames, missing partners, arrival stamps and late frames each fail on their own', () => {
    expect(verdicts(frames(150, { fps: 15 }), stats, 30)).toMatchObject({ rate: 'fail', drops: 'ok' })
    expect(verdicts(frames(150, { lost: 10 }), stats, 30)).toMatchObject({ rate: 'ok', drops: 'fail' })
    expect(verdicts(frames(150), { ...stats, incomplete: 40 }, 30)).toMatchObject({ pairs: 'fail' })
    expect(verdicts(frames(150, { domain: 'system' }), stats, 30)).toMatchObject({ time: 'warn' })
    expect(verdicts(frames(150, { delayMs: 50 }), stats, 30)).toMatchObject({ time: 'fail' })
    expect(verdicts([], stats, 30)).toEqual({ rate: 'fail' })
  })

  test('USB 2 fails, old firmware warns', () => {
    expect(checkUsb({ usb: '2.1' }).status).toBe('fail')
    expect(checkUsb({ usb: '3.2' }).status).toBe('ok')
    expect(checkFirmware({ firmware: '05.9.14.0', recommendedFirmware: '05.15.1.0' }).status).toBe('warn')
    expect(checkFirmware({ firmware: '05.16.0.1', recommendedFirmware: '05.15.1.0' }).status).toBe('ok')
  })
})
