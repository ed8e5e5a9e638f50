// How a run of a goal is written into the queue.

import type { RunReport } from '../runtime/run.js'
import type { Goal } from './api.js'
import { unfinishedAtEnd } from './goal-queue.js'
import type { GoalEnd } from './goal-store.js'

/**
 * @param report   of the run, or what kept it from being made
 * @param canceled why a person canceled it; null: nobody did
 * @param latch    why the arm stands, where a stop or fault is latched: the run knows only that it was told to end
 * @param isClosing the service ends: what it has stopped is paused
 */
export function endOf(
  { kind }: Goal,
  report: RunReport | Error,
  canceled: string | null,
  latch: string | null,
  isClosing: boolean,
): Omit<GoalEnd, 'atMs'> {
  if (report instanceof Error) return { state: 'done', outcome: 'error', reason: report.message }
  const { outcome, reason, folder } = report
  const kept = { folder, report }
  if (isClosing && outcome === 'stopped' && kind === 'sentence')
    return { state: 'paused', reason: unfinishedAtEnd, ...kept }
  if (canceled !== null && outcome === 'stopped') return { state: 'canceled', reason: canceled, ...kept }
  return { state: 'done', outcome, reason: outcome === 'stopped' ? (latch ?? reason) : reason, ...kept }
}
