// The verbs other than `run`: what they print, what they leave behind, and how they end.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliport, type Ended } from '../fixtures/cli.js'
import { heightmapReference, realTabletop } from '../fixtures/data.js'

let out: string

beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'cliport-verbs-'))
})
afterAll(() => rmSync(out, { recursive: true, force: true }))

describe('record', () => {
  const record = (folder: string, ...more: string[]) =>
    cliport('record', '--episodes', '3', '--seed', '0', '--out', folder, '--perturb', '0.5', '--json', ...more)

  test('keeps whole episodes, names damaged ones and records them again, the same as before', async () => {
    const folder = join(out, 'episodes')
    const first = await record(folder)
    expect(first.report).toMatchObject({ recorded: 3, kept: 0, redone: [], split: 'train' })
    const files = readdirSync(folder).filter((name) => name.endsWith('.mcap'))
    expect(files).toEqual(['000000-0.mcap', '000001-2.mcap', '000002-4.mcap'])
    expect(JSON.parse(readFileSync(join(folder, 'dataset.json'), 'utf8'))).toMatchObject({ version: 1, episodes: 3 })

    const whole = readFileSync(join(folder, '000001-2.mcap'))
    truncateSync(join(folder, '000001-2.mcap'), Math.floor(whole.length / 2))
    writeFileSync(join(folder, '000002-4.mcap'), 'no recording')
    const second = await record(folder)
    expect(second.report).toMatchObject({
      recorded: 2,
      kept: 1,
      redone: expect.arrayContaining([
        expect.objectContaining({ file: '000001-2.mcap' }),
        expect.objectContaining({ file: '000002-4.mcap' }),
      ]),
    })
    expect(readFileSync(join(folder, '000001-2.mcap')).equals(whole)).toBe(true)
  })

  test('does not mix episodes of different kinds in one folder', async () => {
    const { exitCode, report } = await record(join(out, 'episodes'), '--sensor', 'real')
    expect(exitCode).toBe(2)
    expect(report).toMatchObject({ error: { code: 'INPUT_INVALID', message: expect.stringContaining('sensor') } })
  })

  test('an unknown task is wrong use, and the hint names those that exist', async () => {
    const { exitCode, report } = await cliport('record', '--task', 'juggle', '--out', join(out, 'none'), '--json')
    expect(exitCode).toBe(2)
    expect(report).toMatchObject({
      error: { code: 'TASK_UNKNOWN', hint: expect.stringContaining('put-block-in-bowl') },
    })
  })
})

describe('eval', () => {
  test('the same command twice gives the same figures but for the timings', async () => {
    const run = () => cliport('eval', '--policy', 'oracle', '--episodes', '2', '--fault', 'grasp-failure=0.4', '--json')
    const [first, second] = [await run(), await run()]
    const figures = ({ report: { decision_ms: _, episodes_per_minute: __, ...rest } }: Ended) => rest
    expect(figures(first)).toEqual(figures(second))
    expect(figures(first)).toMatchObject({
      task: 'put-block-in-bowl-seen-colors',
      split: 'test',
      policy: 'oracle',
      seed: 10001,
    })
    expect(Object.keys(first.report)).toEqual(
      expect.arrayContaining(
        'mean_score ci95 success_rate steps_mean false_achieved false_continue workspace_share decision_ms episodes_per_minute'.split(
          ' ',
        ),
      ),
    )
  })

  test('the oracle reaches every goal through the whole cycle, and knows when', async () => {
    const { report } = await cliport('eval', '--policy', 'oracle', '--episodes', '4', '--json')
    expect(report).toMatchObject({ mean_score: 1, success_rate: 1, false_achieved: 0, false_continue: 0 })
  })

  test('a cup that never seals is no success, and nobody says that it was', async () => {
    const { report } = await cliport(
      'eval',
      '--policy',
      'oracle',
      '--episodes',
      '1',
      '--fault',
      'grasp-failure=1',
      '--json',
    )
    expect(report).toMatchObject({ mean_score: 0, success_rate: 0, false_achieved: 0, outcomes: { failed: 1 } })
  })
})

describe('heightmap', () => {
  test('equals the reference in every cell', async () => {
    const { exitCode, report } = await cliport('heightmap', '--npz', heightmapReference, '--check', '--json')
    expect(exitCode).toBe(0)
    expect(report).toEqual({ cells: 51_200, height_cells_differ: 0, color_cells_differ: 0, max_abs_m: 0 })
  })

  test('without frames is wrong use', async () => {
    const { exitCode, report } = await cliport('heightmap', '--json')
    expect(exitCode).toBe(2)
    expect(report).toMatchObject({ error: { code: 'USAGE' } })
  })

  test('of a folder without a camera says what it expected', async () => {
    const { exitCode, report } = await cliport('heightmap', '--frames', out, '--json')
    expect(exitCode).toBe(2)
    expect(report).toMatchObject({ error: { code: 'INPUT_INVALID', hint: expect.stringContaining('camera.json') } })
  })
})

