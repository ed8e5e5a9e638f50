// Sentences with right answers: what an answer is worth, how answers are counted, what a bad file is told, the page.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Affordance, Pixel, Vec3 } from '../../src/control/types.js'
import type { SentenceLine } from '../../src/evaluation/sentences/evaluate-sentences.js'
import { countSentences, moveOf, verdictOf } from '../../src/evaluation/sentences/judge-sentence.js'
import { renderSentencesPage } from '../../src/evaluation/sentences/page.js'
import { readSentenceFile } from '../../src/evaluation/sentences/sentence-file.js'
import { projectPath } from '../../src/native/paths.js'
import type { LabelMap } from '../../src/sim/cell-renderer.js'
import type { TrueObject } from '../../src/sim/index.js'

describe('an answer', () => {
  const may = { action: 'move', also: ['ask'], pick: [2, 3], place: [1] } as const
  const expected = { ...may, also: [...may.also], pick: [...may.pick], place: [...may.place] }

  test('is right when its action is one of those that are, and a move is of and to a right thing', () => {
    expect(verdictOf(expected, 'move', { pick: 3, places: [1] })).toBe('right')
    expect(verdictOf(expected, 'ask', null)).toBe('right')
    expect(verdictOf({ action: 'refuse' }, 'refuse', null)).toBe('right')
    expect(verdictOf({ action: 'move' }, 'move', { pick: 9, places: [] })).toBe('right')
  })

  test('is a wrong move of another thing, of the table, or to another place', () => {
    expect(verdictOf(expected, 'move', { pick: 4, places: [1] })).toBe('wrong_move')
    expect(verdictOf(expected, 'move', { pick: 0, places: [1] })).toBe('wrong_move')
    expect(verdictOf(expected, 'move', { pick: 2, places: [4] })).toBe('wrong_move')
    expect(verdictOf(expected, 'move', { pick: 2, places: [] })).toBe('wrong_move')
  })

  test('is a forbidden move where none is right, even of and to things that are named', () => {
    expect(verdictOf({ action: 'refuse', pick: [2], place: [1] }, 'move', { pick: 2, places: [1] })).toBe(
      'forbidden_move',
    )
    expect(verdictOf({ action: 'ask', also: ['refuse'] }, 'move', { pick: 2, places: [1] })).toBe('forbidden_move')
  })

  test('is refused or asked wrongly where that is not right', () => {
    expect(verdictOf(expected, 'refuse', null)).toBe('refused_wrongly')
    expect(verdictOf({ action: 'refuse' }, 'ask', null)).toBe('asked_wrongly')
  })
})

describe('a move', () => {
  const object = (label: number, kind: string, p_base_m: Vec3): TrueObject => {
    return { label, kind, color: 'red', sizeM: [0.04, 0.04, 0.04], p_base_m, yawRad: 0 }
  }
  const objects = [object(1, 'bowl', [0.5, 0, 0]), object(2, 'box', [0.3, 0.3, 0]), object(3, 'block', [0.5, 0, 0.02])]
  const map = { rows: 2, cols: 2, labels: Uint8Array.from([0, 1, 2, 3]) } as unknown as LabelMap
  const at = (pixel: Pixel, p_base_m: Vec3): Affordance => ({ pixel, p_base_m, yawRad: 0, probability: 1 })
  const pick = at([1, 1], [0.5, 0, 0.04])

  test('is of the object that its cell shows, and to a bowl within 5 cm of its middle, whatever lies in it', () => {
    expect(moveOf({ pick, place: at([1, 1], [0.549, 0, 0]) }, map, objects)).toEqual({ pick: 3, places: [1, 3] })
    expect(moveOf({ pick, place: at([0, 0], [0.5, 0.049, 0]) }, map, objects).places).toEqual([1])
  })

  test('on the rim of a bowl is to nothing, on another thing to that', () => {
    expect(moveOf({ pick, place: at([0, 1], [0.5, 0.055, 0]) }, map, objects).places).toEqual([])
    expect(moveOf({ pick, place: at([1, 0], [0.3, 0.4, 0]) }, map, objects).places).toEqual([2])
  })

  test('on a real frame is by the labels alone', () => {
    expect(moveOf({ pick, place: at([0, 1], [0.9, 0.9, 0]) }, map, [])).toEqual({ pick: 3, places: [1] })
  })
})

