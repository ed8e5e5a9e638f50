// Pickles as Python writes them (tests/fixtures/make_pickles.py), and those that ask for more than data.

import { readFileSync } from 'node:fs'
import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { CliportError } from '../../src/control/errors.js'
import { readPickle } from '../../src/io/pickle/reader.js'
import { NdArray, type PickleValue, Tuple } from '../../src/io/pickle/values.js'
import { writePickle } from '../../src/io/pickle/writer.js'

interface Case {
  readonly name: string
  readonly pickle: string
  readonly value?: unknown
  readonly says?: string
}

const cases = JSON.parse(readFileSync('tests/fixtures/pickles.json', 'utf8')) as Record<'read' | 'refused', Case[]>
const bytesOf = ({ pickle }: Case) => Uint8Array.from(Buffer.from(pickle, 'base64'))

/** As the fixture says it: an int as text, an array as type, shape and elements. */
function inJson(value: PickleValue): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value === Number.POSITIVE_INFINITY) return 'inf'
  if (value instanceof NdArray) return { array: value.type, shape: value.shape, data: [...value.data].map(Number) }
  if (value instanceof Uint8Array) return { bytes: [...value] }
  if (value instanceof Map) return { dict: [...value].map(([key, item]) => [inJson(key), inJson(item)]) }
  return Array.isArray(value) ? value.map(inJson) : value
}

test.each(cases.read)('$name is read', (one) => {
  expect(inJson(readPickle(bytesOf(one), 'x.pkl'))).toEqual(one.value)
})

test.each(cases.refused)('$name is refused, and the message names it', (one) => {
  let thrown: unknown
  try {
    readPickle(bytesOf(one), 'color/000000-2.pkl')
  } catch (error) {
    thrown = error
  }
  expect(thrown).toMatchObject({ code: 'PICKLE_REFUSED', message: expect.stringContaining(one.says!) })
  expect((thrown as Error).message).toContain('color/000000-2.pkl')
})

/** Instructions that reach for objects by other ways than a name, behind a header. */
test.each([
  ['INST', 'posix.system', '(S"true"\niposix\nsystem\n.'],
  ['PERSID', 'persistent', 'Pfile\n.'],
  ['BINPERSID', 'persistent', 'NQ.'],
  ['EXT1', 'extension', '\x82\x01.'],
  ['NEXT_BUFFER', 'buffer', '\x97.'],
  ['NEWOBJ of an array', 'NEWOBJ', 'cnumpy\nndarray\n)\x81.'],
  ['BUILD on a dict', 'state', '}}b.'],
])('%s is refused', (_, says, body) => {
  const pickle = Uint8Array.from(Buffer.from(`\x80\x04${body.replace('S"true"\n', 'X\x01\0\0\0a')}`, 'latin1'))
  expect(() => readPickle(pickle, 'x')).toThrow(expect.objectContaining({ code: 'PICKLE_REFUSED' }))
  expect(() => readPickle(pickle, 'x')).toThrow(says)
})

test('a pickle that is cut off anywhere is an error that names the file', () => {
  const whole = bytesOf(cases.read.find(({ name }) => name.startsWith('an action'))!)
  for (let length = 0; length < whole.length; length++) {
    expect(() => readPickle(whole.subarray(0, length), 'half.pkl'), `${length}`).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining('half.pkl') }),
    )
  }
})

propertyTest.prop([fc.nat(), fc.nat(), fc.integer({ min: 0, max: 255 })])(
  'a pickle with a changed byte is read or refused with a code, whichever byte it is',
  (which, where, byte) => {
    const all = [...cases.read, ...cases.refused]
    const bytes = bytesOf(all[which % all.length]!)
    bytes[where % bytes.length] = byte
    try {
      readPickle(bytes, 'x')
    } catch (error) {
      expect(error).toBeInstanceOf(CliportError)
    }
  },
)

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.double({ noNaN: true }),
  fc.string({ unit: 'binary' }),
  fc.uint8Array(),
  fc.float32Array({ noNaN: true }).map((data) => new NdArray('f4', [data.length], data)),
)
const value: fc.Arbitrary<PickleValue> = fc.letrec<{ value: PickleValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value')),
    fc.array(fc.tuple(fc.string(), tie('value'))).map((entries) => new Map<PickleValue, PickleValue>(entries)),
  ),
})).value

propertyTest.prop([value])('what is written is read again', (written) => {
  expect(readPickle(Buffer.concat(writePickle(written)), 'x')).toEqual(written)
})

test('a tuple is read as an array', () => {
  expect(readPickle(Buffer.concat(writePickle(new Tuple(1n, 'a'))), 'x')).toEqual([1n, 'a'])
})
