import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Heightmap } from '../../src/control/types.js'
import {
  episodeFile,
  readDatasetIndex,
  readEpisode,
  verifyDataset,
  verifyEpisode,
  writeDatasetIndex,
} from '../../src/io/recording/dataset.js'
import { DemonstrationWriter, type Observation } from '../../src/io/recording/demonstration.js'
import { jsonOf, readRecording } from '../../src/io/recording/reader.js'
import { RunRecorder } from '../../src/io/recording/run-recorder.js'
import { projectPath } from '../../src/native/paths.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cliport-recording-'))
})
afterEach(() => rm(folder, { recursive: true }))

const spec = { xMinM: 0.25, xMaxM: 0.75, yMinM: -0.5, yMaxM: 0.5, zMinM: 0, zMaxM: 0.28, pixelM: 0.003125 }
const meta = {
  task: 'put-block-in-bowl-seen-colors',
  seed: 4,
  goal: 'put the red blocks in a green bowl',
  workspace: spec,
  cameras: ['front', 'left', 'right'],
  appearance: 'published',
  sensor: 'clean',
}
const pose = { pixel: [10, 20], p_base_m: [0.3, -0.4, 0.02], yawRad: -0.5 } as const
const action = { pick: pose, place: pose, perturbed: false, reward: 0.5, holding: true }

function anObservation(stampNs: bigint, seed = Number(stampNs)): Observation {
  const rows = 320
  const cols = 160
  const noise = (i: number) => (Math.imul(i + seed, 2654435761) >>> 13) % 251
  const heightmap: Heightmap = {
    spec,
    rows,
    cols,
    heightM: new Float32Array(rows * cols).map((_, i) => noise(i) / 1000),
    color: new Uint8Array(rows * cols * 3).map((_, i) => noise(i)),
    stampNs,
  }
  return {
    heightmap,
    labels: new Uint8Array(rows * cols).map((_, i) => noise(i) % 5),
    truth: { remaining: true },
    stampNs,
  }
}

async function anEpisode(path: string, seed = meta.seed): Promise<void> {
  const writer = await DemonstrationWriter.create(path, { ...meta, seed })
  await writer.observation(anObservation(1n))
  await writer.action(action)
  await writer.observation(anObservation(2n))
  await writer.close()
}

describe('an episode', () => {
  test('gives back what was written, bit for bit', async () => {
    const path = join(folder, '000000-4.mcap')
    await anEpisode(path)
    const episode = await readEpisode(path)
    expect(episode.meta).toEqual(meta)
    expect(episode.actions).toEqual([action])
    expect(episode.observations).toHaveLength(2)
    for (const [i, observation] of episode.observations.entries()) {
      const { heightmap, labels, truth, stampNs } = anObservation(BigInt(i + 1))
      expect(observation).toMatchObject({ stampNs, truth, rows: 320, cols: 160 })
      expect(Buffer.from(observation.heightM.buffer).equals(Buffer.from(heightmap.heightM.buffer))).toBe(true)
      expect(Buffer.compare(observation.color, heightmap.color)).toBe(0)
      expect(Buffer.compare(observation.labels, labels)).toBe(0)
    }
    expect(await verifyEpisode(path)).toEqual({ ok: true, observations: 2, actions: 1, meta })
  })

  test('has its name only when it is whole', async () => {
    const path = join(folder, '000000-4.mcap')
    const writer = await DemonstrationWriter.create(path, meta)
    await writer.observation(anObservation(1n))
    expect(await readdir(folder)).toEqual([`000000-4.mcap.${process.pid}.part`])
    await writer.close()
    expect(await readdir(folder)).toEqual(['000000-4.mcap'])
  })

  test('that is given up leaves nothing', async () => {
    const writer = await DemonstrationWriter.create(join(folder, 'x.mcap'), meta)
    await writer.observation(anObservation(1n))
    await writer.abandon()
    expect(await readdir(folder)).toEqual([])
  })

  test('out of order is refused: observation, action, observation', async () => {
    const writer = await DemonstrationWriter.create(join(folder, 'x.mcap'), meta)
    await expect(writer.action(action)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    await writer.observation(anObservation(5n))
    await expect(writer.observation(anObservation(6n))).rejects.toThrow('two observations in a row')
    await writer.action(action)
    await expect(writer.observation(anObservation(5n))).rejects.toThrow('a stamp after 5 ns')
    await expect(writer.close()).rejects.toThrow('an observation after the last action')
    expect(await readdir(folder)).toEqual([])
  })

  test('whose heightmap has another size than its labels is refused', async () => {
    const writer = await DemonstrationWriter.create(join(folder, 'x.mcap'), meta)
    const observation = { ...anObservation(1n), labels: new Uint8Array(10) }
    await expect(writer.observation(observation)).rejects.toThrow('Expected 51200 bytes')
    await writer.abandon()
  })

  test('with camera pictures gives them back', async () => {
    const path = join(folder, 'x.mcap')
    const writer = await DemonstrationWriter.create(path, { ...meta, cameras: ['front'] })
    const color = new Uint8Array(4 * 3 * 3).map((_, i) => i)
    const frame = {
      camera: 'front',
      intrinsics: { width: 4, height: 3, fx: 4, fy: 4, cx: 2, cy: 1.5 },
      T_base_camera: new Float64Array(16),
      color,
      depthM: new Float32Array(12).fill(0.7),
      stampNs: 99n,
    }
    await writer.observation({ ...anObservation(1n), frames: [frame] })
    await writer.close()
    const { frames } = (await readEpisode(path)).observations[0]!
    expect([...frames.keys()]).toEqual(['/camera/front/color', '/camera/front/depth'])
    expect(Buffer.compare(frames.get('/camera/front/color')!.data, color)).toBe(0)
  })

  test('in a folder that does not exist is an error that names it', async () => {
    const created = DemonstrationWriter.create(join(folder, 'absent', 'x.mcap'), meta)
    await expect(created).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('absent') })
  })
})

