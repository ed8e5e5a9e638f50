// What a pickle may hold here, and how it stands in JavaScript: None is null, an int a bigint, a float a number, a str a
// string, bytes a Uint8Array, a list or tuple an array, a dict a Map, an array of NumPy an NdArray.

/** A value of a pickle. */
export type PickleValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | NdArray
  | Tuple
  | readonly PickleValue[]
  | ReadonlyMap<PickleValue, PickleValue>

/** Types of NumPy, as they are named in a dtype, and what holds them. Little-endian, as every machine that this runs on. */
export const arrayTypes = {
  b1: Uint8Array,
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  u8: BigUint64Array,
  i8: BigInt64Array,
  f4: Float32Array,
  f8: Float64Array,
} as const

export type ArrayType = keyof typeof arrayTypes

/** Elements of an array, row-major. */
export type Elements =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array

/** An array of NumPy. */
export class NdArray {
  readonly type: ArrayType
  readonly shape: readonly number[]
  readonly data: Elements

  /** @throws RangeError when shape and data do not agree */
  constructor(type: ArrayType, shape: readonly number[], data: Elements) {
    const count = shape.reduce((product, side) => product * side, 1)
    if (data.length !== count) throw new RangeError(`an array of shape (${shape}) has ${data.length} elements`)
    this.type = type
    this.shape = shape
    this.data = data
  }
}

/** What is written as a tuple, not a list; the reader makes arrays of both. */
export class Tuple {
  readonly items: readonly PickleValue[]

  constructor(...items: readonly PickleValue[]) {
    this.items = items
  }
}
