// What the simulated cell offers. The cell runs in a worker thread (or, for recording, in the calling thread); this is
// the interface to it. Truth (object poses, labels, scores) is here and nowhere in `control` or `io`.

import type { Box } from '../control/keep-out.js'
import type { HeightmapSpec, Pixel, Primitive, RgbdFrame, Vec3 } from '../control/types.js'
import type { BoundLink } from '../native/controller.js'
import type { ArmModel } from '../native/kinematics.js'

/** Disturbances that happen in the physics or the cameras; no flag tells the runtime. */
export interface CellFaults {
  /** Probability that the cup does not seal although it touches, 0..1. */
  readonly graspFailure?: number
  /** Least and greatest distance by which what is still to be moved is nudged between a look and the grasp, metres. */
  readonly nudgeM?: readonly [least: number, greatest: number]
  /**
   * Speed at which everything that is still to be moved slides over the table from a look until the arm sets off, metres a
   * second: what the look showed ages.
   */
  readonly driftMps?: number
  /** Simulated time after reset at which the controller dies without goodbye, seconds. */
  readonly killControllerAtS?: number
  /** Number of the capture (0 is the first) from which a camera delivers these instead of frames. */
  readonly camera?: {
    readonly fromCapture: number
    readonly fault: 'stall' | 'nan' | 'zero'
    /** The one camera that it happens to; absent: all of them. */
    readonly only?: string
  }
}

/** What the simulated cell's own controller is told about its robot. */
export interface CellRobot {
  /** Whose joint limits hold; absent: the Panda's. */
  readonly arm?: ArmModel
  /** Boxes in which no part of the arm may be; absent: none. */
  readonly keepOut?: readonly Box[]
}

/** One scene, and how time passes in it. */
export interface CellOptions {
  /** Published task name with colours, e.g. 'put-block-in-bowl-seen-colors'. */
  readonly task: string
  /**
   * Scenes with the same task and seed are identical. Train even, validation odd, test 10001 + 2i; as published, a task
   * of unseen colours shows them in odd scenes only.
   */
  readonly seed: number
  /** A sentence that the scene must make sense of; the task then builds its scene round it. */
  readonly goal?: string
  /**
   * 'paced' follows wall time (and falls behind rather than race after a stall of the machine); 'free' advances only while
   * a command runs, as fast as it goes, and takes the lease holder for alive in the meantime.
   */
  readonly clock: 'paced' | 'free'
  /** Bind the ZeroMQ endpoint here, e.g. 'tcp://127.0.0.1:*'; absent: in process only. */
  readonly listen?: string
  /** 'clean' as published; 'real' adds noise and holes like a real depth camera's. */
  readonly sensor?: 'clean' | 'real'
  /** 'published' or jittered light, colours, table and camera poses (for training). */
  readonly appearance?: 'published' | 'randomized'
  readonly workspace?: HeightmapSpec
  readonly robot?: CellRobot
  readonly faults?: CellFaults
}

/** What a scene is about, and how its arm is reached. */
export interface CellReady {
  readonly goal: string
  /** Step limit of the task as published. */
  readonly maxSteps: number
  /** Objects that are to be moved, all goals of the task together. */
  readonly moves: number
  /** Where the endpoint is and the keys to it, when `listen` was given. They are this cell's own and never written. */
  readonly link?: BoundLink
}

/** A simulated frame knows which object each pixel shows. */
export interface SimFrame extends RgbdFrame {
  /** 0: no object; else the object's `label`. */
  readonly labels: Uint8Array
}

export interface TrueObject {
  readonly label: number
  /** 'block', 'bowl', ... */
  readonly kind: string
  /** Colour name, 'red', ...; 'own' for a thing whose colours go with its kind. */
  readonly color: string
  /** Bounding box, metres. */
  readonly sizeM: Vec3
  readonly p_base_m: Vec3
  readonly yawRad: number
}

/** One place where an object may go. */
export interface TruePlace {
  /** Label of the object that is to be moved. */
  readonly object: number
  /** Label of the object it goes to (a bowl). */
  readonly target: number
  readonly p_base_m: Vec3
  /** Yaw of the object when placed, and its symmetry (0: any yaw is right). */
  readonly yawRad: number
  readonly symmetryRad: number
}

