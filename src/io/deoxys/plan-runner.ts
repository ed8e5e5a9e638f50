// Runs one plan: from segments to joint goals, tick by tick, and back from what the arm does to how each segment ended.

import { distanceM } from '../../control/geometry.js'
import type { Kinematics } from '../../control/ports.js'
import type { Reason } from '../../control/reason.js'
import {
  type EndEffectorSegment,
  type Execution,
  isMotion,
  type MotionSegment,
  type Plan,
  type Segment,
} from '../../control/types.js'
import { gripperGrasp, gripperMove } from './codec.js'
import { JointPath, type ToolTarget } from './joint-path.js'
import type { DeoxysOptions } from './options.js'
import type { PeerState, Why } from './peer-state.js'

/** How a segment or a plan goes on. */
type Progress = 'goes on' | 'ended' | { readonly failed: Why }

/** A gripper that is asked to close may still report the grasp before. */
const leastGripMs = 300

/** Slower than this for so long, a joint has come to rest. */
const restRadps = 0.01
const leastRestMs = 200

/** The goal of every joint, and what is added to it so that friction does not keep the joint from getting there. */
export interface JointGoal {
  qRad: number[]
  correctionRad: number[]
}

function why(reason: Reason, detail = ''): Why {
  return { reason, detail }
}

export class PlanRunner {
  readonly #segments: Execution['segments'][number][] = []
  #index = 0
  #begun = false
  #path: JointPath | null = null
  #elapsedMs = 0
  #sinceMs = 0
  /** When a joint last moved while the tool was expected to arrive. */
  #restMs = 0
  /** Share of full pace: 1 until a stop, which takes it to 0 on the line that the tool is on. */
  #pace = 1
  #stopping: Why | null = null
  /** To be sent to the gripper in this tick. */
  gripperCommand: Uint8Array | null = null

  constructor(
    readonly id: number,
    private readonly plan: Plan,
    private readonly goal: JointGoal,
    private readonly peer: PeerState,
    private readonly kinematics: Kinematics,
    private readonly options: DeoxysOptions,
  ) {}

  /** @returns why the plan cannot be run from here, before anything moves; null when it can */
  refuse(nowMs: number): Why | null {
    if (this.plan.segments.length === 0) return why('empty_plan')
    const needsGripper = this.plan.segments.some((segment) => !isMotion(segment))
    if (needsGripper && !this.peer.hasGripper(nowMs)) {
      return why('end_effector_lost', 'the gripper process of deoxys does not publish its state')
    }
    let from: readonly number[] = this.goal.qRad
    for (const segment of this.plan.segments) {
      if (!isMotion(segment)) {
        const refusal = this.#refuseGrip(segment)
        if (refusal !== null) return refusal
        continue
      }
      if (segment.kind === 'push') return why('unsupported', 'push')
      const numbers = [...segment.p_base_m, segment.yawRad, segment.speedMps]
      if (!numbers.every(Number.isFinite)) return why('not_finite')
      if (segment.speedMps <= 0) return why('too_fast', 'a speed must be positive')
      const path = this.#pathOf(segment, from)
      const end = path?.at(path.durationMs)
      if (!end) return why('unreachable')
      from = end
    }
    return null
  }

