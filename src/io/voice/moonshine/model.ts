// Moonshine tiny's graphs: an encoder of sound, and a decoder that continues several sentences by one token at a time.
// N. Jeffries et al., "Moonshine: Speech Recognition for Live Transcription and Voice Commands", arXiv:2410.15608, 2024.

import { InferenceSession, Tensor } from '../../policy/onnxruntime.js'

/** Of the tiny model. */
const [layers, heads, headSize] = [6, 8, 36]

const options = (threads: number): InferenceSession.SessionOptions => ({
  executionProviders: ['cpu'],
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  enableCpuMemArena: false,
  extra: { session: { force_spinning_stop: '1', intra_op: { allow_spinning: '0' } } },
})

/** What the encoder makes of a piece of sound; its decoder's keys and values are made at the first step. */
export interface Encoded {
  readonly hidden: Tensor
  /** 24 ms each. */
  readonly steps: number
}

/** Of two views of one sound, step for step. */
export function meanOf(a: Encoded, b: Encoded): Encoded {
  const [one, other] = [a.hidden.data as Float32Array, b.hidden.data as Float32Array]
  const mean = one.map((value, i) => (value + other[i]!) / 2)
  return { hidden: new Tensor('float32', mean, a.hidden.dims), steps: a.steps }
}

export class MoonshineModel {
  readonly #encoder: InferenceSession
  readonly #decoder: InferenceSession

  private constructor(encoder: InferenceSession, decoder: InferenceSession) {
    this.#encoder = encoder
    this.#decoder = decoder
  }

  /** @throws Error of ONNX Runtime for files that are no such graphs */
  static async open(encoderFile: string, decoderFile: string, threads: number): Promise<MoonshineModel> {
    const encoder = await InferenceSession.create(encoderFile, options(threads))
    return new MoonshineModel(encoder, await InferenceSession.create(decoderFile, options(threads)))
  }

  /** @param audio 16 kHz mono, -1..1, at least 0.1 s */
  async encode(audio: Float32Array): Promise<Encoded> {
    const { last_hidden_state: hidden } = await this.#encoder.run({
      input_values: new Tensor('float32', audio, [1, audio.length]),
      attention_mask: new Tensor('int64', new BigInt64Array(audio.length).fill(1n), [1, audio.length]),
    })
    return { hidden: hidden!, steps: hidden!.dims[1]! }
  }

  /** Sentences over this sound, each as long as the others. Before the first step there is one, without a token. */
  decode(encoded: Encoded): MoonshineDecoding {
    return new MoonshineDecoding(this.#decoder, encoded)
  }

  async close(): Promise<void> {
    await this.#encoder.release()
    await this.#decoder.release()
  }
}

/** The state of a decoding: keys and values of `rows` sentences, row after row. */
export class MoonshineDecoding {
  readonly #decoder: InferenceSession
  readonly #encoded: Encoded
  /** Keys and values of the sound, one row. */
  #sound: readonly Float32Array[] = []
  #soundInputs: Record<string, Tensor> | null = null
  #past: readonly Float32Array[] = []
  #length = 0

  constructor(decoder: InferenceSession, encoded: Encoded) {
    this.#decoder = decoder
    this.#encoded = encoded
  }

  /**
   * Continues sentences by a token each.
   * @param tokens  the token that each sentence is continued by
   * @param parents which sentence of the step before each of them continues; [0] at the first
   * @returns rows x size of the vocabulary: logits of the token that comes next
   */
  async step(tokens: readonly number[], parents: readonly number[]): Promise<Float32Array> {
    const rows = tokens.length
    const isFirst = this.#length === 0
    const inputs = {
      input_ids: new Tensor('int64', BigInt64Array.from(tokens, BigInt), [rows, 1]),
      use_cache_branch: new Tensor('bool', [!isFirst], [1]),
      ...this.#inputsOfSound(isFirst),
      ...this.#pastOf(parents),
    }
    const outputs = await this.#decoder.run(inputs, isFirst ? firstOutputs : laterOutputs)
    if (isFirst) this.#sound = this.#outputs(outputs, 'encoder')
    this.#past = this.#outputs(outputs, 'decoder')
    this.#length++
    return outputs.logits!.data as Float32Array
  }

  #outputs(outputs: InferenceSession.OnnxValueMapType, side: 'encoder' | 'decoder'): readonly Float32Array[] {
    return names(side).map((name) => outputs[`present.${name}`]!.data as Float32Array)
  }

  #pastOf(parents: readonly number[]): Record<string, Tensor> {
    const size = heads * this.#length * headSize
    const dims = [parents.length, heads, this.#length, headSize]
    return Object.fromEntries(
      names('decoder').map((name, i) => {
        const data = new Float32Array(parents.length * size)
        if (size > 0) {
          for (const [row, parent] of parents.entries()) {
            data.set(this.#past[i]!.subarray(parent * size, (parent + 1) * size), row * size)
          }
        }
        return [`past_key_values.${name}`, new Tensor('float32', data, dims)]
      }),
    )
  }

  /** One row, whatever the number of sentences: the graph's products broadcast it, and nothing is copied. */
  #inputsOfSound(isFirst: boolean): Record<string, Tensor> {
    if (this.#soundInputs !== null) return this.#soundInputs
    const { hidden, steps } = this.#encoded
    const dims = [1, heads, isFirst ? 0 : steps, headSize]
    const keys = names('encoder').map((name, i) => {
      const data = isFirst ? new Float32Array(0) : this.#sound[i]!
      return [`past_key_values.${name}`, new Tensor('float32', data, dims)]
    })
    const made: Record<string, Tensor> = {
      encoder_attention_mask: new Tensor('int64', new BigInt64Array(steps).fill(1n), [1, steps]),
      encoder_hidden_states: hidden,
      ...Object.fromEntries(keys),
    }
    if (!isFirst) this.#soundInputs = made
    return made
  }
}

// What the sound's keys and values are does not change: later steps would only copy them.
const laterOutputs = ['logits', ...names('decoder').map((name) => `present.${name}`)]
const firstOutputs = [...laterOutputs, ...names('encoder').map((name) => `present.${name}`)]

function names(side: 'encoder' | 'decoder'): readonly string[] {
  return Array.from({ length: layers }, (_, layer) => [`${layer}.${side}.key`, `${layer}.${side}.value`]).flat()
}
