// Reads NumPy's .npz: a zip archive of .npy arrays, stored or deflated.
// Formats: PKWARE APPNOTE 6.3 (one disk, not encrypted, below 4 GB); NumPy NEP 1 (npy versions 1.0 and 2.0).

import { readFileSync } from 'node:fs'
import { crc32, inflateRawSync } from 'node:zlib'
import { CliportError } from '../control/errors.js'

const readers = {
  '|u1': (bytes: ArrayBuffer) => new Uint8Array(bytes),
  '<u2': (bytes: ArrayBuffer) => new Uint16Array(bytes),
  '<i4': (bytes: ArrayBuffer) => new Int32Array(bytes),
  '<i8': (bytes: ArrayBuffer) => new BigInt64Array(bytes),
  '<f4': (bytes: ArrayBuffer) => new Float32Array(bytes),
  '<f8': (bytes: ArrayBuffer) => new Float64Array(bytes),
}

/** Element types as NumPy writes them: unsigned, signed, float, and the bytes of an element; little-endian. */
export type NpyType = keyof typeof readers

/** Row-major. */
export interface NpyArray<T extends NpyType = NpyType> {
  readonly dtype: T
  /** Empty for a scalar, whose data holds one element. */
  readonly shape: readonly number[]
  readonly data: ReturnType<(typeof readers)[T]>
}

export interface Npz {
  /** Names of the arrays, without .npy, in the file's order. */
  readonly names: readonly string[]
  /**
   * One array of the given type.
   * @throws CliportError INPUT_INVALID when it is missing, of another type, or damaged
   */
  array<T extends NpyType>(name: string, dtype: T): NpyArray<T>
}

interface Entry {
  readonly method: number
  readonly crc: number
  readonly compressedBytes: number
  readonly bytes: number
  readonly headerOffset: number
}

/**
 * Opens an archive; arrays are unpacked when asked for.
 * @throws CliportError INPUT_INVALID when the file cannot be read or is no npz
 */
export function readNpz(path: string): Npz {
  const file = readWhole(path)
  const entries = directoryOf(file, path)
  return {
    names: [...entries.keys()],
    array(name, dtype) {
      const entry = entries.get(name)
      if (entry === undefined) {
        throw invalid(path, `has no array '${name}', only ${[...entries.keys()].join(', ') || 'none at all'}`)
      }
      return npyOf(unpacked(file, entry, name, path), dtype, name, path)
    },
  }
}

function invalid(path: string, what: string, cause?: unknown): CliportError {
  return new CliportError('INPUT_INVALID', `The file ${path} ${what}.`, {
    stage: 'project',
    hint: 'Give a complete .npz file as numpy.savez or numpy.savez_compressed writes it.',
    cause,
  })
}

function readWhole(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw invalid(path, `cannot be read (${cause instanceof Error ? cause.message : String(cause)})`, cause)
  }
}

const endSignature = 0x06054b50
const entrySignature = 0x02014b50
const localSignature = 0x04034b50
const endBytes = 22
const entryBytes = 46
const localBytes = 30

// The central directory, which stands at the end; sizes in the local headers may be left open.
function directoryOf(file: Buffer, path: string): Map<string, Entry> {
  let end = file.length - endBytes
  const earliest = Math.max(0, end - 0xffff)
  while (end >= earliest && file.readUInt32LE(end) !== endSignature) end--
  if (end < earliest) throw invalid(path, 'is no zip archive, or is cut off: it has no central directory')

  const count = file.readUInt16LE(end + 10)
  const entries = new Map<string, Entry>()
  let at = file.readUInt32LE(end + 16)
  for (let i = 0; i < count; i++) {
    if (at + entryBytes > file.length || file.readUInt32LE(at) !== entrySignature) {
      throw invalid(path, `is damaged: entry ${i} of its central directory is not where it should be`)
    }
    const nameBytes = file.readUInt16LE(at + 28)
    const name = file.toString('utf8', at + entryBytes, at + entryBytes + nameBytes)
    if ((file.readUInt16LE(at + 8) & 1) !== 0) throw invalid(path, `holds ${name} encrypted`)
    entries.set(name.replace(/\.npy$/, ''), {
      method: file.readUInt16LE(at + 10),
      crc: file.readUInt32LE(at + 16),
      compressedBytes: file.readUInt32LE(at + 20),
      bytes: file.readUInt32LE(at + 24),
      headerOffset: file.readUInt32LE(at + 42),
    })
    at += entryBytes + nameBytes + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32)
  }
  return entries
}

const stored = 0
const deflated = 8

function unpacked(file: Buffer, entry: Entry, name: string, path: string): Buffer {
  const { headerOffset } = entry
  if (headerOffset + localBytes > file.length || file.readUInt32LE(headerOffset) !== localSignature) {
    throw invalid(path, `is damaged: '${name}' is not where its central directory says`)
  }
  const start = headerOffset + localBytes + file.readUInt16LE(headerOffset + 26) + file.readUInt16LE(headerOffset + 28)
  const packed = file.subarray(start, start + entry.compressedBytes)
  const bytes = entry.method === stored ? packed : inflated(packed, entry, name, path)
  if (bytes.length !== entry.bytes || crc32(bytes) !== entry.crc) {
    throw invalid(path, `is damaged: the checksum of '${name}' does not match`)
  }
  return bytes
}

function inflated(packed: Buffer, entry: Entry, name: string, path: string): Buffer {
  if (entry.method !== deflated) throw invalid(path, `holds '${name}' in zip method ${entry.method}, which is not read`)
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(entry.bytes, 1) })
  } catch (cause) {
    throw invalid(path, `is damaged: '${name}' cannot be unpacked`, cause)
  }
}

// 0x93 'NUMPY', version (2 bytes), length of the header (2 bytes, from version 2 on 4), header, elements.
function npyOf<T extends NpyType>(npy: Buffer, dtype: T, name: string, path: string): NpyArray<T> {
  if (npy.length < 12 || npy.toString('latin1', 0, 6) !== '\x93NUMPY')
    throw invalid(path, `holds no array in '${name}'`)
  const version = npy[6]!
  if (version !== 1 && version !== 2)
    throw invalid(path, `holds '${name}' in npy version ${version}, which is not read`)
  const headerStart = version === 1 ? 10 : 12
  const start = headerStart + (version === 1 ? npy.readUInt16LE(8) : npy.readUInt32LE(8))
  const header = npy.toString('latin1', headerStart, start)

  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1]
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1]
  const dimensions = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1]
  if (descr === undefined || order === undefined || dimensions === undefined) {
    throw invalid(path, `holds '${name}' with a header that cannot be read`)
  }
  if (descr !== dtype) throw invalid(path, `holds '${name}' as ${descr}, expected ${dtype}`)
  if (order === 'True') throw invalid(path, `holds '${name}' column-major, expected row-major`)

  const shape = dimensions.split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)]))
  const elements = npy.subarray(start)
  const expected = shape.reduce((product, n) => product * n, Number(dtype.slice(2)))
  if (elements.length !== expected) {
    throw invalid(path, `holds ${elements.length} bytes of elements in '${name}', expected ${expected}`)
  }
  // A copy, because typed arrays must be aligned and nothing should keep the whole file alive.
  const copy = new ArrayBuffer(elements.length)
  new Uint8Array(copy).set(elements)
  return { dtype, shape, data: readers[dtype](copy) as ReturnType<(typeof readers)[T]> }
}
