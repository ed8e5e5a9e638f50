// Sentences that only a policy's own forms explain: parts of things, compound names, pushes and drags.

import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { askPolicy } from '../../src/control/goal/ask-policy.js'
import { understand } from '../../src/control/goal/index.js'
import type { Lexicon, Policy } from '../../src/control/ports.js'
import { projectPath } from '../../src/native/paths.js'
import { taskWords } from '../../src/sim/task-words.js'
import { sceneOf } from '../fixtures/lexicon.js'
import { aProposal, emptyMap, thresholds } from '../fixtures/table.js'

let lexicon: Lexicon
beforeAll(async () => {
  lexicon = JSON.parse(await readFile(projectPath('models/lexicon.json'), 'utf8')) as Lexicon
})

const table = sceneOf({ look: 'red block', at: [0.4, -0.3] }, { look: 'green bowl', at: [0.5, 0.2] })

/** Of each task a sentence of its own, and how it has things moved. */
const own = [
  ['move the red ring to the middle of the stand', undefined],
  ['move the cyan ring to the lighter brown side', undefined],
  ['put the red star in the left star hole', undefined],
  ['put the blue letter R shape in the letter R shape hole', undefined],
  ['pack the coffee mug in the brown box', undefined],
  ['pack all the loaf of bread objects in the brown box', undefined],
  ['pack the hexagon in the brown box', undefined],
  ['push the pile of red blocks into the green square', 'push'],
  ['align the rope from front left tip to front right tip', 'drag'],
] as const

describe('a sentence of a task, word for word', () => {
  test.each(own)('"%s" goes to the policy as it was said', (sentence, primitive) => {
    for (const scene of [null, table]) {
      const understood = understand(sentence, lexicon, scene)
      expect(understood).toMatchObject({ kind: 'command', canonical: sentence.toLowerCase() })
      if (understood.kind === 'command') expect(understood.questions[0].primitive).toBe(primitive)
    }
  })

  test('a policy without forms takes none of them', () => {
    const { forms: _, parts: __, ...plain } = lexicon
    const taken = own.filter(([sentence]) => {
      const understood = understand(sentence, plain, null)
      return understood.kind === 'command' && understood.canonical === sentence.toLowerCase()
    })
    expect(taken).toEqual([])
  })

  test('what the grammar and the shapes in view know is theirs, and may be refused', () => {
    expect(understand('put the blue blocks in a green bowl', lexicon, table).kind).toBe('not_found')
    expect(understand('put the red block on the lightest brown block', lexicon, null)).toMatchObject({
      canonical: 'put the red block on the lightest brown block',
    })
  })

  test.each([
    'do not push the pile of red blocks into the green square',
    'push the pile of red zorks into the green square',
    'push the pile of red blocks into the green square and stop',
    'align the rope from here to there',
    'push the red block',
  ])('"%s" is none', (sentence) => {
    expect(understand(sentence, lexicon, null).kind).not.toBe('command')
  })
})

test('a noun of which no shape tells is left to the policy, whatever is in view', () => {
  expect(understand('put the apple in the green bowl', lexicon, table)).toMatchObject({ kind: 'command' })
  expect(understand('put the can in the green bowl', lexicon, table).kind).toBe('not_found')
})

test('the proposal says how its thing is moved', async () => {
  const heightmap = emptyMap()
  const policy: Policy = {
    info: { name: 'fake', architecture: 'fake', workspace: heightmap.spec, rotations: 36, thresholds, lexicon },
    propose: async () => aProposal(heightmap),
    close: async () => {},
  }
  const ask = async (sentence: string) => (await askPolicy(policy, heightmap, sentence)).proposal?.primitive
  expect(await ask('push the pile of red blocks into the green square')).toBe('push')
  expect(await ask('pack the hexagon in the brown box')).toBeUndefined()
})

test('models/cliport_edge/tasks.json is what the tasks declare: node scripts/task-words.mjs', async () => {
  expect(JSON.parse(await readFile(projectPath('models/cliport_edge/tasks.json'), 'utf8'))).toEqual(taskWords())
})
