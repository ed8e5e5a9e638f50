// Moonshine tiny as it is used here: a piece of speech under the goals' grammar, and the end of one as it is.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Position } from '../../../control/goal/spoken/chart.js'
import type { SpokenGrammar } from '../../../control/goal/spoken/grammar.js'
import type { Hearing } from '../../../control/goal/spoken/hearing.js'
import { buildNetwork } from '../../../control/goal/spoken/network.js'
import { denoised } from '../denoise.js'
import { type StopFrame, stopSentences } from '../stop-spotter.js'
import { sampleRateHz } from '../wav.js'
import { moonshineFiles } from './files.js'
import { type Encoded, MoonshineModel, meanOf } from './model.js'
import { type Step, search } from './search.js'
import { MoonshineTokenizer } from './tokenizer.js'

/** Silence before and behind: the model was made on whole recordings. */
const marginS = 0.25
/** The makers' bound on what it may write: more would be a loop. */
const tokensPerSecond = 6.5
const fewestTokens = 12

/** Sentences of the grammar that are followed at a time, and how far apart: in clear speech few come as near. */
const beam = { width: 24, alike: 16, same: 2, widestGap: 13 } as const

/** A look at the end of the sound writes at most so many tokens: "stop" has one. */
const stopTokens = 8

const stopNetwork = buildNetwork({ Stop: { any: stopSentences.map((sentence) => sentence.replace(',', ' ,')) } })
const stopGrammar = { start: () => Position.start(stopNetwork, 'Stop'), prior: () => 0, sense: (word: string) => word }

export class Moonshine {
  readonly #model: MoonshineModel
  readonly #tokenizer: MoonshineTokenizer

  private constructor(model: MoonshineModel, tokenizer: MoonshineTokenizer) {
    this.#model = model
    this.#tokenizer = tokenizer
  }

  /** @throws Error for files that are not the model's */
  static async open(folder: string, threads: number): Promise<Moonshine> {
    const [encoder, decoder, tokenizer] = moonshineFiles.map((file) => join(folder, file)) as [string, string, string]
    const model = await MoonshineModel.open(encoder, decoder, threads)
    return new Moonshine(model, new MoonshineTokenizer(await readFile(tokenizer)))
  }

  /** What was said, without a grammar and under it. @param audio 16 kHz mono, -1..1 */
  async hear(audio: Float32Array, grammar: SpokenGrammar): Promise<Hearing> {
    const longest = Math.max(fewestTokens, Math.ceil((audio.length / sampleRateHz) * tokensPerSecond))
    const encoded = await this.#encodeNoisy(audio)
    const result = await search(this.#stepsFor(encoded), this.#tokenizer, grammar, { ...beam, longest })
    return { ...result, isRated: true }
  }

  /** What the end of the sound says. As it is: how often "stop" is found was measured without the noise filter. */
  async look(audio: Float32Array): Promise<StopFrame> {
    const step = this.#stepsFor(await this.#encode(audio))
    const options = { width: 4, alike: 4, same: 4, widestGap: 6, longest: stopTokens }
    const { free, bound } = await search(step, this.#tokenizer, stopGrammar, options)
    const best = Math.max(...bound.map(({ logProbability }) => logProbability))
    return { text: free.text, score: free.score, isWhole: free.tokens <= stopTokens, gap: free.logProbability - best }
  }

  close(): Promise<void> {
    return this.#model.close()
  }

  #encode(audio: Float32Array): Promise<Encoded> {
    const margin = Math.round(marginS * sampleRateHz)
    const padded = new Float32Array(audio.length + 2 * margin)
    padded.set(audio, margin)
    return this.#model.encode(padded)
  }

  /** With and without the noise filter, and the mean of both: each makes mistakes of its own. */
  async #encodeNoisy(audio: Float32Array): Promise<Encoded> {
    const filtered = denoised(audio)
    const encoded = await this.#encode(filtered)
    return filtered === audio ? encoded : meanOf(encoded, await this.#encode(audio))
  }

  /** Between two steps the thread looks for what came in: a "stop" does not wait for a sentence. */
  #stepsFor(encoded: Encoded): Step {
    const decoding = this.#model.decode(encoded)
    return async (tokens, parents) => {
      await new Promise((resolve) => setImmediate(resolve))
      return decoding.step(tokens, parents)
    }
  }
}
