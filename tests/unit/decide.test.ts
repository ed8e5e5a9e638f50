import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { type Budget, decide, type History } from '../../src/control/decide.js'
import { aProposal, emptyMap, thresholds } from '../fixtures/table.js'

const map = emptyMap()
const fresh: History = { steps: 0, placed: 0, placedForSentence: 0, failures: [], suppressed: 0 }
const budget: Budget = { steps: 12, failuresInARow: 4 }
const missed = { kind: 'missed', reason: 'the grasp missed' } as const
const decided = (proposal: object, history: Partial<History> = {}) =>
  decide(aProposal(map, proposal), { ...fresh, ...history }, thresholds, budget)

test('a confident proposal for a goal that is not reached is acted on', () => {
  expect(decided({})).toEqual({ kind: 'act' })
})

test('nothing left to do is achieved when something was done, even when the thing is out of view now', () => {
  expect(decided({ remaining: 0.1, found: 0.1 }, { steps: 1, placed: 1 })).toMatchObject({ outcome: 'achieved' })
})

test('nothing left to do about a thing that is not there is not found', () => {
  expect(decided({ remaining: 0.1, found: 0.1 })).toMatchObject({ outcome: 'not_found' })
})

test('a failed try alone does not count as something done', () => {
  expect(decided({ remaining: 0.1, found: 0.1 }, { steps: 1, failures: [missed] })).toMatchObject({
    outcome: 'not_found',
  })
})

test('doubt while spots are suppressed is taken up again without them', () => {
  const doubtful = { pick: { ...aProposal(map).pick, probability: 0.1 } }
  expect(decided(doubtful, { steps: 1, failures: [missed], suppressed: 1 })).toEqual({ kind: 'retrySuppressed' })
  expect(decided(doubtful, { steps: 1, failures: [missed] })).toMatchObject({ outcome: 'failed' })
})

test('the budgets end a goal, with the reason of the last failure', () => {
  expect(decided({}, { steps: 12 })).toMatchObject({ kind: 'conclude', outcome: 'failed' })
  expect(decided({}, { steps: 4, failures: Array(4).fill(missed) })).toMatchObject({
    outcome: 'failed',
    reason: expect.stringContaining('the grasp missed'),
  })
  expect(decided({}, { failures: Array(4).fill({ kind: 'refused', reason: 'too low' }) })).toMatchObject({
    outcome: 'refused',
  })
})

test('a goal reached with the last allowed step is achieved', () => {
  expect(decided({ remaining: 0.1 }, { steps: 12, placed: 3 })).toMatchObject({ outcome: 'achieved' })
})

const probability = fc.double({ min: 0, max: 1, noNaN: true })
propertyTest.prop([probability, probability, probability, probability, fc.nat({ max: 3 })])(
  'nothing below any threshold is ever acted on, and nobody acts on words they do not know',
  (pick, place, remaining, found, knownWords) => {
    const base = aProposal(map)
    const decision = decided({
      pick: { ...base.pick, probability: pick },
      place: { ...base.place, probability: place },
      remaining,
      found,
      knownWords,
    })
    const sure = pick >= 0.5 && place >= 0.5 && remaining >= 0.5 && found >= 0.5 && knownWords > 0
    expect(decision.kind === 'act').toBe(sure)
  },
)
