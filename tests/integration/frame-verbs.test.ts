// What one verb writes, another reads: every verb that writes frames with every verb that reads them. And how verbs end that are given frames or places that they cannot use.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCamera } from '@cliport/realsense'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createProjector } from '../../src/io/projector.js'
import { floatsOf } from '../../src/io/recording/raw-image.js'
import { imageOf, readRecording } from '../../src/io/recording/reader.js'
import { readRecordedFrames } from '../../src/io/recording/recorded-frames.js'
import { cliport, cliportProcess } from '../fixtures/cli.js'
import { T_front, tableFrame, writeTableFrame } from '../fixtures/frame-folder.js'
import { pause, periodMs, softwareCamera, useLibrary } from '../fixtures/realsense.js'

const skip = useLibrary('2.59.1')
const goal = 'put the red block in the green bowl'
let out: string
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'cliport-pairs-'))
})
afterAll(() => rmSync(out, { recursive: true, force: true }))

const heightmap = (frames: string, ...more: string[]) => cliport('heightmap', '--frames', frames, '--json', ...more)
const predict = (frames: string, ...more: string[]) =>
  cliport('predict', '--frames', frames, '--goal', goal, '--json', ...more)

/** Labels and sentences beside a frame, as a person would add them. */
async function label(folder: string, frame: string): Promise<void> {
  const { camera, color } = tableFrame()
  const labels = Uint8Array.from({ length: camera.width * camera.height }, (_, i) => (color[3 * i]! > 150 ? 1 : 0))
  const raw = { width: camera.width, height: camera.height, channels: 1 as const }
  await sharp(labels, { raw })
    .png()
    .toFile(join(folder, frame, 'labels.png'))
  const goals = [
    { frame, sentence: goal, pick: [1] },
    { frame, sentence: 'put the purple cups in the orange bowl', absent: true },
  ]
  writeFileSync(join(folder, 'goals.json'), JSON.stringify({ note: 'labels are those of labels.png', goals }))
}

describe.skipIf(skip !== undefined)('camera record, camera show and what reads them', { timeout: 180_000 }, () => {
  const { camera: seen, color, depth } = tableFrame()
  let recording: string

  beforeAll(async () => {
    recording = join(out, 'table.db3')
    const { width, height, intrinsics } = seen
    const stream = { width, height, ...intrinsics }
    const software = softwareCamera('PAIRS', { depth: stream, color: stream })
    const camera = await openCamera({ serial: 'PAIRS', record: recording })
    for (let number = 1; number <= 20; number++) {
      software.inject({ number, timestampMs: 1000 + number * periodMs, depth, color })
      await pause(periodMs)
    }
    await camera.close()
    software.unplug()
  })
  const show = (folder: string, ...more: string[]) =>
    cliport('camera', 'show', '--file', recording, '--out', join(out, folder), '--json', ...more)

  test('without a pose the frame is kept as the sensor had it, and the verbs that need a pose say so', async () => {
    const shown = await show('no-pose')
    expect(shown).toMatchObject({ exitCode: 0, report: { pose: null, depth_unit_m: 0.001 } })
    const raw = await sharp(join(out, 'no-pose', 'depth.png'))
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer()
    expect(raw.equals(Buffer.from(depth.buffer))).toBe(true)
    for (const ended of [await heightmap(join(out, 'no-pose')), await predict(join(out, 'no-pose'))]) {
      expect(ended).toMatchObject({ exitCode: 2, report: { error: { code: 'POSE_INVALID' } } })
    }
  })

  test.each(['--pose', '--config'])('with the pose of %s, heightmap, predict and eval --real take it', async (from) => {
    const file = join(out, `${from}.json`)
    const cameras = [{ name: 'front', file: recording, T_base_camera: T_front }]
    writeFileSync(file, JSON.stringify(from === '--pose' ? T_front : { version: 1, cameras }))
    const frame = `shown${from}`
    expect(await show(frame, from, file)).toMatchObject({
      exitCode: 0,
      report: { pose: from === '--pose' ? 'file' : 'settings' },
    })
    const map = await heightmap(join(out, frame))
    expect(map).toMatchObject({ exitCode: 0, report: { cameras: 1 } })
    expect(map.report.seen_cells).toBeGreaterThan(10_000)
    expect(map.report.highest_m).toBeCloseTo(0.04, 2)
    expect(await predict(join(out, frame))).toMatchObject({ exitCode: 0, report: { pick: { camera: frame } } })
    await label(out, frame)
    expect(await cliport('eval', '--real', out, '--json')).toMatchObject({
      exitCode: 0,
      report: { sentences: 2, absent: 1, absent_acted: 0, places_asked: 0 },
    })
  })
})

