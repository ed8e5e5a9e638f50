// The page of results, from raw results alone, and the small parts of the policy's measurements.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { matrixProduct, peakGflops } from '../../src/bench/gemm.js'
import { sumUp } from '../../src/bench/graph-profile.js'
import { RawFolder } from '../../src/evaluation/raw-folder.js'
import { nearestCell } from '../../src/evaluation/real-frames.js'
import { writeResults } from '../../src/evaluation/results/write-results.js'
import { aHeightmap } from '../fixtures/policy.js'

let out: string
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'cliport-results-'))
})
afterAll(() => rmSync(out, { recursive: true, force: true }))

const task = 'put-block-in-bowl-seen-colors'

async function episodes(name: string, scores: readonly number[], asked: object, high = 1, label = ''): Promise<void> {
  const folder = await RawFolder.create(join(out, 'raw', name), 'episodes', label)
  for (const [i, score] of scores.entries()) {
    const cause = score === 1 ? null : 'missed_grasp'
    const decisions = [{ decision: 'act' }, { decision: score === 1 ? 'achieved' : 'unsure' }]
    await folder.line({
      seed: 40001 + 2 * i,
      goal: 'g',
      score,
      cause,
      outcome: 'failed',
      steps: 1,
      pictures: [],
      decisions,
    })
  }
  const mean_score = scores.reduce((sum, score) => sum + score, 0) / scores.length
  const rest = { steps_mean: 1, false_achieved: 0, false_continue: 0, split: 'test', policy: 'edge', seed: 40001 }
  const success_rate = scores.filter((score) => score === 1).length / scores.length
  const report = {
    task,
    episodes: scores.length,
    mean_score,
    ci95: [0, high],
    success_rate,
    workspace_share: 0.85,
    ...rest,
  }
  await folder.finish({ openLoop: false, faults: null, steps: null, ...asked }, report)
}

test('the page puts scores beside the published ones, and pairs of open and closed loop beside each other', async () => {
  const disturbed = { faults: { graspFailure: 0.3, nudgeM: [0.01, 0.02] }, steps: { perMove: 3, more: 1 } }
  await episodes('plain', [1, 1, 0], { link: 'in-process', sensor: 'clean' }, 0.99)
  await episodes('closed', [1, 1, 0], disturbed)
  await episodes('open', [0, 1, 0.5], { ...disturbed, openLoop: true })
  await episodes('without', [1, 0, 0.2], {}, 0.9, 'without the zoom')
  await episodes('limited', [1, 0.4], {}, 0.8, 'small budget, 100 demonstrations')
  const page = join(out, 'docs', 'results.md')
  expect(await writeResults(join(out, 'raw'), page)).toMatchObject({ evaluations: 5 })
  const text = readFileSync(page, 'utf8')
  expect(text).toContain(
    `| ${task} | edge | 600 | 2,620 | 40001 to 40005 | 3 | 66.7 | 0.0 to 99.0 | 66.7 | 99.5 | missed |`,
  )
  expect(text).toContain(
    `| ${task} | edge: small budget, 100 demonstrations | 100 | 1,800 | 40001 to 40003 | 2 | 70.0 | 0.0 to 80.0 | 50.0 | 99.5 |`,
  )
  expect(text).toContain('**Link** in process, without sockets. **Clock** free')
  expect(text).toContain('1 of 6 decisions of the shipped policy ended as unsure')
  expect(text).toContain('better in 1, equal in 1, worse in 1; mean difference 16.7 points')
  expect(text).toContain('30 % of grasps fail, nudges of 1 to 2 cm')
  expect(text).toContain('| as shipped | 40001 to 40005 | 66.7 (0.0 to 99.0; success 67; n 3) | 66.7 |')
  expect(text).toContain('| without the zoom | 40001 to 40005 | 40.0 (0.0 to 90.0; success 33; n 3) | 40.0 |')
  expect(text).toContain('- *without the zoom*: ')
  expect(text).not.toContain('- *one pixel*: ')
  expect(text).toMatch(/\| missed grasp \|.*\| 1 \| 1 \| 2 \|/)
  expect(text).not.toContain(out)
  expect(existsSync(join(out, 'docs', 'images', 'results'))).toBe(true)
})

test('the published page is what its raw results say, and shows the pictures beside it', async () => {
  const copy = join(out, 'checkout')
  for (const folder of ['benchmarks/policy/raw', 'benchmarks/policy/original', 'docs/images/results']) {
    cpSync(folder, join(copy, folder), { recursive: true, filter: (path) => !path.endsWith('/pictures') })
  }
  await writeResults(join(copy, 'benchmarks/policy/raw'), join(copy, 'docs/results.md'))
  expect(readFileSync(join(copy, 'docs/results.md'), 'utf8')).toBe(readFileSync('docs/results.md', 'utf8'))
  expect(readdirSync(join(copy, 'docs/images/results'))).toEqual(readdirSync('docs/images/results'))
})

