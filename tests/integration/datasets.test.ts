// Data sets: recorded by processes that may be killed, looked at, checked, merged, and in the published layout.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { readEpisode } from '../../src/io/recording/dataset.js'
import { type PublishedEpisode, writePublished } from '../../src/io/recording/published.js'
import { cliport } from '../fixtures/cli.js'
import { type MadeUp, madeUpEpisode } from '../fixtures/episodes.js'
import { publishedEpisode } from '../fixtures/published-scene.js'

let out: string
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'cliport-datasets-'))
})
afterAll(() => rmSync(out, { recursive: true, force: true }))

const episodesIn = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.mcap'))
/** Unfinished episodes. */
const partsIn = (folder: string) =>
  existsSync(folder) ? readdirSync(folder).filter((name) => /\.mcap\..*part$/.test(name)) : []

function expectSameEpisodes(folder: string, other: string): void {
  expect(episodesIn(folder)).toEqual(episodesIn(other))
  for (const name of episodesIn(folder)) {
    expect(readFileSync(join(folder, name)).equals(readFileSync(join(other, name))), name).toBe(true)
  }
}

async function madeUp(name: string, episodes: readonly MadeUp[]): Promise<string> {
  const folder = join(out, name)
  mkdirSync(folder)
  for (const episode of episodes) await madeUpEpisode(folder, episode)
  return folder
}

