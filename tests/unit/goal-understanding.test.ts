// From sentence to command: what is plain to a person is understood, and what is not never reaches the policy.

import { fc, test as propertyTest } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { choose } from '../../src/control/goal/choose.js'
import { understand } from '../../src/control/goal/index.js'
import type { NotUnderstood, Understood } from '../../src/control/goal/types.js'
import { lexicon, sceneOf } from '../fixtures/lexicon.js'

const red = { look: 'red block', at: [0.4, -0.3] } as const
const blue = { look: 'blue block', at: [0.5, -0.1] } as const
const green = { look: 'green bowl', at: [0.5, 0.2] } as const
const brown = { look: 'brown bowl', at: [0.6, 0.38] } as const
const table = sceneOf(red, blue, green, brown)
const toGreen = 'put the red blocks in a green bowl'

function asked(sentence: string, scene: typeof table | null = table): Understood {
  const understood = understand(sentence, lexicon, scene)
  expect(understood, `${sentence}: ${understood.kind === 'command' ? '' : understood.reason}`).toMatchObject({
    kind: 'command',
  })
  return understood as Understood
}

function refused(sentence: string, scene: typeof table | null = table): NotUnderstood {
  const understood = understand(sentence, lexicon, scene)
  expect(understood, sentence).not.toMatchObject({ kind: 'command' })
  return understood as NotUnderstood
}

describe("the benchmark's own sentences stay as they are, without a mask, a count or a note", () => {
  const colors = ['blue', 'red', 'green', 'orange', 'yellow', 'purple', 'pink', 'cyan', 'brown', 'white', 'gray']
  const pairs = colors.flatMap((a) => colors.filter((b) => b !== a).map((b) => [a, b] as const))
  const sentences = pairs.flatMap(([a, b]) => [
    `put the ${a} blocks in a ${b} bowl`,
    `put the ${a} block on the lightest brown block`,
    `put the ${a} block on the middle brown block`,
    `put the ${a} block on the darkest brown block`,
    `put the ${a} block on the ${b} and ${colors[(colors.indexOf(b) + 3) % colors.length]} blocks`,
    `pack all the ${a} and ${b} blocks into the brown box`,
    `pack all the ${a} blocks into the brown box`,
  ])

  test('without a scene', () => {
    const changed = sentences.filter((sentence) => asked(sentence, null).canonical !== sentence)
    expect(changed).toEqual([])
    expect(sentences.length).toBeGreaterThan(700)
  })

  test('on a scene that has what they name', () => {
    for (const [a, b] of pairs) {
      const things = [red, blue].map(({ at }) => ({ look: `${a} block`, at }))
      const more = { look: `${b} block`, at: [0.3, 0.1] as const }
      const bowls = asked(
        `put the ${a} blocks in a ${b} bowl`,
        sceneOf(...things, more, { look: `${b} bowl`, at: [0.5, 0.2] }),
      )
      expect(bowls).toMatchObject({
        questions: [{ sentence: `put the ${a} blocks in a ${b} bowl` }],
        count: null,
        done: false,
        notes: [],
      })
      expect(bowls.questions).toHaveLength(1)
      expect(Object.keys(bowls.questions[0])).toEqual(['sentence'])
      const boxes = asked(
        `pack all the ${a} and ${b} blocks into the brown box`,
        sceneOf(...things, more, { look: 'brown box', at: [0.5, 0.3] }),
      )
      expect(boxes).toMatchObject({
        canonical: `pack all the ${a} and ${b} blocks into the brown box`,
        count: null,
        done: false,
        notes: [],
      })
    }
  })
})

test.each([
  'pls move the red cube into the green bowl',
  "I'd like the red block to be in the green bowl",
  'let the red block go in the green bowl',
  'robot, red block goes in the green bowl please',
  'red block green bowl',
  'red block -> green bowl',
  'red → green',
  'red block: green bowl',
  'green bowl: red block',
  'into the green bowl goes the red block',
  'in the green bowl, put the red block',
  'the green bowl should get the red block',
  'the green bowl is where the red block goes',
  'fill the green bowl with the red block',
  'take the red block and put it in the green bowl',
  'the red block belongs inside of the green bowl',
  "I don't want the red block on the table, it belongs in the green bowl",
  'would you mind putting the red block in the green bowl?',
  'put the red one in the green one',
  'put the block that is red in the bowl that is green',
  'put the red-coloured block in the GREEN bowl.',
  'put the réd block in the green bowl',
  'put the redblock in the greenbowl',
])('"%s" is asked as the benchmark says it', (sentence) => {
  expect(asked(sentence).canonical).toBe(toGreen)
})

