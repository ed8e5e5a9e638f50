import { readFileSync } from 'node:fs'
import { fc, test as propertyTest } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { parseGoal } from '../../src/control/goal.js'
import { Tokenizer } from '../../src/io/policy/tokenizer.js'
import { projectPath } from '../../src/native/paths.js'

const shared = JSON.parse(readFileSync(projectPath('tests/fixtures/tokenizer-cases.json'), 'utf8')) as {
  words: string[]
  functionWords: string[]
  maxTokens: number
  cases: { text: string; tokens: number[]; knownWords: number }[]
}

describe('the cases that the Python tokenizer is held to as well', () => {
  const tokenizer = new Tokenizer(shared.words, shared.functionWords, shared.maxTokens)
  test.each(shared.cases)('"$text" becomes its tokens', ({ text, tokens, knownWords }) => {
    const encoded = tokenizer.encode(text)
    expect([...encoded.tokens].map(Number)).toEqual(tokens)
    expect(encoded.knownWords).toBe(knownWords)
  })
})

const shipped = Tokenizer.parse(readFileSync(projectPath('models/edge/tokenizer.json'), 'utf8'))

test('every word of the published sentence is in the shipped vocabulary', () => {
  const { tokens, knownWords } = shipped.encode('put the cyan blocks in a gray bowl')
  expect([...tokens.slice(0, 8)].every((token) => token > 1n)).toBe(true)
  expect(knownWords).toBe(5)
})

test('a sentence of words that mean nothing to the policy has no known word', () => {
  expect(shipped.encode('the in a qwertz xyzzy').knownWords).toBe(0)
})

test('a file that is no tokenizer is refused', () => {
  expect(() => Tokenizer.parse('{"format":"other"}')).toThrow(/format/)
})

propertyTest.prop([fc.string({ unit: 'binary', maxLength: 2000 })])(
  'any text becomes exactly as many tokens as the net takes, and never more known words than those',
  (text) => {
    const { tokens, knownWords } = shipped.encode(text)
    expect(tokens.length).toBe(shipped.maxTokens)
    expect(knownWords).toBeLessThanOrEqual([...tokens].filter((token) => token > 1n).length)
  },
)

test.each([
  'put the red blocks in a green bowl.',
  'PUT THE RED BLOCKS IN A GREEN BOWL',
  'put the red blocks in a green bowl 😀',
])('a final dot, capitals and emoji change nothing that the policy knows: "%s"', (sentence) => {
  const plain = shipped.encode('put the red blocks in a green bowl')
  const { tokens, knownWords } = shipped.encode(parseGoal(sentence))
  expect(knownWords).toBe(plain.knownWords)
  expect([...tokens].filter((token) => token > 1n)).toEqual([...plain.tokens].filter((token) => token > 1n))
})
