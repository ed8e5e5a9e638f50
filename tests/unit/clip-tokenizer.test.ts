import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { ClipTokenizer } from '../../src/io/policy/clip-tokenizer.js'
import { parseTokenizer } from '../../src/io/policy/sentence-tokenizer.js'
import { projectPath } from '../../src/native/paths.js'

const text = readFileSync(projectPath('models/tests/split-policy/tokenizer.json'), 'utf8')
const tokenizer = ClipTokenizer.from(JSON.parse(text))
const idsOf = (sentence: string) => [...tokenizer.encode(sentence).tokens].map(Number)
const [start, end] = [49406, 49407]

test('ten thousand sentences have the ids that the published tokenizer gives them', () => {
  // Made by models/tests/clip_sentences.py: scripts, emoji, punctuation, broken encodings, HTML, 1,611 too long.
  const file = readFileSync(projectPath('tests/fixtures/data/clip-tokens.json.gz'))
  const cases = JSON.parse(gunzipSync(file).toString('utf8')) as [sentence: string, ids: number[]][]
  const differ = cases.filter(
    ([sentence, ids]) => idsOf(sentence).join() !== [...ids, ...zeros(77 - ids.length)].join(),
  )
  expect(cases).toHaveLength(10_000)
  expect(differ).toEqual([])
})

test('a sentence that is too long is cut and still ends with the end', () => {
  const ids = idsOf('put the red block in the bowl and '.repeat(20))
  expect(ids).toHaveLength(77)
  expect([ids[0], ids[76]]).toEqual([start, end])
})

test('only letters make a word that the policy knows', () => {
  expect(tokenizer.encode('put the 2 red blocks, now!').knownWords).toBe(5)
  expect(tokenizer.encode(' ?! 12 ').knownWords).toBe(0)
})

test('a tokenizer file names its kind', () => {
  expect(parseTokenizer(text)).toBeInstanceOf(ClipTokenizer)
  expect(() => parseTokenizer('{"kind":"clip-bpe"}')).toThrow(/merges/)
})

propertyTest.prop([fc.string({ unit: 'binary', maxLength: 400 })])(
  'any string becomes a start, ids of the vocabulary, an end and zeros',
  (sentence) => {
    const ids = idsOf(sentence)
    const length = ids.lastIndexOf(end) + 1
    expect(ids[0]).toBe(start)
    expect(length).toBeGreaterThan(1)
    expect(ids.slice(length)).toEqual(zeros(77 - length))
    expect(ids.every((id) => id >= 0 && id <= end)).toBe(true)
  },
)

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0)
}
