// Writes .npz files as NumPy does, for benchmarks and tests.

import { crc32, deflateRawSync } from 'node:zlib'

/**
 * One .npy file; `shape` as Python writes a tuple.
 * @param {string} dtype @param {string} shape @param {ArrayBufferView} data @param {1 | 2} version
 * @returns {Buffer}
 */
export function npy(dtype, shape, data, version = 1) {
  const header = `{'descr': '${dtype}', 'fortran_order': False, 'shape': ${shape}, }`
  const start = version === 1 ? 10 : 12
  const padded = header.padEnd(Math.ceil((start + header.length + 1) / 64) * 64 - start)
  const head = Buffer.alloc(start)
  head.write('\x93NUMPY', 'latin1')
  head[6] = version
  if (version === 1) head.writeUInt16LE(padded.length, 8)
  else head.writeUInt32LE(padded.length, 8)
  return Buffer.concat([head, Buffer.from(padded), Buffer.from(data.buffer, data.byteOffset, data.byteLength)])
}

/**
 * A zip archive of the files, whose local headers leave their sizes open, as NumPy's do.
 * @param {Record<string, Buffer>} files @param {boolean} deflate
 * @returns {Buffer}
 */
export function zip(files, deflate) {
  const parts = []
  const directory = []
  let offset = 0
  for (const [name, bytes] of Object.entries(files)) {
    const packed = deflate ? deflateRawSync(bytes) : bytes
    const local = Buffer.alloc(30 + name.length + 4)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt32LE(0xffffffff, 18)
    local.writeUInt32LE(0xffffffff, 22)
    local.writeUInt16LE(name.length, 26)
    local.writeUInt16LE(4, 28) // an extra field
    local.write(name, 30)
    const entry = Buffer.alloc(46 + name.length)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(deflate ? 8 : 0, 10)
    entry.writeUInt32LE(crc32(bytes), 16)
    entry.writeUInt32LE(packed.length, 20)
    entry.writeUInt32LE(bytes.length, 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt32LE(offset, 42)
    entry.write(name, 46)
    parts.push(local, packed)
    directory.push(entry)
    offset += local.length + packed.length
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(directory.length, 8)
  end.writeUInt16LE(directory.length, 10)
  end.writeUInt32LE(Buffer.concat(directory).length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, ...directory, end])
}
