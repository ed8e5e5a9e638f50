// A person's answer to "which one?".

import { wordsOf } from './normalize.js'
import type { Candidate } from './types.js'
import { numbers } from './words.js'

/** The candidate with this number (from 1), or the only one whose name has all these words; null for none or several. */
export function choose(answer: string, candidates: readonly Candidate[]): Candidate | null {
  const said = wordsOf(answer).filter((word) => !['the', 'a', 'one', 'number', 'please'].includes(word))
  const number = numbers[said[0] ?? wordsOf(answer)[0] ?? '']
  if (number !== undefined && said.length <= 1) return candidates[number - 1] ?? null
  if (said.length === 0) return null
  const fitting = candidates.filter(({ name }) => said.every((word) => wordsOf(name).includes(word)))
  return fitting.length === 1 ? fitting[0]! : null
}
