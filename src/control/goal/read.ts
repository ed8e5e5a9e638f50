// From words to a command as it was said, or why there is none. The scene is not looked at here.

import { parse } from '../gen/goal-grammar.js'
import { builderFor, type SaidCommand } from './build.js'
import { separators, wordsOf } from './normalize.js'
import { isEnglish, near } from './spelling.js'
import type { Vocabulary } from './vocabulary.js'
import { harmlessPhrases } from './words.js'

export interface Reading {
  readonly command: SaidCommand | null
  /** Words that are neither known nor near a known one. */
  readonly unknown: readonly string[]
  /** Misspelt words that are near several known ones, with those. */
  readonly doubtful: readonly { readonly said: string; readonly readings: readonly string[] }[]
  /** The words that were to be parsed. */
  readonly words: readonly string[]
  readonly notes: readonly string[]
}

/** Readings of doubtful words that are tried at most. */
const mostReadings = 4

export function read(sentence: string, vocabulary: Vocabulary): Reading {
  const notes: string[] = []
  const unknown: string[] = []
  const doubtful: { said: string; readings: readonly string[] }[] = []
  const words = wordsOf(sentence).flatMap((word): readonly string[] => {
    if (vocabulary.knows(word)) return [word]
    const readings = readingsOf(word, vocabulary)
    if (readings.length === 0) unknown.push(word)
    if (readings.length > 1) doubtful.push({ said: word, readings })
    if (readings.length !== 1) return [word]
    notes.push(`read ${word} as ${readings[0]}`)
    return readings[0]!.split(' ')
  })
  const command = unknown.length > 0 || doubtful.length > 0 ? null : parseWords(words, vocabulary)
  return { command, unknown, doubtful, words, notes }
}

/** The command of known words, or null where no rule has them in this order. */
export function parseWords(words: readonly string[], vocabulary: Vocabulary): SaidCommand | null {
  const plain = withoutHarmless(baseForms(words, vocabulary))
  if (plain.length === 0) return null
  try {
    return parse(`${plain.join(' ')} `, { vocabulary, build: builderFor(vocabulary) }) as SaidCommand
  } catch (error) {
    if ((error as { location?: unknown }).location === undefined) throw error
    return null
  }
}

/** What a word that is not known may be meant for: words that it was joined from, or the nearest ones; [] for none. */
function readingsOf(word: string, vocabulary: Vocabulary): readonly string[] {
  if (!/^[a-z]+$/.test(word)) return []
  const parts = splitIn(word, vocabulary)
  if (parts !== null) return [parts]
  if (isEnglish(word)) return []
  const found = near(word, vocabulary.spellable)
  const least = found[0]?.changes
  if (least === undefined) return []
  // Names of colours that few people say give way to a word that everybody says.
  const nearest = found.filter(({ changes }) => changes < least + 0.25).map((each) => each.word)
  const rank = (each: string) => vocabulary.rankOf(each)
  const first = Math.min(...nearest.map(rank))
  const chosen = nearest.filter((each) => rank(each) === first)
  return withoutForms(chosen, vocabulary).slice(0, mostReadings)
}

/** One form of each noun: block, not block and blocks. */
function withoutForms(words: readonly string[], vocabulary: Vocabulary): readonly string[] {
  const meanings = new Set<string>()
  return words.filter((word) => {
    const meaning = vocabulary.nounOf(word)?.noun ?? vocabulary.lexicon.colors[word] ?? word
    return !meanings.has(meaning) && meanings.add(meaning)
  })
}

/** "redblock" as "red block"; only of words that name a colour or a thing, since short ones are in every word. */
function splitIn(word: string, vocabulary: Vocabulary): string | null {
  const names = (part: string) => vocabulary.nounOf(part) !== null || vocabulary.isColor(part)
  for (let at = 3; at <= word.length - 3; at++) {
    const [head, tail] = [word.slice(0, at), word.slice(at)]
    if (names(head) && vocabulary.nounOf(tail) !== null) return `${head} ${tail}`
  }
  return null
}

const asksToMind = /^(?:would|do) you mind$/

/** "would you mind putting" as "put": the only place where an -ing form is a command. */
function baseForms(words: readonly string[], { baseOf }: Vocabulary): readonly string[] {
  const at = words.findIndex((_, i) => asksToMind.test(words.slice(i, i + 3).join(' ')))
  const base = at >= 0 ? baseOf(words[at + 3] ?? '') : null
  return base === null ? words : [...words.slice(0, at), base, ...words.slice(at + 4)]
}

const phrases = harmlessPhrases.map((phrase) => phrase.split(' '))
const openings: ReadonlySet<string> = new Set(['first', 'firstly', 'next', 'then', 'and', 'so'])

/** Without words that change nothing; separators that are left at an end go too. */
export function withoutHarmless(words: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (let i = 0; i < words.length; ) {
    const phrase = phrases.find((each) => each.every((word, k) => words[i + k] === word))
    if (phrase !== undefined) i += phrase.length
    else kept.push(words[i++]!)
  }
  while (kept.length > 0 && (separators.has(kept[0]!) || openings.has(kept[0]!))) kept.shift()
  while (separators.has(kept.at(-1) ?? '')) kept.pop()
  return kept.filter((word, i) => !(separators.has(word) && separators.has(kept[i - 1] ?? '')))
}
