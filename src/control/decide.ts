// What to do next, from one proposal and what has happened so far. All the judgement of the cycle is here.

import type { Answer } from './goal/types.js'
import type { PolicyInfo } from './ports.js'
import type { Outcome, Proposal } from './types.js'

/** What has happened since the goal was given. */
export interface History {
  /** Actions that were tried: every pick attempt counts. */
  readonly steps: number
  /** Actions that were verified as placed. */
  readonly placed: number
  /** Of those, the ones since the sentence in force was given. */
  readonly placedForSentence: number
  /** Failures since the last action that was placed, newest last. */
  readonly failures: readonly Failure[]
  /** Spots that are suppressed in this proposal. */
  readonly suppressed: number
}

export interface Failure {
  readonly kind: 'missed' | 'lost' | 'refused'
  readonly reason: string
}

/** After how much effort the cycle gives up. */
export interface Budget {
  readonly steps: number
  /** Failures in a row after which a person is better than another try. */
  readonly failuresInARow: number
}

/** What happens next: act, propose again without suppressed spots, or end. */
export type Decision =
  | { readonly kind: 'act' }
  /** Nothing is left but spots where a pick has failed: propose again with none suppressed. */
  | { readonly kind: 'retrySuppressed' }
  | { readonly kind: 'conclude'; readonly outcome: Outcome; readonly reason: string }

/**
 * - nothing understood: `unsure`, without a move
 * - the policy says that nothing remains: `achieved` when something was done or the named thing is in view, else
 *   `not_found` (nothing is left to do about a thing that is not there)
 * - something remains: act, unless the thing is not there, the policy is unsure, or the budget is spent
 *
 * The proposal is always made from a look that was taken after the last action, so `achieved` is what the cameras show.
 */
export function decide(
  proposal: Proposal,
  history: History,
  thresholds: PolicyInfo['thresholds'],
  budget: Budget,
): Decision {
  if (proposal.knownWords === 0) return conclude('unsure', 'the policy knows no word of the sentence')

  const found = proposal.found >= thresholds.found
  if (proposal.remaining < thresholds.remaining) {
    if (history.placed > 0 || found) {
      const seen = `the policy sees nothing left to do (remaining ${percent(proposal.remaining)})`
      return conclude('achieved', proposal.doneReason ?? seen)
    }
    return conclude('not_found', `something that the sentence names is not in view (found ${percent(proposal.found)})`)
  }

  const failure = history.failures.at(-1)
  const budgetExhausted = history.failures.length >= budget.failuresInARow
  if (failure !== undefined && budgetExhausted) return givenUp(failure, `${history.failures.length} failures in a row`)
  if (history.steps >= budget.steps) return conclude('failed', `the goal is not reached after ${history.steps} steps`)

  const doubt = lowConfidence(proposal, found, thresholds)
  if (doubt === null) return { kind: 'act' }
  if (history.suppressed > 0) return { kind: 'retrySuppressed' }
  if (failure !== undefined) return givenUp(failure, doubt.reason)
  return doubt
}

/**
 * The same for an answer to a sentence: one that is not understood ends without a move, one that asks for a number of
 * things is achieved when so many were placed, and everything else is the proposal's.
 */
export function decideAnswer(
  { understanding, proposal }: Answer,
  history: History,
  thresholds: PolicyInfo['thresholds'],
  budget: Budget,
): Decision {
  if (understanding !== null && understanding.kind !== 'command') {
    return conclude(understanding.kind, understanding.reason)
  }
  const count = understanding?.count ?? null
  if (count !== null && history.placedForSentence >= count) {
    return conclude('achieved', `${count === 1 ? 'it was' : `all ${count} were`} placed`)
  }
  if (understanding?.done) return conclude('achieved', 'everything that the sentence names is where it is to go')
  return decide(proposal!, history, thresholds, budget)
}

const nothingHappened: History = { steps: 0, placed: 0, placedForSentence: 0, failures: [], suppressed: 0 }
const oneStep: Budget = { steps: 1, failuresInARow: 1 }

/** The decision on the first look at a scene: nothing has happened yet, and there may be steps. */
export function decideAtFirst(proposal: Proposal, thresholds: PolicyInfo['thresholds']): Decision {
  return decide(proposal, nothingHappened, thresholds, oneStep)
}

/** The same for an answer to a sentence. */
export function decideAnswerAtFirst(answer: Answer, thresholds: PolicyInfo['thresholds']): Decision {
  return decideAnswer(answer, nothingHappened, thresholds, oneStep)
}

function lowConfidence(
  proposal: Proposal,
  found: boolean,
  thresholds: PolicyInfo['thresholds'],
): Extract<Decision, { kind: 'conclude' }> | null {
  if (!found)
    return conclude('not_found', `something that the sentence names is not in view (found ${percent(proposal.found)})`)
  if (proposal.pickProblem !== undefined) return conclude('unsure', proposal.pickProblem)
  if (proposal.pick.probability < thresholds.pick) {
    return conclude('unsure', `the policy is unsure what to pick (${percent(proposal.pick.probability)})`)
  }
  if (proposal.place.probability < thresholds.place) {
    return conclude('unsure', `the policy is unsure where to place (${percent(proposal.place.probability)})`)
  }
  return null
}

function givenUp(failure: Failure, why: string): Extract<Decision, { kind: 'conclude' }> {
  return conclude(failure.kind === 'refused' ? 'refused' : 'failed', `${failure.reason}; ${why}`)
}

function conclude(outcome: Outcome, reason: string): Extract<Decision, { kind: 'conclude' }> {
  return { kind: 'conclude', outcome, reason }
}

function percent(probability: number): string {
  return `${(100 * probability).toFixed(0)} %`
}
