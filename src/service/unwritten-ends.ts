// Goals that have ended and whose end the disk has not taken yet: what the store says of them is laid over.

import type { Goal } from './api.js'
import type { GoalEnd, ListGoals } from './goal-store.js'

interface Unwritten {
  readonly id: string
  readonly end: GoalEnd
  readonly goal: Goal
}

export class UnwrittenEnds {
  readonly #ends = new Map<string, Unwritten>()

  /** In the order in which they ended. */
  get all(): readonly Unwritten[] {
    return [...this.#ends.values()]
  }

  has(id: string): boolean {
    return this.#ends.has(id)
  }

  /** @param goal as the store has it, unfinished */
  add(goal: Goal, end: GoalEnd): void {
    const { state, atMs, outcome = null, reason, folder = null, report = null } = end
    const ended_at_ms = state === 'paused' ? null : atMs
    const ended = { ...goal, state, ended_at_ms, outcome, reason, folder, report: report as Goal['report'] }
    this.#ends.set(goal.id, { id: goal.id, end, goal: ended })
  }

  /** It is told why it may be unfinished again after a power cut. */
  failed(id: string, why: string): void {
    const one = this.#ends.get(id)
    if (one === undefined) return
    this.#ends.set(id, { ...one, goal: { ...one.goal, reason: `${one.end.reason} (not on the disk yet: ${why})` } })
  }

  written(id: string): void {
    this.#ends.delete(id)
  }

  /** The goal as it is now. */
  now(stored: Goal): Goal {
    return this.#ends.get(stored.id)?.goal ?? stored
  }

  unfinishedOf(stored: readonly Goal[]): readonly Goal[] {
    if (this.#ends.size === 0) return stored
    return stored.map((goal) => this.now(goal)).filter(isUnfinished)
  }

  /** @param stored newest first */
  finishedOf(stored: readonly Goal[]): readonly Goal[] {
    return this.#merged(stored, (goal) => !isUnfinished(goal))
  }

  /** @param stored what the store lists */
  listOf(stored: Goal[], { state, outcome, text = '', before, limit }: ListGoals): Goal[] {
    if (this.#ends.size === 0) return stored
    const isWanted = (goal: Goal) =>
      (state === 'all' || isUnfinished(goal) === (state === 'unfinished')) &&
      (outcome === undefined || goal.outcome === outcome) &&
      goal.sentence.toLowerCase().includes(text.toLowerCase()) &&
      (before === undefined || numberOf(goal) < Number(before.slice(1)))
    return this.#merged(stored, isWanted).slice(0, limit)
  }

  #merged(stored: readonly Goal[], isWanted: (goal: Goal) => boolean): Goal[] {
    const others = stored.filter(({ id }) => !this.#ends.has(id))
    const own = this.all.map(({ goal }) => goal).filter(isWanted)
    return [...own, ...others].sort((a, b) => numberOf(b) - numberOf(a))
  }
}

function isUnfinished({ state }: Goal): boolean {
  return state === 'queued' || state === 'running' || state === 'paused'
}

function numberOf({ id }: Goal): number {
  return Number(id.slice(1))
}
