// The thread that listens: Silero's net on every frame, Moonshine on pieces of speech and on their ends.

import { parentPort, workerData } from 'node:worker_threads'
import { spokenGrammar } from '../../control/goal/spoken/grammar.js'
import { giveBackPriority } from '../worker-priority.js'
import { Ear } from './ear.js'
import { Moonshine } from './moonshine/moonshine.js'
import { VoiceActivity } from './vad.js'
import type { VoiceReply, VoiceRequest, VoiceWorkerSettings } from './worker-protocol.js'

giveBackPriority()

const port = parentPort!
const { vadFile, moonshineFolder, lexicon, threads } = workerData as VoiceWorkerSettings
const reply = (message: VoiceReply) => port.postMessage(message)
const fail = (id: number | null, error: unknown) =>
  reply({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) })

try {
  const moonshine = moonshineFolder === null ? null : await Moonshine.open(moonshineFolder, threads)
  const vad = vadFile === null ? null : await VoiceActivity.open(vadFile)
  serve(moonshine, vad)
  reply({ kind: 'ready' })
} catch (error) {
  fail(null, error)
}

function serve(moonshine: Moonshine | null, vad: VoiceActivity | null): void {
  const grammar = spokenGrammar(lexicon)
  let stream = 0
  const ear =
    vad === null
      ? null
      : new Ear(
          { probability: (frame) => vad.probability(frame), look: moonshine && ((audio) => moonshine.look(audio)) },
          (heard) => reply({ ...heard, stream }),
        )
  /** Sound in its order; sentences one after another, beside it. */
  let [sound, sentences]: [Promise<unknown>, Promise<unknown>] = [Promise.resolve(), Promise.resolve()]
  port.on('message', (request: VoiceRequest) => {
    switch (request.kind) {
      case 'begin':
        sound = sound.then(() => {
          stream = request.stream
          vad?.reset()
          ear?.begin()
        })
        break
      case 'audio':
        sound = sound.then(() => ear?.hear(request.samples)).catch((error: unknown) => fail(null, error))
        break
      case 'hold':
        sound = sound.then(() => ear?.hold(request.isHeld))
        break
      case 'hear':
        sentences = sentences
          .then(async () =>
            reply({ kind: 'heard', id: request.id, hearing: await moonshine!.hear(request.audio, grammar) }),
          )
          .catch((error: unknown) => fail(request.id, error))
        break
      case 'goodbye':
        void Promise.all([sound, sentences, ear?.settled()]).then(async () => {
          await Promise.all([moonshine?.close(), vad?.close()])
          port.close()
        })
    }
  })
}
