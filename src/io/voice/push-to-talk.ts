// A button of this machine: any key of an input device (keyboard, foot switch, gamepad), as Linux reports it.

import { open } from 'node:fs/promises'
import { CliportError } from '../../control/errors.js'

/** struct input_event of a 64-bit Linux (linux/input.h): two times of 8 bytes, type, code, value. */
const [eventBytes, typeAt, valueAt, keyEvent] = [24, 16, 20, 1]

/**
 * Whether the button is held, each time that it changes. Ends with the signal, or when the device is taken away.
 * @param device /dev/input/by-id/...-event-kbd; the process has to be in the group input
 * @throws CliportError VOICE_MICROPHONE for a device that cannot be read
 */
export async function* heldOf(device: string, signal: AbortSignal): AsyncGenerator<boolean> {
  const file = await open(device, 'r').catch((cause: unknown) => {
    throw new CliportError('VOICE_MICROPHONE', `The button ${device} cannot be read: ${(cause as Error).message}`, {
      stage: 'start',
      hint: 'Name a device of /dev/input/by-id in voice.push_to_talk, and join the group input',
      cause,
    })
  })
  const held = new Set<number>()
  let rest = Buffer.alloc(0)
  try {
    for await (const chunk of file.createReadStream({ signal }) as AsyncIterable<Buffer>) {
      rest = Buffer.concat([rest, chunk])
      for (; rest.length >= eventBytes; rest = rest.subarray(eventBytes)) {
        if (rest.readUInt16LE(typeAt) !== keyEvent) continue
        const wasHeld = held.size > 0
        const [code, value] = [rest.readUInt16LE(typeAt + 2), rest.readInt32LE(valueAt)]
        if (value === 0) held.delete(code)
        else held.add(code) // 1: pressed, 2: still held
        if (held.size > 0 !== wasHeld) yield !wasHeld
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
