// Sentences about things that are not on the table, made from a sentence about things that are.

import type { TrueObject } from '../sim/api.js'
import { type ColorName, colorNames, colorOfWord } from '../sim/colors.js'
import type { Random } from '../sim/random.js'
import type { Task } from '../sim/tasks/task.js'

export interface AbsentQuestion {
  readonly sentence: string
  /** What is not there: what is to be picked, or where it is to be placed. */
  readonly missing: 'pick' | 'place'
}

/** 'red block', 'red and blue blocks', 'green bowl'. */
function thingsOf(kinds: readonly string[]): RegExp {
  return new RegExp(`\\b(\\w+)(?: and (\\w+))? (${kinds.join('|')})s?\\b`, 'g')
}

/**
 * The sentence with other colours for one of the things that it names, such that no thing of that kind and colour is on
 * the table. Null when the sentence names nothing of the wanted kind, or when every colour is there.
 *
 * @param task    says which kinds are named by their colour
 * @param palette colours of the scene; others are named only when all of these are there
 */
export function askForAbsent(
  sentence: string,
  missing: 'pick' | 'place',
  { colored }: Pick<Task, 'colored'>,
  objects: readonly TrueObject[],
  palette: readonly ColorName[],
  random: Random,
): AbsentQuestion | null {
  const kinds = [...colored.pick, ...colored.place]
  if (kinds.length === 0) return null
  const named = [...sentence.matchAll(thingsOf(kinds))].filter(([, color]) => colorOfWord(color!) !== undefined)
  // The sentence says first what to pick; what comes after "on the lightest" is a step of the stand, no thing of its own.
  const match = missing === 'pick' ? named[0] : named.slice(1).find(([, , , kind]) => colored.place.includes(kind!))
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
