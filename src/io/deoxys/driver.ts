// The deoxys link without sockets and clock: messages in, messages out, one call a tick.
//
//   idle --arm--> handover (NO_CONTROL) --> limp (no stiffness) --> stiffen --> hold <--> a plan runs
//   anything --close, or an error of the robot or the peer--> released (NO_CONTROL)
// A stop holds the arm where it came to rest, and is latched here, since deoxys knows no latch.

import type { ErrorCode } from '../../control/errors.js'
import { distanceM } from '../../control/geometry.js'
import type { Kinematics } from '../../control/ports.js'
import { describeReason, type Reason } from '../../control/reason.js'
import type { Execution, Plan, RobotMode } from '../../control/types.js'
import { EventLoopTime } from '../link/event-loop-time.js'
import type { LinkReason } from '../link/link-error.js'
import { jointImpedance, noControl } from './codec.js'
import type { DeoxysAnswer, DeoxysEvent, DeoxysOutput } from './events.js'
import { toolAt } from './joint-path.js'
import type { DeoxysOptions } from './options.js'
import { PeerState, type Why } from './peer-state.js'
import { type JointGoal, PlanRunner } from './plan-runner.js'

type Phase = 'idle' | 'handover' | 'limp' | 'stiffen' | 'hold' | 'released'

const noReason: Why = { reason: 'none', detail: '' }

/** Measured states before the arm's pose is believed: the first may have waited somewhere. */
const trustedStates = 5
/** Kinematics and measured pose may differ by so much; more means another tool than ours. */
const sameToolM = 0.005

export class DeoxysDriver {
  readonly #loopTime: EventLoopTime
  readonly #peer: PeerState
  readonly #goal: JointGoal = { qRad: [], correctionRad: [0, 0, 0, 0, 0, 0, 0] }
  #phase: Phase = 'idle'
  #nowNs: bigint
  #sinceMs = 0
  #aliveMs = 0
  #met = false
  #arming: number | null = null
  #runner: PlanRunner | null = null
  #latch: { readonly mode: 'stopped' | 'fault'; readonly why: Why } | null = null
  #leaving = false
  #left = false

  constructor(
    private readonly kinematics: Kinematics,
    private readonly options: DeoxysOptions,
    private readonly tell: (event: DeoxysEvent) => void,
    nowNs: bigint,
  ) {
    this.#nowNs = nowNs
    this.#loopTime = new EventLoopTime(options.tickMs, nowNs)
    this.#peer = new PeerState(options)
  }

  // ---- from the runtime ----

  /** The thread that runs the cycle lives. */
  alive(): void {
    this.#aliveMs = this.#now
  }

  /** Ends in an answer: done, or failed with LINK_REFUSED, LINK_PEER_LOST or LINK_STATE_STALE. */
  arm(id: number): void {
    if (this.#latch !== null) {
      this.#refuse(id, 'latched', `it is ${this.#latch.mode}: ${describeReason(this.#latch.why)}`)
    } else if (this.#phase === 'hold') {
      this.#answer(id, { kind: 'done' })
    } else if (this.#arming !== null || this.#leaving) {
      this.#refuse(id, 'busy', 'it is being armed or left already')
    } else {
      this.#arming = id
      this.#peer.watchFrom(this.#now)
      this.#enter('handover')
    }
  }

