// What a benchmark's sentence names by its colour: 'red block', 'red and blue blocks', 'green bowl'.

import { colorOfWord } from '../sim/colors.js'
import type { Task } from '../sim/tasks/task.js'

export interface ColoredPhrase {
  readonly text: string
  /** Where it begins in the sentence. */
  readonly index: number
  /** As they are spoken, one or two. */
  readonly colors: readonly string[]
  /** Singular. */
  readonly kind: string
}

/** @param colored which kinds are named by their colour; null: the sentence names none of them */
export function phraseOf(
  sentence: string,
  part: 'pick' | 'place',
  { pick, place }: Task['colored'],
): ColoredPhrase | null {
  const kinds = [...pick, ...place]
  if (kinds.length === 0) return null
  const things = new RegExp(`\\b(\\w+)(?: and (\\w+))? (${kinds.join('|')})s?\\b`, 'g')
  const named = [...sentence.matchAll(things)].filter(([, color]) => colorOfWord(color!) !== undefined)
  // The sentence says first what to pick; what comes after "on the lightest" is a step of the stand, no thing of its own.
  const match = part === 'pick' ? named[0] : named.slice(1).find(([, , , kind]) => place.includes(kind!))
  if (match === undefined) return null
  const [text, first, second, kind] = match
  return { text, index: match.index, colors: second === undefined ? [first!] : [first!, second], kind: kind! }
}

/** The sentence with other colours in the phrase. */
export function withColors(
  sentence: string,
  { text, index, colors }: ColoredPhrase,
  others: readonly string[],
): string {
  const renamed = text.replace(colors.join(' and '), others.join(' and '))
  return sentence.slice(0, index) + renamed + sentence.slice(index + text.length)
}