describe('recordings as frames', { timeout: 180_000 }, () => {
  test('of a demonstration with --frames', async () => {
    const folder = join(out, 'episodes')
    await cliport('record', '--episodes', '1', '--seed', '0', '--frames', '--out', folder, '--json')
    const episode = join(folder, '000000-0.mcap')
    expect(await heightmap(episode)).toMatchObject({ exitCode: 0, report: { cameras: 3 } })
    expect(await predict(episode)).toMatchObject({ exitCode: 0, report: { pick: { camera: 'front' } } })
  })

  test('of a run: its first look makes the map that the run had', async () => {
    // Long enough for the busiest machine.
    const patient = join(out, 'patient.yaml')
    writeFileSync(patient, 'version: 1\ncell: {camera_timeout_s: 60}\n')
    const where = ['--out', join(out, 'runs'), '--config', patient]
    const ran = await cliport('run', goal, '--policy', 'oracle', ...where, '--json')
    const recording = join(ran.report.folder as string, 'recording.mcap')
    expect(await heightmap(recording)).toMatchObject({ exitCode: 0, report: { cameras: 3 } })
    expect(await predict(recording)).toMatchObject({ exitCode: 0 })
    const { messages } = await readRecording(recording)
    const recorded = imageOf(messages.find(({ topic }) => topic === '/heightmap/height')!)
    const spec = { xMinM: 0.25, xMaxM: 0.75, yMinM: -0.5, yMaxM: 0.5, zMinM: 0, zMaxM: 0.28, pixelM: 0.003125 }
    const { heightM } = await createProjector().project(await readRecordedFrames(recording), spec)
    const runHeightM = floatsOf(recorded)
    // The pose went through a quaternion.
    const differing = heightM.filter((height, i) => Math.abs(height - runHeightM[i]!) > 1e-6)
    expect(differing.length / heightM.length).toBeLessThan(1e-3)
  })

  test('without the cameras’ pictures says how to record them', async () => {
    const folder = join(out, 'plain-episodes')
    await cliport('record', '--episodes', '1', '--seed', '0', '--out', folder, '--json')
    expect(await heightmap(join(folder, '000000-0.mcap'))).toMatchObject({
      exitCode: 2,
      report: { error: { code: 'INPUT_INVALID', hint: expect.stringContaining('--frames') } },
    })
  })
})

describe('frames that cannot be used', () => {
  test('pictures of predict and heightmap are no frames, and the error names what is', async () => {
    await writeTableFrame(join(out, 'table'))
    await heightmap(join(out, 'table'), '--out', join(out, 'drawn'))
    expect(await heightmap(join(out, 'drawn'))).toMatchObject({
      exitCode: 2,
      report: { error: { code: 'INPUT_INVALID', hint: expect.stringContaining('camera.json') } },
    })
  })

  test('that show nothing of the workspace end heightmap with FRAME_INVALID', async () => {
    const { camera, color, depth } = tableFrame()
    await writeTableFrame(join(out, 'saturated'))
    const raw = { width: camera.width, height: camera.height, channels: 1 as const }
    await sharp(new Uint16Array(depth.length).fill(65_535), { raw })
      .toColourspace('grey16')
      .png()
      .toFile(join(out, 'saturated', 'depth.png'))
    expect(color.length).toBe(3 * depth.length)
    expect(await heightmap(join(out, 'saturated'))).toMatchObject({
      exitCode: 2,
      report: {
        error: { code: 'FRAME_INVALID', message: expect.stringContaining("camera 'saturated' sees 307200 points") },
      },
    })
  })
})

test('predict draws a picture of its own for every camera, whatever their names', async () => {
  const names = ['相机一', '相机二', '相机三']
  for (const name of names) await writeTableFrame(join(out, 'chinese', name))
  const { report } = await predict(join(out, 'chinese'), '--out', join(out, 'chinese-drawn'))
  const files = report.files as Record<string, string>
  const drawn = names.map((name) => files[`camera_${name}`])
  expect(new Set(drawn).size).toBe(3)
  for (const file of drawn) expect(existsSync(file!)).toBe(true)
  expect(readdirSync(join(out, 'chinese-drawn'))).toContain('camera_相机一.png')
})

