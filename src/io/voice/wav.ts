// WAV files as microphones and people make them: 16 kHz, 16 bit, mono.

import { readFile } from 'node:fs/promises'
import { CliportError } from '../../control/errors.js'

/** Of everything that is listened to. */
export const sampleRateHz = 16_000
/** WAVE_FORMAT_PCM of a WAV file's format. */
const pcm = 1
/** What stands for a size that was not known (arecord, sox and ffmpeg into a pipe): 18 hours of sound and more. */
const unknownSize = 0x7f000000
const cutHint = 'Record or copy it once more'

/**
 * Samples of a WAV file, -1..1.
 * @throws CliportError VOICE_AUDIO_INVALID for another format, or a file that cannot be read
 */
export async function readWav(path: string): Promise<Float32Array> {
  const file = await readFile(path).catch((cause: unknown) => {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    if (isMissing) throw invalid(path, 'there is no such file', cause, 'Correct the name, or take its row out')
    throw invalid(path, `it cannot be read (${(cause as Error).message})`, cause)
  })
  if (file.length < 44 || file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') {
    throw invalid(path, 'it is no WAV file')
  }
  let format: {
    readonly kind: number
    readonly channels: number
    readonly rateHz: number
    readonly bits: number
  } | null = null
  for (let at = 12; at + 8 <= file.length; ) {
    const [name, size] = [file.toString('latin1', at, at + 4), file.readUInt32LE(at + 4)]
    const begin = at + 8
    if (name === 'fmt ' && begin + 16 <= file.length) {
      format = {
        kind: file.readUInt16LE(begin),
        channels: file.readUInt16LE(begin + 2),
        rateHz: file.readUInt32LE(begin + 4),
        bits: file.readUInt16LE(begin + 14),
      }
    }
    if (name === 'data') {
      if (format === null) throw invalid(path, 'its samples come before their format')
      const { kind, channels, rateHz, bits } = format
      if (kind !== pcm) throw invalid(path, `its samples are no PCM (format ${kind})`)
      if (channels !== 1 || rateHz !== sampleRateHz || bits !== 16) {
        throw invalid(path, `it has ${rateHz} Hz, ${bits} bit, ${channels} channel${channels === 1 ? '' : 's'}`)
      }
      // A program that writes into a pipe does not know the size: then the samples end with the file.
      const end = size >= unknownSize ? file.length : begin + size
      if (end > file.length) {
        throw invalid(
          path,
          `it is cut off: ${file.length - begin} of ${size} bytes of sound are there`,
          undefined,
          cutHint,
        )
      }
      if (end - begin < 2) throw invalid(path, 'it has no samples', undefined, cutHint)
      return samplesOf(file.subarray(begin, end))
    }
    at = begin + size + (size % 2)
  }
  throw invalid(path, 'it has no samples', undefined, cutHint)
}

/** 16 bit, little endian, to -1..1; an odd last byte is left out. */
export function samplesOf(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, i) => view.getInt16(2 * i, true) / 32768)
}

function invalid(
  path: string,
  what: string,
  cause?: unknown,
  hint = 'Convert it, for example: sox IN.wav -r 16000 -c 1 -b 16 OUT.wav',
): CliportError {
  return new CliportError('VOICE_AUDIO_INVALID', `Expected 16 kHz, 16 bit, mono WAV in ${path} but ${what}`, {
    stage: 'start',
    hint,
    cause,
  })
}

/** A WAV file of samples, 16 kHz, 16 bit, mono; louder than full scale is cut off. */
export function wavBytes(samples: Float32Array): Uint8Array {
  const file = Buffer.alloc(44 + 2 * samples.length)
  file.write('RIFF', 0)
  file.writeUInt32LE(36 + 2 * samples.length, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(sampleRateHz, 24)
  file.writeUInt32LE(2 * sampleRateHz, 28)
  file.writeUInt16LE(2, 32)
  file.writeUInt16LE(16, 34)
  file.write('data', 36)
  file.writeUInt32LE(2 * samples.length, 40)
  for (const [i, sample] of samples.entries()) {
    file.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(sample * 32767))), 44 + 2 * i)
  }
  return file
}
