// From words to a command as it was said, or why there is none. The scene is not looked at here.

import { parse } from '../gen/goal-grammar.js'
import { builderFor, type SaidCommand } from './build.js'
import { separators, wordsOf } from './normalize.js'
import { isEnglish, near } from './spelling.js'
import type { Vocabulary } from './vocabulary.js'
import { harmlessPhrases, lastWords, otherVerbs } from './words.js'

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
  const verb = unknown.length === 1 && doubtful.length === 0 ? takenAsVerb(words, unknown[0]!, vocabulary) : null
  if (verb !== null) return { ...verb, unknown: [], doubtful, notes: [...notes, `took "${unknown[0]}" for putting`] }
  if (unknown.length > 0) return { command: null, unknown, doubtful, words, notes }
  if (doubtful.length === 0) return { command: parseWords(words, vocabulary), unknown, doubtful, words, notes }
  const settled = settle(words, doubtful[0]!, vocabulary)
  if (settled === null || doubtful.length > 1) return { command: null, unknown, doubtful, words, notes }
  notes.push(`read ${doubtful[0]!.said} as ${settled.word}`)
  return { command: settled.command, unknown, doubtful: [], words: settled.words, notes }
}

/**
 * A word that nobody knows where a verb stands, before a thing and "in" or "on" a place: "bung the red block in the bowl",
 * "take it and bung it in". null where it stands elsewhere, or no place is said so.
 */
function takenAsVerb(
  words: readonly string[],
  unknown: string,
  vocabulary: Vocabulary,
): Pick<Reading, 'command' | 'words'> | null {
  const plain = withoutHarmless(words)
  const at = plain.indexOf(unknown)
  const isSecond = ['and', 'then', ','].includes(plain[at - 1] ?? '') && ['it', 'them'].includes(plain[at + 1] ?? '')
  if (!/^[a-z]{3,}$/.test(unknown) || otherVerbs.has(unknown) || !(at === 0 || isSecond)) return null
  const read = words.map((word) => (word === unknown ? 'put' : word))
  const command = parseWords(read, vocabulary)
  const relation = command?.where?.relation
  return command !== null && (relation === 'in' || relation === 'on') ? { command, words: read } : null
}

/** The only reading of a doubtful word that makes a command; null where none does, or several do. */
function settle(
  words: readonly string[],
  { said, readings }: { readonly said: string; readonly readings: readonly string[] },
  vocabulary: Vocabulary,
): { readonly word: string; readonly words: readonly string[]; readonly command: SaidCommand } | null {
  const fitting = readings.flatMap((word) => {
    const read = words.map((each) => (each === said ? word : each))
    const command = parseWords(read, vocabulary)
    return command === null ? [] : [{ word, words: read, command }]
  })
  const least = Math.min(...fitting.map(({ word }) => vocabulary.rankOf(word)))
  const likely = fitting.filter(({ word }) => vocabulary.rankOf(word) === least)
  return likely.length === 1 ? likely[0]! : null
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
  const nearest = found.filter(({ changes }) => changes < least + 0.3).map((each) => each.word)
  // Names of colours that few people say give way to a word that everybody says.
  const everyday = nearest.filter((each) => vocabulary.rankOf(each) < 2)
  return withoutForms(everyday.length > 0 ? everyday : nearest, vocabulary).slice(0, mostReadings)
}

/** One form of each noun: block, not block and blocks. */
function withoutForms(words: readonly string[], vocabulary: Vocabulary): readonly string[] {
  const meanings = new Set<string>()
  return words.filter((word) => {
    const meaning = vocabulary.nounOf(word)?.noun ?? vocabulary.lexicon.colors[word] ?? word
    return !meanings.has(meaning) && meanings.add(meaning)
  })
}

/** Short words that a thing's name may be joined with. */
const joiners: ReadonlySet<string> = new Set(['the', 'a', 'in', 'into', 'to', 'on', 'onto', 'and', 'put', 'one', 'all'])

/** "redblock" as "red block", "inthe" as "in the"; only of words that are sure, since short ones are in every word. */
function splitIn(word: string, vocabulary: Vocabulary): string | null {
  if (isEnglish(word)) return null
  const isName = (part: string) => part.length > 2 && (vocabulary.nounOf(part) !== null || vocabulary.isColor(part))
  for (let at = 1; at < word.length; at++) {
    const [head, tail] = [word.slice(0, at), word.slice(at)]
    const names = [head, tail].filter(isName).length
    const joined = [head, tail].filter((part) => joiners.has(part)).length
    if (names === 2 || (names === 1 && joined === 1) || (joined === 2 && word.length > 4)) return `${head} ${tail}`
  }
  return null
}

/** After these an -ing form is a command: "would you mind putting". */
const beforeGerunds = [
  ['would', 'you', 'mind'],
  ['do', 'you', 'mind'],
  ['mind'],
  ['how', 'about'],
  ['what', 'about'],
  ['start'],
  ['start', 'by'],
  ['try'],
  ['consider'],
]

function baseForms(words: readonly string[], { baseOf }: Vocabulary): readonly string[] {
  const at = words.findIndex((word) => baseOf(word) !== null)
  if (at < 1) return words
  const opening = beforeGerunds.find((each) => each.every((word, i) => words[at - each.length + i] === word))
  if (opening === undefined) return words
  return [...words.slice(0, at - opening.length), baseOf(words[at]!)!, ...words.slice(at + 1)]
}

const phrases = harmlessPhrases.map((phrase) => phrase.split(' '))
const endings = lastWords.map((phrase) => phrase.split(' '))
const openings: ReadonlySet<string> = new Set(['first', 'firstly', 'next', 'then', 'and', 'so', 'to', 'do'])

/** Without words that change nothing; separators that are left at an end go too. */
export function withoutHarmless(words: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (let i = 0; i < words.length; ) {
    const phrase = phrases.find((each) => each.every((word, k) => words[i + k] === word))
    // "to the robot", "the robot arm" say where something is.
    if (phrase !== undefined && !(isRobot(phrase) && ['the', 'robot'].includes(words[i - 1] ?? ''))) i += phrase.length
    else kept.push(words[i++]!)
  }
  while (kept.length > 0 && (separators.has(kept[0]!) || openings.has(kept[0]!))) kept.shift()
  return withoutEnding(kept).filter((word, i, all) => !(separators.has(word) && separators.has(all[i - 1] ?? '')))
}

const isRobot = (phrase: readonly string[]) => phrase.length === 1 && (phrase[0] === 'robot' || phrase[0] === 'arm')

function withoutEnding(words: readonly string[]): readonly string[] {
  let kept = [...words]
  for (;;) {
    while (separators.has(kept.at(-1) ?? '')) kept.pop()
    const ending = endings.find(
      (each) => each.length < kept.length && each.every((word, i) => kept[kept.length - each.length + i] === word),
    )
    if (ending === undefined) return kept
    kept = kept.slice(0, -ending.length)
  }
}
