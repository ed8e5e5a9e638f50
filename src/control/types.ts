// The values that travel along the straight line: frames -> heightmap -> proposal -> plan -> checked plan -> outcome.
// Metres and radians in the robot's base frame unless a name says otherwise; times are monotonic nanoseconds.

import type { CliportError } from './errors.js'
import type { Reason } from './reason.js'

/** x, y, z in metres, base frame. */
export type Vec3 = readonly [number, number, number]

/** 4x4 homogeneous transform, row-major, metres: 16 numbers. `T_base_camera` maps camera coordinates to base. */
export type Mat4 = Float64Array

/** Pinhole camera without distortion; pixels. */
export interface Intrinsics {
  readonly width: number
  readonly height: number
  readonly fx: number
  readonly fy: number
  readonly cx: number
  readonly cy: number
}

/**
 * The colour camera beside a depth camera. `brown-conrady` takes the tangential terms of the original point,
 * `brown-conrady-two` of the radially moved one; coefficients k1, k2, p1, p2, k3.
 */
export interface ColorCamera {
  readonly intrinsics: Intrinsics
  /** p_color = T_color_depth * p_depth */
  readonly T_color_depth: Mat4
  readonly lens: 'pinhole' | 'brown-conrady' | 'brown-conrady-two'
  readonly coefficients: readonly number[]
}

/** One RGB-D frame. Camera axes: x right, y down, z along the optical axis. */
export interface RgbdFrame {
  readonly camera: string
  /** Of depth. */
  readonly intrinsics: Intrinsics
  /** Of the depth camera. */
  readonly T_base_camera: Mat4
  /** RGB8, height x width x 3, row-major; of the size of `colorCamera` where there is one, else of depth. */
  readonly color: Uint8Array
  /** Absent: colour and depth share their pixels. Else colour is looked up through the transform between the two. */
  readonly colorCamera?: ColorCamera
  /** Depth along the optical axis in metres, height x width, row-major; 0 where the sensor saw nothing. */
  readonly depthM: Float32Array
  readonly stampNs: bigint
}

/** Grid over the workspace. Row u runs along +y, column v along +x (CLIPort, section 3 of its code's conventions). */
export interface HeightmapSpec {
  readonly xMinM: number
  readonly xMaxM: number
  readonly yMinM: number
  readonly yMaxM: number
  readonly zMinM: number
  readonly zMaxM: number
  readonly pixelM: number
}

/** Top-down view of the workspace, fused from all cameras. */
export interface Heightmap {
  readonly spec: HeightmapSpec
  /** Cells along y (320 by default). */
  readonly rows: number
  /** Cells along x (160 by default). */
  readonly cols: number
  /** Height above `spec.zMinM` in metres, rows x cols, row-major; 0 where nothing was seen. */
  readonly heightM: Float32Array
  /** RGB8, rows x cols x 3; black where nothing was seen. */
  readonly color: Uint8Array
  /** rows x cols, 1 where a camera saw something, from whoever knows; absent: black cells at height 0 were not seen. */
  readonly seen?: Uint8Array
  /** Stamp of the oldest frame in it. */
  readonly stampNs: bigint
}

/** A cell of the heightmap: row u, column v. */
export type Pixel = readonly [u: number, v: number]

/** Where to pick or place, as the policy sees it. */
export interface Affordance {
  readonly pixel: Pixel
  /** Surface point under the tool: x and y from the pixel, z from the heightmap (base frame). */
  readonly p_base_m: Vec3
  /** Positive counter-clockwise seen from above. The place's yaw is relative to the pick's. */
  readonly yawRad: number
  /** Probability that this is what the sentence means, 0..1. */
  readonly probability: number
}

/**
 * How an action moves things: `pick_place` holds one and puts it down; `drag` the same, as low over the table as the check
 * allows, so that what hangs together comes along lying (a rope); `push` shoves what lies between two points of the table.
 */
export type Primitive = 'pick_place' | 'drag' | 'push'

/** The policy's answer to one heightmap and one sentence. */
export interface Proposal {
  /** Absent: 'pick_place'. A push begins at the pick and leads towards the place. */
  readonly primitive?: Primitive
  readonly pick: Affordance
  readonly place: Affordance
  /** Probability that the goal needs another action, 0..1. */
  readonly remaining: number
  /** Probability that what the sentence names is in view, 0..1. */
  readonly found: number
  /** Words of the sentence that the policy knows; 0 means that it understood nothing. */
  readonly knownWords: number
  /** Why nothing can be picked at the pick, for a person; absent: something can, or nobody has looked (possible-pick.ts). */
  readonly pickProblem?: string
  /** Why nothing is left to do, for a person; absent: the policy sees nothing left. */
  readonly doneReason?: string
  /** How to grasp, from policies that say it; a suction cup needs neither. */
  readonly grasp?: {
    /** Opening of the fingers before they close, metres. */
    readonly widthM?: number
    /** Rotation of the approach about base x, then base y, radians; absent: straight down. */
    readonly tiltRad?: readonly [number, number]
  }
  /** Affordance maps for a person to look at, rows x cols, each scaled to 0..1; only when asked for. */
  readonly maps?: { readonly pick: Float32Array; readonly place: Float32Array }
  /** Where the time went, stage name -> milliseconds. */
  readonly timingMs: Readonly<Record<string, number>>
}

