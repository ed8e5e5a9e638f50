// The number type of a graph's weights, read from the ONNX file itself (onnx.proto3: ModelProto.graph = 7,
// GraphProto.initializer = 5, TensorProto.dims = 1, .data_type = 2).

/** TensorProto.DataType of those types that weights come in. */
const typeNames: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  10: 'float16',
  16: 'bfloat16',
  17: 'float8e4m3fn',
  19: 'float8e5m2',
  21: 'uint4',
  22: 'int4',
}

/** The type that most of the weights have, e.g. 'float32'; 'unknown' for a file without weights of a type that networks use. */
export function weightPrecision(onnx: Uint8Array): string {
  const counts = new Map<string, number>()
  for (const graph of messages(onnx, 7)) {
    for (const tensor of messages(graph, 5)) {
      const { type, size } = tensorOf(tensor)
      const name = typeNames[type]
      if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + size)
    }
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a)
  return most?.[0] ?? 'unknown'
}

function tensorOf(tensor: Uint8Array): { readonly type: number; readonly size: number } {
  let type = 0
  let size = 1
  for (const { field, value, bytes } of fields(tensor)) {
    if (field === 2) type = value
    // Packed or one by one, as the writer liked.
    if (field === 1) for (const dim of bytes === null ? [value] : varints(bytes)) size *= dim
  }
  return { type, size }
}

function* messages(bytes: Uint8Array, wanted: number): Generator<Uint8Array> {
  for (const { field, bytes: message } of fields(bytes)) if (field === wanted && message !== null) yield message
}

interface Field {
  readonly field: number
  /** Of a varint. */
  readonly value: number
  /** Of a field with a length. */
  readonly bytes: Uint8Array | null
}

/** Fields of one message; it ends early where the bytes are none. */
function* fields(bytes: Uint8Array): Generator<Field> {
  for (let at = 0; at < bytes.length; ) {
    const [tag, afterTag] = varint(bytes, at)
    const [field, wire] = [Math.floor(tag / 8), tag % 8]
    if (wire === 1 || wire === 5) {
      at = afterTag + (wire === 1 ? 8 : 4)
      continue
    }
    if (wire !== 0 && wire !== 2) return
    const [value, afterValue] = varint(bytes, afterTag)
    at = wire === 2 ? afterValue + value : afterValue
    yield { field, value, bytes: wire === 2 ? bytes.subarray(afterValue, at) : null }
  }
}

function* varints(bytes: Uint8Array): Generator<number> {
  for (let at = 0; at < bytes.length; ) {
    const [value, next] = varint(bytes, at)
    at = next
    yield value
  }
}

/** @returns the value, and where the next byte is */
function varint(bytes: Uint8Array, from: number): [value: number, next: number] {
  let value = 0
  let scale = 1
  for (let at = from; at < bytes.length; at++, scale *= 128) {
    value += (bytes[at]! & 0x7f) * scale
    if (bytes[at]! < 0x80) return [value, at + 1]
  }
  return [value, bytes.length]
}
