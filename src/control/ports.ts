// The seams of the runtime. Each port has a hardware adapter and a simulated or replay adapter, and one contract test
// suite in tests/contract that runs on every adapter. Nothing here knows a socket, a file or a vendor.

import type {
  CheckedPlan,
  EndEffectorKind,
  Execution,
  Heightmap,
  HeightmapSpec,
  Mat4,
  Primitive,
  Proposal,
  RgbdFrame,
  RobotState,
  SuppressedSpot,
  Vec3,
} from './types.js'

/** One or more RGB-D cameras that look at the workspace. */
export interface Camera {
  readonly names: readonly string[]
  /**
   * The newest frame of every camera, taken after the call.
   * @throws CliportError CAMERA_STALLED when a camera delivers nothing within its time-out
   */
  capture(signal?: AbortSignal): Promise<readonly RgbdFrame[]>
  /**
   * The newest frame of one camera, taken after the call, for whoever only watches: another camera that has stopped does not
   * hold it up. Absent: only all at once.
   * @param name one of `names`
   * @throws CliportError CAMERA_STALLED when this camera delivers nothing within its time-out
   */
  newest?(name: string, signal?: AbortSignal): Promise<RgbdFrame>
  /** Gives the cameras back. Safe to call twice. */
  close(): Promise<void>
}

/** Frames to one top-down heightmap. */
export interface Projector {
  /**
   * @throws CliportError FRAME_INVALID for a frame without one finite depth, or whose buffers do not match its size, and
   *                      when no frame shows anything of the workspace
   */
  project(frames: readonly RgbdFrame[], spec: HeightmapSpec): Promise<Heightmap>
}

/** What a policy's words mean, for programs that talk to people. Colours are sRGB, #rrggbb. */
export interface Lexicon {
  /** Kind of thing -> its names, singular. */
  readonly nouns: Readonly<Record<string, readonly string[]>>
  readonly colors: Readonly<Record<string, string>>
  /** How the thing lies to the place -> the prepositions that say so. */
  readonly relations: Readonly<Record<string, readonly string[]>>
  /** Tasks whose sentences it was made for. */
  readonly tasks: readonly string[]
  /**
   * Sentences that it was trained on as they are, with `<pick>` and `<place>` for what is moved and where to, and how it has
   * things moved; absent: its proposals are picks and places.
   */
  readonly forms?: readonly { readonly form: string; readonly primitive: Primitive }[]
  /** What sentences call parts of things; absent: they name whole things only. */
  readonly parts?: readonly string[]
}

/** Units of a policy's numbers. */
export interface PolicyUnits {
  readonly length: string
  readonly angle: string
  readonly color: string
}

/** What a policy says about itself. */
export interface PolicyInfo {
  readonly name: string
  readonly architecture: string
  readonly workspace: HeightmapSpec
  readonly rotations: number
  /** Below these probabilities the runtime does not act; chosen on validation scenes, stored with the policy. */
  readonly thresholds: {
    readonly pick: number
    readonly place: number
    readonly remaining: number
    readonly found: number
  }
  /** Kinds of end effectors that its grasps are for; absent: any (the simulated cell's oracle). */
  readonly endEffectors?: readonly EndEffectorKind[]
  /** Absent: nobody has written it down. */
  readonly lexicon?: Lexicon
  /** Absent: those of this runtime (m, rad, srgb8). */
  readonly units?: PolicyUnits
  /** SHA-256 of the package's manifest, which has that of every other file; absent: it is no package. */
  readonly packageSha256?: string
  /** Execution provider that computes its decisions, e.g. 'cpu'; absent: none does (the simulated cell's oracle). */
  readonly provider?: string
}

/** What may be asked of a policy beside where to pick and place. */
export interface ProposeOptions {
  /** Spots where a pick has failed. */
  readonly suppress?: readonly SuppressedSpot[]
  /** rows x cols, 1 where a pick may be; absent: anywhere. */
  readonly pickCells?: Uint8Array
  /** Also return full affordance maps. */
  readonly maps?: boolean
  readonly signal?: AbortSignal
}