  /** Ends in an answer: executed, whatever came of it, or failed with LINK_PEER_LOST, LINK_STATE_STALE, LINK_PROTOCOL. */
  execute(id: number, plan: Plan): void {
    const runner = new PlanRunner(id, plan, this.#goal, this.#peer, this.kinematics, this.options)
    const refusal = this.#refusal()
    const why = refusal === null ? runner.refuse(this.#now) : { reason: refusal, detail: '' }
    if (why === null) {
      this.alive()
      this.#runner = runner
      return
    }
    const holding = this.#peer.isHolding(this.#now)
    this.#answer(id, { kind: 'executed', execution: { status: 'rejected', ...why, segments: [], holding } })
  }

  #refusal(): Reason | null {
    if (this.#latch !== null) return 'latched'
    if (this.#phase !== 'hold') return 'not_armed'
    return this.#runner === null ? null : 'busy'
  }

  /** @param detail the words of whoever asked for it */
  stop(detail: string): void {
    const why = { reason: 'stop_requested', detail } as const
    if (this.#runner !== null) {
      this.#runner.stop(why)
      return
    }
    this.#latch ??= { mode: 'stopped', why }
    if (this.#phase !== 'hold') this.#giveUpArming('LINK_REFUSED', 'latched', `it was stopped: ${describeReason(why)}`)
  }

  /** A person's act; leaves the arm disarmed. Ends in an answer: done, or failed while the arm still moves. */
  clear(id: number): void {
    if (this.#runner !== null) {
      this.#refuse(id, 'busy', 'the arm still moves')
      return
    }
    this.#latch = null
    this.#release()
    this.#answer(id, { kind: 'done' })
  }

  /** Stops what moves, lets go of the arm, and tells when nothing more will be sent. */
  leave(): void {
    this.#leaving = true
    this.#runner?.stop({ reason: 'stop_requested', detail: 'the link was closed' })
    this.#giveUpArming('LINK_PEER_LOST', 'closed', 'was left: the link has been closed')
    if (this.#runner === null) this.#release()
  }

  // ---- from the controller ----

  takeArmState(bytes: Uint8Array, nowNs: bigint): void {
    try {
      const isFresh = this.#peer.takeArm(bytes, this.#now)
      if (!this.#met) this.tell({ kind: 'met', simulated: this.#peer.arm!.simulated })
      this.#met = true
      if (isFresh) this.#tellState(nowNs)
    } catch (error) {
      const message = `publishes something that is no state of an arm: ${(error as Error).message}`
      this.#lose('LINK_PROTOCOL', 'wrong_stream', message)
    }
  }

  takeGripperState(bytes: Uint8Array): void {
    try {
      this.#peer.takeGripper(bytes, this.#now)
    } catch {
      // A gripper that talks nonsense counts as one that reports nothing: plans that need it are refused.
    }
  }

  // ---- time ----

  tick(nowNs: bigint): DeoxysOutput {
    const beforeMs = this.#now
    this.#nowNs = nowNs
    this.#loopTime.tick(nowNs)
    if (this.#phase !== 'idle' && this.#phase !== 'released') this.#watchPeer()
    const gripper = this.#runner === null ? null : this.#run(this.#now - beforeMs)
    return { arm: this.#armCommand(), gripper }
  }

  get #now(): number {
    return this.#loopTime.ms
  }

  #enter(phase: Phase): void {
    this.#phase = phase
    this.#sinceMs = this.#now
  }

  /** What is sent in this tick; moves on from phase to phase while arming and leaving. */
  #armCommand(): Uint8Array | null {
    const { handoverMs, stiffenMs, kpNmPerRad, kdNmsPerRad } = this.options
    const elapsedMs = this.#now - this.#sinceMs
    switch (this.#phase) {
      case 'idle':
        return null
      case 'handover':
        if (elapsedMs >= handoverMs) this.#beginLimp()
        return noControl()
      case 'limp':
        // The controller builds its first goal from a pose that may be hours old. Without stiffness no goal moves the
        // arm, while it is read again.
        if (this.#peer.freshCount >= trustedStates) this.#adoptPose()
        return jointImpedance(
          this.#peer.arm!.qRad,
          kpNmPerRad.map(() => 0),
          kdNmsPerRad,
        )
      case 'stiffen': {
        const share = Math.min(1, elapsedMs / stiffenMs)
        if (share === 1) this.#armed()
        return jointImpedance(
          this.#sentRad,
          kpNmPerRad.map((kp) => share * kp),
          kdNmsPerRad,
        )
      }
      case 'hold':
        return jointImpedance(this.#sentRad, kpNmPerRad, kdNmsPerRad)
      case 'released':
        // After an error for ever: a controller that comes back (deoxys restarts and recovers by itself) must find
        // nobody who asks it to move.
        if (elapsedMs >= handoverMs && (this.#leaving || this.#latch?.mode !== 'fault')) this.#goIdle()
        return noControl()
    }
  }

  get #sentRad(): number[] {
    return this.#goal.qRad.map((q, i) => q + this.#goal.correctionRad[i]!)
  }

  // ---- arming ----

  #beginLimp(): void {
    this.#peer.watchFrom(this.#now)
    this.#enter('limp')
  }

  #adoptPose(): void {
    const arm = this.#peer.arm!
    const ours = toolAt(this.kinematics, arm.qRad)
    const offM = distanceM(ours.p_base_m, arm.p_base_tool_m)
    const posture = this.kinematics.inverse(ours.p_base_m, ours.yawRad)
    if (offM > sameToolM) {
      const words = `its tool is ${(offM * 1000).toFixed(0)} mm from where the tool of the settings would be`
      this.#giveUpArming('LINK_REFUSED', 'tool_mismatch', words)
    } else if (!posture?.every((q, i) => Math.abs(q - arm.qRad[i]!) <= this.options.postureRad)) {
      this.#giveUpArming('LINK_REFUSED', 'posture', 'its tool does not point down, or its elbow is turned aside')
    } else {
      this.#goal.qRad = [...arm.qRad]
      this.#goal.correctionRad.fill(0)
      this.#peer.tareForce()
      this.#enter('stiffen')
    }
  }

  #armed(): void {
    this.#enter('hold')
    this.#tellState(this.#nowNs)
    if (this.#arming !== null) this.#answer(this.#arming, { kind: 'done' })
    this.#arming = null
  }

  #giveUpArming(code: ErrorCode, reason: LinkReason, message: string): void {
    if (this.#arming === null) return
    const id = this.#arming
    this.#arming = null
    this.#release()
    this.#answer(id, { kind: 'failed', failure: { code, reason, message } })
  }

  #release(): void {
    if (this.#phase === 'idle') this.#goIdle()
    else if (this.#phase !== 'released') this.#enter('released')
  }

  #goIdle(): void {
    this.#enter('idle')
    if (!this.#leaving || this.#left) return
    this.#left = true
    this.tell({ kind: 'left' })
  }

  // ---- running ----

  #run(dtMs: number): Uint8Array | null {
    const runner = this.#runner!
    if (this.#now - this.#aliveMs > this.options.heartbeatTimeoutMs) runner.stop({ reason: 'watchdog', detail: '' })
    const execution = runner.step(dtMs, this.#now)
    if (execution !== null) this.#endRun(execution)
    return runner.gripperCommand
  }

  #endRun(execution: Execution): void {
    const { id } = this.#runner!
    this.#runner = null
    if (execution.status !== 'done') this.#latch ??= { mode: 'stopped', why: execution }
    this.#tellState(this.#nowNs) // before the answer: its receiver reads the state
    this.#answer(id, { kind: 'executed', execution })
    if (this.#leaving) this.#release()
  }

  // ---- watching ----

  #watchPeer(): void {
    const { stateTimeoutMs, staleTimeoutMs, freshTimeoutMs } = this.options
    const peer = this.#peer
    const longestStaleMs = this.#phase === 'limp' ? freshTimeoutMs : staleTimeoutMs
    if (peer.withoutStateMs(this.#now) > stateTimeoutMs) {
      this.#lose('LINK_PEER_LOST', 'state_timeout', `has published no state for ${stateTimeoutMs} ms`)
    } else if (this.#phase === 'handover') {
      // The arm is not read yet.
    } else if (peer.hasRestarted()) {
      this.#lose('LINK_PEER_LOST', 'restarted', 'has been started again')
    } else if (peer.staleMs > longestStaleMs) {
      const words = `repeats one state of the arm: the robot's clock in it has stood still for ${longestStaleMs} ms`
      this.#lose('LINK_STATE_STALE', 'state_stale', words)
    } else if (peer.freshCount > 0 && peer.trouble !== null) {
      this.#fault(peer.trouble)
    } else if (this.#phase === 'hold' && !this.#isFollowing()) {
      this.#fault({ reason: 'tracking_error', detail: '' })
    }
  }

  #isFollowing(): boolean {
    const sent = this.#sentRad
    return this.#peer.arm!.qRad.every((q, i) => Math.abs(q - sent[i]!) <= this.options.trackingErrorRad)
  }

  /** The robot does not obey any more; its controller has left its loop, or will. */
  #fault(why: Why): void {
    this.#latch = { mode: 'fault', why }
    this.#release()
    if (this.#runner !== null) this.#endRun(this.#runner.fail(why, this.#now))
    this.#giveUpArming('LINK_REFUSED', why.reason, `the robot does not move: ${describeReason(why)}`)
  }

  /** The peer is not what it was, or not there: nothing is asked of it any more. */
  #lose(code: ErrorCode, reason: LinkReason, message: string): void {
    const failure = { code, reason, message }
    this.#latch = { mode: 'fault', why: { reason: 'robot_lost', detail: message } }
    if (this.#phase !== 'idle') this.#release()
    const id = this.#runner?.id ?? this.#arming
    this.#runner = null
    this.#arming = null
    this.tell({ kind: 'lost', failure })
    if (id !== null && id !== undefined) this.#answer(id, { kind: 'failed', failure })
  }

  // ---- telling ----

  get #mode(): RobotMode {
    if (this.#runner !== null) return this.#runner.isStopping ? 'stopping' : 'moving'
    if (this.#latch !== null) return this.#latch.mode
    return this.#phase === 'hold' ? 'armed' : 'disarmed'
  }

  #tellState(nowNs: bigint): void {
    const state = this.#peer.robotState(this.#mode, this.#latch?.why ?? noReason, this.#now, nowNs)
    if (state !== null) this.tell({ kind: 'state', state })
  }

  #answer(id: number, answer: DeoxysAnswer): void {
    this.tell({ kind: 'answer', id, answer })
  }

  #refuse(id: number, reason: LinkReason, message: string): void {
    this.#answer(id, { kind: 'failed', failure: { code: 'LINK_REFUSED', reason, message } })
  }
}
