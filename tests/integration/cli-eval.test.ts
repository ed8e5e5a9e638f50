// What an evaluation leaves behind, and what it asks of policy and cell. The oracle stands in for a policy.

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliport } from '../fixtures/cli.js'

let out: string
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'cliport-eval-'))
})
afterAll(() => rmSync(out, { recursive: true, force: true }))

const linesOf = (folder: string) =>
  readFileSync(join(folder, 'lines.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
const rawOf = (folder: string) => JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'))

describe('a sequence of sentences', () => {
  test('is worked through one after the other by the oracle, each worth a sixth', async () => {
    const folder = join(out, 'pyramid')
    const { report } = await cliport(
      ...['eval', '--policy', 'oracle', '--task', 'stack-block-pyramid-seq-seen-colors', '--episodes', '1'],
      ...['--out', folder, '--json'],
    )
    expect(report).toMatchObject({ mean_score: 1, success_rate: 1, steps_mean: 6, causes: {} })
    const [episode] = linesOf(folder)
    const acted = episode.decisions.filter(({ decision }: { decision: string }) => decision === 'act')
    expect(new Set(acted.map(({ sentence }: { sentence: string }) => sentence)).size).toBe(6)
    expect(acted[0].sentence).toMatch(/on the lightest brown block$/)
    expect(acted[5].sentence).toMatch(/on the \w+ and \w+ blocks$/)
    expect(episode.actions.map(({ score }: { score: number }) => score)).toEqual(
      [1, 2, 3, 4, 5, 6].map((done) => expect.closeTo(done / 6, 3)),
    )
  })

  test('ends at its step budget with the score of what was reached', async () => {
    const { report } = await cliport(
      ...['eval', '--policy', 'oracle', '--task', 'stack-block-pyramid-seq-seen-colors', '--episodes', '1'],
      ...['--steps', '2', '--json'],
    )
    expect(report).toMatchObject({ success_rate: 0, steps_mean: 2, outcomes: { failed: 1 }, causes: { step_limit: 1 } })
    expect(report.mean_score).toBeCloseTo(1 / 3)
  })
})

describe('raw results', () => {
  test('tell each episode, why it failed, and show it', async () => {
    const folder = join(out, 'missed')
    const { report } = await cliport(
      ...['eval', '--policy', 'oracle', '--episodes', '1', '--grasp-failure', '1', '--steps', 'n+1'],
      ...['--out', folder, '--label', 'a cup with a hole', '--json'],
    )
    expect(report).toMatchObject({ mean_score: 0, causes: { missed_grasp: 1 } })
    const raw = rawOf(folder)
    expect(raw).toMatchObject({
      version: 1,
      kind: 'episodes',
      label: 'a cup with a hole',
      asked: { openLoop: false, steps: { perMove: 1, more: 1 }, faults: { graspFailure: 1 } },
      report: { mean_score: 0 },
    })
    expect(raw.machine.command).not.toContain(out)
    const [episode] = linesOf(folder)
    expect(episode).toMatchObject({ seed: 10001, cause: 'missed_grasp', score: 0 })
    expect(episode.actions[0]).toMatchObject({ finding: 'missed_grasp', holding: false, verdict: 'missed' })
    expect(episode.pictures).toHaveLength(2)
    for (const picture of episode.pictures) expect(existsSync(join(folder, picture))).toBe(true)
  })

  test('are replaced by those of a new evaluation, and a folder that cannot be made is named', async () => {
    const folder = join(out, 'missed')
    await cliport('eval', '--policy', 'oracle', '--episodes', '1', '--out', folder, '--json')
    expect(linesOf(folder)).toHaveLength(1)
    expect(existsSync(join(folder, 'pictures'))).toBe(false)
    const { exitCode, report } = await cliport('eval', '--out', join(folder, 'report.json', 'x'), '--json')
    expect(exitCode).toBe(2)
    expect(report).toMatchObject({ error: { code: 'INPUT_INVALID' } })
  })
})

describe('the open loop', () => {
  test('acts once for each thing that it saw, and does not notice that nothing was held', async () => {
    const folder = join(out, 'open')
    const { report } = await cliport(
      ...[
        'eval',
        '--episodes',
        '1',
        '--open-loop',
        '--grasp-failure',
        '1',
        '--steps',
        '3n+1',
        '--out',
        folder,
        '--json',
      ],
    )
    expect(report).toMatchObject({ mean_score: 0, false_achieved: 1, outcomes: { achieved: 1 } })
    const [{ actions }] = linesOf(folder)
    expect(actions).toHaveLength(1)
  })
})

describe('first looks', () => {
  test('count moves for what is not there and refusals of what is, and say how far to believe the policy', async () => {
    const folder = join(out, 'first')
    const { exitCode, report } = await cliport(
      ...['eval', '--grounding', 'both', '--episodes', '3', '--seed', '1', '--out', folder, '--json'],
    )
    expect(exitCode).toBe(0)
    expect(report).toMatchObject({ split: 'val', absent: { asked: 3 }, present: { asked: 3 } })
    expect(Object.keys(report.calibration_error as object)).toEqual(['pick', 'place', 'found', 'remaining'])
    const lines = linesOf(folder)
    expect(lines.map(({ asked }) => asked)).toEqual(['present', 'absent', 'present', 'absent', 'present', 'absent'])
    expect(lines.map(({ missing }) => missing)).toEqual([null, 'pick', null, 'place', null, 'pick'])
    for (const { missing, pick_right: pick, place_right: place } of lines) {
      if (missing === 'pick') expect([pick, place]).toEqual([false, null])
      if (missing === 'place') expect([pick, place]).toEqual([null, false])
    }
    const moved = lines.filter(({ asked, decision }) => asked === 'absent' && decision === 'act')
    expect((report.absent as { false_moves: number }).false_moves).toBe(moved.length)
  })

  test.each([
    [['--open-loop'], 'openLoop'],
    [['--nudge', '0.01'], 'nudge'],
    [['--policy', 'oracle'], 'oracle'],
  ])('with %j make no sense, which is said', async (more, named) => {
    const { exitCode, report } = await cliport('eval', '--grounding', 'both', '--episodes', '1', ...more, '--json')
    expect(exitCode).toBe(2)
    expect(report).toMatchObject({ error: { code: 'USAGE', message: expect.stringContaining(named) } })
  })
})

describe('sentences on real frames', () => {
  const frames = 'tests/fixtures/data/real-tabletop'
  const withGoals = (goals: object[]) => {
    const folder = mkdtempSync(join(out, 'real-'))
    cpSync(frames, folder, { recursive: true })
    writeFileSync(join(folder, 'goals.json'), JSON.stringify({ note: 'who and when', goals }))
    return folder
  }

  test('are counted by what is there and what is not, beside chance and the nearest colour', async () => {
    const folder = withGoals([
      { frame: 'learn3', sentence: 'pick up the red box', pick: [2] },
      { frame: 'learn35', sentence: 'put the brown tin in the white bowl', pick: [2], place: [3] },
      { frame: 'learn3', sentence: 'pick up the purple mug', absent: true },
    ])
    const { exitCode, report } = await cliport('eval', '--real', folder, '--json')
    expect(exitCode).toBe(0)
    expect(report).toMatchObject({ sentences: 3, places_asked: 1, absent: 1, absent_acted: 0 })
    expect(report!.picks_by_chance).toBeGreaterThan(0)
    expect(report!.picks_by_chance).toBeLessThan(2)
    expect(report!.calibration_error).toEqual({
      pick: expect.any(Number),
      place: expect.any(Number),
      found: expect.any(Number),
    })
  })

  test.each([
    ['neither what is right nor that it is absent', { frame: 'learn3', sentence: 'pick up the red box' }],
    ['both', { frame: 'learn3', sentence: 'pick up the red box', pick: [2], absent: true }],
  ])('that say %s are wrong input', async (_, goal) => {
    const { exitCode, stderr } = await cliport('eval', '--real', withGoals([goal]), '--json')
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/goals\.json.*Expected either pick/)
  })
})
