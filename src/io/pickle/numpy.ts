// How NumPy pickles arrays, scalars and dtypes: calls of the few functions below. They are not called here; what they would
// make is made of their arguments.

import { type ArrayType, arrayTypes, type Elements, NdArray } from './values.js'

/** A function or class that a pickle names. */
export interface Global {
  readonly module: string
  readonly name: string
}

/** What a pickle asks for and may not have. */
export class Refusal extends Error {}

/** NumPy 2 moved `core` to `_core`; either is written. */
const allowed = new Set([
  'numpy.ndarray',
  'numpy.dtype',
  ...['core', '_core'].flatMap((core) => [
    `numpy.${core}.multiarray._reconstruct`,
    `numpy.${core}.multiarray.scalar`,
    `numpy.${core}.numeric._frombuffer`,
  ]),
  // Bytes in protocol 2, which has none of its own.
  '_codecs.encode',
  '__builtin__.bytes',
])

export function isAllowed({ module, name }: Global): boolean {
  return allowed.has(`${module}.${name}`)
}

/** A dtype, or an array that is not finished; BUILD gives both their state. */
export class NumpyObject {
  /** Of a dtype; null for an array. */
  readonly type: ArrayType | null
  array: NdArray | null = null

  constructor(type: ArrayType | null) {
    this.type = type
  }
}

/** What a call would return. @throws Refusal, Error */
export function callNumpy(
  called: unknown,
  given: readonly unknown[],
): NumpyObject | number | bigint | boolean | Uint8Array {
  const { module = '', name = '' } = (called ?? {}) as Partial<Global>
  switch (name) {
    case 'dtype':
      return new NumpyObject(typeOf(given[0]))
    case '_reconstruct':
      if (!isGlobal(given[0], 'numpy', 'ndarray')) throw new Refusal('it makes an array of another class than ndarray')
      return new NumpyObject(null)
    case '_frombuffer': {
      const [bytes, dtype, shape, order] = given
      const made = new NumpyObject(null)
      made.array = arrayOf(dtype, shape, order === 'F', bytes)
      return made
    }
    case 'scalar':
      return arrayOf(given[0], [], false, given[1]).data[0]!
    case 'encode':
      return latin1(given)
    case 'bytes':
      if (given.length > 0) throw new Refusal('it calls bytes with arguments')
      return new Uint8Array(0)
    default:
      throw new Refusal(`it calls ${module}.${name}`)
  }
}

/** Gives a dtype or an array its state. @throws Refusal, Error */
export function buildArray(object: NumpyObject, state: readonly unknown[]): void {
  if (object.type !== null) {
    expectPlain(state)
    return
  }
  const [version, shape, dtype, isFortran, bytes] = state
  if (Number(version) !== 1) throw new Error(`an array has a state of version ${String(version)}`)
  object.array = arrayOf(dtype, shape, isFortran === true, bytes)
}

/** State of a dtype: version, byte order, subarray, names, fields, ... */
function expectPlain([, order, subarray, names, fields]: readonly unknown[]): void {
  if (order === '>') throw new Refusal('it holds an array in big-endian order')
  if (subarray != null || names != null || fields != null) throw new Refusal('it holds an array of records')
}

function typeOf(code: unknown): ArrayType {
  const type = String(code).replace(/^[<=|]/, '')
  if (type in arrayTypes) return type as ArrayType
  throw new Refusal(
    type.startsWith('O')
      ? `it holds an array of Python objects (dtype ${type})`
      : `it holds an array of dtype ${String(code)}, expected numbers of at most 8 bytes`,
  )
}

function arrayOf(dtype: unknown, shape: unknown, isFortran: boolean, bytes: unknown): NdArray {
  if (!(dtype instanceof NumpyObject) || dtype.type === null) throw new Error('an array has no dtype')
  if (!Array.isArray(shape)) throw new Error('an array has no shape')
  if (!(bytes instanceof Uint8Array)) throw new Refusal('it holds an array whose data are no bytes')
  const sides = shape.map(Number)
  if (!sides.every((side) => Number.isSafeInteger(side) && side >= 0)) throw new Error(`an array has shape (${sides})`)
  const Kind = arrayTypes[dtype.type]
  const count = sides.reduce((product, side) => product * side, 1)
  if (bytes.length !== count * Kind.BYTES_PER_ELEMENT) {
    throw new Error(`an array of shape (${sides}) and dtype ${dtype.type} has ${bytes.length} bytes`)
  }
  // A copy: bytes in a file lie at any address, elements do not.
  const data = new Kind(bytes.slice().buffer as ArrayBuffer)
  return new NdArray(dtype.type, sides, isFortran && sides.length > 1 ? rowMajor(data, sides) : data)
}

/** From column-major: the first index runs fastest there. */
function rowMajor(data: Elements, shape: readonly number[]): Elements {
  const sorted = data.slice()
  const index = shape.map(() => 0)
  for (let to = 0; to < data.length; to++) {
    let from = 0
    for (let axis = shape.length - 1; axis >= 0; axis--) from = from * shape[axis]! + index[axis]!
    sorted[to] = data[from]!
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0
  }
  return sorted
}

function latin1([text, encoding]: readonly unknown[]): Uint8Array {
  if (typeof text !== 'string' || encoding !== 'latin1') throw new Refusal('it calls _codecs.encode for text')
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

function isGlobal(item: unknown, module: string, name: string): boolean {
  const global = item as Partial<Global> | null
  return typeof item === 'object' && global?.module === module && global.name === name
}