/** A heightmap and a sentence to where to pick and place. Never runs on the main thread. */
export interface Policy {
  readonly info: PolicyInfo
  /**
   * Where to pick and place in this heightmap for this sentence.
   * @throws CliportError POLICY_* when the net answers nonsense; the signal's reason on abort
   */
  propose(heightmap: Heightmap, goal: string, options?: ProposeOptions): Promise<Proposal>
  /** Ends its threads; a proposal in progress is rejected. */
  close(): Promise<void>
}

/** A part of the arm: all that lies nearer than `radiusM` to the line between two points, metres, base frame. */
export interface Limb {
  readonly a: Vec3
  readonly b: Vec3
  readonly radiusM: number
}

/** The arm's kinematics: the one implementation of native/core. */
export interface Kinematics {
  /** Range of each of the 7 joints, inside the joint margin, radians. */
  readonly jointRangesRad: readonly (readonly [minRad: number, maxRad: number])[]
  /** Pose of the tool for joint angles: `T_base_tool`, row-major. */
  forward(qRad: readonly number[]): Mat4
  /** The arm's volume, from the shoulder to the tip. @param toolRadiusM of the tool */
  limbs(qRad: readonly number[], toolRadiusM: number): readonly Limb[]
  /** Joint angles with the tool pointing down at `p_base_m`, inside the joint margin, or null where there are none. */
  inverse(p_base_m: Vec3, yawRad: number): readonly number[] | null
}

/**
 * What a link may promise. The native link promises all of it.
 * - `lease`: one program at a time moves the arm
 * - `authentication`: the peer is who it says it is
 * - `acknowledgement`: every command is answered
 * - `expiry`: a command that arrives late is never run
 * - `watchdog`: the controller stops the arm within 100 ms when this process's heartbeats end
 * - `latched-stop`: after a stop or fault the controller itself refuses to move until a person clears it
 */
export type LinkGuarantee = 'lease' | 'authentication' | 'acknowledgement' | 'expiry' | 'watchdog' | 'latched-stop'

/** The connection to whatever controls the arm. */
export interface RobotLink {
  /** Guarantees that this link cannot give, to be shown to the user; absent: none is missing. */
  readonly lacks?: readonly LinkGuarantee[]
  /** Newest state; null until the first has arrived. */
  readonly state: RobotState | null
  /** What the peer says it is: 'franka' moves hardware, 'sim' and 'cell' do not. */
  readonly backend: string
  /** Takes the lease, after which the arm may move. Every start is disarmed. @throws CliportError LINK_REFUSED */
  arm(): Promise<void>
  /**
   * Runs a plan to its end. A plan that ends badly is a value; a peer that is lost is an error.
   * On abort the arm is stopped and the result's status is 'stopped'.
   * @param onSegment hears as each segment ends, by its index, while later ones still run; a link that does not know
   *                  leaves it out
   * @throws CliportError LINK_PEER_LOST when the controller's states stop coming
   */
  execute(plan: CheckedPlan, signal?: AbortSignal, onSegment?: (index: number) => void): Promise<Execution>
  /** Smooth stop, latched until a person clears it. Needs no lease. */
  stop(reason: string): Promise<void>
  /** Gives the lease back and disconnects; a plan that still runs is stopped by the controller. */
  close(): Promise<void>
}

/** Everything that happened, in order, for people and for training. A full disk ends the recording, never the run. */
export interface Recorder {
  /** Every camera's frames of one look; copied before the call returns. */
  frames(frames: readonly RgbdFrame[]): void
  /** The heightmap of one look; copied before the call returns. */
  heightmap(heightmap: Heightmap): void
  /** Any other event of the cycle; `data` must be JSON. */
  event(topic: string, data: unknown): void
  /** Ends the recording; resolves when the file is whole. */
  close(): Promise<void>
}

/** The sentence that is in force now. A person may say the next one between two actions (sequential tasks). */
export type GoalSource = () => Promise<string>

/** Takes the duration of every stage of the cycle. */
export interface StageMeter {
  /** One duration of a stage, milliseconds. */
  observe(stage: string, durationMs: number): void
}

/** A monotonic clock, so that tests can move time by hand. */
export interface Clock {
  /** Monotonic nanoseconds. */
  nowNs(): bigint
  /**
   * Lets everything else that is due on this thread go first, the link's heartbeat above all; absent: nothing else is on it.
   */
  turn?(): Promise<void>
}
