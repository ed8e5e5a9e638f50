import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { CliportError } from '../../src/control/errors.js'
import { longestGoal, parseGoal } from '../../src/control/goal.js'

test('white space is made single and trimmed', () => {
  expect(parseGoal('  put the\tred blocks\n in a  green bowl ')).toBe('put the red blocks in a green bowl')
})

test.each(['', '   ', '\n\t'])('an empty goal %j is refused', (text) => {
  expect(() => parseGoal(text)).toThrow(expect.objectContaining({ code: 'GOAL_EMPTY' }))
})

test('a goal of 10,000 characters is refused with its length', () => {
  expect(() => parseGoal('x'.repeat(10_000))).toThrow(/at most 500 characters for the goal but received 10000/)
})

test.each(['a\u0000b', 'a\u001b[31mb', 'a\u202eb', 'a\u200bb'])(
  'invisible control characters are refused: %j',
  (text) => {
    expect(() => parseGoal(text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }))
  },
)

test('letters of any language are welcome', () => {
  expect(parseGoal('lege den grünen Würfel in die Schüssel')).toContain('grünen')
  expect(parseGoal('把红色积木放进碗里')).toBe('把红色积木放进碗里')
})

propertyTest.prop([fc.string({ unit: 'binary', maxLength: 600 })])(
  'any text is either a goal that is its own goal, or an error with a code',
  (text) => {
    try {
      const goal = parseGoal(text)
      expect(goal.length).toBeGreaterThan(0)
      expect([...goal].length).toBeLessThanOrEqual(longestGoal)
      expect(parseGoal(goal)).toBe(goal)
    } catch (error) {
      expect(error).toBeInstanceOf(CliportError)
    }
  },
)
