// In the browser's sound thread: a microphone's samples as the service takes them, 16 kHz, 16 bit, a piece every 32 ms.

import { Resampler } from './resample.js'

// What the sound thread has is not in TypeScript's DOM.
declare const sampleRate: number
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void

const rateHz = 16_000
const pieceSamples = 512

registerProcessor(
  'microphone',
  class extends AudioWorkletProcessor {
    readonly #resampler = new Resampler(sampleRate, rateHz)
    #piece = new Int16Array(pieceSamples)
    #filled = 0

    process([input]: readonly (readonly Float32Array[])[]): boolean {
      const samples = input?.[0]
      if (samples === undefined) return true
      for (const sample of this.#resampler.push(samples)) {
        this.#piece[this.#filled++] = Math.round(Math.max(-1, Math.min(1, sample)) * 32767)
        if (this.#filled < pieceSamples) continue
        this.port.postMessage(this.#piece.buffer, [this.#piece.buffer])
        this.#piece = new Int16Array(pieceSamples)
        this.#filled = 0
      }
      return true
    }
  },
)
