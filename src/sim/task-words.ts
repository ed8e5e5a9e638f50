// What the tasks declare of their sentences, for training: models/cliport_edge/tasks.json (`node scripts/task-words.mjs` writes it).

import type { Primitive } from '../control/types.js'
import { declarations } from './tasks/index.js'

export interface TaskWords {
  /** Kind of thing -> its names, singular. */
  readonly nouns: Readonly<Record<string, readonly string[]>>
  /** Forms of its sentences with `<pick>` and `<place>`, or the sentences themselves; none: they are made in training. */
  readonly forms: readonly string[]
  /** What sentences call parts of things. */
  readonly parts: readonly string[]
  readonly primitive: Primitive
}

/** Of every task, by its name. */
export function taskWords(): Readonly<Record<string, TaskWords>> {
  return Object.fromEntries(
    [...declarations].map(([name, { nouns, forms, sentences = [], parts = [], primitive = 'pick_place' }]) => [
      name,
      { nouns, forms: [...forms, ...sentences], parts, primitive },
    ]),
  )
}