test.each([
  ['put the gren block in the brown bowl', 'read gren as green', sceneOf({ look: 'green block', at: [0.4, 0] }, brown)],
  ['put the red blok in the green bowl', 'read blok as block', table],
  ['put the rde block in the green bowl', 'read rde as red', table],
  ['put the crimson block in the green bowl', 'read crimson as red', table],
  ['put the redblock in the green bowl', 'read redblock as red block', table],
])('what is read otherwise than it was said is said: %s', (sentence, note, scene) => {
  expect(asked(sentence, scene).notes).toEqual([note])
})

test.each([
  ['do not put the red block in the green bowl', 'unsupported', 'not'],
  ["don't touch the red block", 'unsupported', 'not'],
  ['never put the red block in the green bowl', 'unsupported', 'never'],
  ['leave the red block where it is', 'unsupported', 'leave'],
  ['stop', 'unsupported', 'stop'],
  ['where is the red block', 'unsupported', 'where'],
  ['is the red block in the green bowl?', 'unsupported', 'is'],
  ['if the red block is free put it in the green bowl', 'unsupported', 'if'],
  ['put the red block in the green bowl in two minutes', 'unsupported', 'minutes'],
  ['take the red block out of the green bowl', 'unsupported', 'out'],
  ['the red block is in the green bowl', 'unsupported', 'is'],
  ['put the red block next to the green bowl', 'unsupported', 'next'],
  ['put the red block in the green bowl then come home', 'unsupported', 'home'],
  ['take a picture', 'not_understood', 'picture'],
  ['put the banana in the green bowl', 'not_understood', 'banana'],
  ['put the red block in the trash', 'not_understood', 'trash'],
  ['put the clock in the green bowl', 'ambiguous', 'clock'],
  ['put the red blocks in a green bowl ; rm -rf /', 'not_understood', 'rm'],
  ['put it in the green bowl', 'not_understood', 'it'],
  ['red', 'not_understood', 'red'],
  ['hello', 'not_understood', 'hello'],
  ['pick up the red block', 'not_understood', 'red block'],
  ['put the purple block in the green bowl', 'not_found', 'purple block'],
  ['put the red block in the purple bowl', 'not_found', 'purple bowl'],
  ['put the red block in the green box', 'not_found', 'green box'],
])('"%s" is %s and names "%s"', (sentence, kind, word) => {
  const { words, reason, ...rest } = refused(sentence)
  expect(rest.kind).toBe(kind)
  expect(words).toContain(word)
  expect(reason).toContain(word)
})

test('a refusal says what would work on this scene, and all of it would', () => {
  const { suggestions } = refused('take a picture')
  expect(suggestions.length).toBeGreaterThan(1)
  for (const sentence of suggestions) expect(asked(sentence).canonical).toBe(sentence)
})

test('one that is not known is named with the nearest known word', () => {
  expect(refused('put the red blorx in the green bowl').reason).toContain('nearest word: block')
})

