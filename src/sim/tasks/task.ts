// What a task is. A new task is one file that makes a `Task`, and one line in index.ts.

import type { Vec3 } from '../../control/types.js'
import type { ColorName, ColorSplit } from '../colors.js'
import type { PlaceObject } from '../layout.js'
import type { Random } from '../random.js'

export interface Task {
  /** Published name without the colour split, e.g. 'put-block-in-bowl'. */
  readonly name: string
  readonly splits: readonly ColorSplit[]
  build(request: SceneRequest): TaskScene
}

export interface SceneRequest {
  /** The task's own stream: colours, counts, sentence. */
  readonly random: Random
  /** Colours of this split. */
  readonly palette: readonly ColorName[]
  /** A sentence that the scene must make sense of, if it can. */
  readonly goal?: string
  readonly place: PlaceObject
}

export interface TaskScene {
  /** In force one after the other. Empty when the sentence asked for something that this task cannot make. */
  readonly goals: readonly Goal[]
  /** The sentence of the first goal, as given or made. */
  readonly sentence: string
  /** As published. */
  readonly maxSteps: number
}

/** One sentence and what it means: each object to one of its targets (CLIPort, "Oracle, reward, metric"). */
export interface Goal {
  readonly sentence: string
  readonly moves: readonly Move[]
  /** Distance in the table's plane within which an object is at its target, metres. */
  readonly toleranceM: number
  /** Objects count by how much of them is in here ('zone' reward) instead of by their pose ('pose' reward). */
  readonly zone?: Zone
  /** Share of the episode's score that this goal is worth. */
  readonly maxReward: number
  /** Whether the yaw of a place matters. */
  readonly rotations: boolean
}

export interface Move {
  /** Label of the object that is to be moved. */
  readonly object: number
  /** Where it may go. Each takes one object, until all have one. */
  readonly targets: readonly Target[]
  /** The object looks the same after a turn by this; 0: its yaw does not matter. */
  readonly symmetryRad: number
}

/** A pose at another object. */
export interface Target {
  /** The object that it belongs to. */
  readonly label: number
  /** Where the moved object's origin comes to lie, in the frame of that object. */
  readonly p_object_m: Vec3
  /** Yaw of the moved object in that frame. */
  readonly yawRad: number
}

/** A box on the table, around the origin of an object in x and y. */
export interface Zone {
  readonly label: number
  readonly sizeM: readonly [number, number]
  /** What is higher above the table is not inside. */
  readonly topM: number
}
