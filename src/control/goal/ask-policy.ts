// The one place where a sentence goes to a policy: understood first, on the scene that the policy is asked about.

import type { Policy, ProposeOptions } from '../ports.js'
import type { Heightmap, Proposal } from '../types.js'
import type { Understanding, UnderstandOptions } from './types.js'

/** What the policy proposes for a sentence, and how the sentence was understood. */
export interface Answer {
  /** null: the policy has no lexicon, and took the sentence as it was said. */
  readonly understanding: Understanding | null
  /** null: the sentence did not reach the policy. */
  readonly proposal: Proposal | null
}

/** Understands the sentence on this heightmap, and asks the policy for what it means. */
export async function askPolicy(
  policy: Policy,
  heightmap: Heightmap,
  sentence: string,
  options: ProposeOptions & UnderstandOptions = {},
): Promise<Answer> {
  return { understanding: null, proposal: await policy.propose(heightmap, sentence, options) }
}