describe('several things fit', () => {
  test('"the" asks, and each answer is a sentence that needs no more asking about the thing', () => {
    const { kind, part, candidates } = refused('put the block in the green bowl')
    expect({ kind, part }).toEqual({ kind: 'ambiguous', part: 'thing' })
    expect(candidates.map(({ name }) => name)).toEqual(['the red block', 'the blue block'])
    expect(candidates.map(({ sentence }) => asked(sentence).canonical)).toEqual([
      toGreen,
      'put the blue blocks in a green bowl',
    ])
  })

  test('"the" takes any of those that are alike, and one of them is enough', () => {
    expect(asked('put the red block in the green bowl', sceneOf(red, { ...red, at: [0.6, 0] }, green))).toMatchObject({
      canonical: toGreen,
      count: 1,
    })
  })

  test('"a" takes one, and the policy is asked for each look in turn', () => {
    const { questions, count } = asked('put a block in a bowl')
    expect(count).toBe(1)
    expect(questions.map(({ sentence }) => sentence)).toEqual([
      'put the red blocks in a green bowl',
      'put the red blocks in a brown bowl',
      'put the blue blocks in a green bowl',
      'put the blue blocks in a brown bowl',
    ])
  })

  test('"everything" goes on until all of it lies there', () => {
    expect(asked('put everything in the green bowl')).toMatchObject({ count: null, done: false })
    const half = sceneOf({ ...red, inside: 2 }, blue, green)
    expect(asked('put everything in the green bowl', half).questions.map(({ sentence }) => sentence)).toEqual([
      'put the blue blocks in a green bowl',
    ])
    expect(asked('put everything in the green bowl', sceneOf({ ...red, inside: 1 }, green)).done).toBe(true)
  })

  test('a number is how many, and more than there are is not found', () => {
    const three = sceneOf(red, { ...red, at: [0.6, 0] }, { ...red, at: [0.3, 0] }, green)
    expect(asked('put two red blocks in the green bowl', three).count).toBe(2)
    expect(refused('put two red blocks in the green bowl')).toMatchObject({ kind: 'not_found', part: 'thing' })
  })

  test('a misspelt word is asked for where two known ones make sense, and read where one does', () => {
    const dark = sceneOf(red, { look: 'black block', at: [0.3, 0.3] }, green)
    const { kind, candidates } = refused('put the blck in the green bowl', dark)
    expect(kind).toBe('ambiguous')
    expect(candidates.map(({ name }) => name)).toEqual(expect.arrayContaining(['block', 'black']))
    expect(asked('put the red blck in the green bowl', dark).canonical).toBe(toGreen)
    expect(asked('put the blck block in the green bowl', dark).canonical).toBe('put the black blocks in a green bowl')
  })

  test('a word of its own is never read as another one, but it may be asked for', () => {
    expect(refused('put the read block in the green bowl')).toMatchObject({ kind: 'ambiguous', words: ['read'] })
    expect(refused('put the gren black in the green bowl')).toMatchObject({ kind: 'ambiguous', words: ['black'] })
  })
})

describe('which one', () => {
  const near = { look: 'red block', at: [0.3, 0.3] } as const
  const far = { look: 'red block', at: [0.7, 0.02] } as const
  const scene = sceneOf(near, far, { ...blue, at: [0.45, 0.1] }, green, { ...green, at: [0.65, -0.1] })
  const picked = (sentence: string, options = {}) => {
    const understood = understand(sentence, lexicon, scene, options) as Understood
    const mask = understood.questions[0].pickCells!
    return scene.objects.filter(({ cells }) => mask[cells[0]!] === 1).map(({ id }) => id)
  }

  test.each([
    ['the leftmost red block', [1]],
    ['the red block on the right', [2]],
    ['the nearest red block', [1]],
    ['the farthest red block', [2]],
    ['the second red block from the left', [2]],
    ['the red block closest to the blue block', [1]],
    ['the red block behind the blue block', [2]],
  ])('%s is a mask over the blocks in view, as the robot sees them', (phrase, ids) => {
    expect(picked(`put ${phrase} in a green bowl`)).toEqual(ids)
  })

  test("a person's left is the robot's right", () => {
    expect(picked('put the leftmost red block in a green bowl', { pointOfView: 'person' })).toEqual([2])
  })

  test('a place is masked too, and everything but a colour is what is left', () => {
    const { questions } = understand('put the blue block in the nearest green bowl', lexicon, scene) as Understood
    expect(questions[0].placeCells![scene.objects[3]!.cells[0]!]).toBe(1)
    expect(questions[0].placeCells![scene.objects[4]!.cells[0]!]).toBe(0)
    const others = understand('put anything but the red blocks in a green bowl', lexicon, scene) as Understood
    expect(others.questions.map(({ sentence }) => sentence)).toEqual(['put the blue blocks in a green bowl'])
  })
})

test.each([
  ['2', 1],
  ['the second? no: 1', null],
  ['blue', 1],
  ['the red one', 0],
  ['block', null],
  ['3', null],
])('the answer "%s" to a question chooses candidate %s', (answer, index) => {
  const candidates = ['the red block', 'the blue block'].map((name) => ({ name, sentence: name, objects: [] }))
  expect(choose(answer, candidates)).toBe(index === null ? null : candidates[index])
})

propertyTest.prop([fc.string({ maxLength: 80 })])('any text is understood or refused, and never throws', (text) => {
  expect(['command', 'not_understood', 'unsupported', 'ambiguous', 'not_found']).toContain(
    understand(text, lexicon, table).kind,
  )
})

propertyTest.prop([
  fc.constantFrom('not', 'never', 'unless', 'banana', 'if', 'without', 'tomorrow', 'out', 'keep'),
  fc.nat({ max: 8 }),
])('one word that is no part of a command anywhere in it keeps the arm still', (word, at) => {
  const words = toGreen.split(' ')
  refused([...words.slice(0, at), word, ...words.slice(at)].join(' '))
})
