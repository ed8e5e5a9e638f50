// One goal on the ports of a session: the cycle with what most callers leave out.

import { type CycleResult, type CycleSettings, type CycleWatcher, runCycle } from '../control/cycle.js'
import type { Clarify } from '../control/goal/sentence-in-force.js'
import { parseGoal } from '../control/goal.js'
import type { GoalSource, Recorder, StageMeter } from '../control/ports.js'
import { type CellPorts, noRecorder, type PerceptionPorts } from './session.js'

/** What a caller may add to a goal; everything may be left out. */
export interface GoalOptions {
  /** Hears of every look, proposal, plan and step as it happens. */
  readonly watcher?: CycleWatcher
  /** Keeps what happened; default: nothing is kept. */
  readonly recorder?: Recorder
  /** Takes the duration of every stage, milliseconds. */
  readonly meter?: StageMeter
  /** Asks a person which thing is meant where several fit; absent: the outcome is then 'ambiguous'. */
  readonly clarify?: Clarify
  /** Aborting stops the arm; the outcome is then 'stopped'. */
  readonly signal?: AbortSignal
}

/**
 * Works on a goal until the runtime itself concludes that it is done, or cannot be done: look, understand, propose, decide, plan,
 * check, execute, look again, verify. Arms the link first; whatever ends it, the arm is at rest afterwards.
 *
 * @param goal     a sentence, or a function that gives the sentence in force before every proposal
 * @param ports    of a session, with a camera and a link
 * @param settings of the same session
 * @throws CliportError GOAL_EMPTY, GOAL_TOO_LONG, INPUT_INVALID for a sentence that is none; later errors are an outcome
 */
export function runGoal(
  goal: string | GoalSource,
  ports: PerceptionPorts & CellPorts,
  settings: CycleSettings,
  options: GoalOptions = {},
): Promise<CycleResult> {
  const sentence = typeof goal === 'string' ? parseGoal(goal) : null
  const source = typeof goal === 'string' ? async () => sentence! : goal
  const { watcher, clarify, recorder = noRecorder, meter = { observe() {} } } = options
  const people = { ...(watcher === undefined ? {} : { watcher }), ...(clarify === undefined ? {} : { clarify }) }
  const { signal = new AbortController().signal } = options
  return runCycle(source, { ...ports, recorder, meter, ...people }, settings, signal)
}
