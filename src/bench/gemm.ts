// The processor's peak, as ONNX Runtime itself gets it: one large matrix product.

import { performance } from 'node:perf_hooks'
import { InferenceSession, Tensor } from '../io/policy/onnxruntime.js'

/** Large enough that packing and threads do not count, small enough to stay in the caches. */
const side = 1024

/** Best of `repeats` products of two `side` x `side` matrices, in 10^9 operations a second; one multiply-add is two. */
export async function peakGflops(threads: number, repeats = 20): Promise<number> {
  const session = await InferenceSession.create(matrixProduct(side), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionProviders: ['cpu'],
  })
  try {
    const matrix = new Tensor('float32', new Float32Array(side * side).fill(0.5), [side, side])
    let bestMs = Number.POSITIVE_INFINITY
    for (let i = 0; i < repeats; i++) {
      const startMs = performance.now()
      await session.run({ a: matrix, b: matrix })
      bestMs = Math.min(bestMs, performance.now() - startMs)
    }
    return (2 * side ** 3) / bestMs / 1e6
  } finally {
    await session.release()
  }
}

/** An ONNX model (onnx.proto3, IR 8, operator set 13) with the one node c = MatMul(a, b). */
export function matrixProduct(n: number): Uint8Array {
  const size = message(field(1, varint(n)))
  const shape = message(bytes(1, size), bytes(1, size))
  const float = 1
  const tensor = message(field(1, varint(float)), bytes(2, shape))
  const value = (name: string) => message(text(1, name), bytes(2, message(bytes(1, tensor))))
  const node = message(text(1, 'a'), text(1, 'b'), text(2, 'c'), text(4, 'MatMul'))
  const graph = message(
    bytes(1, node),
    text(2, 'peak'),
    bytes(11, value('a')),
    bytes(11, value('b')),
    bytes(12, value('c')),
  )
  const operatorSet = message(text(1, ''), field(2, varint(13)))
  return Uint8Array.from(message(field(1, varint(8)), bytes(7, graph), bytes(8, operatorSet)))
}

// Protocol buffers' wire format: a tag of number and type, then a varint (type 0) or so many bytes (type 2).
const message = (...fields: readonly number[][]): number[] => fields.flat()
const field = (number: number, value: number[]): number[] => [...varint(number << 3), ...value]
const bytes = (number: number, value: number[]): number[] => [
  ...varint((number << 3) | 2),
  ...varint(value.length),
  ...value,
]
const text = (number: number, value: string): number[] => bytes(number, [...new TextEncoder().encode(value)])

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]
}
