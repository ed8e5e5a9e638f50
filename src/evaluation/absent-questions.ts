// Sentences about things that are not on the table, made from a sentence about things that are.

import type { TrueObject } from '../sim/api.js'
import { type ColorName, colorNames, colorOfWord } from '../sim/colors.js'
import type { Random } from '../sim/random.js'

export interface AbsentQuestion {
  readonly sentence: string
  /** What is not there: what is to be picked, or where it is to be placed. */
  readonly missing: 'pick' | 'place'
}

/** 'red block', 'red and blue blocks', 'green bowl'. */
const thing = /\b(\w+)(?: and (\w+))? (block|bowl)s?\b/g

/**
 * The sentence with other colours for one of the things that it names, such that no thing of that kind and colour is on
 * the table. Null when the sentence names nothing of the wanted kind, or when every colour is there.
 *
 * @param palette colours of the scene; others are named only when all of these are there
 */
export function askForAbsent(
  sentence: string,
  missing: 'pick' | 'place',
  objects: readonly TrueObject[],
  palette: readonly ColorName[],
  random: Random,
): AbsentQuestion | null {
  const named = [...sentence.matchAll(thing)].filter(([, color]) => colorOfWord(color!) !== undefined)
  // The sentence says first what to pick; what comes after "on the lightest" is a step of the stand, no thing of its own.
  const match = missing === 'pick' ? named[0] : named.slice(1).find(([, , , kind]) => kind === 'bowl')
  if (match === undefined) return null
  const [phrase, first, second, kind] = match
  const present = new Set(objects.filter((object) => object.kind === kind).map(({ color }) => color))
  const absent = (colors: readonly ColorName[]) => colors.filter((color) => !present.has(color))
  const wanted = second === undefined ? 1 : 2
  const pool = absent(palette).length > 0 ? absent(palette) : absent(colorNames)
  if (pool.length === 0) return null
  const colors = random.sample(pool, Math.min(wanted, pool.length))
  const spoken = second === undefined ? first! : `${first} and ${second}`
  const renamed = phrase.replace(spoken, colors.join(' and '))
  const at = match.index
  return { sentence: sentence.slice(0, at) + renamed + sentence.slice(at + phrase.length), missing }
}
