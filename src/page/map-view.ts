// What the map of the table shows.

import { computed, signal } from '@preact/signals'
import { answer } from './draft.js'
import { facts, runningGoal, turn } from './store.js'
import { takeover } from './takeover.js'

/** Cells of the map: rows to the right, columns down. */
export const size = computed(() => ({
  width: facts.value?.workspace.rows ?? 320,
  height: facts.value?.workspace.cols ?? 160,
}))

export const base = signal<'color' | 'height'>('color')
export const layersShown = signal({ pick: true, place: true })

/** What the marks and layers are of: what a person types, else what runs. */
export const subject = computed<'draft' | 'run' | 'none'>(() => {
  if (takeover.value !== null) return 'none'
  if (answer.value !== null) return 'draft'
  return runningGoal.value !== null && turn.value?.goal_id === runningGoal.value.id ? 'run' : 'none'
})

/** The pick and the place that are marked; null where there is nothing to do, or nobody has said where it goes. */
export const proposed = computed(() => {
  const isDraft = subject.value === 'draft'
  const proposal = isDraft ? answer.value?.preview.proposal : subject.value === 'run' ? turn.value?.proposal : null
  if (proposal == null || proposal.decision === 'achieved') return null
  const isPlaceKnown = !isDraft || answer.value?.preview.understood.missing !== 'place'
  return { pick: proposal.pick, place: isPlaceKnown ? proposal.place : null }
})
