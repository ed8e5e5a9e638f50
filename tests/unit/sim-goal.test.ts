import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { colorNames, colorOfWord, evalColors, paletteOf, trainColors } from '../../src/sim/colors.js'
import { parseGoal } from '../../src/sim/tasks/put-block-in-bowl.js'

propertyTest.prop([fc.constantFrom(...colorNames), fc.constantFrom(...colorNames)])(
  'the published sentence is understood for all colours',
  (block, bowl) => {
    expect(parseGoal(`put the ${block} blocks in a ${bowl} bowl`)).toEqual({ block, bowl })
  },
)

test.each([
  'Put a red block in the green bowl.',
  'put all the RED cubes into any green bowls!',
  '  put red blocks inside green bowls  ',
  'put one of the red blocks in a green bowl',
])('"%s" is understood', (sentence) => {
  expect(parseGoal(sentence)).toEqual({ block: 'red', bowl: 'green' })
})

test.each([
  'put the magenta blocks in a green bowl',
  'put the red blocks in a bowl',
  'put the red block on the green block',
  'stack the red blocks',
  'do not put the red blocks in a green bowl',
  '',
])('"%s" is not', (sentence) => {
  expect(parseGoal(sentence)).toBeUndefined()
})

propertyTest.prop([fc.string({ maxLength: 400 })])('any other sentence is refused without an error', (sentence) => {
  fc.pre(!/block|cube/i.test(sentence))
  expect(parseGoal(sentence)).toBeUndefined()
})

test('grey is gray', () => {
  expect(colorOfWord('Grey')).toBe('gray')
})

test('unseen colours appear in validation and test scenes only', () => {
  expect(paletteOf('unseen', 0)).toEqual(trainColors)
  expect(paletteOf('unseen', 1)).toEqual(evalColors)
  expect(paletteOf('unseen', 10001)).toEqual(evalColors)
  expect(paletteOf('seen', 10001)).toEqual(trainColors)
  expect(new Set(paletteOf('full', 0)).size).toBe(11)
})
