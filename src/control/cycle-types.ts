// What the cycle works with, what it tells while it does, and what it comes to.

import type { Limits } from './check.js'
import type { Budget, Decision } from './decide.js'
import type { CliportError } from './errors.js'
import type { Clarify } from './goal/sentence-in-force.js'
import type { PointOfView, Understanding } from './goal/types.js'
import type { ActionPlans, PlanSettings, ToolPose } from './plan.js'
import type { Camera, Clock, Kinematics, Policy, Projector, Recorder, RobotLink, StageMeter } from './ports.js'
import type { Execution, Heightmap, HeightmapSpec, Outcome, Proposal, RgbdFrame } from './types.js'
import type { Verdict } from './verify.js'

export interface CyclePorts {
  readonly camera: Camera
  readonly projector: Projector
  readonly policy: Policy
  readonly kinematics: Kinematics
  readonly link: RobotLink
  readonly recorder: Recorder
  readonly clock: Clock
  readonly meter: StageMeter
  /** For people: the page and the terminal. */
  readonly watcher?: CycleWatcher
  /** Asks a person which of several things a sentence means; absent where nobody can be asked. */
  readonly clarify?: Clarify
}

/** Hears of everything that a person may want to see, as it happens. Must not throw and must not change anything. */
export interface CycleWatcher {
  /** The cameras delivered, and the heightmap is made. */
  looked?(view: View): void
  /** A sentence was held against what is in view; null: the policy takes it as it was said. */
  understood?(understanding: Understanding | null, sentence: string): void
  /** The policy has answered, and what is done with it is decided. */
  proposed?(proposal: Proposal, decision: Decision, sentence: string): void
  /** The plans of the next step, before they are checked. */
  planned?(plans: ActionPlans): void
  /** The plans just told of will not be executed. */
  refused?(reason: string): void
  /** A step has ended, and the look after it is taken. */
  stepped?(step: StepRecord): void
}

/** Settings of the cycle: metres, radians and seconds in the base frame. */
export interface CycleSettings {
  readonly workspace: HeightmapSpec
  readonly plan: PlanSettings
  readonly limits: Limits
  /** Where the arm hides nothing from the cameras. */
  readonly park: ToolPose
  /** Where it waits while they look: there, or at the nearest pose at which it hides nothing of what they saw before. */
  readonly lookFrom: 'park' | 'near'
  readonly budget: Budget
  /** Size of the spot in which no pick is proposed after one has failed there. */
  readonly suppressRadiusM: number
  /** Ask the policy for affordance maps. */
  readonly maps: boolean
  /** Whose left and right a sentence means. Default: the robot's. */
  readonly pointOfView?: PointOfView
}

/** One look: what the cameras delivered, and the map made from it. */
export interface View {
  readonly frames: readonly RgbdFrame[]
  readonly heightmap: Heightmap
}

/** One pick attempt, from the look before it to the look after it. */
export interface StepRecord {
  readonly index: number
  readonly sentence: string
  readonly before: View
  readonly after: View
  readonly proposal: Proposal
  readonly plans: ActionPlans
  readonly pick: Execution
  /** null when nothing was held after the pick. */
  readonly place: Execution | null
  readonly verdict: Verdict
}

/** How a goal ended, and every step on the way. */
export interface CycleResult {
  readonly outcome: Outcome
  /** Why the cycle ended so, for a person. */
  readonly reason: string
  /** The sentence in force at the end. */
  readonly goal: string
  /** Pick attempts. */
  readonly steps: number
  /** How the sentence was understood last; null: not at all looked at, or taken as it was said. */
  readonly understanding: Understanding | null
  /** Attempts that failed or were refused, and after which another was made or given up. */
  readonly retries: number
  /** Every step; `frames` of its views are empty, they went to watcher and recorder. */
  readonly history: readonly StepRecord[]
  /** Only with outcome 'error'. */
  readonly error?: CliportError
}
