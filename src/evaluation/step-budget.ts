// How many picks an episode may take: as published for the task, a number, or so many for each object to be moved.

import { CliportError } from '../control/errors.js'

/** `perMove` times the objects that are to be moved, and `more`. */
export interface StepBudget {
  readonly perMove: number
  readonly more: number
}

/** '12', 'n', '3n', '3n+1'. @throws CliportError USAGE */
export function parseStepBudget(text: string): StepBudget {
  const [, factor, n, more] = /^(\d*)(n?)(?:\+(\d+))?$/.exec(text.replaceAll(' ', '')) ?? []
  const budget =
    n === 'n'
      ? { perMove: Number(factor || 1), more: Number(more ?? 0) }
      : { perMove: 0, more: more === undefined && factor ? Number(factor) : 0 }
  if (budget.perMove + budget.more >= 1 && budget.perMove <= 50 && budget.more <= 200) return budget
  throw new CliportError('USAGE', `Expected a number 1..200, or one per object such as 3n+1, but received '${text}'`, {
    stage: 'start',
    hint: 'n is the number of objects that the scene asks to be moved: --steps 3n+1 allows 3 x n + 1 picks',
  })
}

export function stepsOf({ perMove, more }: StepBudget, moves: number): number {
  return Math.max(1, perMove * moves + more)
}