describe('a dataset', () => {
  test('names every damaged or unfinished file and keeps the others', async () => {
    for (const seed of [0, 2, 4]) await anEpisode(join(folder, episodeFile(seed / 2, seed)), seed)
    const bytes = await readFile(join(folder, '000001-2.mcap'))
    bytes[bytes.length >> 1]! ^= 1
    await writeFile(join(folder, '000001-2.mcap'), bytes)
    await writeFile(join(folder, '000002-4.mcap'), bytes.subarray(0, 1000))
    await writeFile(join(folder, '000003-6.mcap.part'), bytes.subarray(0, 10))
    const { episodes, bad } = await verifyDataset(folder)
    expect(episodes).toEqual([{ file: '000000-0.mcap', observations: 2, actions: 1, meta: { ...meta, seed: 0 } }])
    expect(bad).toEqual([
      { file: '000001-2.mcap', reason: expect.stringContaining('checksum of its data') },
      { file: '000002-4.mcap', reason: expect.stringContaining('its end is missing') },
      { file: '000003-6.mcap.part', reason: 'it was never finished' },
    ])
  })

  test('refuses a whole recording that is no episode', async () => {
    const path = join(folder, 'run.mcap')
    const recorder = RunRecorder.start(path)
    recorder.event('/goal', {})
    await recorder.close()
    expect(await verifyEpisode(path)).toEqual({ ok: false, reason: expect.stringContaining('not /episode') })
  })

  test('has an index that reads back, and none before it is written', async () => {
    expect(await readDatasetIndex(folder)).toBeNull()
    await writeDatasetIndex(folder, { task: 't', split: 'train', episodes: 3, seed: 0, note: 'x' })
    expect(await readDatasetIndex(folder)).toMatchObject({ format: 'cliport-edge-dataset', version: 1, episodes: 3 })
    await writeFile(join(folder, 'dataset.json'), '{"format":"other"')
    await expect(readDatasetIndex(folder)).rejects.toMatchObject({ code: 'RECORDING_CORRUPT' })
  })
})

describe("a run's recording", () => {
  test('is written by its own thread and can be read after close', async () => {
    const path = join(folder, 'recording.mcap')
    const recorder = RunRecorder.start(path)
    for (let i = 0; i < 10; i++) {
      recorder.heightmap(anObservation(BigInt(i)).heightmap)
      recorder.event('/step', { i })
    }
    await recorder.close()
    const { messages, complete } = await readRecording(path)
    expect(complete).toBe(true)
    expect(messages.filter((m) => m.topic === '/step').map(jsonOf)).toEqual(
      Array.from({ length: 10 }, (_, i) => ({ i })),
    )
    expect(messages.filter((m) => m.topic === '/heightmap/height')).toHaveLength(10)
  })

  test('on a full disk ends with a warning, and the run goes on', async () => {
    const problems: string[] = []
    const recorder = RunRecorder.start('/dev/full', { onProblem: ({ code }) => problems.push(code) })
    recorder.event('/goal', { goal: 'x' })
    await recorder.close()
    expect(problems).toEqual(['DISK_FULL'])
  })

  test('of a process that was killed can be read up to its last whole chunk', async () => {
    const path = join(folder, 'recording.mcap')
    const script = `
      const { RunRecorder } = await import(${JSON.stringify(projectPath('dist/io/recording/run-recorder.js'))})
      const { existsSync, statSync } = await import('node:fs')
      const recorder = RunRecorder.start(${JSON.stringify(path)})
      for (let i = 0; ; i++) {
        recorder.event('/step', { i, filler: 'x'.repeat(200000) })
        await new Promise((resolve) => setTimeout(resolve, 1))
        if (i > 20 && existsSync(${JSON.stringify(path)}) && statSync(${JSON.stringify(path)}).size > 2000) process.kill(process.pid, 'SIGKILL')
      }`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
    const signal = await new Promise((resolve) => child.on('exit', (_code, signal) => resolve(signal)))
    expect(signal).toBe('SIGKILL')
    await expect(readRecording(path)).rejects.toMatchObject({ code: 'RECORDING_CORRUPT' })
    const { messages, complete } = await readRecording(path, { salvage: true })
    expect(complete).toBe(false)
    expect(messages.length).toBeGreaterThan(0)
    expect(messages.map((m) => (jsonOf(m) as { i: number }).i)).toEqual(messages.map((_, i) => i))
  })

  test('keeps no process alive that forgot to close it', async () => {
    const script = `
      const { RunRecorder } = await import(${JSON.stringify(projectPath('dist/io/recording/run-recorder.js'))})
      RunRecorder.start(${JSON.stringify(join(folder, 'forgotten.mcap'))}).event('/goal', {})`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
    expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(0)
  })

  test('that cannot be opened is an error that names it', async () => {
    await expect(readRecording(join(folder, 'absent.mcap'))).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  })
})
