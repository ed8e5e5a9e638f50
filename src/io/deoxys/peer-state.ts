// What is known of the arm and the gripper, and how much of it can be believed.
//
// deoxys publishes states all the time, but reads the arm only while it controls it: before and after, it repeats the
// last one, with a message counter that goes on. Whether a state was measured shows only in the robot's clock.

import { distanceM } from '../../control/geometry.js'
import { type Reason, reasons } from '../../control/reason.js'
import type { RobotState, Vec3 } from '../../control/types.js'
import { type ArmSample, decodeArmState, decodeGripperState, type GripperSample, RobotMode } from './codec.js'
import type { DeoxysOptions } from './options.js'

/** A reason with its words. */
export interface Why {
  readonly reason: Reason
  readonly detail: string
}

export class PeerState {
  #arm: ArmSample | null = null
  #gripper: GripperSample | null = null
  #heardMs = 0
  #freshMs = 0
  #freshCount = 0
  #gripperMs = Number.NEGATIVE_INFINITY
  #tareN: Vec3 = [0, 0, 0]
  #restarted = false

  constructor(private readonly options: DeoxysOptions) {}

  /** The newest state that was measured; before any was, the first that came. */
  get arm(): ArmSample | null {
    return this.#arm
  }

  /** Measured states since `watchFrom`. */
  get freshCount(): number {
    return this.#freshCount
  }

  /**
   * @returns whether the state was measured since the last one, and not repeated
   * @throws Error when the bytes are no state of an arm
   */
  takeArm(bytes: Uint8Array, nowMs: number): boolean {
    const sample = decodeArmState(bytes)
    const last = this.#arm
    this.#heardMs = nowMs
    if (last === null) {
      this.#arm = sample // cannot be judged: the next one shows whether the clock runs
      return false
    }
    // A counter or a clock that begins again belongs to another process or another start of the robot.
    if (sample.frame < last.frame || sample.robotMs < last.robotMs) this.#restarted = true
    const isFresh = sample.robotMs !== last.robotMs
    this.#arm = isFresh ? sample : { ...last, frame: sample.frame }
    if (!isFresh) return false
    this.#freshMs = nowMs
    this.#freshCount++
    return true
  }

  /** @throws Error when the bytes are no state of a gripper */
  takeGripper(bytes: Uint8Array, nowMs: number): void {
    this.#gripper = decodeGripperState(bytes)
    this.#gripperMs = nowMs
  }

  /** Time-outs and restarts count from here. */
  watchFrom(nowMs: number): void {
    this.#heardMs = nowMs
    this.#freshMs = nowMs
    this.#freshCount = 0
    this.#restarted = false
  }

  hasRestarted(): boolean {
    return this.#restarted
  }

  withoutStateMs(nowMs: number): number {
    return nowMs - this.#heardMs
  }

  /** For how long what came was not measured. Time without any message does not add to it. */
  get staleMs(): number {
    return this.#heardMs - this.#freshMs
  }

  hasGripper(nowMs: number): boolean {
    return nowMs - this.#gripperMs <= this.options.stateTimeoutMs
  }

  gripper(nowMs: number): GripperSample | null {
    return this.hasGripper(nowMs) ? this.#gripper : null
  }

  /** deoxys closes with so wide a tolerance that an empty grasp counts as one: the width must also be more than none. */
  isHolding(nowMs: number): boolean {
    const gripper = this.gripper(nowMs)
    return gripper?.isGrasped === true && gripper.widthM >= this.options.emptyWidthM
  }

  /** The estimate of external force is off by what the robot does not know of its load: only changes count. */
  tareForce(): void {
    this.#tareN = this.#arm?.forceN ?? this.#tareN
  }

  /** Change of the external force since `tareForce`, newtons. */
  get pushN(): number {
    return this.#arm === null ? 0 : distanceM(this.#arm.forceN, this.#tareN)
  }

  /** Why the robot does not move; null while it obeys. */
  get trouble(): Why | null {
    const arm = this.#arm
    if (arm === null) return null
    if (arm.errors.length > 0) return reasonOfErrors(arm.errors)
    if (arm.mode === RobotMode.MOVE || arm.mode === RobotMode.IDLE) return null
    if (arm.mode === RobotMode.USER_STOPPED) return { reason: 'user_stop', detail: '' }
    return { reason: 'robot_failed', detail: `it is in mode ${RobotMode[arm.mode].toLowerCase()}` }
  }

  robotState(mode: RobotState['mode'], why: Why, nowMs: number, arrivedNs: bigint): RobotState | null {
    const arm = this.#arm
    if (arm === null) return null
    const widthM = this.gripper(nowMs)?.widthM ?? null
    const { qRad, dqRadps, p_base_tool_m, yawRad, robotMs } = arm
    const stampNs = robotMs * 1_000_000n
    return {
      mode,
      qRad,
      dqRadps,
      p_base_tool_m,
      yawRad,
      contact: false,
      endEffector: { kind: 'two_finger', holding: this.isHolding(nowMs), widthM },
      stampNs,
      arrivedNs,
      reason: why.reason,
      detail: why.detail,
    }
  }
}

/** FCI's own names are reasons. The first error counts; the others, and any that has no such name, are its words. */
function reasonOfErrors(errors: readonly string[]): Why {
  const reason = reasons.find((name) => errors.includes(name))
  if (reason === undefined) return { reason: 'robot_failed', detail: errors.join(', ') }
  const others = errors.filter((name) => name !== reason)
  return { reason, detail: others.length === 0 ? '' : `also ${others.join(', ')}` }
}