  /** Widths and forces are deoxys' own here. What cannot be carried out is refused, never left out. */
  #refuseGrip(segment: EndEffectorSegment): Why | null {
    const asked = Object.entries({ ...segment, kind: undefined }).find(([, value]) => value !== undefined)
    return asked === undefined ? null : why('unsupported', `${segment.kind}.${asked[0]}`)
  }

  stop(reason: Why): void {
    this.#stopping ??= reason
  }

  get isStopping(): boolean {
    return this.#stopping !== null
  }

  /** One tick of `dtMs`; moves the goal. @returns the result when the plan has ended */
  step(dtMs: number, nowMs: number): Execution | null {
    this.gripperCommand = null
    if (this.#stopping !== null) {
      this.#pace = Math.max(0, this.#pace - dtMs / this.options.stopMs)
      if (this.#pace === 0 || this.#path === null) return this.#end('stopped', this.#stopping, nowMs)
    }
    const segment = this.plan.segments[this.#index]!
    if (!this.#begun) this.#begin(segment, nowMs)
    const progress = isMotion(segment) ? this.#move(segment, dtMs, nowMs) : this.#grip(segment, nowMs)
    if (progress === 'goes on') return null
    if (progress !== 'ended') return this.#end('fault', progress.failed, nowMs)
    this.#begun = false
    this.#index++
    return this.#index === this.plan.segments.length ? this.#end('done', why('none'), nowMs) : null
  }

  /** Ends it from outside, e.g. by an error of the robot. */
  fail(reason: Why, nowMs: number): Execution {
    return this.#end('fault', reason, nowMs)
  }

  #begin(segment: Segment, nowMs: number): void {
    this.#begun = true
    this.#sinceMs = nowMs
    this.#elapsedMs = 0
    this.peer.tareForce()
    this.#path = isMotion(segment) ? this.#pathOf(segment, this.goal.qRad) : null
  }

  #pathOf(segment: MotionSegment, fromRad: readonly number[]): JointPath | null {
    const { speedMps, descendSpeedMps } = this.options
    const fastestMps = segment.kind === 'descend' ? descendSpeedMps : speedMps
    return JointPath.plan(fromRad, segment, Math.min(segment.speedMps, fastestMps), this.kinematics, this.options)
  }

  #move(segment: MotionSegment, dtMs: number, nowMs: number): Progress {
    const path = this.#path
    if (path === null) return { failed: why('unreachable') } // a line was checked, but from where a contact would end it
    const { contactForceN, collisionForceN } = this.options
    const { pushN } = this.peer
    if (segment.kind === 'descend' && pushN > contactForceN) {
      this.#yieldToContact()
      return this.#ended(true, nowMs)
    }
    if (pushN > collisionForceN) {
      this.#yieldToContact()
      return { failed: why('unexpected_contact', `${pushN.toFixed(0)} N`) }
    }

    if (this.#elapsedMs < path.durationMs) {
      this.#elapsedMs = Math.min(path.durationMs, this.#elapsedMs + dtMs * this.#pace)
      this.goal.qRad = path.at(this.#elapsedMs) ?? this.goal.qRad
      this.#sinceMs = nowMs
      this.#restMs = nowMs
      return 'goes on'
    }
    return this.#settle(segment, nowMs)
  }

  /** A joint with friction stops short of its goal: the goal is led past it until the tool has arrived. */
  #settle(target: ToolTarget, nowMs: number): Progress {
    const { arrivedM, arriveTimeoutMs, correctionRad, correctionShare } = this.options
    const { qRad, dqRadps, p_base_tool_m } = this.peer.arm!
    const errorM = distanceM(p_base_tool_m, target.p_base_m)
    if (errorM <= arrivedM) return this.#ended(false, nowMs)
    if (nowMs - this.#sinceMs > arriveTimeoutMs) {
      const words = `the tool stays ${(errorM * 1000).toFixed(0)} mm from its target`
      return { failed: why('tracking_error', words) }
    }
    // Not while it still comes: what lags behind would be corrected for, and overshoot.
    if (dqRadps.some((dq) => Math.abs(dq) > restRadps)) this.#restMs = nowMs
    if (nowMs - this.#restMs < leastRestMs) return 'goes on'
    for (const [i, q] of qRad.entries()) {
      const correction = this.goal.correctionRad[i]! + correctionShare * (this.goal.qRad[i]! - q)
      this.goal.correctionRad[i] = Math.min(correctionRad, Math.max(-correctionRad, correction))
    }
    return 'goes on'
  }

  /** The command is repeated until the state shows its effect: a single message may be lost, and nobody would say so. */
  #grip({ kind }: EndEffectorSegment, nowMs: number): Progress {
    const { openWidthM, gripperTimeoutMs } = this.options
    const gripper = this.peer.gripper(nowMs)
    const waitedMs = nowMs - this.#sinceMs
    const on = kind === 'grasp'
    const shows = gripper !== null && (on ? gripper.isGrasped : !gripper.isGrasped && gripper.widthM > 0.9 * openWidthM)
    if (waitedMs >= gripperTimeoutMs || (shows && waitedMs >= leastGripMs)) return this.#ended(false, nowMs)
    this.gripperCommand = on ? gripperGrasp() : gripperMove(openWidthM)
    return 'goes on'
  }

  /** The goal lies behind the surface by now; from where the tool is, it no longer pushes. */
  #yieldToContact(): void {
    this.goal.qRad = [...this.peer.arm!.qRad]
    this.goal.correctionRad.fill(0)
  }

  #ended(contact: boolean, nowMs: number): Progress {
    const holding = this.peer.isHolding(nowMs)
    this.#segments.push({ contact, p_base_m: this.peer.arm!.p_base_tool_m, holding })
    return 'ended'
  }

  #end(status: Execution['status'], { reason, detail }: Why, nowMs: number): Execution {
    if (status !== 'done' && this.#begun) this.#ended(false, nowMs) // the one that was cut short
    return { status, reason, detail, segments: this.#segments, holding: this.peer.isHolding(nowMs) }
  }
}
