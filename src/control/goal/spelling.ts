// Which word was meant by one that is not known: the nearest known one, unless it is a word of its own.

import { englishWords } from '../gen/english-words.js'

let valid: ReadonlySet<string> | null = null

/** Whether a word is English, whatever it means: such a word is never taken for another one. */
export function isEnglish(word: string): boolean {
  valid ??= new Set(englishWords.split(' '))
  return valid.has(word)
}

/**
 * Fewest single changes from one word to the other: a letter too many, too few, another one, or two neighbours exchanged
 * (optimal string alignment; F. J. Damerau, "A technique for computer detection and correction of spelling errors",
 * Communications of the ACM 7(3), 1964). Exchanged neighbours and a doubled letter count 0.75: fingers do that most.
 */
export function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const drop = a[i - 1] === a[i - 2] ? 0.75 : 1
      const add = b[j - 1] === b[j - 2] ? 0.75 : 1
      let least = Math.min(rows[i - 1]![j]! + drop, row[j - 1]! + add, rows[i - 1]![j - 1]! + (same ? 0 : 1))
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, rows[i - 2]![j - 2]! + 0.75)
      row.push(least)
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}

/** Known words that are near a word, the nearest first; none farther than one change, or two in a long word. */
export function near(
  word: string,
  known: Iterable<string>,
): readonly { readonly word: string; readonly changes: number }[] {
  const most = word.length >= 7 ? 2 : 1
  const found: { word: string; changes: number }[] = []
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) > most) continue
    // Who mistypes the first letter of a short word has written another word.
    const changes = distance(word, candidate)
    if (changes <= most && (word.length > 3 || changes < 1)) found.push({ word: candidate, changes })
  }
  return found.sort((a, b) => a.changes - b.changes)
}
