// Frames on disk: what is written is what is read, whatever the unit, the size and the mounting of the camera.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inverse } from '../../src/control/geometry.js'
import type { Heightmap, HeightmapSpec, RgbdFrame } from '../../src/control/types.js'
import { readFrames, writeFrame } from '../../src/io/frame-folder.js'
import { createProjector } from '../../src/io/projector.js'
import { expectOneScene } from '../../src/io/same-scene.js'
import { expectWorkspaceSeen } from '../../src/io/workspace-view.js'
import { mergeConfig } from '../../src/runtime/config/load.js'
import { predict } from '../../src/runtime/predict.js'
import { block, T_front, T_turned, type TableFrame, tableFrame, writeTableFrame } from '../fixtures/frame-folder.js'

const workspace: HeightmapSpec = {
  xMinM: 0.25,
  xMaxM: 0.75,
  yMinM: -0.5,
  yMaxM: 0.5,
  zMinM: -0.02,
  zMaxM: 0.28,
  pixelM: 0.003125,
}
let out: string
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'cliport-frames-'))
})
afterAll(() => rmSync(out, { recursive: true, force: true }))

async function read(name: string, frame: TableFrame = {}): Promise<RgbdFrame> {
  await writeTableFrame(join(out, name), frame)
  return (await readFrames(join(out, name)))[0]!
}

/** Base z at a point. */
function heightAt({ spec, cols, heightM }: Heightmap, x: number, y: number): number {
  const [u, v] = [Math.floor((y - spec.yMinM) / spec.pixelM), Math.floor((x - spec.xMinM) / spec.pixelM)]
  return spec.zMinM + heightM[u * cols + v]!
}

describe('a frame folder', () => {
  test('gives back what was written, with a colour camera of its own', async () => {
    const { camera, depth } = tableFrame()
    const color = Uint8Array.from({ length: 3 * 320 * 240 }, (_, i) => (7 * i) % 256)
    const T_color_depth: typeof T_front = [
      [1, 0, 0, 0.015],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ]
    const color_camera = {
      ...{ width: 320, height: 240, intrinsics: { fx: 300, fy: 301, cx: 160, cy: 119.5 } },
      ...{ lens: 'brown-conrady-two' as const, coefficients: [0.1, -0.02, 1e-3, 2e-3, 0], T_color_depth },
    }
    await writeFrame(join(out, 'own color'), { camera: { ...camera, color_camera }, color, depth })
    const [frame] = await readFrames(join(out, 'own color'))
    const { lens, coefficients, intrinsics } = color_camera
    expect(frame!.colorCamera).toEqual({
      intrinsics: { width: 320, height: 240, ...intrinsics },
      T_color_depth: Float64Array.from(T_color_depth.flat()),
      lens,
      coefficients,
    })
    expect(Buffer.from(frame!.color).equals(Buffer.from(color))).toBe(true)
    expect(frame!.T_base_camera).toEqual(Float64Array.from(T_front.flat()))
    expect(frame!.depthM).toEqual(Float32Array.from(depth, (steps) => steps * 0.001))
  })

  test('without a pose is POSE_INVALID and says how it gets one', async () => {
    const { camera, color, depth } = tableFrame()
    const { T_base_camera: _, ...withoutPose } = camera
    await writeFrame(join(out, 'no pose'), { camera: withoutPose, color, depth })
    await expect(readFrames(join(out, 'no pose'))).rejects.toMatchObject({
      code: 'POSE_INVALID',
      message: expect.stringContaining('has no T_base_camera'),
      hint: expect.stringContaining('--pose FILE'),
    })
  })

  test('with a key that nobody knows is INPUT_INVALID, with a pose that is none POSE_INVALID', async () => {
    const spoil = async (change: object) => {
      await writeTableFrame(join(out, 'spoilt'))
      const path = join(out, 'spoilt', 'camera.json')
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }))
      return readFrames(join(out, 'spoilt'))
    }
    await expect(spoil({ depth_scale: 1e-4 })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('did you mean depth_unit_m'),
    })
    const T_base_camera = T_front.map((row, i) => (i < 3 ? [-row[0], ...row.slice(1)] : row))
    await expect(spoil({ T_base_camera })).rejects.toMatchObject({
      code: 'POSE_INVALID',
      message: expect.stringContaining('mirrored'),
    })
  })

  test('with 8-bit depth is refused: it is a picture for people', async () => {
    await writeTableFrame(join(out, '8 bit'))
    const raw = { width: 640, height: 480, channels: 1 as const }
    await sharp(new Uint8Array(640 * 480).fill(9), { raw })
      .png()
      .toFile(join(out, '8 bit', 'depth.png'))
    await expect(readFrames(join(out, '8 bit'))).rejects.toThrow(
      /depth\.png.*expected 16 bits a pixel but received uchar/,
    )
  })
})

