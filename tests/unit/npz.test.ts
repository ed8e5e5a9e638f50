import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fc, test as propertyTest } from '@fast-check/vitest'
import { afterAll, expect, test } from 'vitest'
import { npyFile } from '../../src/io/npy.js'
import { readNpz } from '../../src/io/npz.js'
import { npy, zip } from '../fixtures/npz.js'

const folder = mkdtempSync(join(tmpdir(), 'npz-'))
afterAll(() => rmSync(folder, { recursive: true }))

function fileOf(bytes: Buffer): string {
  const path = join(folder, 'file.npz')
  writeFileSync(path, bytes)
  return path
}

test.each([false, true])('arrays come back with type, shape and elements (deflated: %s)', (deflate) => {
  const npz = readNpz(
    fileOf(
      zip(
        {
          'a.npy': npy('<f4', '(2, 3)', Float32Array.of(1, 2, 3, 4, 5, -0.5)),
          'b.npy': npy('|u1', '(4,)', Uint8Array.of(0, 1, 254, 255)),
          'c.npy': npy('<f8', '()', Float64Array.of(Math.PI)),
          'd.npy': npy('<i8', '(1,)', BigInt64Array.of(-(2n ** 60n)), 2),
          'e.npy': npy('<u2', '(2,)', Uint16Array.of(1, 65535)),
          'f.npy': npy('<i4', '(0,)', new Int32Array(0)),
        },
        deflate,
      ),
    ),
  )
  expect(npz.names).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  expect(npz.array('a', '<f4')).toEqual({
    dtype: '<f4',
    shape: [2, 3],
    data: Float32Array.of(1, 2, 3, 4, 5, -0.5),
  })
  expect(npz.array('b', '|u1').data).toEqual(Uint8Array.of(0, 1, 254, 255))
  expect(npz.array('c', '<f8')).toEqual({ dtype: '<f8', shape: [], data: Float64Array.of(Math.PI) })
  expect(npz.array('d', '<i8').data).toEqual(BigInt64Array.of(-(2n ** 60n)))
  expect(npz.array('e', '<u2').data).toEqual(Uint16Array.of(1, 65535))
  expect(npz.array('f', '<i4')).toEqual({ dtype: '<i4', shape: [0], data: new Int32Array(0) })
})

test('arrays that are written for NumPy are read again, whatever part of a buffer they are', () => {
  const heights = Float32Array.of(9, 1, 2, 3, 4, 5, -0.5, 9).subarray(1, 7)
  const pair = [heights.subarray(0, 3), heights.subarray(3)]
  const npz = readNpz(
    fileOf(
      zip({ 'a.npy': npyFile('<f4', [2, 3], pair), 'b.npy': npyFile('|u1', [2], [Uint8Array.of(7, 255)]) }, false),
    ),
  )
  expect(npz.array('a', '<f4')).toEqual({ dtype: '<f4', shape: [2, 3], data: Float32Array.from(heights) })
  expect(npz.array('b', '|u1')).toEqual({ dtype: '|u1', shape: [2], data: Uint8Array.of(7, 255) })
  // NumPy maps elements that begin at a multiple of 64.
  expect(npyFile('|u1', [2], [Uint8Array.of(7, 255)]).length % 64).toBe(2)
})

const good = zip({ 'a.npy': npy('<f4', '(200,)', new Float32Array(200).fill(1.5)) }, true)

test('an array of another type or name is refused with what there is', () => {
  const npz = readNpz(fileOf(good))
  expect(() => npz.array('a', '<f8')).toThrow(/holds 'a' as <f4, expected <f8/)
  expect(() => npz.array('depth', '<f4')).toThrow(/has no array 'depth', only a/)
})

test('a missing file is an input error that names the file', () => {
  expect(() => readNpz(join(folder, 'none.npz'))).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining('none.npz') }),
  )
})

test('column-major arrays and wrong element counts are refused', () => {
  const columns = Buffer.from(
    npy('<f4', '(2,)', new Float32Array(2)).toString('latin1').replace('False', 'True '),
    'latin1',
  )
  const short = npy('<f4', '(3,)', new Float32Array(2))
  const npz = readNpz(
    fileOf(zip({ 'columns.npy': columns, 'short.npy': short, 'text.npy': Buffer.from('hello') }, false)),
  )
  expect(() => npz.array('columns', '<f4')).toThrow(/column-major/)
  expect(() => npz.array('short', '<f4')).toThrow(/8 bytes of elements in 'short', expected 12/)
  expect(() => npz.array('text', '<f4')).toThrow(/no array in 'text'/)
})

propertyTest.prop([fc.nat(good.length - 1)])('a file cut off anywhere is refused, never misread', (length) => {
  expect(() => readNpz(fileOf(good.subarray(0, length))).array('a', '<f4')).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID' }),
  )
})

propertyTest.prop([fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 })])(
  'a damaged byte is refused or harmless',
  (at, flip) => {
    const damaged = Buffer.from(good)
    damaged[at]! ^= flip
    try {
      const { data } = readNpz(fileOf(damaged)).array('a', '<f4')
      expect(data).toEqual(new Float32Array(200).fill(1.5))
    } catch (error) {
      expect(error).toMatchObject({ code: 'INPUT_INVALID' })
    }
  },
)
