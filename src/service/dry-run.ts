// What an action would be: planned from where the arm is now and checked as a run does it, and then not executed.

import { type CheckContext, checkPlan, describeViolation, isRefused } from '../control/check.js'
import { planAction } from '../control/plan.js'
import { planPush } from '../control/plan-push.js'
import { endOf, toolPose } from '../control/tool-pose.js'
import type { Heightmap, Plan, Proposal } from '../control/types.js'
import type { Preview } from './api.js'
import { planOf } from './wire.js'
import type { Workcell } from './workcell.js'

/** @throws CliportError LINK_PEER_LOST before the first state of the arm */
export function dryRun(workcell: Workcell, heightmap: Heightmap, proposal: Proposal): NonNullable<Preview['plan']> {
  const { settings, ports } = workcell
  const { kinematics, link } = ports
  const start = toolPose(link)
  const planned = (proposal.primitive === 'push' ? planPush : planAction)(
    heightmap,
    proposal,
    start,
    kinematics,
    settings.plan,
  )
  const check = (plan: Plan, context: Pick<CheckContext, 'start' | 'payloadHeightM'>) =>
    checkPlan(plan, { ...context, heightmap, kinematics, limits: settings.limits })
  const { pick, place, payloadHeightM } = planned
  const checked = [
    check(pick, { start, payloadHeightM: 0 }),
    ...(place === null ? [] : [check(place, { start: endOf(pick, start), payloadHeightM })]),
  ]
  const violations = checked.filter(isRefused).flat()
  return { ...planOf(planned), refused: violations.length === 0 ? null : violations.map(describeViolation).join('; ') }
}