test('frames of one scene are taken, whatever their cameras; those of two scenes are refused by name', async () => {
  const here = await read('here')
  const turned = await read('turned', { T: T_turned, width: 848, height: 480 })
  const elsewhere = await read('elsewhere', { T: T_turned, at: [0.4, 0.2], halfM: 0.12 })
  expectOneScene([here, turned, here], workspace)
  expect(() => expectOneScene([here, turned, elsewhere], workspace)).toThrow(
    expect.objectContaining({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/'elsewhere'.* are not of one scene: \d+ %/),
    }),
  )
})

describe('the heightmap of a table with a block is right', () => {
  test.each<[string, TableFrame]>([
    ['in millimetres', {}],
    ['in steps of 0.1 mm, 848 x 480', { unitM: 0.0001, width: 848, height: 480 }],
    ['from a camera that is mounted upside down', { T: T_turned }],
    ['from one upside down, in steps of 0.1 mm, 848 x 480', { T: T_turned, unitM: 0.0001, width: 848, height: 480 }],
  ])('%s', async (name, how) => {
    const frame = await read(name, how)
    expectWorkspaceSeen([frame], workspace)
    const map = await createProjector().project([frame], workspace)
    expect(heightAt(map, 0.5, 0)).toBeCloseTo(block.heightM, 2)
    expect(heightAt(map, 0.5, 0.2)).toBeCloseTo(0, 2)
    expect(heightAt(map, 0.6, -0.2)).toBeCloseTo(0, 2)
  })

  test('where some depths are NaN, infinite, negative or 1e30: they are holes', async () => {
    const frame = await read('holes')
    const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, -1]
    const spoilt = frame.depthM.map((depth, i) => (i % 3 === 0 ? bad[(i / 3) % bad.length]! : depth))
    const holes = frame.depthM.map((depth, i) => (i % 3 === 0 ? 0 : depth))
    const map = await createProjector().project([{ ...frame, depthM: spoilt }], workspace)
    expect(map).toEqual(await createProjector().project([{ ...frame, depthM: holes }], workspace))
    expect(heightAt(map, 0.5, 0)).toBeCloseTo(block.heightM, 2)
  })
})

describe('frames that do not show the workspace', () => {
  const elsewhere: [string, (frame: RgbdFrame) => RgbdFrame, RegExp][] = [
    [
      'saturated',
      (frame) => ({ ...frame, depthM: frame.depthM.map(() => 65.535) }),
      /307200 points, 65.54..65.54 m away, at x -67/,
    ],
    [
      'principal point far outside',
      (frame) => ({ ...frame, intrinsics: { ...frame.intrinsics, cx: 5000 } }),
      /at x .* y -?\d/,
    ],
    [
      'focal length of 1.2 pixels',
      (frame) => ({ ...frame, intrinsics: { ...frame.intrinsics, fx: 1.2 } }),
      /\d+ points/,
    ],
    ['depth ten times too large', (frame) => ({ ...frame, depthM: frame.depthM.map((depth) => 10 * depth) }), /m away/],
    [
      'no depth',
      (frame) => ({ ...frame, depthM: new Float32Array(frame.depthM.length) }),
      /camera 'elsewhere' sees no depth/,
    ],
  ]
  test.each(elsewhere)('are FRAME_INVALID with what was seen and where: %s', async (_, change, message) => {
    const frame = change(await read('elsewhere'))
    const expected = { code: 'FRAME_INVALID', message: expect.stringMatching(message) }
    expect(() => expectWorkspaceSeen([frame], workspace)).toThrow(expect.objectContaining(expected) as Error)
    const config = mergeConfig(null, {}, {})
    const asked = predict({ frames: [frame], workspace, goal: 'put the tin in the bowl', config, tell() {} })
    await expect(asked).rejects.toMatchObject(expected)
  })

  test('one camera that sees it is enough', async () => {
    const frame = await read('elsewhere')
    expectWorkspaceSeen([{ ...frame, depthM: frame.depthM.map(() => 65.535) }, frame], workspace)
  })

  test('a map without one seen cell is refused by the projector itself, for every caller', async () => {
    const frame = await read('elsewhere')
    const far = { ...frame, depthM: frame.depthM.map(() => 65.535) }
    await expect(createProjector().project([far], workspace)).rejects.toMatchObject({ code: 'FRAME_INVALID' })
  })

  const T = Float64Array.from(T_front.flat())
  const R = (row: number, column: number) => T[4 * row + column]!
  const withRotation = (columnOf: (row: number) => number[]) =>
    Float64Array.of(...[0, 1, 2].flatMap((row) => [...columnOf(row), T[4 * row + 3]!]), 0, 0, 0, 1)
  test.each([
    ['inverted', inverse(T)],
    ['transposed', withRotation((row) => [R(0, row), R(1, row), R(2, row)])],
    ["camera's body", withRotation((row) => [R(row, 2), -R(row, 0), -R(row, 1)])],
  ])(
    'a pose that lets the camera look away is POSE_INVALID and says that it looks %s',
    async (looks, T_base_camera) => {
      const frame = { ...(await read('away')), T_base_camera }
      expect(() => expectWorkspaceSeen([frame], workspace)).toThrow(
        expect.objectContaining({ code: 'POSE_INVALID', message: expect.stringContaining(looks) }) as Error,
      )
    },
  )
})