test('pictures come from the raw results; those of earlier ones go, but not before all of the new ones are there', async () => {
  const [raw, docs] = [join(out, 'pictured'), join(out, 'pictured-docs')]
  const images = join(docs, 'images', 'results')
  const folder = await RawFolder.create(join(raw, 'bowl'), 'episodes')
  await folder.line({
    seed: 1,
    goal: 'g',
    score: 0,
    cause: 'dropped',
    outcome: 'failed',
    steps: 1,
    pictures: ['p.webp'],
  })
  const report = { task, episodes: 1, mean_score: 0, ci95: [0, 1], split: 'test', policy: 'edge' }
  const rest = { steps_mean: 1, false_achieved: 0, false_continue: 0 }
  await folder.finish({ openLoop: false, faults: null, steps: null }, { ...report, ...rest })
  mkdirSync(images, { recursive: true })
  writeFileSync(join(images, 'old.webp'), 'old')
  await expect(writeResults(raw, join(docs, 'results.md'))).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  expect(readdirSync(images)).toEqual(['old.webp'])
  writeFileSync(join(raw, 'bowl', 'p.webp'), 'new')
  await writeResults(raw, join(docs, 'results.md'))
  expect(readdirSync(images)).toEqual(['bowl-p.webp'])
  expect(readFileSync(join(docs, 'results.md'), 'utf8')).toContain('(images/results/bowl-p.webp)')
})

test("the original's environment has a table of its own, beside the own cell's score", async () => {
  const share = (count: number, of: number) => ({ count, of, share: count / of, ci95: [0.1, 0.9] })
  const row = {
    ...{ episodes: 4, seeds: [10101, 10107], score: { mean: 0.75, ci95: [0.3, 0.95] }, success: share(3, 4) },
    ...{ score_when_decided: { mean: 0.5, ci95: [0.2, 0.85] }, false_achieved: share(1, 4) },
    ...{ stops_when_done: share(2, 3), stops_when_done_arm_home: share(3, 3), stops_when_sentence_done: share(2, 3) },
    ...{ wrong_moves: share(1, 7), moves_of_a_moved_object: { count: 2, of: 7 } },
  }
  const summary = {
    ...{ version: 1, policy: { name: 'edge', package_sha256: 'a'.repeat(64) }, act: 'always' },
    ...{ checkout_sha256: 'b'.repeat(64), versions: { pybullet: '3.2.7' }, rows: { [task]: row } },
    failed: [{ task, seed: 10109, reason: 'no end' }],
  }
  const original = join(out, 'original')
  mkdirSync(original)
  const page = join(out, 'original.md')
  await episodes('plain', [1, 1, 0], {})
  await writeResults(join(out, 'raw'), page, join(out, 'nothing'))
  expect(readFileSync(page, 'utf8')).not.toContain('not trained there')
  writeFileSync(join(original, 'summary.json'), JSON.stringify(summary))
  await writeResults(join(out, 'raw'), page, original)
  const text = readFileSync(page, 'utf8')
  expect(text).toContain(
    `| ${task} | 10101 to 10107 | 4 | 75.0 (30.0 to 95.0) | 75.0 | 50.0 (20.0 to 85.0) | 1 of 4 | 66.7 | 99.5 |`,
  )
  expect(text).toContain(`| ${task} | 2 of 3 (10.0 to 90.0 %) | 3 of 3 | 2 of 3 | 1 of 7 | 2 of 7 |`)
  expect(text).toContain(`No end, and not in the tables: ${task} 10109.`)
  expect(text).toContain('Fewer than 50 episodes in some rows')
  writeFileSync(join(original, 'summary.json'), JSON.stringify({ ...summary, act: 'sometimes' }))
  await expect(writeResults(join(out, 'raw'), page, original)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
})

test('a folder without results is named', async () => {
  await expect(writeResults(join(out, 'nothing'), join(out, 'x.md'))).rejects.toMatchObject({ code: 'INPUT_INVALID' })
})

test('the nearest colour is looked for above the table only', () => {
  const map = aHeightmap()
  map.color.set([255, 0, 0], 0)
  const [u, v] = nearestCell(map, [1, 0, 0])!
  expect([u >= 80 && u < 93, v >= 60 && v < 73]).toEqual([true, true])
})

test('the profile counts the runs after the warm-ups, and the arithmetic of convolutions and products', () => {
  const run = (ts: number) => [
    { cat: 'Session', name: 'model_run', ts },
    {
      cat: 'Node',
      name: 'c_kernel_time',
      ts: ts + 1,
      dur: 3000,
      args: {
        op_name: 'Conv',
        input_type_shape: [{ float: [1, 4, 8, 8] }, { float: [16, 4, 3, 3] }],
        output_type_shape: [{ float: [1, 16, 8, 8] }],
      },
    },
    {
      cat: 'Node',
      name: 'm_kernel_time',
      ts: ts + 2,
      dur: ts < 300 ? 99_000 : 1000,
      args: {
        op_name: 'MatMul',
        input_type_shape: [{ float: [2, 5] }, { float: [5, 3] }],
        output_type_shape: [{ float: [2, 3] }],
      },
    },
  ]
  const { types, gflop } = sumUp([0, 100, 200, 300, 400].flatMap(run))
  expect(types.map(({ type, nodes, ms, share }) => [type, nodes, ms, share])).toEqual([
    ['Conv', 1, 3, 0.75],
    ['MatMul', 1, 1, 0.25],
  ])
  expect(gflop * 1e9).toBeCloseTo(2 * 16 * 64 * 36 + 2 * 6 * 5)
})

test('the product whose speed is the peak is a model that ONNX Runtime runs', async () => {
  expect(matrixProduct(4).length).toBeGreaterThan(50)
  expect(await peakGflops(1, 1)).toBeGreaterThan(0)
})