test.each([heightmap, predict])('frames of two scenes are not made one (%o)', async (verb) => {
  await writeTableFrame(join(out, 'two scenes', 'first'))
  await writeTableFrame(join(out, 'two scenes', 'second'), { at: [0.4, 0.2], halfM: 0.12 })
  expect(await verb(join(out, 'two scenes'))).toMatchObject({
    exitCode: 2,
    report: {
      error: { code: 'INPUT_INVALID', message: expect.stringMatching(/'first' and 'second'|'second' and 'first'/) },
    },
  })
})

describe('a place that cannot be written', { timeout: 180_000 }, () => {
  const verbs: Record<string, (place: string) => string[]> = {
    heightmap: (place) => ['heightmap', '--frames', join(out, 'table'), '--out', place],
    predict: (place) => ['predict', '--frames', join(out, 'table'), '--goal', goal, '--out', place],
    record: (place) => ['record', '--episodes', '1', '--out', place],
    run: (place) => ['run', goal, '--policy', 'oracle', '--out', place],
    eval: (place) => ['eval', '--policy', 'oracle', '--episodes', '1', '--out', place],
    results: (place) => ['results', '--out', join(place, 'page.md')],
    train: (place) => ['train', '--data', out, '--out', place],
    export: (place) => ['export', '--checkpoint', 'x.pt', '--out', place],
    'camera show': (place) => ['camera', 'show', '--out', place],
    'camera record': (place) => ['camera', 'record', join(place, 'x.db3')],
  }
  test.each(Object.entries(verbs))('ends %s with a typed error', async (_, argumentsFor) => {
    await writeTableFrame(join(out, 'table'))
    const place = join(out, 'a-file')
    writeFileSync(place, 'a file, no folder')
    const { exitCode, report, stderr } = await cliport(...argumentsFor(place), '--json')
    expect({ exitCode, report }).toMatchObject({ exitCode: 2, report: { error: { code: 'INPUT_INVALID' } } })
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(readFileSync(place, 'utf8')).toBe('a file, no folder')
  })
})

describe('camera verbs end like all others', () => {
  test.each([
    ['show', '--fps', 'abc'],
    ['show', '--width', '-5'],
    ['show', '--height', '0.5'],
    ['record', 'x.db3', '--seconds', '0'],
    ['check', '--seconds', 'NaN'],
    ['show', '--no-such-option'],
  ])('camera %s %s %s is wrong use', async (...options) => {
    const { exitCode, stderr } = await cliport('camera', ...options, '--json')
    expect(exitCode).toBe(2)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  test.skipIf(skip !== undefined).each([['show'], ['record', 'x.db3'], ['check']])(
    'camera %s without a camera is exit code 3, one object with --json',
    async (...verb) => {
      const { exitCode, report } = await cliport('camera', ...verb, '--serial', 'NOBODY', '--json')
      expect(exitCode).toBe(3)
      expect(verb[0] === 'check' ? report : report.error).toMatchObject(
        verb[0] === 'check' ? { ok: false } : { code: 'CAMERA_ABSENT' },
      )
    },
  )

  test('camera list without a library is exit code 3 and says what was tried', async () => {
    const { exitCode, report } = await cliportProcess('camera', 'list', '--library', join(out, 'none.so'), '--json')
    expect(exitCode).toBe(3)
    expect(report).toMatchObject({ library: { found: false, reason: expect.stringContaining('none.so') }, cameras: [] })
  })

  test('a recording that is not there is named', async () => {
    const { exitCode, report } = await cliport('camera', 'show', '--file', join(out, 'none.bag'), '--json')
    expect(exitCode).toBe(2)
    expect(report).toMatchObject({ error: { code: 'INPUT_INVALID', message: expect.stringContaining('none.bag') } })
  })
})

test('recording goes on where a process was cut off in the middle of an episode', { timeout: 180_000 }, async () => {
  const folder = join(out, 'cut')
  const record = () => cliport('record', '--episodes', '2', '--seed', '0', '--out', folder, '--json')
  await record()
  const second = join(folder, '000001-2.mcap')
  const whole = readFileSync(second)
  renameSync(second, `${second}.part`)
  writeFileSync(`${second}.part`, whole.subarray(0, whole.length / 2))
  mkdirSync(join(folder, 'notes'), { recursive: true })
  expect((await record()).report).toMatchObject({ recorded: 1, kept: 1 })
  expect(readFileSync(second).equals(whole)).toBe(true)
  expect(existsSync(`${second}.part`)).toBe(false)
})
