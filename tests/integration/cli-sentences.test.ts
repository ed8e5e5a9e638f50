// cliport eval --sentences: from a file to counts, lines and a page, with the shipped policy.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cliport } from '../fixtures/cli.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cliport-sentences-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// Seed 15011: yellow block 2, red bowl 1, gray bowl 6, blue blocks 4 and 7.
const scene = 'put-block-in-bowl-seen-colors+15011'
const sentences = (name: string, rows: readonly object[]) => {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(rows.map((row) => ({ scene, kind: 'plain', ...row }))))
  return path
}

test('judges each sentence on its scene, and leaves counts, lines and a page', async () => {
  const sentence = 'put the yellow blocks in a red bowl'
  const file = sentences('five.json', [
    { sentence, expect: { action: 'move', pick: [2], place: [1] } },
    { sentence, expect: { action: 'move', pick: [4], place: [1] } },
    { sentence, expect: { action: 'refuse', why: 'nothing should move' } },
    { sentence: 'hello', kind: 'greeting', expect: { action: 'refuse' }, scene: 'put-block-in-bowl-seen-colors+15007' },
    { sentence: 'hello', kind: 'greeting', expect: { action: 'ask' } },
  ])
  const out = join(folder, 'out')
  const { exitCode, report } = await cliport('eval', '--sentences', file, '--out', out, '--json')
  expect(exitCode).toBe(0)
  expect(report).toEqual({
    policy: 'edge',
    sentences: 5,
    right: 2,
    forbidden_moves: 1,
    wrong_moves: 2,
    refused_wrongly: 1,
    ask_right: 0,
    ask_wrong: 0,
    by_kind: {
      plain: { n: 3, right: 1, wrong: 2, refused: 0, asked: 0 },
      greeting: { n: 2, right: 1, wrong: 0, refused: 2, asked: 0 },
    },
  })
  const lines = readFileSync(join(out, 'lines.jsonl'), 'utf8').trim().split('\n')
  // Scene by scene: the fifth row is of the first scene.
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { row: 1, verdict: 'right', pick: '2 yellow block', place: ['1 red bowl'] },
    { row: 2, verdict: 'wrong_move', right_pick: ['4 blue block'] },
    { row: 3, verdict: 'forbidden_move' },
    { row: 5, verdict: 'refused_wrongly' },
    { row: 4, verdict: 'right', pick: null },
  ])
  const page = readFileSync(join(out, 'index.html'), 'utf8')
  const pictures = [...page.matchAll(/<img src="([^"]+)"/g)].map(([, file]) => file!)
  expect(pictures).toHaveLength(5)
  expect(new Set(pictures).size).toBe(2) // one a scene
  expect([...page.matchAll(/id="row-(\d)"/g)].map(([, row]) => row)).toEqual(['1', '2', '3', '4', '5'])
  for (const picture of pictures) expect(existsSync(join(out, picture))).toBe(true)
  expect(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'))).toMatchObject({ kind: 'sentences', report })
})

test('a label that no object of the scene has is named with its row, and nothing is judged', async () => {
  const file = sentences('label.json', [{ sentence: 'hello', expect: { action: 'move', pick: [99] } }])
  const { exitCode, report } = await cliport('eval', '--sentences', file, '--out', join(folder, 'label'), '--json')
  expect(exitCode).toBe(2)
  expect(report).toMatchObject({
    error: {
      code: 'INPUT_INVALID',
      message: expect.stringContaining(`row 1: expect.pick: no object of ${scene} has the label 99 (1,2,3,4,5,6,7,8)`),
    },
  })
})

test('a bad file is refused before anything is opened or written', async () => {
  const file = sentences('bad.json', [{ sentence: 'hello', expect: { action: 'go' } }])
  const out = join(folder, 'bad')
  const { report } = await cliport('eval', '--sentences', file, '--out', out, '--json')
  expect(report).toMatchObject({
    error: { code: 'INPUT_INVALID', message: expect.stringContaining('row 1: expect.action') },
  })
  expect(existsSync(join(out, 'index.html'))).toBe(false)
})

test('without --out the page lies in a folder of its own, where runs lie', async () => {
  const config = join(folder, 'settings.yaml')
  writeFileSync(config, `version: 1\nrun:\n  out: ${join(folder, 'runs')}\n`)
  const file = sentences('one.json', [{ sentence: 'hello', expect: { action: 'refuse' } }])
  const { report, stderr } = await cliport('eval', '--sentences', file, '--config', config, '--json')
  expect(stderr).toBe('')
  expect(report).toMatchObject({ right: 1 })
  const [made] = readdirSync(join(folder, 'runs'))
  expect(made).toMatch(/^\d{8}T\d{6}Z-sentences$/)
  expect(existsSync(join(folder, 'runs', made!, 'index.html'))).toBe(true)
})

test.each([
  [
    ['--grounding', 'both'],
    /at most one of --real, --sentences and --grounding but received --sentences and --grounding/,
  ],
  [['--open-loop'], /Expected no openLoop with --sentences/],
  [['--policy', 'oracle'], /oracle' with --sentences/],
])('%j does not go with --sentences', async (more, message) => {
  const { exitCode, report } = await cliport('eval', '--sentences', 'x.json', ...more, '--json')
  expect(exitCode).toBe(2)
  expect(report).toMatchObject({ error: { code: 'USAGE', message: expect.stringMatching(message) } })
})
