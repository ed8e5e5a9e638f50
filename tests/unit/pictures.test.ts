import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { affordanceView, heightTopM, heightView, topView, transpose } from '../../src/io/pictures.js'

const size = fc.record({ rows: fc.integer({ min: 1, max: 30 }), cols: fc.integer({ min: 1, max: 30 }) })

propertyTest.prop([size, fc.nat(), fc.nat()])(
  'a view from above shows y to the right and x down',
  ({ rows, cols }, a, b) => {
    const [u, v] = [a % rows, b % cols]
    const color = new Uint8Array(rows * cols * 3)
    color.set([1, 2, 3], (u * cols + v) * 3)
    const { rgb, width, height } = topView(color, rows, cols)
    expect([width, height]).toEqual([rows, cols])
    expect([...rgb.subarray((v * width + u) * 3, (v * width + u) * 3 + 3)]).toEqual([1, 2, 3])
    expect(rgb.reduce((sum, value) => sum + value)).toBe(6)
  },
)

propertyTest.prop([size, fc.integer({ min: 1, max: 4 })])(
  'turning a map twice gives it back',
  ({ rows, cols }, channels) => {
    const map = new Float32Array(rows * cols * channels).map((_, i) => i)
    expect(transpose(transpose(map, rows, cols, channels), cols, rows, channels)).toEqual(map)
  },
)

test('higher is brighter, up to the top of the scale', () => {
  const { rgb } = heightView(Float32Array.of(0, 0.02, 0.04, 0.0625, 0.5), 1, 5, 0.0625)
  const luminance = [0, 1, 2, 3, 4].map(
    (i) => 0.2126 * rgb[i * 3]! + 0.7152 * rgb[i * 3 + 1]! + 0.0722 * rgb[i * 3 + 2]!,
  )
  expect(luminance.toSorted((a, b) => a - b)).toEqual(luminance)
  expect(luminance[3]! - luminance[0]!).toBeGreaterThan(150)
  expect(luminance[4]).toBe(luminance[3])
})

test('an affordance lights up its place and leaves the rest dim but visible', () => {
  const gray = new Uint8Array(6).fill(200)
  const { rgb } = affordanceView(gray, Float32Array.of(1, 0), 2, 1)
  expect(rgb[0]).toBeGreaterThan(220)
  expect(rgb[3]).toBeGreaterThan(20)
  expect(rgb[3]).toBeLessThan(150)
})

test('a map with numbers that are none is drawn as nothing, not as garbage', () => {
  const gray = new Uint8Array(6).fill(200)
  const { rgb } = affordanceView(gray, Float32Array.of(Number.NaN, 0), 2, 1)
  expect(rgb.subarray(0, 3)).toEqual(rgb.subarray(3, 6))
  expect(heightTopM(Float32Array.of(Number.NaN, 0.01))).toBe(0.06)
})

test('the scale reaches to the highest thing, not to a stray point', () => {
  const heights = new Float32Array(10_000)
  heights.fill(0.15, 0, 500)
  heights.fill(0.28, 0, 5)
  heights[9_999] = Number.POSITIVE_INFINITY
  expect(heightTopM(heights)).toBeCloseTo(0.15, 6)
})
