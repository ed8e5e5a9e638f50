// Why a sentence does not become a command, for a person and for programs.

import type { NotUnderstood } from './types.js'

export function refusal(
  kind: NotUnderstood['kind'],
  reason: string,
  more: Partial<Omit<NotUnderstood, 'kind' | 'reason'>> = {},
): NotUnderstood {
  return { kind, reason, words: [], part: null, candidates: [], suggestions: [], notes: [], ...more }
}
