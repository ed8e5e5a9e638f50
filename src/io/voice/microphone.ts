// A microphone of this machine, through ALSA's arecord in a process of its own: no sound library in this one.

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { CliportError } from '../../control/errors.js'
import { sampleRateHz, samplesOf } from './wav.js'

export interface Microphone {
  /** Pieces of 16 kHz mono sound, -1..1, as they come. @throws CliportError VOICE_MICROPHONE when the device fails */
  readonly sound: AsyncIterable<Float32Array<ArrayBuffer>>
  /** Ends the process. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Opens a microphone; the device is asked when the first sound is read.
 * @param device ALSA's name of it: 'default', 'plughw:1,0'
 * @param program arecord, or a program that takes its options
 */
export function openMicrophone(device: string, program = 'arecord'): Microphone {
  const args = [
    '-q',
    '-D',
    device,
    '-t',
    'raw',
    '-f',
    'S16_LE',
    '-r',
    `${sampleRateHz}`,
    '-c',
    '1',
    '--buffer-time=200000',
  ]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-2000)
  })
  const ended = new Promise<number | Error | null>((resolve) => {
    child.on('error', resolve)
    child.on('close', resolve)
  })
  let isClosed = false
  return {
    sound: soundOf(child, async () => {
      const end = await ended
      if (isClosed) return
      throw end instanceof Error ? absent(program, end) : failed(device, said.trim() || `it ended with code ${end}`)
    }),
    close: async () => {
      isClosed = true
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function* soundOf(
  child: ChildProcessByStdio<null, Readable, Readable>,
  atEnd: () => Promise<void>,
): AsyncGenerator<Float32Array<ArrayBuffer>> {
  let odd = Buffer.alloc(0)
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([odd, chunk])
    odd = bytes.subarray(bytes.length - (bytes.length % 2))
    yield samplesOf(bytes)
  }
  await atEnd()
}

function absent(program: string, cause: Error): CliportError {
  return new CliportError('VOICE_MICROPHONE', `The program ${program} cannot be run: ${cause.message}`, {
    stage: 'start',
    hint: 'Install it: apt-get install alsa-utils',
    cause,
  })
}

function failed(device: string, reason: string): CliportError {
  return new CliportError('VOICE_MICROPHONE', `The microphone "${device}" cannot be used: ${reason}`, {
    stage: 'start',
    hint: 'List the devices with: arecord -L; set voice.microphone to one of them, and join the group audio',
  })
}
