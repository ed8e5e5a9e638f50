// The thread in which sherpa-onnx computes. See sherpa.ts: untested.

import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { sampleRateHz } from '../wav.js'
import type { SherpaReply, SherpaRequest } from './sherpa.js'

/** Of sherpa-onnx-node 1.13, as far as it is used here. */
interface Recognizer {
  createStream(): { acceptWaveform(sound: { sampleRate: number; samples: Float32Array }): void }
  decode(stream: unknown): void
  getResult(stream: unknown): { text: string }
}

const port = parentPort!
const reply = (message: SherpaReply) => port.postMessage(message)

try {
  const sherpa = createRequire(import.meta.url)('sherpa-onnx-node') as {
    OfflineRecognizer: new (config: unknown) => Recognizer
  }
  const recognizer = new sherpa.OfflineRecognizer(workerData)
  port.on('message', ({ id, audio }: SherpaRequest) => {
    const stream = recognizer.createStream()
    stream.acceptWaveform({ sampleRate: sampleRateHz, samples: audio })
    recognizer.decode(stream)
    reply({ kind: 'text', id, text: recognizer.getResult(stream).text.trim() })
  })
  reply({ kind: 'ready' })
} catch (error) {
  reply({ kind: 'failed', message: (error as Error).message })
}
