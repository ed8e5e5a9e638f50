// The gate between what was planned and what moves. Independent of how a plan was made.

import { type BlendProblem, problemOfBlend } from './blend.js'
import { wrapRad } from './geometry.js'
import { type Box, crosses, toolHeightM } from './keep-out.js'
import type { Kinematics } from './ports.js'
import { highestAlongM } from './surface.js'
import {
  type CheckedJointPlan,
  type CheckedPlan,
  type Heightmap,
  isMotion,
  type JointPlan,
  type MotionSegment,
  type Plan,
  type PlanName,
  type Segment,
  type Vec3,
} from './types.js'

/** Limits of this cell (settings `limits`); the controller has its own, which these can only tighten. */
export interface Limits {
  /** Where the tool may be. Not the heightmap's bounds: those end where the cameras look. */
  readonly motionBox: Box
  /** Greatest speed of any segment. */
  readonly speedMps: number
  /** Greatest speed of a descent, which may end in contact, and of a push. */
  readonly contactSpeedMps: number
  /** Least distance between whatever moves sideways and whatever was seen below it. */
  readonly clearanceM: number
  /** Where no part of the arm may be. */
  readonly keepOut: readonly Box[]
  /** Half the width of the tool, or of what it holds: kept from those boxes. */
  readonly keepOutRadiusM: number
}

/** What a plan is checked against. */
export interface CheckContext {
  /** Where the tool is when the plan begins. */
  readonly start: { readonly p_base_m: Vec3; readonly yawRad: number }
  readonly kinematics: Kinematics
  readonly limits: Limits
  /** What was seen; null before the first look. */
  readonly heightmap: Heightmap | null
  /** Length of what hangs below the tool. */
  readonly payloadHeightM: number
}

/** What kind of limit a plan breaks. */
export type ViolationCode =
  | 'PLAN_EMPTY'
  | 'PLAN_TOO_LONG'
  | 'PLAN_NOT_FINITE'
  | 'PLAN_OUTSIDE_WORKSPACE'
  | 'PLAN_OUTSIDE_JOINT_LIMITS'
  | 'PLAN_TOO_FAST'
  | 'PLAN_NOT_VERTICAL'
  | 'PLAN_NOT_LEVEL'
  | 'PLAN_TOO_LOW'
  | 'PLAN_UNREACHABLE'
  | 'PLAN_IN_KEEP_OUT'

/** One way in which a plan breaks a limit. */
export interface Violation {
  readonly code: ViolationCode
  readonly plan: PlanName
  /** Segment that violates, or joint of a joint plan; 0 for the plan as a whole. */
  readonly index: number
  readonly expected: string
  readonly received: string
}

/** The controller's `kMaxSegments`. */
const longestPlan = 16
/** Reach is checked at points this far apart on every line; the controller checks each again. */
const reachStepM = 0.04
const reachStepRad = 0.4
/** A stroke starts where its descent met something, which may be higher than planned. */
const levelM = 0.02
/** Beyond this, metres or radians, a measured tool pose is nonsense. */
const wildest = 10

/**
 * Checks a plan against the cell's limits and returns either the plan, marked as checked, or every violation found.
 *
 * The link accepts only a `CheckedPlan`, and this is the only function that makes one. It never throws for a bad plan:
 * a refused plan is an ordinary outcome of a cycle.
 */
export function checkPlan(plan: Plan, context: CheckContext): CheckedPlan | readonly Violation[] {
  const violations: Violation[] = []
  const found = (code: ViolationCode, index: number, expected: string, received: string) =>
    violations.push({ code, plan: plan.name, index, expected, received })

  if (plan.segments.length === 0) found('PLAN_EMPTY', 0, 'at least one segment', 'none')
  if (plan.segments.length > longestPlan) {
    found('PLAN_TOO_LONG', 0, `at most ${longestPlan} segments`, `${plan.segments.length}`)
  }
  // A line is looked at only when both its ends can be believed: from a wild point it would have no end of points.
  let from: CheckContext['start'] | null = context.start
  if (![...context.start.p_base_m, context.start.yawRad].every((value) => Math.abs(value) < wildest)) {
    found('PLAN_NOT_FINITE', 0, 'a tool within 10 m of the base', describePoint(context.start.p_base_m))
    from = null
  }
  plan.segments.forEach((segment, index) => {
    if (!isMotion(segment)) return
    const report = (code: ViolationCode, expected: string, received: string) => found(code, index, expected, received)
    const isSound = checkTarget(segment, context.limits, report)
    if (isSound && from !== null) {
      checkLine(segment, from, context, report)
      checkBlend(segment, from, plan.segments[index + 1], context, report)
    }
    from = isSound ? segment : null
  })
  return violations.length === 0 ? (plan as CheckedPlan) : violations
}

