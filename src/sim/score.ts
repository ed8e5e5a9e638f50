// How far the goal is reached (CLIPort, "Oracle, reward, metric"): the score only counts objects that were let go.

import type { TruePlace } from './api.js'
import type { Physics } from './physics/physics.js'
import type { Goal, Move, TaskScene } from './tasks/task.js'

export interface Match {
  readonly object: number
  readonly target: number
}

export class Score {
  readonly #scene: TaskScene
  #goalIndex = 0
  #banked = 0
  #current = 0

  constructor(scene: TaskScene) {
    this.#scene = scene
  }

  /** Goal in force, or undefined when all are reached or none was understood. */
  get goal(): Goal | undefined {
    return this.#scene.goals[this.#goalIndex]
  }

  /** Sentence in force; of a finished task, its last. */
  get sentence(): string {
    return (this.goal ?? this.#scene.goals.at(-1))?.sentence ?? this.#scene.sentence
  }

  /** 0..1. */
  get value(): number {
    return this.#banked + this.#current
  }

  get achieved(): boolean {
    return this.#scene.goals.length > 0 && this.goal === undefined
  }

  /** Looks at where things are now. A goal that is reached stays reached, and the next one comes into force. */
  update(physics: Physics): void {
    const { goal } = this
    if (!goal) return
    const share = matches(goal, physics).length / goal.moves.length
    this.#current = goal.maxReward * share
    if (share < 0.99) return
    this.#banked += goal.maxReward
    this.#current = 0
    this.#goalIndex++
    this.update(physics)
  }
}

/** Objects that are at one of their targets, each with the nearest. */
export function matches(goal: Goal, physics: Physics): readonly Match[] {
  return goal.moves.flatMap((move) => {
    if (move.object === physics.held) return []
    const target = nearest(move, move.targets, physics)
    return target.distanceM < goal.toleranceM ? [{ object: move.object, target: target.label }] : []
  })
}

export interface OpenMove {
  readonly move: Move
  /** Targets that no matched object occupies, nearest first; all of them when each is occupied. */
  readonly targets: readonly number[]
  readonly distanceM: number
}

/** Objects that are still to be moved, farthest from their nearest free target first, as the published oracle takes them. */
export function openMoves(goal: Goal, physics: Physics): readonly OpenMove[] {
  const done = matches(goal, physics)
  const placed = new Set(done.map(({ object }) => object))
  const taken = new Set(done.map(({ target }) => target))
  return goal.moves
    .filter(({ object }) => !placed.has(object))
    .map((move) => {
      const free = move.targets.filter((label) => !taken.has(label))
      const targets = [...(free.length > 0 ? free : move.targets)].sort(
        (a, b) => distanceM(move.object, a, physics) - distanceM(move.object, b, physics) || a - b,
      )
      return { move, targets, distanceM: distanceM(move.object, targets[0]!, physics) }
    })
    .sort((a, b) => b.distanceM - a.distanceM || a.move.object - b.move.object)
}

export function placesOf({ move, targets }: OpenMove, physics: Physics): TruePlace[] {
  return targets.map((target) => {
    const T = physics.objectPose(target)
    return {
      object: move.object,
      target,
      p_base_m: [T[3]!, T[7]!, T[11]!],
      yawRad: yawOf(T),
      symmetryRad: move.symmetryRad,
    }
  })
}

/** Yaw of an object's x axis about base z. */
export function yawOf(T_base_object: ArrayLike<number>): number {
  return Math.atan2(T_base_object[4]!, T_base_object[0]!)
}

function nearest({ object }: Move, targets: readonly number[], physics: Physics) {
  return targets
    .map((label) => ({ label, distanceM: distanceM(object, label, physics) }))
    .reduce((best, candidate) => (candidate.distanceM < best.distanceM ? candidate : best))
}

/** In the table's plane. */
function distanceM(a: number, b: number, physics: Physics): number {
  const [p, q] = [physics.objectPose(a), physics.objectPose(b)]
  return Math.hypot(p[3]! - q[3]!, p[7]! - q[7]!)
}
