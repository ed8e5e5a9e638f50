// `/api/voice`: a microphone of a browser. Sound in, what is heard out (api-voice.ts). A connection is one who speaks.

import type { WebSocket } from '@fastify/websocket'
import type { CliportError } from '../../control/errors.js'
import { asFailure } from '../../io/voice/failure.js'
import { sampleRateHz, samplesOf } from '../../io/voice/wav.js'
import { holdSchema, type SpokenEvent } from '../api-voice.js'
import type { SoundStream, VoiceDesk } from '../voice-desk.js'

/** Who says nothing for so long has left the others waiting. */
const silentMs = 30_000
/** Sound that waited while the microphone was opened comes at once, and then as fast as it is spoken. */
const bytesPerSecond = 2 * sampleRateHz
const [mostAtOnceBytes, mostPerSecondBytes] = [15 * bytesPerSecond, 2 * bytesPerSecond]
/** Close codes of RFC 6455 and the IANA registry. */
const [normal, policyViolation, tryAgainLater] = [1000, 1008, 1013]

export function serveVoice(socket: WebSocket, desk: VoiceDesk): void {
  const tell = (event: SpokenEvent) => {
    socket.send(JSON.stringify({ event: 'voice', data: event }))
    if (event.kind === 'ended') socket.close(tryAgainLater, event.code)
  }
  let stream: SoundStream | null = null
  let hasLeft = false
  const opened = desk.listen('page', tell).then(
    (found) => {
      stream = found
      if (hasLeft) found.close()
    },
    (error: CliportError) => tell({ kind: 'ended', ...asFailure(error) }),
  )
  const budget = new ByteBudget()
  const leave = setTimeout(() => socket.close(normal, `nothing was said for ${silentMs / 1000} s`), silentMs)
  leave.unref()
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    leave.refresh()
    const hold = isBinary ? null : heldOf(data)
    if (isBinary ? !budget.take(data.length) : hold === null) {
      socket.close(policyViolation, isBinary ? 'more sound than can be spoken' : 'expected {"hold": true} or false')
      return
    }
    // In the order in which it came, also while the engine is being opened.
    void opened.then(() => {
      if (hold === null) stream?.push(samplesOf(data))
      else stream?.hold(hold)
    })
  })
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    clearTimeout(leave)
    hasLeft = true
    stream?.close()
  })
}

function heldOf(data: Buffer): boolean | null {
  try {
    return holdSchema.parse(JSON.parse(data.toString('utf8'))).hold
  } catch {
    return null
  }
}

/** How much sound a client may send: a store that fills with time. */
class ByteBudget {
  #bytes = mostAtOnceBytes
  #atMs = performance.now()

  /** Whether there is so much left. */
  take(bytes: number): boolean {
    const nowMs = performance.now()
    const filled = this.#bytes + ((nowMs - this.#atMs) / 1000) * mostPerSecondBytes
    this.#bytes = Math.min(mostAtOnceBytes, filled) - bytes
    this.#atMs = nowMs
    return this.#bytes >= 0
  }
}
