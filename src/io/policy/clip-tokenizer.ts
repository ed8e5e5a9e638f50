// CLIP's byte-pair encoding, as models/cliport_published/tokenizer.py does it; both are held to
// tests/fixtures/clip-tokens.json, which the published tokenizer made.

import { z } from 'zod'
import { type RepairTables, repairSchema, TextRepair } from './text-repair.js'
import type { Encoded } from './tokenizer.js'

const schema = z.object({
  format: z.literal('cliport-tokenizer'),
  version: z.literal(1),
  kind: z.literal('clip-bpe'),
  maxTokens: z.int().min(2),
  repair: repairSchema,
  /** Pairs in order of rank, their halves separated by a space. */
  merges: z.array(z.string().regex(/^\S+ \S+$/u)).min(1),
})

const startText = '<|startoftext|>'
const endText = '<|endoftext|>'
const part = /<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/giu
/** A mark that Python's regex, ignoring case, takes neither for a letter nor for anything else. */
const inNoPart = '\u0345'
const endOfWord = '</w>'
const utf8 = new TextEncoder()

export class ClipTokenizer {
  readonly #idOf: ReadonlyMap<string, number>
  readonly #rankOf: ReadonlyMap<string, number>
  readonly #merged = new Map<string, readonly number[]>()
  readonly #start: number
  readonly #end: number
  readonly #repair: TextRepair

  constructor(
    merges: readonly string[],
    repair: RepairTables,
    readonly maxTokens: number,
  ) {
    this.#repair = new TextRepair(repair)
    const single = [...letters].sort((a, b) => order(a) - order(b))
    const names = [
      ...single,
      ...single.map((letter) => letter + endOfWord),
      ...merges.map((pair) => pair.replace(' ', '')),
    ]
    this.#idOf = new Map([...names, startText, endText].map((name, id) => [name, id]))
    this.#rankOf = new Map(merges.map((pair, rank) => [pair, rank]))
    this.#start = this.#idOf.get(startText)!
    this.#end = this.#idOf.get(endText)!
  }

  /** The content of a tokenizer.json. @throws Error for anything else */
  static from(json: unknown): ClipTokenizer {
    const result = schema.safeParse(json)
    if (!result.success) throw new Error(z.prettifyError(result.error))
    return new ClipTokenizer(result.data.merges, result.data.repair, result.data.maxTokens)
  }

  /** CLIP reads any word: what it has not seen, by its parts. */
  knows(_name: string): boolean {
    return true
  }

  /**
   * `maxTokens` ids: the start, the text, the end, then zeros. A longer text is cut and still ends with the end (CLIP's
   * `truncate=True`).
   */
  encode(text: string): Encoded {
    const parts = this.#clean(text).replaceAll(inNoPart, ' ').match(part) ?? []
    const ids = [this.#start, ...parts.flatMap((word) => this.#merge(word))].slice(0, this.maxTokens - 1)
    const tokens = new BigInt64Array(this.maxTokens)
    ids.forEach((id, index) => {
      tokens[index] = BigInt(id)
    })
    tokens[ids.length] = BigInt(this.#end)
    return { tokens, knownWords: parts.filter((word) => /\p{L}/u.test(word)).length }
  }

  /** Repaired, HTML escapes read twice, runs of white space one space, small letters. */
  #clean(text: string): string {
    return this.#repair
      .unescape(this.#repair.unescape(this.#repair.repair(text)))
      .replace(/\p{White_Space}+/gu, ' ')
      .replace(/^ | $/g, '')
      .toLowerCase()
  }

  #merge(word: string): readonly number[] {
    const known = this.#merged.get(word)
    if (known !== undefined) return known
    const ids = this.#mergeAnew(word)
    // Sentences of one cell have a few hundred words; a stream of nonsense must not fill the memory.
    if (this.#merged.size >= 65_536) this.#merged.clear()
    this.#merged.set(word, ids)
    return ids
  }

  /** The pair of the best rank is joined, wherever it stands, until there is none. */
  #mergeAnew(word: string): number[] {
    if (word === startText || word === endText) return [this.#idOf.get(word)!]
    let pieces = [...utf8.encode(word)].map((byte) => letters[byte]!)
    pieces[pieces.length - 1] += endOfWord
    for (;;) {
      const best = this.#bestPair(pieces)
      if (best === null) break
      const [first, second] = best
      const joined: string[] = []
      for (let i = 0; i < pieces.length; i++) {
        const together = pieces[i] === first && pieces[i + 1] === second
        joined.push(together ? first + second : pieces[i]!)
        if (together) i++
      }
      pieces = joined
    }
    return pieces.map((piece) => this.#idOf.get(piece)!)
  }

  #bestPair(pieces: readonly string[]): readonly [string, string] | null {
    let best: readonly [string, string] | null = null
    let bestRank = Number.POSITIVE_INFINITY
    for (let i = 0; i + 1 < pieces.length; i++) {
      const rank = this.#rankOf.get(`${pieces[i]} ${pieces[i + 1]}`)
      if (rank !== undefined && rank < bestRank) {
        bestRank = rank
        best = [pieces[i]!, pieces[i + 1]!]
      }
    }
    return best
  }
}

/** A letter for each byte: itself where it is printable in Latin-1, else the next beyond 255. */
const letters: readonly string[] = (() => {
  let next = 256
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode(
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae ? byte : next++,
    ),
  )
})()

/** CLIP numbers printable bytes first, then the others. */
function order(letter: string): number {
  return letter.charCodeAt(0)
}
