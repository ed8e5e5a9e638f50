// A command in words that the policy was trained on (models/cliport_edge/words.py, and the sentences of src/sim/tasks).

import { pluralsOf } from './vocabulary.js'

/** A thing by its colours and its kind's own name; no colours: of every colour. */
export interface PlainThing {
  readonly colors: readonly string[]
  /** 'block', 'bowl', ... */
  readonly noun: string
}

export interface PlainCommand {
  readonly what: PlainThing
  readonly where: (PlainThing & { readonly relation: 'in' | 'on'; readonly step: string | null }) | null
}

/**
 * The published form where the benchmark has one for these things, so that its own sentences stay as they are; else the
 * plainest form of the training's sentences.
 */
export function canonicalSentence({ what, where }: PlainCommand): string {
  if (where === null) return `pick up the ${named(what, false)}`
  if (where.step !== null) return `put the ${named(what, false)} on the ${where.step} ${named(where, false)}`
  if (where.relation === 'on') return `put the ${named(what, false)} on the ${named(where, where.colors.length > 1)}`
  if (what.noun === 'block' && where.noun === 'bowl') return `put the ${named(what, true)} in a ${named(where, false)}`
  if (what.noun === 'block' && where.noun === 'box')
    return `pack all the ${named(what, true)} into the ${named(where, false)}`
  return `put the ${named(what, false)} in the ${named(where, false)}`
}

function named({ colors, noun }: PlainThing, plural: boolean): string {
  return [...(colors.length > 0 ? [colors.join(' and ')] : []), plural ? pluralsOf(noun)[0] : noun].join(' ')
}
