// Tells the run's folder of every turn of the cycle: gathers what belongs together, and hands over whole steps.

import type { CycleResult, CycleWatcher, StepRecord, View } from '../../control/cycle.js'
import type { Decision } from '../../control/decide.js'
import type { Understanding } from '../../control/goal/types.js'
import type { StageMeter } from '../../control/ports.js'
import type { Execution, Outcome, Plan, Proposal, Vec3 } from '../../control/types.js'
import type { AffordanceMaps } from './late-maps.js'
import type { RunPage, RunStep, StepResult } from './types.js'

export interface PageWatcher extends CycleWatcher, StageMeter {
  /** A turn that was begun and not finished ends with the run. */
  end(result: CycleResult): void
}

/** @param mapsOf asks for the maps behind a proposal: as the motion begins, or as the turn ends without one */
export function createPageWatcher(
  page: Pick<RunPage, 'step' | 'cameras' | 'candidates'>,
  mapsOf: (proposal: Proposal) => Promise<AffordanceMaps | null> = async ({ maps }) => maps ?? null,
): PageWatcher {
  let view: View | null = null
  let turn: { proposal?: Proposal; maps?: Promise<AffordanceMaps | null>; plans: readonly Plan[] } = { plans: [] }
  let stagesMs: Record<string, number> = {}
  let isFirstLook = true

  const tell = (result: StepResult, note: string, over: Partial<RunStep> = {}) => {
    if (view === null) return
    if (turn.proposal !== undefined) turn.maps ??= mapsOf(turn.proposal)
    page.step({ heightmap: view.heightmap, ...turn, result, note, stagesMs, ...over })
    turn = { plans: [] }
    stagesMs = {}
  }

  return {
    observe(stage, durationMs) {
      stagesMs[stage] = (stagesMs[stage] ?? 0) + durationMs
    },
    looked(look) {
      page.cameras(isFirstLook ? 'before' : 'after', look.frames)
      isFirstLook = false
      // The look after an action still belongs to its step, which is told of in `stepped`.
      if (turn.plans.length === 0) view = look
    },
    understood(understanding) {
      if (view === null || understanding === null || understanding.kind === 'command') return
      page.candidates(view.heightmap, understanding.candidates)
      tell(understanding.kind, understanding.reason)
    },
    proposed(proposal, decision) {
      turn = { proposal, plans: [] }
      if (decision.kind === 'conclude') tell(resultOf(decision.outcome), decision.reason)
    },
    planned({ pick, place }) {
      const shown = place === null ? [pick] : [pick, place]
      turn = { ...turn, plans: shown, ...(turn.proposal && { maps: mapsOf(turn.proposal) }) }
    },
    refused(reason) {
      tell('refused', reason)
    },
    stepped(step) {
      tell(step.verdict.result, describeStep(step), { executions: executionsOf(step) })
      view = step.after
    },
    end({ outcome, reason }) {
      if (turn.proposal !== undefined) tell(resultOf(outcome), reason)
    },
  }
}

/** One line a turn for whoever watches a terminal. */
export function createLineWatcher(write: (line: string) => void): CycleWatcher {
  let said = ''
  return {
    understood(understanding) {
      const line = understanding === null ? '' : describeUnderstanding(understanding)
      // Said again only when it is another one: it is understood anew on every look.
      if (line !== '' && line !== said) write(line)
      said = line
    },
    proposed(proposal, decision: Decision) {
      if (decision.kind === 'conclude') write(decision.reason)
      if (decision.kind === 'retrySuppressed') write('only spots where a grasp has failed are left: trying them again')
      if (decision.kind !== 'act') return
      const { pick, place, remaining } = proposal
      write(
        `pick ${at(pick.p_base_m)} (${percent(pick.probability)}), place ${at(place.p_base_m)} (${percent(place.probability)}), remaining ${percent(remaining)}`,
      )
    },
    refused: write,
    stepped: (step) => write(`step ${step.index + 1}: ${describeStep(step)}`),
  }
}

/** Calls each watcher in turn. */
export function allWatchers(...watchers: readonly CycleWatcher[]): CycleWatcher {
  return {
    looked(view) {
      for (const watcher of watchers) watcher.looked?.(view)
    },
    understood(understanding, sentence) {
      for (const watcher of watchers) watcher.understood?.(understanding, sentence)
    },
    proposed(proposal, decision, sentence) {
      for (const watcher of watchers) watcher.proposed?.(proposal, decision, sentence)
    },
    planned(plans) {
      for (const watcher of watchers) watcher.planned?.(plans)
    },
    refused(reason) {
      for (const watcher of watchers) watcher.refused?.(reason)
    },
    stepped(step) {
      for (const watcher of watchers) watcher.stepped?.(step)
    },
  }
}

function describeUnderstanding(understanding: Understanding): string {
  const { kind, notes } = understanding
  const aside = notes.length === 0 ? '' : ` (${notes.join('; ')})`
  return kind === 'command' ? `understood as: ${understanding.canonical}${aside}` : `${understanding.reason}${aside}`
}

function executionsOf({ pick, place }: StepRecord): Execution[] {
  return place === null ? [pick] : [pick, place]
}

function describeStep({ verdict, proposal }: StepRecord): string {
  switch (verdict.result) {
    case 'placed':
      return `placed at ${at(proposal.place.p_base_m)}`
    case 'missed':
      return `the grasp held nothing at ${at(proposal.pick.p_base_m)}; that spot is left out for now`
    case 'lost':
      return `what was held did not arrive at ${at(proposal.place.p_base_m)}${
        verdict.droppedAt === undefined ? '' : `; something new lies at ${at(verdict.droppedAt)}`
      }`
  }
}

function resultOf(outcome: Outcome): StepResult {
  return outcome === 'achieved' ? 'finished' : outcome
}

function at([x, y]: Vec3): string {
  return `x ${x.toFixed(3)}, y ${y.toFixed(3)} m`
}

function percent(probability: number): string {
  return `${Math.round(100 * probability)} %`
}