/** What a sentence names, done or not: labels of objects. */
export interface NamedThings {
  readonly picks: readonly number[]
  readonly places: readonly number[]
  /** Instead of whole objects, parts of one: where these are in the base frame. */
  readonly spots_base_m: readonly Vec3[]
}

/** What the cell knows and the runtime never sees: goal, score, poses of all objects. */
export interface Truth {
  /** Sentence that is in force now (sequential tasks change it). */
  readonly goal: string
  /** 0..1, sum of rewards so far. */
  readonly score: number
  readonly achieved: boolean
  /** Whether the goal needs another action. */
  readonly remaining: boolean
  readonly objects: readonly TrueObject[]
  /** What sentences call each kind of these objects: singular nouns, the task's own first. */
  readonly names: Readonly<Record<string, readonly string[]>>
  /** What the sentence names; null where the task can make nothing of it. */
  readonly named: NamedThings | null
  /** Kinds that the task's sentences name by their colour, as what is moved and as where it goes. */
  readonly colored: { readonly pick: readonly string[]; readonly place: readonly string[] }
  /** How the sentence's things are moved: the oracle's way, and what the task is about (a pile is pushed). */
  readonly primitive: Primitive
  /** Labels of the objects that may be picked now. */
  readonly validPicks: readonly number[]
  readonly validPlaces: readonly TruePlace[]
  /** Whether the place's yaw matters. */
  readonly rotations: boolean
  /** Distance in the table's plane within which an object is at its place, metres; null: it must lie inside the target. */
  readonly toleranceM: number | null
  /** Where something may be put; only in scenes that are talked about (captioned scenes). */
  readonly freePlaces?: readonly FreePlace[]
  /** Simulated seconds since reset. */
  readonly timeS: number
}

/** A spot of a thing on which or in which nothing lies yet. */
export interface FreePlace {
  /** Label of the thing. */
  readonly target: number
  /** Where the underside of what is placed there comes to lie, and the yaw of the spot. */
  readonly p_base_m: Vec3
  readonly yawRad: number
  /** Room along the spot's own x and y, metres. */
  readonly roomM: readonly [number, number]
}

export interface OracleAction {
  readonly primitive: Primitive
  readonly pick: { readonly pixel: Pixel; readonly p_base_m: Vec3; readonly yawRad: number }
  readonly place: { readonly pixel: Pixel; readonly p_base_m: Vec3; readonly yawRad: number }
}

/** How the cell keeps up with what is asked of it. */
export interface CellLoad {
  /** Whether it works on something that was asked for, a picture for example. */
  readonly isBusy: boolean
  /** Longest wait for a lease holder that sent no heartbeat, seconds: a real arm's watchdog would have stopped it. */
  readonly longestWaitS: number
  /**
   * The newest `capture`, on this process's monotonic clock: when it read the poses of what it shows, and when its frames
   * were complete. Absent before the first.
   */
  readonly look?: { readonly beganNs: bigint; readonly readyNs: bigint }
}

/** A cell, wherever it runs. */
export interface Cell {
  /** Makes a scene; the one before it is gone. @throws CliportError TASK_UNKNOWN, CELL_FAILED */
  reset(options: CellOptions): Promise<CellReady>
  /** Frames of all cameras, in the order front, left, right; stamped with simulated time in both clocks. */
  capture(): Promise<readonly SimFrame[]>
  /**
   * The same of the cameras that have not stalled, for whoever only watches: what happens in the scene because somebody looked
   * does not happen.
   */
  watch(): Promise<readonly SimFrame[]>
  /** Picture of the whole cell with the arm, RGB8, for people. */
  observe(width: number, height: number): Promise<Uint8Array>
  /** What the cell knows now. */
  truth(): Promise<Truth>
  /** What the oracle would do now; null when nothing is left or visible. */
  oracle(): Promise<OracleAction | null>
  /** One link.proto Request without sockets; in the free clock the cell then runs until no command is active. */
  send(request: Uint8Array): Promise<readonly Uint8Array[]>
  /** Newest link.proto State. */
  state(): Promise<Uint8Array>
  /** Free clock: lets simulated time pass without a command, as if whoever commands the arm took so long to think. */
  wait(seconds: number): Promise<void>
  /** How busy the cell is, and how long it waited for the machine. */
  load(): Promise<CellLoad>
  /** Ends the cell and its thread. */
  close(): Promise<void>
}
