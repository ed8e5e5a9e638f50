// The tokenizer of a package: words of a list, or the byte pairs of CLIP.

import { ClipTokenizer } from './clip-tokenizer.js'
import { type Encoded, Tokenizer } from './tokenizer.js'

export interface SentenceTokenizer {
  /** Length of every encoding. */
  readonly maxTokens: number
  /** Whether the policy can read every word of a name. */
  knows(name: string): boolean
  encode(text: string): Encoded
}

/** @throws Error for what is not a tokenizer.json */
export function parseTokenizer(text: string): SentenceTokenizer {
  const json: unknown = JSON.parse(text)
  const { kind } = (json ?? {}) as { kind?: unknown }
  return kind === 'clip-bpe' ? ClipTokenizer.from(json) : Tokenizer.from(json)
}
