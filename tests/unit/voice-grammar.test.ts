// The goals' grammar as it is spoken, and what is made of what was heard.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { understand } from '../../src/control/goal/index.js'
import { Position } from '../../src/control/goal/spoken/chart.js'
import { sentenceRule, spokenGrammar } from '../../src/control/goal/spoken/grammar.js'
import { type HeardSentence, unrated } from '../../src/control/goal/spoken/hearing.js'
import { interpret } from '../../src/control/goal/spoken/interpret.js'
import { meaningOf } from '../../src/control/goal/spoken/meaning.js'
import { buildNetwork } from '../../src/control/goal/spoken/network.js'
import type { Lexicon } from '../../src/control/ports.js'
import { jsgfOf } from '../../src/io/voice/pocketsphinx/jsgf.js'
import { projectPath } from '../../src/native/paths.js'
import { sceneOf } from '../fixtures/lexicon.js'

const { lexicon } = JSON.parse(readFileSync(projectPath('models/edge/manifest.json'), 'utf8')) as { lexicon: Lexicon }
const sentences = JSON.parse(readFileSync(projectPath('benchmarks/voice/sentences.json'), 'utf8')) as Record<
  'development' | 'test',
  Record<'goals' | 'negations' | 'no_goal', readonly string[]>
>
const grammar = spokenGrammar(lexicon)

function isSpoken(sentence: string): boolean {
  let position: Position | null = grammar.start()
  for (const word of sentence.toLowerCase().split(' ')) position = position?.after(word) ?? null
  return position?.isComplete ?? false
}

const all = (kind: 'goals' | 'negations' | 'no_goal') => [...sentences.development[kind], ...sentences.test[kind]]

test('a chart says which words may come next, and when a sentence is whole', () => {
  const network = buildNetwork({
    S: [{ rule: 'Thing' }, { maybe: 'please' }],
    Thing: { any: ['the block', ['the', { some: { any: ['red', 'big'] } }, 'block', { maybe: { rule: 'Inside' } }]] },
    Inside: ['in', { rule: 'Thing' }],
  })
  const start = Position.start(network, 'S')
  const after = (words: string) =>
    words.split(' ').reduce<Position | null>((at, word) => at?.after(word) ?? null, start)
  expect([...start.words]).toEqual(['the'])
  expect([...after('the red')!.words].sort()).toEqual(['big', 'block', 'red'])
  expect(after('the red')!.isComplete).toBe(false)
  expect([...after('the red block in the block')!.words]).toEqual(['please'])
  expect(after('the red block in the big block in the block please')!.isComplete).toBe(true)
  expect(after('the block in')).toBeNull()
})

test('a rule that nobody gives is named', () => {
  expect(() => buildNetwork({ S: ['put', { rule: 'Nowhere' }] })).toThrow('Nowhere')
})

test('every goal of the spoken sets can be heard and is a command', () => {
  expect(all('goals').filter((sentence) => !isSpoken(sentence))).toEqual([])
  expect(all('goals').filter((sentence) => understand(sentence, lexicon).kind !== 'command')).toEqual([])
})

test('what forbids a goal can be heard, so that its negation is not lost, and is refused', () => {
  expect(all('negations').filter((sentence) => !isSpoken(sentence))).toEqual([])
  expect(all('negations').filter((sentence) => understand(sentence, lexicon).kind !== 'unsupported')).toEqual([])
})

test('what is no goal is no sentence of the grammar', () => {
  expect(all('no_goal').filter(isSpoken)).toEqual([])
})

test('sentences mean the same whatever their verbs and articles, and not with another colour, number or side', () => {
  const meaning = (sentence: string) => meaningOf(sentence, lexicon)
  const plain = meaning('put the red block in the green bowl')
  expect(meaning('could you place a red cube into a green dish please')).toBe(plain)
  const others = [
    'put the red blocks in the green bowl',
    'put the blue block in the green bowl',
    'put the red block in the gray bowl',
  ]
  for (const other of [
    ...others,
    'put the leftmost red block in the green bowl',
    'do not put the red block in the green bowl',
  ]) {
    expect(meaning(other)).not.toBe(plain)
  }
})