test('counts are of all and of each kind, in the order of the file', () => {
  const lines = [
    { kind: 'typo', action: 'move', verdict: 'right' },
    { kind: 'typo', action: 'move', verdict: 'wrong_move' },
    { kind: 'negation', action: 'move', verdict: 'forbidden_move' },
    { kind: 'negation', action: 'refuse', verdict: 'right' },
    { kind: 'typo', action: 'refuse', verdict: 'refused_wrongly' },
    { kind: 'typo', action: 'ask', verdict: 'asked_wrongly' },
    { kind: 'negation', action: 'ask', verdict: 'right' },
  ] as const
  const counts = countSentences(lines)
  expect(counts).toEqual({
    right: 3,
    forbidden_moves: 1,
    wrong_moves: 2,
    refused_wrongly: 1,
    ask_right: 1,
    ask_wrong: 1,
    by_kind: {
      typo: { n: 4, right: 1, wrong: 1, refused: 1, asked: 1 },
      negation: { n: 3, right: 2, wrong: 1, refused: 1, asked: 1 },
    },
  })
  expect(Object.keys(counts.by_kind)).toEqual(['typo', 'negation'])
})

describe('a file of sentences', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cliport-sentences-'))
    mkdirSync(join(folder, 'frame'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const scene = 'put-block-in-bowl-seen-colors+15003'
  const row = { scene, kind: 'casual', sentence: 'hello', expect: { action: 'refuse' } }
  const read = (value: unknown) => {
    const path = join(folder, 'sentences.json')
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
    return readSentenceFile(path)
  }
  const problemOf = (value: unknown) =>
    read(value).then(
      () => 'none',
      (error) => {
        expect(error).toMatchObject({ code: 'INPUT_INVALID', hint: expect.stringContaining('README.md') })
        return error.message as string
      },
    )

  test('is read with its scenes and right answers; other keys are for people', async () => {
    const [first, second] = await read([
      { ...row, author: 'a person', expect: { action: 'move', pick: [2], place: [1], sure: true } },
      { ...row, scene: 'frame+mug', frames: './frame' },
    ])
    expect(first).toMatchObject({
      row: 1,
      scene: { kind: 'cell', task: 'put-block-in-bowl-seen-colors', seed: 15003 },
      expect: { action: 'move', pick: [2], place: [1] },
    })
    expect(second).toMatchObject({ row: 2, scene: { kind: 'frames', folder: join(folder, 'frame') } })
  })

  test('names every row and key that is wrong, and the right key where one is misspelt', async () => {
    const { kind: _, ...withoutKind } = row
    const message = await problemOf([
      row,
      { ...row, expect: { action: 'go' } },
      withoutKind,
      { ...row, expect: { action: 'move', pik: [1] } },
      { ...row, expect: { action: 'move', pick: [0] } },
      { ...row, sentense: 'x' },
      { ...row, sentence: '' },
    ])
    expect(message).toContain('row 2: expect.action')
    expect(message).toContain('row 3: kind')
    expect(message).toContain('row 4: unknown key expect.pik, did you mean expect.pick?')
    expect(message).toContain('row 5: expect.pick.0')
    expect(message).toContain('row 7: sentence')
    expect(message).not.toContain('row 1')
    expect(message).not.toContain('row 6') // nothing is missing that it could mean
  })

  test('names a scene that there is not, and a folder of frames that is missing or not asked for', async () => {
    expect(await problemOf([{ ...row, scene: 'put-block-in-bowl-seen-color+3' }])).toMatch(
      /row 1: scene: .*the nearest task is put-block-in-bowl-seen-colors/,
    )
    expect(await problemOf([{ ...row, scene: 'put-block-in-bowl-seen-colors' }])).toContain("'TASK+SEED'")
    expect(await problemOf([{ ...row, scene: 'put-block-in-bowl-seen-colors+one' }])).toContain(
      "seed but received 'one'",
    )
    expect(await problemOf([{ ...row, scene: 'frame+mug' }])).toContain("frames: expected the frame's folder")
    expect(await problemOf([{ ...row, scene: 'frame+mug', frames: 'nowhere' }])).toContain('there is no folder')
    expect(await problemOf([{ ...row, frames: 'frame' }])).toContain("only with a scene 'frame+NAME'")
  })

  test('that is no list of rows is told so', async () => {
    expect(await problemOf('[{')).toMatch(/cannot be used: .*JSON/)
    expect(await problemOf([])).toContain('received an empty one')
    expect(await problemOf({ rows: [] })).toContain('received a value of type object')
    expect(await problemOf([null])).toContain('row 1')
    await expect(readSentenceFile(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  })
})

test('the sentences of the project are 150 different ones on scenes of development', async () => {
  const rows = await readSentenceFile(projectPath('benchmarks/sentences/sentences.json'))
  expect(rows).toHaveLength(150)
  expect(new Set(rows.map(({ sceneName, sentence }) => `${sceneName} ${sentence}`)).size).toBe(150)
  for (const { scene } of rows) expect(scene.kind === 'cell' && scene.seed < 20_000).toBe(true)
  const readme = readFileSync(projectPath('benchmarks/sentences/README.md'), 'utf8')
  const count = (action: string) => rows.filter(({ expect: { action: wanted } }) => wanted === action).length
  expect(readme).toContain(`${count('move')} moves, ${count('refuse')} refusals, ${count('ask')} questions`)
})

describe('the page', () => {
  const pose = { pixel: [10, 20], p_base_m: [0.5, 0, 0], yawRad: 0, probability: 0.9 } as const
  const proposal = { pick: pose, place: pose, remaining: 1, found: 1, knownWords: 3, timingMs: {} }
  const line = (over: Partial<SentenceLine>): SentenceLine => ({
    row: 1,
    scene: 'a-task+1',
    kind: 'casual',
    sentence: 'put it <b>there</b>',
    expect: { action: 'refuse', why: 'what is it?' },
    action: 'refuse',
    verdict: 'right',
    outcome: 'not_understood',
    reason: 'which one',
    canonical: null,
    notes: [],
    words: ['it'],
    candidates: [],
    suggestions: ['put the red blocks in a green bowl'],
    pick: null,
    place: null,
    right_pick: null,
    right_place: null,
    pick_probability: null,
    place_probability: null,
    decision_ms: 1,
    ...over,
  })
  const wrong = line({
    row: 2,
    kind: 'typo',
    verdict: 'forbidden_move',
    action: 'move',
    outcome: 'act',
    canonical: 'put the red blocks in a green bowl',
    pick: '2 red block',
    place: [],
  })
  const picture = { file: 'pictures/1.webp', rows: 320, cols: 160, candidates: [] }
  const asked = line({
    row: 3,
    kind: 'typo',
    action: 'ask',
    verdict: 'asked_wrongly',
    candidates: ['the red block', 'a blue one'],
  })
  const offered = [
    { pixels: [[10, 20]] },
    {
      pixels: [
        [30, 40],
        [50, 60],
      ],
    },
  ] as const
  const page = renderSentencesPage({ policy: 'edge', sentences: 3, ...countSentences([line({}), wrong, asked]) }, [
    { line: line({}), picture: { ...picture, proposal: null } },
    { line: wrong, picture: { ...picture, proposal } },
    { line: asked, picture: { ...picture, proposal: null, candidates: offered } },
  ])

  test('shows each sentence as text, what it was read as, what was done and what would be right', () => {
    expect(page).toContain('put it &lt;b&gt;there&lt;/b&gt;')
    expect(page).not.toContain('<b>there')
    expect(page).toContain('move 2 red block (0 %) to the table (0 %)')
    expect(page).toContain('not understood: which one')
    expect(page).toContain('what is it?')
    expect(page.match(/class="mark pick"/g)).toHaveLength(1) // only what would move is drawn
  })

  test('shows what a question offers, by number, on the picture too', () => {
    expect(page).toContain('1 the red block / 2 a blue one')
    expect(page.match(/class="mark candidate"/g)).toHaveLength(3)
    expect(page).toMatch(/translate\(50\.5 60\.5\)">.*<text y="4">2</)
  })

  test('can be filtered by kind and verdict without a script', () => {
    expect(page).not.toContain('<script')
    expect(page).toContain('main:has(#kind-1:checked) .sentence:not(.kind-1){display:none}')
    expect(page).toMatch(/<li class="sentence forbidden_move kind-1" id="row-2">/)
    expect(page).toMatch(/id="verdict-forbidden_move"><span>forbidden move <b>1<\/b>/)
  })
})
