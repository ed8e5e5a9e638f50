// Every word that a sentence to this policy may have, and what it is.

import { grammarWords } from '../gen/goal-grammar.js'
import type { Lexicon } from '../ports.js'
import { basicColors, moreColors, shadeWords } from './color.js'
import * as words from './words.js'

export interface NounMeaning {
  /** Singular. */
  readonly noun: string
  readonly plural: boolean
  /** Kinds of the lexicon; null: any thing. */
  readonly kinds: readonly string[] | null
}

export interface Vocabulary {
  readonly lexicon: Lexicon
  nounOf(word: string): NounMeaning | null
  /** Of one word or two ("light blue"). */
  isColor(name: string): boolean
  /** Whether two words name a shade of the second: "navy blue", "sky blue"; "green black" does not. */
  isShadeOf(shade: string, color: string): boolean
  isVerb(kind: 'put' | 'pack' | 'stack' | 'take' | 'fill', word: string): boolean
  /** The verb of an -ing form ('putting'), or null. */
  baseOf(word: string): string | null
  /** How likely a word is meant by a misspelt one: 0 names of things and verbs, 1 small words, 2 rare names of colours. */
  rankOf(word: string): number
  /** Whether the word is understood, though perhaps only well enough to be refused. */
  knows(word: string): boolean
  /** Words that a misspelt one may be meant for: what people say often first. */
  readonly spellable: readonly string[]
}

const made = new WeakMap<Lexicon, Vocabulary>()

/** Made once for each lexicon. */
export function vocabularyOf(lexicon: Lexicon): Vocabulary {
  let vocabulary = made.get(lexicon)
  if (vocabulary === undefined) {
    vocabulary = makeVocabulary({ ...lexicon, colors: { ...moreColors, ...lexicon.colors } })
    made.set(lexicon, vocabulary)
  }
  return vocabulary
}

/** The same lexicon with nouns that a task needs beside it, each a kind of its own. */
export function withNouns(lexicon: Lexicon, nouns: readonly string[]): Lexicon {
  const known = new Set(Object.values(lexicon.nouns).flat())
  const others = nouns.filter((noun) => !known.has(noun)).map((noun) => [noun, [noun]] as const)
  return others.length === 0 ? lexicon : { ...lexicon, nouns: { ...lexicon.nouns, ...Object.fromEntries(others) } }
}

/** As models/cliport_edge/words.py has it, and what people write beside it. */
export function pluralsOf(noun: string): readonly string[] {
  if (/(?:sh|ch|x|s)$/.test(noun)) return [`${noun}es`]
  return /[^aeiou]y$/.test(noun) ? [`${noun.slice(0, -1)}ies`, `${noun}s`] : [`${noun}s`]
}

/** Verbs of all kinds, and their -ing forms with the verb that they are of. */
const verbKinds = {
  put: words.putVerbs,
  pack: words.packVerbs,
  stack: words.stackVerbs,
  take: words.takeVerbs,
  fill: words.fillVerbs,
}
const allVerbs = new Set(Object.values(verbKinds).flatMap((verbs) => [...verbs]))
const gerunds = new Map([...allVerbs].flatMap((verb) => gerundsOf(verb).map((gerund) => [gerund, verb] as const)))
const harmless = new Set(words.harmlessPhrases.flatMap((phrase) => phrase.split(' ')))
const refused = new Set(Object.values(words.refusedWords).flatMap((of) => [...of]))

function makeVocabulary(lexicon: Lexicon): Vocabulary {
  const nouns = nounTable(lexicon)
  const colors = new Set(Object.keys(lexicon.colors))
  const colorWords = new Set([...colors].flatMap((name) => name.split(' ')))
  const counting = new Set([...Object.keys(words.numbers), ...Object.keys(words.ordinals)])
  const closed = new Set([...grammarWords, ...harmless, ...counting, ...allVerbs])
  const common = basicColors.filter((name) => colors.has(name))
  return {
    lexicon,
    nounOf: (word) => nouns.get(word) ?? null,
    isColor: (name) => colors.has(name),
    isShadeOf: (shade, color) =>
      common.includes(color) &&
      !common.includes(shade) &&
      shade !== 'grey' &&
      (colors.has(shade) || shadeWords.has(shade)),
    isVerb: (kind, word) => verbKinds[kind].has(word),
    baseOf: (word) => gerunds.get(word) ?? null,
    rankOf: (word) => {
      if (nouns.has(word) || common.includes(word) || allVerbs.has(word) || counting.has(word)) return 0
      return closed.has(word) || refused.has(word) ? 1 : 2
    },
    knows: (word) =>
      gerunds.has(word) ||
      nouns.has(word) ||
      colorWords.has(word) ||
      closed.has(word) ||
      refused.has(word) ||
      shadeWords.has(word) ||
      word === ',' ||
      word === '->',
    spellable: [
      ...new Set([...common, ...nouns.keys(), ...grammarWords, ...allVerbs, ...counting, ...colorWords, ...harmless]),
    ],
  }
}

function nounTable({ nouns }: Lexicon): ReadonlyMap<string, NounMeaning> {
  const kindsOf = new Map<string, string[]>()
  for (const [kind, names] of Object.entries(nouns)) {
    for (const name of names) kindsOf.set(name, [...(kindsOf.get(name) ?? []), kind])
  }
  const table = new Map<string, NounMeaning>()
  for (const [noun, kinds] of kindsOf) {
    const meaning = { noun, kinds: kinds.includes('anything') ? null : kinds }
    table.set(noun, { ...meaning, plural: false })
    for (const plural of pluralsOf(noun)) table.set(plural, { ...meaning, plural: true })
  }
  return table
}

/** Spellings of a verb's -ing form; of two that English would not both have, the other one is no word. */
function gerundsOf(verb: string): readonly string[] {
  return [`${verb}ing`, `${verb}${verb.at(-1)}ing`, ...(verb.endsWith('e') ? [`${verb.slice(0, -1)}ing`] : [])]
}
