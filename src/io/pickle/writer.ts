// Writes pickles of protocol 4, which Python 3.4 and later read, without naming anything but NumPy's arrays.

import { type ArrayType, NdArray, type PickleValue, Tuple } from './values.js'

/** The file's bytes, in parts: large arrays are not copied. */
export function writePickle(value: PickleValue): Uint8Array[] {
  const writer = new PickleWriter()
  writer.byte(0x80, 4) // PROTO
  writer.value(value)
  writer.byte(0x2e) // STOP
  return writer.parts()
}

class PickleWriter {
  readonly #parts: Uint8Array[] = []

  parts(): Uint8Array[] {
    return this.#parts
  }

  byte(...bytes: number[]): void {
    this.#parts.push(Uint8Array.from(bytes))
  }

  value(value: PickleValue): void {
    if (value === null) this.byte(0x4e)
    else if (typeof value === 'boolean') this.byte(value ? 0x88 : 0x89)
    else if (typeof value === 'bigint') this.#int(value)
    else if (typeof value === 'number') this.#float(value)
    else if (typeof value === 'string') this.#text(value)
    else if (value instanceof Uint8Array) this.#bytes(value)
    else if (value instanceof NdArray) this.#array(value)
    else if (value instanceof Tuple) this.#tuple(value.items)
    else if (Array.isArray(value)) {
      this.byte(0x5d, 0x28) // EMPTY_LIST, MARK
      for (const item of value as readonly PickleValue[]) this.value(item)
      this.byte(0x65) // APPENDS
    } else {
      this.byte(0x7d, 0x28) // EMPTY_DICT, MARK
      for (const [key, item] of value as ReadonlyMap<PickleValue, PickleValue>) {
        this.value(key)
        this.value(item)
      }
      this.byte(0x75) // SETITEMS
    }
  }

  #tuple(items: readonly PickleValue[]): void {
    this.byte(0x28)
    for (const item of items) this.value(item)
    this.byte(0x74) // TUPLE
  }

  #int(value: bigint): void {
    const bytes: number[] = []
    let rest = value
    // As many bytes as two's complement needs, sign included.
    do {
      bytes.push(Number(rest & 0xffn))
      rest >>= 8n
    } while (BigInt.asIntN(8 * bytes.length, value) !== value)
    this.byte(0x8a, bytes.length, ...bytes) // LONG1
  }

  #float(value: number): void {
    const bytes = new DataView(new ArrayBuffer(9))
    bytes.setUint8(0, 0x47) // BINFLOAT
    bytes.setFloat64(1, value, false)
    this.#parts.push(new Uint8Array(bytes.buffer))
  }

  #text(value: string): void {
    const bytes = new TextEncoder().encode(value)
    this.#sized(0x58, bytes.length) // BINUNICODE
    this.#parts.push(bytes)
  }

  #bytes(value: Uint8Array): void {
    const size = new DataView(new ArrayBuffer(9))
    size.setUint8(0, 0x8e) // BINBYTES8
    size.setBigUint64(1, BigInt(value.length), true)
    this.#parts.push(new Uint8Array(size.buffer), value)
  }

  #sized(opcode: number, size: number): void {
    const bytes = new DataView(new ArrayBuffer(5))
    bytes.setUint8(0, opcode)
    bytes.setUint32(1, size, true)
    this.#parts.push(new Uint8Array(bytes.buffer))
  }

  #global(module: string, name: string): void {
    this.#text(module)
    this.#text(name)
    this.byte(0x93) // STACK_GLOBAL
  }

  /** As NumPy before 2 writes it, which every NumPy reads. */
  #array({ type, shape, data }: NdArray): void {
    this.#global('numpy.core.multiarray', '_reconstruct')
    this.#global('numpy', 'ndarray')
    this.#tuple([0n])
    this.#bytes(Uint8Array.of(0x62))
    this.byte(0x87, 0x52) // TUPLE3, REDUCE
    this.byte(0x28) // the state: version, shape, dtype, column-major or not, data
    this.value(1n)
    this.#tuple(shape.map(BigInt))
    this.#dtype(type)
    this.value(false)
    this.#bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    this.byte(0x74, 0x62) // TUPLE, BUILD
  }

  #dtype(type: ArrayType): void {
    this.#global('numpy', 'dtype')
    this.#tuple([type, false, true])
    this.byte(0x52)
    this.#tuple([3n, type.endsWith('1') ? '|' : '<', null, null, null, -1n, -1n, 0n])
    this.byte(0x62)
  }
}