/**
 * Checks where a move of all joints ends: joint ranges inside their margin, the tool inside the motion box and out of
 * every keep-out box, the speed. Returns the plan, marked as checked, or every violation found.
 *
 * The link moves joints by a `CheckedJointPlan` only, and this is the only function that makes one. The way there starts
 * from any posture, so it is the controller that checks it, against the whole arm.
 */
export function checkJointPlan(
  plan: JointPlan,
  { kinematics, limits }: Pick<CheckContext, 'kinematics' | 'limits'>,
): CheckedJointPlan | readonly Violation[] {
  const { name, qRad, speedMps } = plan
  const ranges = kinematics.jointRangesRad
  const violations: Violation[] = []
  const found = (code: ViolationCode, index: number, expected: string, received: string) =>
    violations.push({ code, plan: name, index, expected, received })

  if (qRad.length !== ranges.length || ![...qRad, speedMps].every(Number.isFinite)) {
    const received = `[${qRad.join(', ')}] rad at ${speedMps} m/s`
    found('PLAN_NOT_FINITE', 0, `${ranges.length} finite joint angles and a finite speed`, received)
    return violations
  }
  if (speedMps <= 0 || speedMps > limits.speedMps) {
    found('PLAN_TOO_FAST', 0, `more than 0 and at most ${limits.speedMps} m/s`, `${speedMps} m/s`)
  }
  ranges.forEach(([minRad, maxRad], joint) => {
    const angleRad = qRad[joint]!
    if (angleRad >= minRad && angleRad <= maxRad) return
    const expected = `joint ${joint + 1} from ${minRad.toFixed(3)} to ${maxRad.toFixed(3)} rad`
    found('PLAN_OUTSIDE_JOINT_LIMITS', joint, expected, `${angleRad.toFixed(3)} rad`)
  })
  const T_base_tool = kinematics.forward(qRad)
  const end: Vec3 = [T_base_tool[3]!, T_base_tool[7]!, T_base_tool[11]!]
  if (!isInside(end, limits.motionBox)) {
    found('PLAN_OUTSIDE_WORKSPACE', 0, describeBox(limits.motionBox), describePoint(end))
  }
  const box = findKeepOut(end, end, limits, 0)
  if (box !== undefined) found('PLAN_IN_KEEP_OUT', 0, `an end outside the box ${describeBox(box)}`, describePoint(end))
  return violations.length === 0 ? (plan as CheckedJointPlan) : violations
}

/** Whether a check found violations. */
export function isRefused(result: object | readonly Violation[]): result is readonly Violation[] {
  return Array.isArray(result)
}

/** One line for a person: "pick segment 3: PLAN_TOO_FAST, expected at most 0.5 m/s but received 2 m/s". */
export function describeViolation({ code, plan, index, expected, received }: Violation): string {
  return `${plan} segment ${index}: ${code}, expected ${expected} but received ${received}`
}

type Report = (code: ViolationCode, expected: string, received: string) => void

/** @returns whether the line to the target is worth looking at */
function checkTarget(segment: MotionSegment, limits: Limits, report: Report): boolean {
  if (![...segment.p_base_m, segment.yawRad, segment.speedMps].every(Number.isFinite)) {
    report('PLAN_NOT_FINITE', 'finite numbers', JSON.stringify([...segment.p_base_m, segment.yawRad, segment.speedMps]))
    return false
  }
  const fastestMps = segment.kind !== 'move' ? Math.min(limits.contactSpeedMps, limits.speedMps) : limits.speedMps
  if (segment.speedMps <= 0 || segment.speedMps > fastestMps) {
    report('PLAN_TOO_FAST', `more than 0 and at most ${fastestMps} m/s`, `${segment.speedMps} m/s`)
  }
  if (!isInside(segment.p_base_m, limits.motionBox)) {
    report('PLAN_OUTSIDE_WORKSPACE', describeBox(limits.motionBox), describePoint(segment.p_base_m))
    return false
  }
  return true
}

