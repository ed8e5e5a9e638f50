// Voice activity by Silero's net, version 5 (github.com/snakers4/silero-vad, MIT): whether a frame of 32 ms is speech.

import { InferenceSession, Tensor } from '../policy/onnxruntime.js'
import { frameSamples } from './segmenter.js'
import { sampleRateHz } from './wav.js'

/** Samples of the frame before that the net sees too. */
const contextSamples = 64

export class VoiceActivity {
  readonly #session: InferenceSession
  readonly #rate = new Tensor('int64', [BigInt(sampleRateHz)], [])
  #state = new Float32Array(2 * 128)
  #context = new Float32Array(contextSamples)

  private constructor(session: InferenceSession) {
    this.#session = session
  }

  /** @throws Error of ONNX Runtime for a file that is no such net */
  static async open(file: string): Promise<VoiceActivity> {
    const session = await InferenceSession.create(file, {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      enableCpuMemArena: false,
    })
    return new VoiceActivity(session)
  }

  /** Probability that this frame is speech, 0..1. @param frame 512 samples, 16 kHz, -1..1 */
  async probability(frame: Float32Array): Promise<number> {
    const input = new Float32Array(contextSamples + frameSamples)
    input.set(this.#context)
    input.set(frame, contextSamples)
    this.#context = frame.slice(frameSamples - contextSamples)
    const { output, stateN } = await this.#session.run({
      input: new Tensor('float32', input, [1, input.length]),
      state: new Tensor('float32', this.#state, [2, 1, 128]),
      sr: this.#rate,
    })
    this.#state = stateN!.data as Float32Array<ArrayBuffer>
    return (output!.data as Float32Array)[0]!
  }

  /** Forgets what was heard. */
  reset(): void {
    this.#state = new Float32Array(2 * 128)
    this.#context = new Float32Array(contextSamples)
  }

  close(): Promise<void> {
    return this.#session.release()
  }
}
