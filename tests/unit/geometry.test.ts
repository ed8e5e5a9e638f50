import { fc, test as propertyTest } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import {
  apply,
  applyInverse,
  distanceM,
  gridSize,
  identity,
  indexOf,
  inverse,
  lookAt,
  multiply,
  multiplyRotations,
  pixelAt,
  pixelContaining,
  pixelOf,
  pointOf,
  quaternionOf,
  rotationAbout,
  rotationOf,
  roundHalfToEven,
  shortestTurnRad,
  transform,
  translationOf,
  turnedAbout,
  unit,
  wrapRad,
  yawOf,
} from '../../src/control/geometry.js'
import type { HeightmapSpec, Mat4, Vec3 } from '../../src/control/types.js'

const coordinate = fc.double({ min: -3, max: 3, noNaN: true })
const angle = fc.double({ min: -10, max: 10, noNaN: true })
const point: fc.Arbitrary<Vec3> = fc.tuple(coordinate, coordinate, coordinate)
const axis = point.filter((p) => Math.hypot(...p) > 0.01).map(unit)
const rigid: fc.Arbitrary<Mat4> = fc
  .tuple(point, axis, angle)
  .map(([position, about, angleRad]) => transform(position, rotationAbout(about, angleRad)))

function expectNear(received: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(received.length).toBe(expected.length)
  for (const [i, value] of Array.from(expected).entries()) expect(received[i]).toBeCloseTo(value, 9)
}

describe('rounding', () => {
  test.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-0.5, 0],
    [-1.5, -2],
    [102.49999999999999, 102],
    [102.5, 102],
    [103.5, 104],
    [0.49999999999999994, 0],
    [7, 7],
  ])('%d becomes %d', (value, expected) => {
    expect(roundHalfToEven(value) + 0).toBe(expected)
  })
})

const published: HeightmapSpec = {
  xMinM: 0.25,
  xMaxM: 0.75,
  yMinM: -0.5,
  yMaxM: 0.5,
  zMinM: -0.02,
  zMaxM: 0.28,
  pixelM: 0.003125,
}

/** A map whose heights are all different. */
function aGrid(spec: HeightmapSpec) {
  const { rows, cols } = gridSize(spec)
  return { spec, rows, cols, heightM: Float32Array.from({ length: rows * cols }, (_, i) => i / 1e6) }
}

describe('grid', () => {
  const grid = aGrid(published)
  const cell = fc.tuple(fc.nat(grid.rows - 1), fc.nat(grid.cols - 1))

  test('the published workspace has 320 x 160 cells', () => {
    expect(gridSize(published)).toEqual({ rows: 320, cols: 160 })
  })

  test('half a cell beyond an even number is no cell', () => {
    expect(gridSize({ ...published, xMaxM: 0.455, pixelM: 0.002 }).cols).toBe(102)
  })

  test('row u runs along y, column v along x, z begins at the bottom of the map', () => {
    expectNear(pointOf(grid, [10, 20]), [0.3125, -0.46875, -0.02 + grid.heightM[10 * 160 + 20]!])
  })

  propertyTest.prop([cell])("a cell's point lies in that cell again", (pixel) => {
    const [x, y] = pointOf(grid, pixel)
    expect(pixelOf(grid, x, y)).toEqual(pixel)
    expect(pixelContaining(grid, x + 1e-9, y + 1e-9)).toEqual(pixel)
    expect(pixelAt(grid, indexOf(grid, pixel))).toEqual(pixel)
  })

  propertyTest.prop([coordinate, coordinate])('a pose has the nearest cell of the grid', (x, y) => {
    const [u, v] = pixelOf(grid, x, y)
    const missM = (value: number, min: number, max: number) => Math.max(0, min - value, value - max)
    const [atX, atY] = pointOf(grid, [u, v])
    const half = published.pixelM / 2 + 1e-12
    expect(Math.abs(atX - x)).toBeLessThanOrEqual(half + missM(x, 0.25, 0.75 - published.pixelM))
    expect(Math.abs(atY - y)).toBeLessThanOrEqual(half + missM(y, -0.5, 0.5 - published.pixelM))
  })

  propertyTest.prop([coordinate, coordinate])('a point has a cell inside of the workspace and none outside', (x, y) => {
    const inside = x >= 0.25 && x < 0.75 && y >= -0.5 && y < 0.5
    expect(pixelContaining(grid, x, y) !== null).toBe(inside)
  })
})

