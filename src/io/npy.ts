// Arrays for NumPy.

/**
 * An array file of NumPy, version 1.0: elements row after row, in parts as they lie in memory.
 * @param type NumPy's name of the elements' type, little-endian
 */
export function npyFile(
  type: '|u1' | '<f4',
  shape: readonly number[],
  parts: readonly (Uint8Array | Float32Array)[],
): Buffer {
  const sides = `${shape.join(', ')}${shape.length === 1 ? ',' : ''}`
  const words = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sides}), }`
  // Magic, version and length are 10 bytes; the elements begin at a multiple of 64.
  const length = Math.ceil((10 + words.length + 1) / 64) * 64 - 10
  const head = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, length & 0xff, length >> 8])
  const bytes = parts.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength))
  return Buffer.concat([head, Buffer.from(`${words.padEnd(length - 1)}\n`), ...bytes])
}
