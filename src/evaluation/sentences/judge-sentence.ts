// What a program's answer to a sentence is worth, beside what a person would have wanted. Pure.

import type { Affordance } from '../../control/types.js'
import type { TrueObject } from '../../sim/api.js'
import type { LabelMap } from '../../sim/cell-renderer.js'
import { labelAt } from '../episode-trace.js'
import type { Expected, SentenceAction } from './sentence-file.js'

export const sentenceVerdicts = ['right', 'forbidden_move', 'wrong_move', 'refused_wrongly', 'asked_wrongly'] as const

/**
 * - `right`: the action is one of those that are right, and a move is of and to a right thing
 * - `forbidden_move`: it would move where nothing should
 * - `wrong_move`: it would move something else, or to somewhere else
 * - `refused_wrongly`, `asked_wrongly`: it says why not, or asks, where that is not right
 */
export type SentenceVerdict = (typeof sentenceVerdicts)[number]

/** Where a move would take something from and to. */
export interface SentenceMove {
  /** Label of the object that the pick's cell shows; 0: none. */
  readonly pick: number
  /** Labels of the objects on which the place lies. */
  readonly places: readonly number[]
}

/** A place within this of a bowl's middle is in the bowl, as published for the task. */
const bowlM = 0.05

/** @param objects of the simulated cell, where bowls are known; none for a real frame */
export function moveOf(
  { pick, place }: { readonly pick: Affordance; readonly place: Affordance },
  map: LabelMap,
  objects: readonly TrueObject[],
): SentenceMove {
  const bowls = objects.filter(({ kind }) => kind === 'bowl')
  const inBowls = bowls.filter(({ p_base_m: [x, y] }) => {
    return Math.hypot(place.p_base_m[0] - x, place.p_base_m[1] - y) < bowlM
  })
  const shown = labelAt(map, place.pixel)
  const isBowl = bowls.some(({ label }) => label === shown)
  const places = [...inBowls.map(({ label }) => label), ...(shown === 0 || isBowl ? [] : [shown])]
  return { pick: labelAt(map, pick.pixel), places }
}

/** Every action that is right. */
export function rightActions({ action, also = [] }: Expected): readonly SentenceAction[] {
  return [...new Set([action, ...also])]
}

/** @param move where the action is a move */
export function verdictOf(expect: Expected, action: SentenceAction, move: SentenceMove | null): SentenceVerdict {
  const isAllowed = rightActions(expect).includes(action)
  if (action === 'move') {
    if (!isAllowed) return 'forbidden_move'
    const { pick: picks, place: places } = expect
    const isRight =
      move !== null &&
      (picks === undefined || picks.includes(move.pick)) &&
      (places === undefined || move.places.some((label) => places.includes(label)))
    return isRight ? 'right' : 'wrong_move'
  }
  if (isAllowed) return 'right'
  return action === 'ask' ? 'asked_wrongly' : 'refused_wrongly'
}

/** One sentence's part of the counts. */
export interface JudgedSentence {
  readonly kind: string
  readonly action: SentenceAction
  readonly verdict: SentenceVerdict
}

export interface SentenceCounts {
  /** Sentences whose action is right, and whose move is too. */
  readonly right: number
  /** Moves where nothing should move. */
  readonly forbidden_moves: number
  /** These, and moves of or to the wrong thing. */
  readonly wrong_moves: number
  /** Refusals of sentences that are not to be refused. */
  readonly refused_wrongly: number
  /** Questions where a question is right, and where it is not. */
  readonly ask_right: number
  readonly ask_wrong: number
  /** `wrong` are wrong moves, `refused` and `asked` all refusals and questions, right or not. */
  readonly by_kind: Readonly<
    Record<
      string,
      {
        readonly n: number
        readonly right: number
        readonly wrong: number
        readonly refused: number
        readonly asked: number
      }
    >
  >
}

/** Kinds in the order in which they come first. */
export function countSentences(lines: readonly JudgedSentence[]): SentenceCounts {
  const count = (of: readonly JudgedSentence[], is: (line: JudgedSentence) => boolean) => of.filter(is).length
  const isRight = ({ verdict }: JudgedSentence) => verdict === 'right'
  const isWrongMove = ({ verdict }: JudgedSentence) => verdict === 'wrong_move' || verdict === 'forbidden_move'
  const kinds = [...new Set(lines.map(({ kind }) => kind))]
  return {
    right: count(lines, isRight),
    forbidden_moves: count(lines, ({ verdict }) => verdict === 'forbidden_move'),
    wrong_moves: count(lines, isWrongMove),
    refused_wrongly: count(lines, ({ verdict }) => verdict === 'refused_wrongly'),
    ask_right: count(lines, (line) => line.action === 'ask' && isRight(line)),
    ask_wrong: count(lines, ({ verdict }) => verdict === 'asked_wrongly'),
    by_kind: Object.fromEntries(
      kinds.map((kind) => {
        const of = lines.filter((line) => line.kind === kind)
        const acted = (action: SentenceAction) => count(of, (line) => line.action === action)
        return [
          kind,
          {
            n: of.length,
            right: count(of, isRight),
            wrong: count(of, isWrongMove),
            refused: acted('refuse'),
            asked: acted('ask'),
          },
        ]
      }),
    ),
  }
}
