// Words to numbers, as models/cliport_edge/words.py does it; both are held to tests/fixtures/tokenizer-cases.json.

import { z } from 'zod'

const schema = z.object({
  format: z.literal('cliport-tokenizer'),
  version: z.literal(1),
  kind: z.literal('words'),
  maxTokens: z.int().positive(),
  padding: z.literal(0),
  unknown: z.literal(1),
  functionWords: z.array(z.string()),
  words: z.array(z.string()).min(1),
})

export interface Encoded {
  /** `maxTokens` ids, padded with 0; 1 is a word that is not in the vocabulary. */
  readonly tokens: BigInt64Array
  /** Words that mean something to the policy: in the vocabulary, and more than grammar. */
  readonly knownWords: number
}

export class Tokenizer {
  readonly #idOf: ReadonlyMap<string, number>
  readonly #functionWords: ReadonlySet<string>

  /** @param words in order of their ids, from 2 on */
  constructor(
    words: readonly string[],
    functionWords: readonly string[],
    readonly maxTokens: number,
  ) {
    this.#idOf = new Map(words.map((word, index) => [word, index + 2]))
    this.#functionWords = new Set(functionWords)
  }

  /** @throws Error for what is not a tokenizer.json */
  static parse(text: string): Tokenizer {
    return Tokenizer.from(JSON.parse(text))
  }

  /** The content of a tokenizer.json. @throws Error for anything else */
  static from(json: unknown): Tokenizer {
    const result = schema.safeParse(json)
    if (!result.success) throw new Error(z.prettifyError(result.error))
    return new Tokenizer(result.data.words, result.data.functionWords, result.data.maxTokens)
  }

  /** Whether every word of a name is in the vocabulary. */
  knows(name: string): boolean {
    return wordsOf(name).every((word) => this.#idOf.has(word))
  }

  /** Words are lower-cased runs of the letters a to z; those beyond `maxTokens` are not read. */
  encode(text: string): Encoded {
    const words = wordsOf(text).slice(0, this.maxTokens)
    const tokens = new BigInt64Array(this.maxTokens)
    words.forEach((word, index) => {
      tokens[index] = BigInt(this.#idOf.get(word) ?? 1)
    })
    const knownWords = words.filter((word) => this.#idOf.has(word) && !this.#functionWords.has(word)).length
    return { tokens, knownWords }
  }
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z]+/g) ?? []
}