test('the JSGF has only words of the dictionary, defines each rule once and holds none in itself', () => {
  const text = jsgfOf(grammar.rules, sentenceRule, (word) => word !== 'leftmost' && word !== "don't")
  expect(text).not.toMatch(/leftmost|don't/)
  const rules = new Map([...text.matchAll(/^(?:public )?<(\w+)> = (.*);$/gm)].map(([, name, body]) => [name!, body!]))
  const named = (name: string) =>
    [...rules.get(name)!.matchAll(/<(\w+)>/g)].map(([, each]) => each!).filter((each) => each !== 'NULL')
  const visit = (name: string, above: readonly string[]): void => {
    expect(above).not.toContain(name)
    expect(rules.has(name)).toBe(true)
    for (const each of named(name)) visit(each, [...above, name])
  }
  visit(sentenceRule, [])
})

// From what was heard to a goal -----------------------------------------------------------------------------------

function heard(text: string, logProbability: number): HeardSentence {
  const tokens = text.split(' ').length + 2
  return { text, logProbability, prior: 0, tokens, score: logProbability / tokens }
}

const table = sceneOf(
  { look: 'red block', at: [0.4, -0.2] },
  { look: 'green bowl', at: [0.5, 0.2] },
  { look: 'blue block', at: [0.6, 0] },
)

const red = 'put the red block in the green bowl'

test('what was heard surely is offered without a doubt', () => {
  const goal = interpret(
    {
      free: heard('Put the red block in the green bowl.', -0.3),
      bound: [heard(red, -0.3), heard('put the red block in the green box', -5)],
      isRated: true,
    },
    lexicon,
  )
  expect(goal).toMatchObject({ sentence: red, doubts: [], understanding: { kind: 'command' } })
})

test('two goals that sound the same are a doubt, with the other one to choose', () => {
  const other = 'put the black block in the green bowl'
  const goal = interpret({ free: heard(red, -2), bound: [heard(red, -2), heard(other, -2.4)], isRated: true }, lexicon)
  expect(goal).toMatchObject({ sentence: red, doubts: [{ kind: 'another' }], alternatives: [other] })
})

test('a doubt comes with what else it may have been, though that is far less likely', () => {
  const bound = [heard(red, -4), heard('put the red block in the gray bowl', -13)]
  const hearing = { free: heard('Put the red block in the brangle.', -1), bound, isRated: true }
  expect(interpret(hearing, lexicon)).toMatchObject({
    ...{ sentence: red, doubts: [{ kind: 'unclear' }], alternatives: ['put the red block in the gray bowl'] },
  })
  const sure = { free: heard('Put the red block in the green bowl.', -4), bound, isRated: true }
  expect(interpret(sure, lexicon)).toMatchObject({ sentence: red, doubts: [], alternatives: [] })
})

test('what was heard in several words of one meaning outweighs a single likelier sentence of another', () => {
  const bound = [
    heard('put the green block in the red bowl', -3),
    heard('put the gray block in the red bowl', -3.4),
    heard('put the grey block in the red bowl', -3.4),
    heard('put a gray block in the red bowl', -3.4),
  ]
  const goal = interpret({ free: heard('Put the grail block in the red bowl.', -2.8), bound, isRated: true }, lexicon)
  expect(goal.sentence).toBe('put the gray block in the red bowl')
  expect(goal.doubts.map(({ kind }) => kind)).toContain('another')
})

test('a side before a place, a moved container and a place that holds nothing have to be said more clearly', () => {
  const offered = (...bound: readonly HeardSentence[]) =>
    interpret({ free: heard('Put it there.', -1), bound, isRated: true }, lexicon).sentence
  const plainly = 'put the yellow block in the white bowl'
  for (const odd of [
    'put the yellow block in the right bowl',
    'put the yellow box in the white bowl',
    'put the yellow block on the white ball',
  ]) {
    expect(offered(heard(odd, -2), heard(plainly, -4))).toBe(plainly)
    expect(offered(heard(odd, -2), heard(plainly, -14))).toBe(odd)
  }
})

test('what is on the table decides between words that sound alike, said aloud where it was the less likely one', () => {
  const bound = [
    heard('put the red block in the green ball', -2),
    heard(red, -2.4),
    heard('put the black block in the green bowl', -2.5),
  ]
  const goal = interpret({ free: heard(red, -1.9), bound, isRated: true }, lexicon, table)
  expect(goal.sentence).toBe(red)
  expect(goal.doubts.map(({ kind }) => kind)).not.toContain('another')
})

test('what is on the table does not decide against a much likelier sentence', () => {
  const bound = [heard('put the black block in the green bowl', -1), heard(red, -12)]
  const goal = interpret(
    { free: heard('Put the black block in the green bowl.', -1), bound, isRated: true },
    lexicon,
    table,
  )
  expect(goal).toMatchObject({
    sentence: 'put the black block in the green bowl',
    understanding: { kind: 'not_found' },
  })
})

test('speech that fits no goal nearly as well as something else is no goal', () => {
  const free = heard('The weather will stay dry until the weekend.', -1)
  const goal = interpret({ free, bound: [heard('the red one will be in the red one', -30)], isRated: true }, lexicon)
  expect(goal).toMatchObject({ sentence: null, understanding: null, heard: free.text })
})

test('a negation is refused as a typed one is, and one that only the free path heard is a doubt', () => {
  const refused = interpret(
    {
      free: heard('Do not put the red block in the green bowl.', -0.4),
      bound: [heard(`do not ${red}`, -0.4), heard(red, -6)],
      isRated: true,
    },
    lexicon,
  )
  expect(refused).toMatchObject({ sentence: `do not ${red}`, understanding: { kind: 'unsupported' } })
  const doubtful = interpret(
    { free: heard('I cannot put the red block in the green bowl.', -1), bound: [heard(red, -3)], isRated: true },
    lexicon,
  )
  expect(doubtful.doubts.map(({ kind }) => kind)).toContain('negation')
  const except = 'put everything except the red block in the green bowl'
  const hidden = interpret(
    { free: heard(`I cannot ${except}.`, -1), bound: [heard(except, -1.5)], isRated: true },
    lexicon,
  )
  expect(hidden.sentence).toBe(except)
  expect(hidden.doubts.map(({ kind }) => kind)).toContain('negation')
})

test('an engine without probabilities is never without a doubt', () => {
  const goal = interpret({ free: null, bound: [unrated(red)], isRated: false }, lexicon)
  expect(goal).toMatchObject({ sentence: red, doubts: [{ kind: 'unrated' }] })
})

test('a sentence of the whole typed grammar that was heard freely is a goal too', () => {
  const free = heard('Red block, green bowl.', -0.5)
  expect(interpret({ free, bound: [], isRated: true }, lexicon)).toMatchObject({ understanding: { kind: 'command' } })
})