describe('rigid transforms', () => {
  propertyTest.prop([rigid])('T * inverse(T) is the identity, from both sides', (T) => {
    expectNear(multiply(T, inverse(T)), identity())
    expectNear(multiply(inverse(T), T), identity())
  })

  propertyTest.prop([rigid, rigid, point])('a chain of two maps a point like one after the other', (A, B, p) => {
    expectNear(apply(multiply(A, B), p), apply(A, apply(B, p)))
  })

  propertyTest.prop([rigid, point])('the inverse maps a point back', (T, p) => {
    expectNear(applyInverse(T, apply(T, p)), p)
    expectNear(applyInverse(T, p), apply(inverse(T), p))
  })

  propertyTest.prop([rigid, point, point])('distances stay', (T, a, b) => {
    expect(distanceM(apply(T, a), apply(T, b))).toBeCloseTo(distanceM(a, b), 9)
  })

  propertyTest.prop([rigid])('position and rotation make the transform again', (T) => {
    expect(transform(translationOf(T), rotationOf(T))).toEqual(T)
  })

  propertyTest.prop([rigid, axis])('the quaternion turns like the matrix', (T, p) => {
    const { x, y, z, w } = quaternionOf(T)
    expect(Math.hypot(x, y, z, w)).toBeCloseTo(1, 9)
    const angleRad = 2 * Math.acos(Math.min(1, Math.max(-1, w)))
    const s = Math.sin(angleRad / 2)
    const about: Vec3 = s < 1e-6 ? [0, 0, 1] : [x / s, y / s, z / s]
    const turned = apply(transform([0, 0, 0], rotationAbout(about, s < 1e-6 ? 0 : angleRad)), p)
    for (const [i, value] of apply(transform([0, 0, 0], rotationOf(T)), p).entries()) {
      expect(turned[i]).toBeCloseTo(value, 5)
    }
  })

  propertyTest.prop([point, angle, coordinate, coordinate])('yaw is what turns about base z', (p, yawRad, dx, dy) => {
    const T = transform(p, rotationAbout([0, 0, 1], yawRad))
    expect(wrapRad(yawOf(T) - yawRad)).toBeCloseTo(0, 9)
    expectNear(turnedAbout(p, yawRad, [dx, dy]), apply(T, [dx, dy, 0]).slice(0, 2))
  })

  propertyTest.prop([axis, angle, angle])('turns about one axis add up', (about, a, b) => {
    expectNear(multiplyRotations(rotationAbout(about, a), rotationAbout(about, b)), rotationAbout(about, a + b))
  })

  test('a camera that looks at a target has it on its optical axis, and the image upright', () => {
    const T_base_camera = lookAt([1, 0, 0.75], [0.5, 0, 0])
    const [x, y, z] = applyInverse(T_base_camera, [0.5, 0, 0])
    expectNear([x, y], [0, 0])
    expect(z).toBeCloseTo(Math.hypot(0.5, 0.75), 9)
    expect(applyInverse(T_base_camera, [0.5, 0, 0.1])[1]).toBeLessThan(0)
  })
})

propertyTest.prop([angle, fc.constantFrom(Math.PI / 2, Math.PI, 2 * Math.PI)])(
  'the shortest turn looks the same and is at most half a symmetry',
  (turnRad, symmetryRad) => {
    const shortest = shortestTurnRad(turnRad, symmetryRad)
    expect(Math.abs(shortest)).toBeLessThanOrEqual(symmetryRad / 2 + 1e-9)
    const turns = (turnRad - shortest) / symmetryRad
    expect(turns).toBeCloseTo(Math.round(turns), 9)
  },
)

test('where yaw does not matter nothing is turned', () => {
  expect(shortestTurnRad(1.3, 0)).toBe(0)
})
