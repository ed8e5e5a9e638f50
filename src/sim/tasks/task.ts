// What a task is. A new task is one file of this folder that exports a `task`; nothing else has to know of it.

import type { Primitive, Vec3 } from '../../control/types.js'
import type { CellTool } from '../arm.js'
import type { ColorName, ColorSplit } from '../colors.js'
import type { Table } from '../layout.js'
import type { Random } from '../random.js'

export interface Task {
  /** Published name without the split, e.g. 'put-block-in-bowl'. */
  readonly name: string
  /** What `--task` can name; rows of the published table have their values. */
  readonly variants: readonly TaskVariant[]
  /** What sentences call each kind of thing that the task puts on the table: the task's own word first, singular. */
  readonly nouns: Readonly<Record<string, readonly string[]>>
  /**
   * The task's own sentences, with `<pick>` for what is to be moved and `<place>` for where to; questions in other words
   * are made from them. Empty: no such questions are asked. They are for questions only: a sentence that somebody asks for
   * is read by the task itself (`SceneRequest.goal`), by a pattern of its own, and may say more than the forms do.
   */
  readonly forms: readonly string[]
  /** All of its sentences, where they are few and no form makes them; absent: `forms` say them. */
  readonly sentences?: readonly string[]
  /** What sentences call parts of its things, which have no label of their own; absent: they name whole things only. */
  readonly parts?: readonly string[]
  /** How its things are moved; absent: by pick and place. */
  readonly primitive?: Primitive
  /** Kinds that a sentence names by their colour, as what is moved and as where it goes: of these absent ones are asked for. */
  readonly colored: { readonly pick: readonly string[]; readonly place: readonly string[] }
  /** Where it differs from the publication's own code (github.com/cliport/cliport, 2be5c47), for docs/tasks.md. */
  readonly deviations?: readonly string[]
  build(request: SceneRequest): TaskScene
}

export interface TaskVariant {
  /** Full name, e.g. 'put-block-in-bowl-seen-colors'. */
  readonly name: string
  readonly split: ColorSplit
  /**
   * Mean score, per cent: the best of any column of table 1 at 100 demonstrations a task (CLIPort, Shridhar et al.,
   * CoRL 2021), in its own simulator; absent: none was published.
   */
  readonly publishedPercent?: number
  /** Scenes and sentences as the publication's own code draws them, where the cell's own differ; absent: the cell's own. */
  readonly asPublished?: true
}

/** The three variants of a task whose splits are colours. @param published its values; absent: it is in no table */
export function colorVariants(
  name: string,
  published?: { readonly seen: number; readonly unseen: number },
): readonly TaskVariant[] {
  const row = (split: 'seen' | 'unseen'): TaskVariant => ({
    ...{ name: `${name}-${split}-colors`, split },
    ...(published === undefined ? {} : { publishedPercent: published[split] }),
  })
  return [row('seen'), row('unseen'), { name: `${name}-full-colors`, split: 'full' }]
}

/** The same rows with scenes and sentences as the publication's own code draws them. */
export function asPublished(variants: readonly TaskVariant[]): TaskVariant[] {
  return variants
    .filter(({ publishedPercent }) => publishedPercent !== undefined)
    .map((variant): TaskVariant => ({ ...variant, name: `${variant.name}-as-published`, asPublished: true }))
}

export interface SceneRequest extends Table {
  /** The task's own stream: colours, counts, sentence. */
  readonly random: Random
  /** Colours of this split. */
  readonly palette: readonly ColorName[]
  readonly split: ColorSplit
  readonly asPublished: boolean
  /** Whether the scene is one of validation or test, where held-out shapes and objects appear: those of odd seeds. */
  readonly isEvaluation: boolean
  /** A sentence that the scene must make sense of, if it can. */
  readonly goal?: string
}

export interface TaskScene {
  /** In force one after the other. Empty when the sentence asked for something that this task cannot make. */
  readonly goals: readonly Goal[]
  /** The sentence of the first goal, as given or made. */
  readonly sentence: string
  /** As published. */
  readonly maxSteps: number
  /** What the arm carries; absent: the suction cup. */
  readonly tool?: CellTool
  /** Where something may be put, in scenes that are only talked about; absent: not told. */
  readonly spots?: readonly Spot[]
  /** Randomized cameras stand obliquely behind the arm, too; absent: only where they see it from the front or the sides. */
  readonly camerasAllRound?: true
  /** Objects that hang together, as the beads of a rope do; absent: all are loose. */
  readonly joints?: readonly BallJoint[]
}

/** A spot of an object for other things, which nothing takes at the start. */
export interface Spot {
  readonly label: number
  /** Middle of the spot in the frame of the object, on the surface that things come to lie on. */
  readonly p_object_m: Vec3
  readonly yawRad: number
  /** Room along the spot's x and y, metres. */
  readonly roomM: readonly [number, number]
}

/** Two objects that turn freely about the origin of the second. Neighbours do not collide with each other. */
export interface BallJoint {
  readonly label: number
  readonly otherLabel: number
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
  /** Target k of every move belongs to the same arrangement, and any of them counts: the oracle makes the first. */
  readonly isOneArrangement?: true
  /**
   * What the sentence names as the place: objects by their labels, or 'spots', those parts of an object that the targets
   * are; absent: the objects of the targets.
   */
  readonly namedPlace?: readonly number[] | 'spots'
  /** How the oracle moves things; absent: by pick and place. */
  readonly primitive?: Primitive
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
