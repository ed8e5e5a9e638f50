// Sentences about things that are not on the table, made from a sentence about things that are.

import type { TrueObject } from '../sim/api.js'
import { type ColorName, colorNames } from '../sim/colors.js'
import type { Random } from '../sim/random.js'
import type { Task } from '../sim/tasks/task.js'
import { phraseOf, withColors } from './colored-phrases.js'

export interface AbsentQuestion {
  readonly sentence: string
  /** What is not there: what is to be picked, or where it is to be placed. */
  readonly missing: 'pick' | 'place'
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
  const phrase = phraseOf(sentence, missing, colored)
  if (phrase === null) return null
  const present = new Set(objects.filter(({ kind }) => kind === phrase.kind).map(({ color }) => color))
  const absent = (colors: readonly ColorName[]) => colors.filter((color) => !present.has(color))
  const pool = absent(palette).length > 0 ? absent(palette) : absent(colorNames)
  if (pool.length === 0) return null
  const colors = random.sample(pool, Math.min(phrase.colors.length, pool.length))
  return { sentence: withColors(sentence, phrase, colors), missing }
}
