// An understanding for programs: without the cells of the map, which are the cycle's own.

import type { Understanding } from './types.js'

/** What recordings and reports keep of it. */
export function withoutCells(understanding: Understanding): object {
  if (understanding.kind !== 'command') {
    const candidates = understanding.candidates.map(({ sentence, name }) => ({ sentence, name }))
    return { ...understanding, candidates }
  }
  const questions = understanding.questions.map(({ sentence }) => sentence)
  return { ...understanding, questions }
}
