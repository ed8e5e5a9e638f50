import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { seenMask, suppressMask, yawOf } from '../../src/io/policy/onnx-policy.js'
import { aHeightmap } from '../fixtures/policy.js'

test('rotation index i is a yaw of -i times 10 degrees', () => {
  expect(yawOf(0, 36)).toBe(0)
  expect(Object.is(yawOf(0, 36), -0)).toBe(false)
  expect(yawOf(9, 36)).toBeCloseTo(-Math.PI / 2, 12)
  expect(yawOf(35, 36)).toBeCloseTo(Math.PI / 18, 12)
})

test('a turn beyond the rotation is added, and wraps', () => {
  expect(yawOf(9, 36, 0.05)).toBeCloseTo(-Math.PI / 2 + 0.05, 12)
  expect(yawOf(19, 36, 0.1)).toBeCloseTo((17 * Math.PI) / 18 + 0.1, 12)
  expect(yawOf(18, 36, 0.1)).toBeCloseTo(-Math.PI + 0.1, 12)
})

test('half a turn is positive', () => {
  expect(yawOf(18, 36)).toBeCloseTo(Math.PI, 12)
})

propertyTest.prop([fc.integer({ min: 1, max: 72 }).chain((n) => fc.tuple(fc.constant(n), fc.nat({ max: n - 1 })))])(
  'a yaw lies in (-pi, pi] and is the published angle up to whole turns',
  ([rotations, index]) => {
    const yawRad = yawOf(index, rotations)
    expect(yawRad).toBeGreaterThan(-Math.PI)
    expect(yawRad).toBeLessThanOrEqual(Math.PI)
    const published = (-2 * Math.PI * index) / rotations
    expect(Math.cos(yawRad)).toBeCloseTo(Math.cos(published), 9)
    expect(Math.sin(yawRad)).toBeCloseTo(Math.sin(published), 9)
  },
)

propertyTest.prop([fc.nat({ max: 319 }), fc.nat({ max: 159 }), fc.double({ min: 0, max: 0.1, noNaN: true })])(
  'a suppressed spot is the cells within its radius and no others',
  (u, v, radiusM) => {
    const heightmap = aHeightmap()
    const mask = suppressMask(heightmap, [{ pixel: [u, v], radiusM }])
    for (let i = 0; i < mask.length; i++) {
      const distanceM = Math.hypot(Math.floor(i / 160) - u, (i % 160) - v) * heightmap.spec.pixelM
      if (Math.abs(distanceM - radiusM) > 1e-9 && mask[i] !== (distanceM < radiusM ? 1 : 0)) {
        expect.fail(`cell ${i} is ${mask[i]} at ${distanceM} m of ${radiusM} m`)
      }
    }
  },
)

test('no spot suppresses nothing', () => {
  expect(suppressMask(aHeightmap(), []).every((value) => value === 0)).toBe(true)
})

test('where a pick may not be is suppressed too', () => {
  const pickCells = new Uint8Array(320 * 160).fill(1)
  pickCells[7] = 0
  const mask = suppressMask(aHeightmap(), [{ pixel: [100, 0], radiusM: 0.001 }], pickCells)
  expect([...mask.entries()].filter(([, value]) => value === 1).map(([cell]) => cell)).toEqual([7, 100 * 160])
})

test('a cell is seen unless it is black at height zero', () => {
  const heightmap = aHeightmap({ heightM: new Float32Array(320 * 160), color: new Uint8Array(3 * 320 * 160) })
  heightmap.color[3 * 7 + 2] = 1
  heightmap.heightM[9] = 0.01
  const seen = seenMask(heightmap)
  expect([...seen.entries()].filter(([, value]) => value === 1).map(([cell]) => cell)).toEqual([7, 9])
  expect(seenMask(aHeightmap()).every((value) => value === 1)).toBe(true)
})