function checkLine(segment: MotionSegment, from: CheckContext['start'], context: CheckContext, report: Report): void {
  const { kinematics, limits, heightmap, payloadHeightM } = context
  const [dx, dy, dz] = segment.p_base_m.map((value, i) => value - from.p_base_m[i]!) as [number, number, number]
  const sidewaysM = Math.hypot(dx, dy)
  if (segment.kind === 'descend') {
    if (sidewaysM > 1e-4 || dz > 1e-4) {
      report(
        'PLAN_NOT_VERTICAL',
        'straight down',
        `${describePoint(from.p_base_m)} to ${describePoint(segment.p_base_m)}`,
      )
    }
  } else if (segment.kind === 'push') {
    if (Math.abs(dz) > levelM) {
      report('PLAN_NOT_LEVEL', `a stroke within ${levelM} m of level`, `one that rises by ${dz.toFixed(3)} m`)
    }
  } else if (sidewaysM > 1e-3 && heightmap !== null) {
    const surfaceM = highestAlongM(heightmap, from.p_base_m, segment.p_base_m, limits.clearanceM)
    const lowestM = Math.min(from.p_base_m[2], segment.p_base_m[2]) - payloadHeightM
    if (lowestM < surfaceM + limits.clearanceM) {
      report(
        'PLAN_TOO_LOW',
        `at least ${limits.clearanceM} m above ${surfaceM.toFixed(3)} m`,
        `${lowestM.toFixed(3)} m`,
      )
    }
  }
  const box = findKeepOut(from.p_base_m, segment.p_base_m, limits, payloadHeightM)
  if (box !== undefined) {
    report(
      'PLAN_IN_KEEP_OUT',
      `a way round the box ${describeBox(box)}`,
      `${describePoint(from.p_base_m)} to ${describePoint(segment.p_base_m)}`,
    )
    return
  }
  const turnRad = turnOfLine(from, segment, kinematics)
  const count = Math.max(
    1,
    Math.ceil(Math.hypot(sidewaysM, dz) / reachStepM),
    Math.ceil(Math.abs(turnRad) / reachStepRad),
  )
  for (let i = 1; i <= count; i++) {
    const share = i / count
    const p = from.p_base_m.map((value, axis) => value + share * [dx, dy, dz][axis]!) as unknown as Vec3
    const yawRad = from.yawRad + share * turnRad
    if (kinematics.inverse(p, yawRad) === null) {
      report('PLAN_UNREACHABLE', 'a point that the arm reaches inside its joint margin', describePoint(p))
      return
    }
  }
}

/** A corner that may be cut: all of the triangle in which the controller may cut it. */
function checkBlend(
  segment: MotionSegment,
  from: CheckContext['start'],
  next: Segment | undefined,
  { kinematics, limits, heightmap, payloadHeightM }: CheckContext,
  report: Report,
): void {
  const radiusM = segment.blendRadiusM ?? 0
  if (!(Number.isFinite(radiusM) && radiusM >= 0)) {
    report('PLAN_NOT_FINITE', 'a finite blend radius, 0 or more', `${radiusM} m`)
    return
  }
  if (segment.kind !== 'move' || radiusM === 0 || next === undefined || !isMotion(next)) return
  const { clearanceM, keepOut, keepOutRadiusM } = limits
  const around = { kinematics, heightmap, payloadHeightM, clearanceM, aroundM: clearanceM, keepOut, keepOutRadiusM }
  const problem = problemOfBlend({ from, at: segment, to: next }, radiusM, { ...around, toolHeightM })
  if (problem !== null) reportBlend(problem, clearanceM, report)
}

function reportBlend(problem: BlendProblem, clearanceM: number, report: Report): void {
  const at = `${describePoint(problem.at)} in a blend`
  switch (problem.kind) {
    case 'too-low':
      report('PLAN_TOO_LOW', `at least ${clearanceM} m above ${problem.surfaceM.toFixed(3)} m`, at)
      break
    case 'keep-out':
      report('PLAN_IN_KEEP_OUT', `a way round the box ${describeBox(problem.box)}`, at)
      break
    case 'unreachable':
      report('PLAN_UNREACHABLE', 'a point that the arm reaches inside its joint margin', at)
  }
}

/** The first box that the tool, with what hangs below it, would come into on the line. */
function findKeepOut(from: Vec3, to: Vec3, limits: Limits, payloadHeightM: number): Box | undefined {
  const extent = { sidewaysM: limits.keepOutRadiusM, belowM: payloadHeightM, aboveM: toolHeightM }
  return limits.keepOut.find((box) => crosses(box, from, to, extent))
}

/**
 * How far the tool turns on a line: as the controller turns it, joint 7 from its angle at the start to its angle at the
 * end. Its range is less than a full turn, so that this may be the longer way round.
 */
export function turnOfLine(from: CheckContext['start'], to: CheckContext['start'], kinematics: Kinematics): number {
  const start = kinematics.inverse(from.p_base_m, from.yawRad)
  const end = kinematics.inverse(to.p_base_m, to.yawRad)
  if (start === null || end === null) return wrapRad(to.yawRad - from.yawRad)
  return end[0]! - end[6]! - (start[0]! - start[6]!)
}

/** A hair of tolerance: a plan may end on the box's face, and coordinates of cells are sums of decimal fractions. */
function isInside([x, y, z]: Vec3, box: Box): boolean {
  const inside = (value: number, min: number, max: number) => value >= min - 1e-9 && value <= max + 1e-9
  return inside(x, box.xMinM, box.xMaxM) && inside(y, box.yMinM, box.yMaxM) && inside(z, box.zMinM, box.zMaxM)
}

function describePoint(p: Vec3): string {
  return `(${p.map((value) => value.toFixed(3)).join(', ')}) m`
}

function describeBox(box: Box): string {
  return `x ${box.xMinM}..${box.xMaxM}, y ${box.yMinM}..${box.yMaxM}, z ${box.zMinM}..${box.zMaxM} m`
}
