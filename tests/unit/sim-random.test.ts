import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { random, seededRandom } from '../../src/sim/random.js'

const draws = (seed: number, purpose: string, count = 100) => {
  const stream = random(seed, purpose)
  return Array.from({ length: count }, () => stream.next())
}

test('a stream is the same for the same seed and purpose, on every machine', () => {
  expect(draws(10001, 'layout')).toEqual(draws(10001, 'layout'))
  expect(draws(10001, 'layout', 3)).toMatchInlineSnapshot(`
    [
      0.5462629985995591,
      0.9534863780718297,
      0.9416410527192056,
    ]
  `)
})

test('streams of neighbouring seeds and of other purposes have nothing in common', () => {
  const all = [draws(0, 'layout'), draws(1, 'layout'), draws(0, 'grasp')].flat()
  expect(new Set(all).size).toBe(all.length)
})

test('numbers are spread evenly over [0, 1)', () => {
  const counts = new Array(10).fill(0)
  for (const x of draws(3, 'spread', 100_000)) counts[Math.floor(x * 10)]++
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400) // 4 sigma of a binomial
})

test('normal numbers have mean 0 and variance 1', () => {
  const stream = random(1, 'normal')
  const sample = Array.from({ length: 50_000 }, () => stream.normal())
  const mean = sample.reduce((sum, x) => sum + x, 0) / sample.length
  const variance = sample.reduce((sum, x) => sum + (x - mean) ** 2, 0) / sample.length
  expect(mean).toBeCloseTo(0, 1)
  expect(variance).toBeCloseTo(1, 1)
})

propertyTest.prop([fc.nat(), fc.integer({ min: -50, max: 50 }), fc.nat({ max: 60 })])(
  'whole numbers stay within their bounds, both included',
  (seed, low, width) => {
    const stream = random(seed, 'bounds')
    for (let i = 0; i < 50; i++) {
      const n = stream.integer(low, low + width)
      expect(Number.isInteger(n) && n >= low && n <= low + width).toBe(true)
    }
  },
)

propertyTest.prop([fc.nat(), fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 12 })])(
  'a sample holds different items of the list',
  (seed, items) => {
    const sample = random(seed, 'sample').sample(items, Math.ceil(items.length / 2))
    expect(new Set(sample).size).toBe(Math.ceil(items.length / 2))
    for (const item of sample) expect(items).toContain(item)
  },
)

test('the stream of perturbations stays what it was: recorded demonstrations depend on it', () => {
  const words = Array.from({ length: 3 }, seededRandom(7)).map((value) => value * 2 ** 32)
  expect(words).toEqual([50271532, 266108690, 4195786334])
})
