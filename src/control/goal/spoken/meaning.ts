// When two sentences ask for the same, whatever their words.

import type { Lexicon } from '../../ports.js'
import { understand } from '../index.js'
import type { ThingPhrase, Understanding } from '../types.js'

/**
 * Equal for sentences that ask for the same: verbs, articles and synonyms do not count, colours, numbers, places and what
 * tells one thing from others do. A sentence that is no command means its refusal.
 */
export function meaningOf(sentence: string, lexicon: Lexicon): string {
  return meaningOfUnderstanding(understand(sentence, lexicon))
}

export function meaningOfUnderstanding(understanding: Understanding): string {
  if (understanding.kind !== 'command') return `${understanding.kind}: ${understanding.words.join(' ')}`
  const { command, canonical } = understanding
  const { what, where } = command
  return JSON.stringify([canonical, selection(what), where === null ? null : selection(where.thing)])
}

/** What chooses among things of the same colour and kind. */
function selection(phrase: ThingPhrase): unknown {
  const { count, size, superlative, ordinal, relation, except, step, kinds } = phrase
  const amount = count ?? (phrase.quantifier === 'all' || phrase.plural ? 'all' : 1)
  return [
    ...[kinds === null ? null : [...kinds].sort(), amount, size, superlative, ordinal, step],
    ...[except.map((each) => [each.colors.map(({ name }) => name).sort(), each.kinds, selection(each)])],
    relation === null
      ? null
      : [relation.side, relation.of.colors.map(({ name }) => name).sort(), selection(relation.of)],
  ]
}
