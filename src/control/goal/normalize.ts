// A sentence as words of the letters a to z: signs, accents, contractions and digits as people type them.

import { contractions, numbers, shortForms } from './words.js'

/** Marks between parts of a sentence, kept as words of their own. */
export const separators: ReadonlySet<string> = new Set([',', '->'])

const arrow = /\s*(?:-+>+|=+>|→|⇒|➔|➡|⟶|>+)\s*/gu
const namesOfNumbers = new Map(Object.entries(numbers).map(([name, value]) => [`${value}`, name]))
const ordinalDigits: Readonly<Record<string, string>> = {
  '1st': 'first',
  '2nd': 'second',
  '3rd': 'third',
  '4th': 'fourth',
  '5th': 'fifth',
}

/** Words in lower case; what is no word and no separator (a path, a number that nobody counts with) stays as it is. */
export function wordsOf(sentence: string): readonly string[] {
  const plain = sentence
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[‘’ʼ´`]/gu, "'")
  const text = contractions
    .reduce((said, [pattern, full]) => said.replace(pattern, full), plain)
    .replace(arrow, ' -> ')
    .replace(/[:;,]|\.(?=\s|$)|\.{2,}|\s[-–—]+\s|(?<=\w)\s*[/|\\=~]\s*(?=\w)/gu, ' , ')
    .replace(/[–—]/gu, ' ')
    .replace(/&|(?<=\s)\+(?=\s)/gu, ' and ')
    .replace(/["“”„«»()[\]{}*_!?¿¡~]/gu, ' ')
    .replace(/(?<=[a-z])[-'](?=[a-z])/g, ' ')
    .replace(/(?<=\s|^)'|'(?=\s|$)/g, ' ')
  const said = text.split(/\s+/u).filter((word) => word !== '')
  const full = said.flatMap((word) => fullForm(word).split(' '))
  return withoutStutter(trimSeparators(full))
}

/** What was said twice in a row is said once: "the the", "put the put the". */
function withoutStutter(words: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (const word of words) {
    kept.push(word)
    for (const length of [1, 2]) {
      const [last, before] = [kept.slice(-length), kept.slice(-2 * length, -length)]
      if (before.length === length && last.every((each, i) => each === before[i])) kept.splice(-length)
    }
  }
  return kept
}

function fullForm(word: string): string {
  return shortForms[word] ?? namesOfNumbers.get(word) ?? ordinalDigits[word] ?? word
}

/** One separator at a time, none at the ends. */
function trimSeparators(words: readonly string[]): readonly string[] {
  const kept = words.filter((word, i) => !(separators.has(word) && (i === 0 || separators.has(words[i - 1]!))))
  while (separators.has(kept.at(-1) ?? '')) kept.pop()
  return kept
}
