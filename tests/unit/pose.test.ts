import { fc, test as propertyTest } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { inverseRigid, problemOfBaseline, problemOfCameraPose, type Rows4, rowsOf } from '../../src/control/pose.js'
import { T_front } from '../fixtures/frame-folder.js'

const transposed = T_front.map((_, i) => T_front.map((row) => row[i]!))
const times = (factor: number, columns: readonly number[]): Rows4 =>
  T_front.map((row, i) => (i === 3 ? row : row.map((value, k) => (columns.includes(k) ? factor * value : value))))

describe('a pose is refused, with the property that fails and what it looks like, when it is', () => {
  test.each<[string, Rows4, RegExp]>([
    ['in millimetres', times(1000, [3]), /at most 10 m but received 1250: it looks like millimetres/],
    ['in centimetres', times(100, [3]), /received 125: it looks like .*millimetres/],
    ['transposed', transposed, /0, 0, 0, 1 as the last row but received 1, 0, 0.75, 1: it looks transposed/],
    ['mirrored', times(-1, [0]), /right-handed.*determinant -1: it looks mirrored/],
    ['scaled', times(1000, [0, 1, 2]), /unit vectors.*1000.*scaled by 1000/],
    ['stretched along one axis', times(1.1, [1]), /unit vectors.*received lengths 1.000, 1.100, 1.000$/],
    [
      'sheared',
      [
        [1, 0.1, 0, 0],
        [0, Math.sqrt(0.99), 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
      ],
      /right angles.*x and y is 0.1/,
    ],
    ['not finite', [[Number.NaN, 0, 0, 0], ...T_front.slice(1)], /finite numbers but received NaN, 0, 0, 0 in row 1/],
    ['zero', T_front.map((row, i) => (i === 3 ? row : [0, 0, 0, 0])), /unit vectors.*0.000, 0.000, 0.000$/],
    ['of three rows', T_front.slice(0, 3), /4 rows of 4/],
  ])('%s', (_, T, message) => {
    expect(problemOfCameraPose(T)).toMatch(message)
  })
})

/** A unit quaternion and a translation. */
const anyPose = fc
  .tuple(
    fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
    fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 }),
  )
  .filter(([q]) => Math.hypot(...q) > 0.1)
  .map(([q, t]) => {
    const [x, y, z, w] = q.map((value) => value / Math.hypot(...q)) as [number, number, number, number]
    return Float64Array.of(
      ...[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w), t[0]!],
      ...[2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w), t[1]!],
      ...[2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y), t[2]!],
      ...[0, 0, 0, 1],
    )
  })

propertyTest.prop([anyPose])('every rigid transform near the robot is a pose, written with four digits too', (T) => {
  expect(problemOfCameraPose(rowsOf(T))).toBeNull()
  expect(problemOfCameraPose(rowsOf(T.map((value) => Number(value.toFixed(4)))))).toBeNull()
})

propertyTest.prop([anyPose, fc.constantFrom(0, 1, 2)])(
  'no rigid transform with one axis mirrored is a pose',
  (T, axis) => {
    expect(problemOfCameraPose(rowsOf(T.map((value, i) => (i % 4 === axis && i < 12 ? -value : value))))).toMatch(
      /mirrored/,
    )
  },
)

propertyTest.prop([anyPose])('a transform times its inverse is the identity', (T) => {
  const back = inverseRigid(T)
  for (let i = 0; i < 16; i++) {
    const product = [0, 1, 2, 3].reduce((sum, k) => sum + T[4 * (i >> 2) + k]! * back[4 * k + (i % 4)]!, 0)
    expect(product).toBeCloseTo(i % 5 === 0 ? 1 : 0, 9)
  }
})

test('the way from the depth to the colour sensor is centimetres, not the millimetres in which some tools print it', () => {
  const baseline = (metres: number): Rows4 => [
    [1, 0, 0, metres],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
  ]
  expect(problemOfBaseline(baseline(0.015))).toBeNull()
  expect(problemOfBaseline(baseline(15))).toMatch(/at most 0.5 m but received 15: it looks like millimetres/)
})