/** A circle of the heightmap in which no pick is proposed, because one has failed there. */
export interface SuppressedSpot {
  readonly pixel: Pixel
  readonly radiusM: number
}

/** What is mounted on the flange. `none`: nothing that can hold. */
export type EndEffectorKind = 'none' | 'suction_cup' | 'two_finger' | 'digital_output'

/** What the end effector reports. */
export interface EndEffectorState {
  readonly kind: EndEffectorKind
  /** Whether it holds something: the vacuum has sealed, the fingers have closed on a thing. */
  readonly holding: boolean
  /** Opening between the fingers, metres; null where the end effector has none. */
  readonly widthM: number | null
}

/** A segment that moves the tool. The tool points straight down; `yawRad` turns it about base z. */
export interface MotionSegment {
  readonly kind: 'move' | 'descend' | 'push'
  readonly p_base_m: Vec3
  readonly yawRad: number
  readonly speedMps: number
  /**
   * Of a move: the next segment may begin without a rest, by a blend that replaces at most this length of both, inside
   * the triangle that it marks off on them. Absent: to rest. A controller that does not blend comes to rest.
   */
  readonly blendRadiusM?: number
}

/** A segment in which the end effector works and the arm rests. */
export type EndEffectorSegment =
  | { readonly kind: 'grasp'; readonly widthM?: number; readonly forceN?: number }
  | { readonly kind: 'release'; readonly widthM?: number }

/**
 * One step of a plan.
 * - `move`: straight line to `p_base_m`, jerk-limited; to rest, or by a blend into the next segment
 * - `descend`: straight down until contact, at most to `p_base_m` (same x and y as the tool)
 * - `push`: as `move`, along the table through what stands in the way, up to the controller's force ceiling
 * - `grasp`: vacuum on, or fingers closed to `widthM` with `forceN`; waits until something is held, or was missed
 * - `release`: vacuum off, or fingers opened to `widthM`; waits until it has let go
 *
 * Widths and forces that are absent are the end effector's own; a suction cup has none.
 */
export type Segment = MotionSegment | EndEffectorSegment

/** Whether a segment moves the tool. */
export function isMotion(segment: Segment): segment is MotionSegment {
  return segment.kind === 'move' || segment.kind === 'descend' || segment.kind === 'push'
}

/** What a plan is for. `jog`, `home` and `release` are a person's; the cycle makes the others. */
export type PlanName = 'pick' | 'place' | 'push' | 'park' | 'jog' | 'home' | 'release'

/** Segments that run one after the other; the plan begins and ends at rest. */
export interface Plan {
  readonly name: PlanName
  readonly segments: readonly Segment[]
}

/** All joints together from wherever they are to `qRad`, from rest to rest. The controller checks the way. */
export interface JointPlan {
  readonly name: PlanName
  /** 7 angles, from the base to the flange, radians. */
  readonly qRad: readonly number[]
  /** Greatest speed of the tool. */
  readonly speedMps: number
}

declare const checked: unique symbol

/** A plan that `checkPlan` found within the cell's limits. The link executes nothing else. */
export type CheckedPlan = Plan & { readonly [checked]: true }

/** A joint plan that `checkJointPlan` found within the cell's limits. The link moves joints by nothing else. */
export type CheckedJointPlan = JointPlan & { readonly [checked]: true }

/** What the controller reports of a plan that it ended, however it ended. */
export interface Execution {
  readonly status: 'done' | 'stopped' | 'rejected' | 'fault'
  /** Why it was not done; 'none' when it was. */
  readonly reason: Reason
  /** More about the reason, for a person: the words of whoever asked for the stop. May be empty. */
  readonly detail: string
  /** Per segment that was started: whether it ended by contact, where the tool was, whether something was held. */
  readonly segments: readonly { readonly contact: boolean; readonly p_base_m: Vec3; readonly holding: boolean }[]
  /** Whether the end effector held something when the plan ended. */
  readonly holding: boolean
  /** What went wrong, typed, with the last states of the arm where the link has them; absent when done. */
  readonly error?: CliportError
}

/** What the arm is doing. Every start is `disarmed`; `stopped` and `fault` stay until a person clears them. */
export type RobotMode = 'disarmed' | 'armed' | 'moving' | 'stopping' | 'stopped' | 'fault' | 'free_drive'

/** The newest state of the arm. */
export interface RobotState {
  readonly mode: RobotMode
  readonly qRad: readonly number[]
  readonly dqRadps: readonly number[]
  readonly p_base_tool_m: Vec3
  readonly yawRad: number
  readonly contact: boolean
  readonly endEffector: EndEffectorState
  /** Controller's clock at the sample. */
  readonly stampNs: bigint
  /** This process's monotonic clock when it arrived. */
  readonly arrivedNs: bigint
  /** Why it stopped or faulted; 'none' when it did neither. */
  readonly reason: Reason
  /** More about the reason, for a person. May be empty. */
  readonly detail: string
}

/** What the runtime concludes from its own cameras. What the simulated cell knows is the truth, and stays there. */
export type Outcome =
  | 'achieved'
  | 'failed'
  | 'not_understood'
  | 'unsupported'
  | 'ambiguous'
  | 'not_found'
  | 'unsure'
  | 'refused'
  | 'stopped'
  | 'error'