describe('predict on real frames', () => {
  test('answers with poses inside the workspace and the picture, and with pictures', async () => {
    const folder = join(out, 'predicted')
    const goal = 'put the brown tin in the white bowl'
    const { exitCode, report } = await cliport(
      'predict',
      '--frames',
      join(realTabletop, 'learn35'),
      '--goal',
      goal,
      '--out',
      folder,
      '--json',
    )
    expect(exitCode).toBe(0)
    expect(report).toMatchObject({ goal, status: expect.stringMatching(/^(ok|unsure|not_found)$/) })
    for (const which of ['pick', 'place']) {
      const { p_base_m: p, pixel_camera: at } = report[which] as { p_base_m: number[]; pixel_camera: number[] }
      expect(p[0]).toBeGreaterThanOrEqual(0.25)
      expect(p[0]).toBeLessThan(0.75)
      expect(at[0]).toBeGreaterThanOrEqual(0)
      expect(at[0]).toBeLessThan(640)
    }
    const files = Object.values(report.files as Record<string, string>)
    expect(files.length).toBeGreaterThanOrEqual(5)
    for (const file of files) expect(readFileSync(file).subarray(1, 4).toString()).toBe('PNG')
  })

  test('a folder of several cameras is projected together, unless they looked at different tables', async () => {
    const both = join(out, 'both')
    for (const name of ['front', 'side']) cpSync(join(realTabletop, 'learn35'), join(both, name), { recursive: true })
    expect((await cliport('heightmap', '--frames', both, '--json')).report).toMatchObject({ cameras: 2, cells: 51_200 })
    const refused = await cliport('heightmap', '--frames', realTabletop, '--json')
    expect(refused.report).toMatchObject({
      error: { code: 'INPUT_INVALID', message: expect.stringContaining('learn35') },
    })
  })
})

test('bench policy has its stable keys, with the ticks of a timer beside the decisions', async () => {
  const { exitCode, report } = await cliport('bench', 'policy', '--repeats', '3', '--json')
  expect(exitCode).toBe(0)
  const durations = expect.objectContaining({ p50: expect.any(Number), p99: expect.any(Number) })
  expect(report).toMatchObject({
    policy: 'edge',
    decision: { n: 3 },
    stages: { decide: { n: 3 } },
    event_loop_ms: durations,
    event_loop_idle_ms: durations,
    rss_mb: expect.any(Number),
  })
  expect((report.event_loop_ms as { n: number }).n).toBeGreaterThan(0)
})

test('doctor finds everything that a run needs', async () => {
  const { exitCode, report } = await cliport('doctor', '--json')
  expect(report).toMatchObject({ ok: true })
  expect(exitCode).toBe(0)
  for (const check of report.checks as object[]) {
    expect(Object.keys(check)).toEqual(expect.arrayContaining(['id', 'status', 'finding', 'fix']))
  }
})

test('doctor says what is wrong and what to do about it', async () => {
  const file = join(out, 'bad.yaml')
  writeFileSync(file, `version: 1\npolicy: {package: ${JSON.stringify(out)}}\n`)
  const { exitCode, report } = await cliport('doctor', '--config', file, '--json')
  expect(exitCode).toBe(1)
  expect(report).toMatchObject({
    ok: false,
    checks: expect.arrayContaining([
      expect.objectContaining({ id: 'policy', status: 'fail', fix: expect.stringMatching(/.+/) }),
    ]),
  })
})

test('doctor looks at everything although settings, folders and controller are all unusable', async () => {
  const file = join(out, 'broken.yaml')
  writeFileSync(file, 'version: 1\npolicy: {pakage: x}\n')
  const { exitCode, report } = await cliport('doctor', '--config', file, '--json')
  expect(exitCode).toBe(1)
  const of = (id: string) =>
    (report.checks as { id: string; status: string; finding: string }[]).find((one) => one.id === id)
  expect(of('settings')).toMatchObject({ status: 'fail', finding: expect.stringContaining('did you mean package') })
  expect(of('policy')).toMatchObject({ status: 'ok' })
  expect(of('service')).toBeDefined()
})