describe('recording', () => {
  const args = ['record', '--episodes', '3', '--perturb', '0.5', '--frames']
  const whole = () => join(out, 'whole')

  beforeAll(async () => {
    await cliport(...args, '--out', whole(), '--jobs', '1')
  })

  test('goes on after a kill of a process, and after a kill of all of it; the data are the same bit for bit', async () => {
    const folder = join(out, 'killed')
    const command = ['dist/cli/main.js', ...args, '--out', folder, '--jobs', '2']
    const first = spawn(process.execPath, command, { stdio: 'ignore' })
    onTestFinished(() => void first.kill('SIGKILL'))
    const processes = () => readFileSync(`/proc/${first.pid}/task/${first.pid}/children`, 'utf8').split(' ').map(Number)
    /** The process of a part that none of `others` has begun. */
    const begun = async (others: readonly number[]) => {
      for (;;) {
        if (first.exitCode !== null) throw new Error(`recording ended with ${first.exitCode}`)
        const pids = partsIn(folder).map((name) => Number(name.split('.').at(-2)))
        const pid = pids.find((one) => !others.includes(one))
        if (pid !== undefined) return pid
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    const killed = await begun([])
    const before = processes()
    process.kill(killed, 'SIGKILL')
    expect(before).toContain(killed)
    await begun(before)
    expect(partsIn(folder).join()).not.toContain(`.${killed}.part`)
    const ended = once(first, 'exit')
    first.kill('SIGKILL')
    await ended
    const { report, exitCode } = await cliport(...args, '--out', folder, '--jobs', '2', '--json')
    expect(exitCode).toBe(0)
    expect(Number(report.recorded) + Number(report.kept)).toBe(3)
    expect(report.redone).toEqual(
      expect.arrayContaining([expect.objectContaining({ reason: 'it was never finished' })]),
    )
    expectSameEpisodes(folder, whole())
    expect(partsIn(folder)).toEqual([])
  })

  test('of a data set in shards gives, merged, what one machine records', async () => {
    const shards = ['1/2', '2/2'].map((shard) => join(out, `shard-${shard[0]}`))
    for (const [i, folder] of shards.entries()) {
      const { report } = await cliport(...args, '--out', folder, '--shard', `${i + 1}/2`, '--json')
      expect(report).toMatchObject({ episodes: 2 - i, recorded: 2 - i })
      expect((await cliport('record', 'verify', folder, '--json')).report).toMatchObject({ ok: true, episodes: 2 - i })
    }
    const other = await cliport(
      'record',
      '--episodes',
      '4',
      ...args.slice(3),
      '--out',
      shards[0]!,
      '--shard',
      '1/2',
      '--json',
    )
    expect(other.report).toMatchObject({
      error: { code: 'INPUT_INVALID', message: expect.stringContaining('a shard of 3') },
    })
    const merged = join(out, 'merged')
    const { report } = await cliport('record', 'merge', ...shards, '--out', merged, '--json')
    expect(report).toMatchObject({ episodes: 3, tasks: ['put-block-in-bowl-seen-colors'] })
    expectSameEpisodes(merged, whole())
    expect(readFileSync(join(merged, 'dataset.json'), 'utf8')).toBe(readFileSync(join(whole(), 'dataset.json'), 'utf8'))
  })

  test('is written in the published layout and read from it again bit for bit', async () => {
    const layout = join(out, 'layout')
    await cliport('record', 'export', whole(), '--out', layout)
    const folder = join(layout, 'put-block-in-bowl-seen-colors-train')
    expect(readdirSync(folder)).toEqual(['action', 'cliport_edge', 'color', 'depth', 'info', 'reward'])
    await cliport('record', 'import', folder, '--out', join(out, 'again'), '--frames')
    expectSameEpisodes(join(out, 'again'), whole())

    rmSync(join(folder, 'cliport_edge'), { recursive: true })
    await cliport('record', 'import', folder, '--out', join(out, 'bare'))
    for (const name of episodesIn(whole())) {
      const [before, after] = [await readEpisode(join(whole(), name)), await readEpisode(join(out, 'bare', name))]
      expect(after.observations.map(({ heightM }) => heightM)).toEqual(
        before.observations.map(({ heightM }) => heightM),
      )
      expect(after.observations.map(({ color }) => color)).toEqual(before.observations.map(({ color }) => color))
      for (const [i, { pick, place, reward, holding }] of before.actions.entries()) {
        const { yawRad: placeYawRad, ...placed } = place
        expect(after.actions[i]).toMatchObject({ pick, reward, holding, place: placed })
        expect(Math.cos(after.actions[i]!.place.yawRad - placeYawRad)).toBeCloseTo(1, 12)
      }
    }
  })

  test('without camera pictures cannot be written in the published layout', async () => {
    const folder = await madeUp('no-frames', [{ seed: 0 }])
    const { exitCode, report } = await cliport('record', 'export', folder, '--out', join(out, 'none'), '--json')
    expect(exitCode).toBe(2)
    expect(report).toMatchObject({ error: { code: 'INPUT_INVALID', message: expect.stringContaining('no camera') } })
  })
})

test('info counts tasks, splits, steps and words', async () => {
  const other = { task: 'packing-boxes-pairs-seen-colors', goal: 'pack all the red and blue blocks into the brown box' }
  const folder = await madeUp('info', [
    { seed: 0 },
    { seed: 2, action: { perturbed: true } },
    { seed: 12004, meta: other },
  ])
  writeFileSync(join(folder, '000009-18.mcap'), 'no recording')
  const { report, exitCode } = await cliport('record', 'info', folder, '--json')
  expect(exitCode).toBe(0)
  expect(report).toMatchObject({
    episodes: 3,
    steps: 3,
    tasks: { 'put-block-in-bowl-seen-colors': { episodes: 2, steps: 2 }, [other.task]: { episodes: 1, steps: 1 } },
    splits: { train: 2, test: 1 },
    seeds: [0, 12004],
    with_frames: 0,
    achieved_share: 1,
    perturbed_share: 1 / 3,
    sentences: 2,
    words: 'a all and blocks blue bowl box brown green in into pack put red the'.split(' '),
    unreadable: [{ file: '000009-18.mcap' }],
  })
})

describe('verify', () => {
  test('says that a folder is whole', async () => {
    const folder = await madeUp('good', [{ seed: 0 }, { seed: 2 }])
    const { exitCode, report } = await cliport('record', 'verify', folder, '--json')
    expect(exitCode).toBe(0)
    expect(report).toMatchObject({ ok: true, episodes: 2, first_bad: null, bad: [], missing: [] })
  })

  test('names the first bad file and every other one, whatever is wrong with it', async () => {
    const folder = await madeUp('bad', [
      { seed: 0 },
      { seed: 2, spoil: ({ heightM }) => heightM.fill(Number.NaN, 5, 6) },
      { seed: 4, spoil: (_, labels) => labels.fill(9, 0, 1) },
      { seed: 6, meta: { workspace: { xMinM: 0, xMaxM: 1, yMinM: 0, yMaxM: 1, zMinM: 0, zMaxM: 0.28, pixelM: 0.1 } } },
      { seed: 8, action: { pick: { pixel: [40, 0], p_base_m: [0, 0, 0], yawRad: 0 } } },
      { seed: 10 },
      { seed: 12, meta: { seed: 14 } },
    ])
    truncateSync(join(folder, '000005-10.mcap'), 5000)
    writeFileSync(join(folder, '000007-14.mcap.99.part'), '')
    const { exitCode, report } = await cliport('record', 'verify', folder, '--json')
    expect(exitCode).toBe(1)
    expect(report).toMatchObject({ ok: false, episodes: 1, first_bad: { file: '000001-2.mcap' } })
    const reasons = (report.bad as { file: string; reason: string }[]).map(({ file, reason }) => `${file} ${reason}`)
    const expected = ['000001-2.+a height is NaN', '000002-4.+label 9', '000003-6.+but its workspace 10 x 10']
    expected.push(
      '000004-8.+pixel of its pick is .40, 0.',
      '000005-10.+end is missing',
      '000006-12.+of scene 14',
      '000007-14.+never',
    )
    expect(reasons).toEqual(expected.map((pattern) => expect.stringMatching(pattern)))
  })

  test('names what is missing', async () => {
    const folder = await madeUp('missing', [{ seed: 0 }, { seed: 4 }])
    const about = {
      task: 't',
      split: 'train',
      episodes: 4,
      seed: 0,
      frames: false,
      left_out: [{ seed: 6, reason: 'fault' }],
    }
    writeFileSync(
      join(folder, 'dataset.json'),
      JSON.stringify({ format: 'cliport-edge-dataset', version: 1, ...about }),
    )
    const { exitCode, report } = await cliport('record', 'verify', folder, '--json')
    expect(exitCode).toBe(1)
    expect(report).toMatchObject({ ok: false, first_bad: null, missing: ['000001-2.mcap'] })
  })
})

describe('merge', () => {
  test('of different tasks numbers the episodes anew', async () => {
    const task = 'packing-boxes-pairs-seen-colors'
    const folders = [await madeUp('a', [{ seed: 0 }, { seed: 4 }]), await madeUp('b', [{ seed: 0, meta: { task } }])]
    const { report } = await cliport('record', 'merge', ...folders, '--out', join(out, 'ab'), '--json')
    expect(report).toMatchObject({ episodes: 3, tasks: [task, 'put-block-in-bowl-seen-colors'] })
    expect(episodesIn(join(out, 'ab'))).toEqual(['000000-0.mcap', '000001-4.mcap', '000002-0.mcap'])
    expect((await cliport('record', 'verify', join(out, 'ab'), '--json')).report).toMatchObject({ ok: true })
  })

  test.each([
    ['a scene that comes twice', { seed: 2 }, ['DATASET_MISMATCH', 'scene 2 of put-block-in-bowl-seen-colors']],
    [
      'different workspaces',
      {
        seed: 6,
        meta: {
          workspace: { xMinM: 0.25, xMaxM: 0.5, yMinM: -0.25, yMaxM: 0.25, zMinM: -0.02, zMaxM: 0.28, pixelM: 0.0125 },
        },
      },
      ['DATASET_MISMATCH', '"zMinM":-0.02'],
    ],
    [
      'a damaged file',
      { seed: 8, spoil: (_: unknown, labels: Uint8Array) => labels.fill(9) },
      ['RECORDING_CORRUPT', 'label 9'],
    ],
  ])('refuses %s and leaves nothing', async (name, episode, [code, says]) => {
    const folders = [await madeUp(`${name}-1`, [{ seed: 2 }]), await madeUp(`${name}-2`, [episode as MadeUp])]
    const { exitCode, report } = await cliport('record', 'merge', ...folders, '--out', join(out, 'refused'), '--json')
    expect(exitCode).not.toBe(0)
    expect(report).toMatchObject({ error: { code, message: expect.stringContaining(says!) } })
    expect(readdirSync(out).filter((entry) => entry.startsWith('refused'))).toEqual([])
  })
})

describe('the published layout', () => {
  const size = { cameras: 3, rows: 480, cols: 640 }
  const from = { xM: 0.6, yM: 0.25, sideM: 0.04 }
  const to = { xM: 0.4, yM: -0.1, sideM: 0.04 }
  const name = 'put-block-in-bowl-seen-colors-val'
  let episode: PublishedEpisode
  let layout: string
  beforeAll(async () => {
    episode = publishedEpisode(from, to, 'put the red block in a green bowl')
    layout = join(out, 'described', name)
    await writePublished(layout, '000003-11.pkl', episode, size)
  })

  test('made by its description is imported: the block stands where it should, and moves as it was moved', async () => {
    const { report } = await cliport('record', 'import', layout, '--out', join(out, 'imported'), '--json')
    expect(report).toMatchObject({ task: 'put-block-in-bowl-seen-colors', split: 'val', imported: 1, kept: 0 })
    const { meta, observations, actions } = await readEpisode(join(out, 'imported', '000003-11.mcap'))
    expect(meta).toMatchObject({
      seed: 11,
      goal: 'put the red block in a green bowl',
      cameras: ['front', 'left', 'right'],
    })
    for (const [i, { xM, yM }] of [from, to].entries()) {
      const { heightM, color, cols } = observations[i]!
      const cell = Math.round((yM + 0.5) / 0.003125) * cols + Math.round((xM - 0.25) / 0.003125)
      expect(heightM[cell]).toBeCloseTo(0.04, 4)
      expect([...color.subarray(3 * cell, 3 * cell + 3)]).toEqual([255, 87, 89])
      // 13 x 13 cells and no more: all cameras put it at the same place.
      const high = heightM.filter((height) => height > 0.03).length
      expect(high).toBeGreaterThan(140)
      expect(high).toBeLessThan(200)
    }
    expect(actions).toEqual([
      {
        pick: { pixel: [240, 112], p_base_m: [0.6, 0.25, 0.04], yawRad: 0 },
        place: { pixel: [128, 48], p_base_m: [0.4, -0.1, 0.04], yawRad: expect.closeTo(-Math.PI / 6, 12) },
        ...{ perturbed: false, reward: 1, holding: true },
      },
    ])
    expect(observations.map(({ truth }) => truth)).toMatchObject([
      {
        goal: 'put the red block in a green bowl',
        score: 0,
        achieved: false,
        objects: [{ label: 7, sizeM: [0.04, 0.04, 0.04] }],
      },
      { goal: 'task completed.', score: 1, achieved: true, remaining: false },
    ])
    const again = await cliport('record', 'import', layout, '--out', join(out, 'imported'), '--json')
    expect(again.report).toMatchObject({ imported: 0, kept: 1 })
  })

  test('a pickle with code in it is refused by name, and no episode is made of it', async () => {
    const evil = join(out, 'evil', name)
    cpSync(layout, evil, { recursive: true })
    writeFileSync(join(evil, 'reward', '000003-11.pkl'), '\x80\x04cposix\nsystem\nX\x04\0\0\0true\x85R.', 'latin1')
    const { exitCode, report } = await cliport('record', 'import', evil, '--out', join(out, 'from-evil'), '--json')
    expect(exitCode).toBe(2)
    expect(report).toMatchObject({
      error: { code: 'PICKLE_REFUSED', message: expect.stringContaining('posix.system') },
    })
    expect(episodesIn(join(out, 'from-evil'))).toEqual([])
  })

  test.each([
    ['a field that is missing', (folder: string) => rmSync(join(folder, 'depth'), { recursive: true }), 'depth'],
    [
      'a pickle that is cut off',
      (folder: string) => truncateSync(join(folder, 'color', '000003-11.pkl'), 1000),
      'cut off',
    ],
  ])('%s is named', async (what, damage, says) => {
    const folder = join(out, what, name)
    cpSync(layout, folder, { recursive: true })
    damage(folder)
    const { exitCode, report } = await cliport('record', 'import', folder, '--out', join(out, `${what}-out`), '--json')
    expect(exitCode).toBe(2)
    expect(report).toMatchObject({ error: { code: 'INPUT_INVALID', message: expect.stringContaining(says) } })
  })
})
