// Reading recordings. A file is read whole or not at all: checksums of data and summary are compared first, so that
// nothing is ever half-read. What a crashed run left can still be salvaged, and only when asked for.

import { readFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import zstd from '@foxglove/wasm-zstd'
import { McapStreamReader } from '@mcap/core'
import { CliportError } from '../../control/errors.js'
import { decodeRawImage, type RecordedImage } from './raw-image.js'

/** One message, in the order of the file. */
export interface RecordedMessage {
  readonly topic: string
  readonly logTimeNs: bigint
  readonly publishTimeNs: bigint
  /** 'json' or 'protobuf' (foxglove.RawImage). */
  readonly encoding: string
  readonly data: Uint8Array
}

/** A recording that has been read whole. */
export interface Recording {
  readonly profile: string
  readonly messages: readonly RecordedMessage[]
  /** Metadata records by name. */
  readonly metadata: ReadonlyMap<string, Readonly<Record<string, string>>>
  /** False when the file ends without an index: a crash, or a disk that was full. */
  readonly complete: boolean
}

const magic = Uint8Array.of(0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a)
// Sizes of the fixed records, MCAP specification: opcode 1, length 8, content.
const footerBytes = 1 + 8 + 20
const dataEndBytes = 1 + 8 + 4

/**
 * Why a file is not whole, or null when every byte of it is as it was written. Together the two checksums, the magic
 * and the footer's own fields cover the whole file.
 */
export function findDamage(file: Uint8Array): string | null {
  if (!startsWith(file, 0, magic)) return file.byteLength === 0 ? 'it is empty' : 'it is no MCAP file (wrong magic)'
  const footerAt = file.byteLength - magic.byteLength - footerBytes
  if (footerAt < magic.byteLength || !startsWith(file, footerAt + footerBytes, magic)) return 'its end is missing'
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (view.getUint8(footerAt) !== 0x02 || view.getBigUint64(footerAt + 1, true) !== 20n) return 'its footer is damaged'
  const summaryAt = Number(view.getBigUint64(footerAt + 9, true))
  const dataEndAt = summaryAt - dataEndBytes
  if (summaryAt > footerAt || dataEndAt < magic.byteLength) return 'it has no index'
  // The summary's checksum covers the footer too, up to the checksum itself.
  if (
    crc32(file.subarray(summaryAt, footerAt + footerBytes - 4)) !== view.getUint32(footerAt + footerBytes - 4, true)
  ) {
    return 'the checksum of its index is wrong'
  }
  if (view.getUint8(dataEndAt) !== 0x0f || view.getBigUint64(dataEndAt + 1, true) !== 4n)
    return 'its end of data is damaged'
  if (crc32(file.subarray(0, dataEndAt)) !== view.getUint32(dataEndAt + 9, true))
    return 'the checksum of its data is wrong'
  return null
}

/**
 * Reads a recording into memory.
 *
 * @param salvage also accept a file without its end (a crashed run): everything up to the first damage is returned and
 *                `complete` is false
 * @throws CliportError RECORDING_CORRUPT for a damaged file, INPUT_INVALID for one that cannot be opened
 */
export async function readRecording(path: string, { salvage = false } = {}): Promise<Recording> {
  const file = await readFile(path).catch((cause) => {
    throw new CliportError('INPUT_INVALID', `Could not open the recording ${path}: ${(cause as Error).message}`, {
      stage: 'record',
      hint: 'Check the path and the permissions.',
      cause,
    })
  })
  return recordingOf(file, path, { salvage })
}

/** `readRecording` of bytes in memory; `name` is what errors call them. */
export async function recordingOf(file: Uint8Array, name: string, { salvage = false } = {}): Promise<Recording> {
  await zstd.isLoaded
  const damage = findDamage(file)
  if (damage !== null && !salvage) throw corrupt(name, damage)
  const { error, ...recording } = parse(file)
  if (error !== null && !salvage) throw corrupt(name, error.message)
  return { ...recording, complete: damage === null && error === null }
}

export function corrupt(path: string, reason: string): CliportError {
  return new CliportError('RECORDING_CORRUPT', `The recording ${path} is damaged: ${reason}`, {
    stage: 'record',
    hint: 'Record it again, or leave it out. A run that was cut off can still be read up to where it ends.',
  })
}

/** The JSON of a message. @throws SyntaxError */
export function jsonOf(message: RecordedMessage): unknown {
  return JSON.parse(new TextDecoder().decode(message.data))
}

/** The picture of a message. @throws Error */
export function imageOf(message: RecordedMessage): RecordedImage {
  return decodeRawImage(message.data)
}

function parse(file: Uint8Array): Omit<Recording, 'complete'> & { error: Error | null } {
  const messages: RecordedMessage[] = []
  const metadata = new Map<string, Readonly<Record<string, string>>>()
  const channels = new Map<number, { topic: string; messageEncoding: string }>()
  let profile = ''
  let error: Error | null = null
  try {
    const reader = new McapStreamReader({
      decompressHandlers: { zstd: (bytes, size) => zstd.decompress(bytes, Number(size)) },
    })
    reader.append(file)
    for (let record = reader.nextRecord(); record !== undefined; record = reader.nextRecord()) {
      if (record.type === 'Header') profile = record.profile
      if (record.type === 'Channel') channels.set(record.id, record)
      if (record.type === 'Metadata') metadata.set(record.name, Object.fromEntries(record.metadata))
      if (record.type === 'Message') {
        const { topic, messageEncoding } = channels.get(record.channelId)!
        const { logTime, publishTime, data } = record
        messages.push({ topic, logTimeNs: logTime, publishTimeNs: publishTime, encoding: messageEncoding, data })
      }
    }
    if (!reader.done()) error = new Error('it ends in the middle of a record')
  } catch (cause) {
    error = cause as Error
  }
  return { profile, messages, metadata, error }
}

function startsWith(file: Uint8Array, at: number, bytes: Uint8Array): boolean {
  return bytes.every((byte, i) => file[at + i] === byte)
}
