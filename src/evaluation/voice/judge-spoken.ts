// What counts for a spoken sentence: the goal that was said, one that was not, none, and with or without a doubt.

import { understand } from '../../control/goal/index.js'
import type { SpokenGoal } from '../../control/goal/spoken/interpret.js'
import { meaningOf } from '../../control/goal/spoken/meaning.js'
import { distance } from '../../control/nearest.js'
import type { Lexicon } from '../../control/ports.js'

/** What became of one sentence. */
export interface SpokenVerdict {
  /**
   * - `right`: a goal was said and is offered, or what forbids one was said and is refused, or no goal was said and none is
   *   offered
   * - `wrong`: another goal is offered
   * - `missed`: a goal was said, and none is offered
   */
  readonly verdict: 'right' | 'wrong' | 'missed'
  /** A goal is offered, and a doubt with it. */
  readonly isDoubted: boolean
  /** What forbids a goal was said. */
  readonly isNegation: boolean
  /** It was, and a goal is offered. */
  readonly isNegationLost: boolean
  /** Fewest words to change, to leave out and to add (Levenshtein), of `words` that were said. */
  readonly wordErrors: number
  readonly words: number
}

/** @param goal what was said; null: no goal. `wordErrors` counts what is offered, or heard where nothing is. */
export function judgeSpoken(spoken: SpokenGoal, goal: string | null, lexicon: Lexicon): SpokenVerdict {
  const isOffered = spoken.sentence !== null && spoken.understanding?.kind !== 'unsupported'
  const isDoubted = isOffered && spoken.doubts.length > 0
  if (goal === null) {
    return {
      verdict: isOffered ? 'wrong' : 'right',
      isDoubted,
      isNegation: false,
      isNegationLost: false,
      wordErrors: 0,
      words: 0,
    }
  }
  const said = wordsIn(goal)
  const wordErrors = distance(said, wordsIn(spoken.sentence ?? spoken.heard))
  const isForbidden = understand(goal, lexicon).kind !== 'command'
  const judged = {
    isDoubted,
    isNegation: isForbidden,
    isNegationLost: isForbidden && isOffered,
    wordErrors,
    words: said.length,
  }
  if (isForbidden) return { ...judged, verdict: isOffered ? 'wrong' : 'right' }
  if (!isOffered) return { ...judged, verdict: 'missed' }
  const isSame = meaningOf(spoken.sentence!, lexicon) === meaningOf(goal, lexicon)
  return { ...judged, verdict: isSame ? 'right' : 'wrong' }
}

function wordsIn(sentence: string): readonly string[] {
  return sentence
    .toLowerCase()
    .replace(/[^a-z' ]/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '')
}
