// Moonshine's byte-pair vocabulary (tokenizer.bin of the moonshine-voice wheel): entries of a length and that many bytes; a
// first byte of 128 and more is the low seven bits of a length of two bytes. Merges rank by their place in the list.

/** Stands for a blank before a word (SentencePiece). */
const blank = '\u2581'
export const beginToken = 1
export const endToken = 2

export class MoonshineTokenizer {
  /** Token -> its text; bytes that are no text by themselves are those of the list. */
  readonly #texts: readonly string[]
  readonly #ranks: ReadonlyMap<string, number>
  readonly #encoded = new Map<string, readonly number[]>()

  /** @throws RangeError when the file is cut off */
  constructor(file: Uint8Array) {
    const texts: string[] = []
    const decoder = new TextDecoder()
    for (let i = 0; i < file.length; ) {
      let length = file[i++]!
      if (length >= 128) length = length - 128 + file[i++]! * 128
      if (i + length > file.length) throw new RangeError(`entry ${texts.length} ends behind the end of the file`)
      texts.push(decoder.decode(file.subarray(i, i + length)))
      i += length
    }
    this.#texts = texts
    this.#ranks = new Map(texts.map((text, token) => [text, token]))
  }

  get size(): number {
    return this.#texts.length
  }

  /** The tokens of a word with the blank before it; of a mark (",", ".") without one. [] for what it has no tokens for. */
  encode(word: string): readonly number[] {
    let tokens = this.#encoded.get(word)
    if (tokens === undefined) {
      tokens = this.#merge([...(/^[a-z']/i.test(word) ? `${blank}${word}` : word)])
      this.#encoded.set(word, tokens)
    }
    return tokens
  }

  decode(tokens: readonly number[]): string {
    const texts = tokens.filter((token) => token > endToken).map((token) => this.#texts[token] ?? '')
    return texts.join('').replaceAll(blank, ' ').trim()
  }

  #merge(characters: readonly string[]): readonly number[] {
    const parts = [...characters]
    for (;;) {
      let [best, at] = [Number.POSITIVE_INFINITY, -1]
      for (let i = 0; i + 1 < parts.length; i++) {
        const rank = this.#ranks.get(parts[i]! + parts[i + 1]!) ?? Number.POSITIVE_INFINITY
        if (rank < best) [best, at] = [rank, i]
      }
      if (at < 0) break
      parts.splice(at, 2, parts[at]! + parts[at + 1]!)
    }
    const tokens = parts.map((part) => this.#ranks.get(part))
    return tokens.every((token) => token !== undefined) ? tokens : []
  }
}
