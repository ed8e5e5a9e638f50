// What the cycle computes on the thread that sends the heartbeats, done before an arm is armed: Node compiles a function as it
// is used, and the first times take ten times as long.

import { checkPlan } from '../control/check.js'
import type { CycleSettings, View } from '../control/cycle.js'
import { pointOf } from '../control/geometry.js'
import { understandFor } from '../control/goal/ask-policy.js'
import { LinesOfSight } from '../control/look.js'
import { planAction } from '../control/plan.js'
import type { Kinematics, Policy } from '../control/ports.js'
import type { Affordance, Heightmap, Proposal } from '../control/types.js'
import { planWithdrawal } from '../control/withdraw.js'

const times = 4
/** Any sentence with everything in it that the grammar has to decide. */
const sentence = 'put the red blocks in a green bowl'

/**
 * Understands, plans, checks and withdraws a few times on what the cameras see; nothing of it is used, and nothing moves.
 * @param turn between two computations: what else is due on this thread goes first
 */
export async function warmUp(
  view: View,
  ports: { readonly policy: Policy; readonly kinematics: Kinematics },
  { plan, park, limits }: CycleSettings,
  turn: () => Promise<void>,
): Promise<void> {
  const { heightmap } = view
  const { kinematics, policy } = ports
  const proposal = someProposal(heightmap)
  const check = { start: park, kinematics, limits, heightmap, payloadHeightM: 0 }
  const computations = [
    () => understandFor(policy, heightmap, sentence),
    () => planWithdrawal(new LinesOfSight(view), heightmap, proposal.place, { wanted: null, park, plan }, kinematics),
    () => checkPlan(planAction(heightmap, proposal, park, kinematics, plan).pick, check),
  ]
  for (let i = 0; i < times; i++) {
    for (const compute of computations) {
      compute()
      await turn()
    }
  }
}

/** From one side of the workspace to the other. */
function someProposal(heightmap: Heightmap): Proposal {
  const { rows, cols } = heightmap
  const at = (column: number): Affordance => {
    const pixel = [rows >> 1, column] as const
    return { pixel, p_base_m: pointOf(heightmap, pixel), yawRad: 0, probability: 1 }
  }
  const [pick, place] = [at(cols >> 2), at(cols - (cols >> 2))]
  return { pick, place, remaining: 1, found: 1, knownWords: 1, timingMs: {} }
}
