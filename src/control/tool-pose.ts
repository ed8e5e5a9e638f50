// Where the tool is, and where a plan leaves it.

import { CliportError } from './errors.js'
import type { ToolPose } from './plan.js'
import type { RobotLink } from './ports.js'
import { isMotion, type Plan } from './types.js'

/** @throws CliportError LINK_PEER_LOST before the first state */
export function toolPose(link: RobotLink): ToolPose {
  const { state } = link
  if (state === null) {
    throw new CliportError('LINK_PEER_LOST', 'The controller has not sent a state', {
      stage: 'plan',
      hint: 'Look whether the controller runs and whether its state socket (base port + 1) can be reached',
    })
  }
  return { p_base_m: state.p_base_tool_m, yawRad: state.yawRad }
}

/** Whether the tool is at a place, to within a centimetre. */
export function isAt(tool: ToolPose, goal: ToolPose): boolean {
  return Math.hypot(...tool.p_base_m.map((value, i) => value - goal.p_base_m[i]!)) < 0.01
}

/** Where the tool is when a plan is done. */
export function endOf(plan: Plan, start: ToolPose): ToolPose {
  return plan.segments.findLast(isMotion) ?? start
}
