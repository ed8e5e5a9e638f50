// Affordance maps for the page while the arm moves: nobody waits for a picture before the first motion.

import type { Policy, ProposeOptions } from '../../control/ports.js'
import type { Heightmap, Proposal } from '../../control/types.js'

export type AffordanceMaps = NonNullable<Proposal['maps']>

/** A policy whose proposals come without maps, and the maps of each when somebody wants to see them. */
export interface LateMaps {
  readonly policy: Policy
  /**
   * The maps behind a proposal, asked for at the first call: the policy looks at the same heightmap again. Null where it has none,
   * and when it cannot say.
   */
  mapsOf(proposal: Proposal): Promise<AffordanceMaps | null>
}

export function withLateMaps(policy: Policy): LateMaps {
  const looks = new WeakMap<Proposal, () => Promise<AffordanceMaps | null>>()
  return {
    policy: {
      info: policy.info,
      async propose(heightmap, goal, options) {
        // Whoever needs maps to decide (a place among some cells) gets them.
        const proposal = await policy.propose(heightmap, goal, { ...options, maps: options?.maps ?? false })
        looks.set(
          proposal,
          once(() => mapsOf(policy, heightmap, goal, options)),
        )
        return proposal
      },
      close: () => policy.close(),
    },
    mapsOf: async (proposal) => (await looks.get(proposal)?.()) ?? null,
  }
}

async function mapsOf(
  policy: Policy,
  heightmap: Heightmap,
  goal: string,
  { suppress = [] }: ProposeOptions = {},
): Promise<AffordanceMaps | null> {
  try {
    return (await policy.propose(heightmap, goal, { suppress, maps: true })).maps ?? null
  } catch {
    // A page without maps; what is wrong with the policy its next proposal says.
    return null
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
