// How far the goal is reached (CLIPort, "Oracle, reward, metric"): the score only counts objects that were let go.

import { apply, shortestTurnRad, translationOf, wrapRad, yawOf } from '../control/geometry.js'
import type { Vec3 } from '../control/types.js'
import type { TruePlace } from './api.js'
import type { Physics } from './physics/physics.js'
import type { Goal, Move, Target, TaskScene } from './tasks/task.js'
import { pointsInside } from './zone.js'

/** Greatest difference in yaw of an object that is at its target, as published. */
const yawToleranceRad = Math.PI / 12

export interface Match {
  readonly object: number
  readonly target: Target
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
    // Six sixths do not quite add up to one.
    return this.achieved ? 1 : this.#banked + this.#current
  }

  get achieved(): boolean {
    return this.#scene.goals.length > 0 && this.goal === undefined
  }

  /** Looks at where things are now. A goal that is reached stays reached, and the next one comes into force. */
  update(physics: Physics): void {
    const { goal } = this
    if (!goal) return
    const share = shareDone(goal, physics)
    this.#current = goal.maxReward * share
    if (share < 0.99) return
    this.#banked += goal.maxReward
    this.#current = 0
    this.#goalIndex++
    this.update(physics)
  }
}

/** 'pose' reward: share of the objects that are at their targets; 'zone': share of all sample points that are inside. */
function shareDone(goal: Goal, physics: Physics): number {
  const { zone } = goal
  if (!zone) return matches(goal, physics).length / goal.moves.length
  const counts = goal.moves.map(({ object }) => pointsInside(object, zone, physics))
  const sum = (of: (count: (typeof counts)[number]) => number) => counts.reduce((total, count) => total + of(count), 0)
  return sum(({ inside }) => inside) / sum(({ points }) => points)
}

/** Objects that are where they should be: at one of their targets, or all of them in the zone; each with the nearest. */
function matches(goal: Goal, physics: Physics): readonly Match[] {
  return goal.moves.flatMap((move) => {
    if (move.object === physics.held) return []
    const target = nearest(move, physics)
    return isDone(goal, move, target, physics) ? [{ object: move.object, target }] : []
  })
}

function isDone({ zone, toleranceM }: Goal, { object, symmetryRad }: Move, target: Target, physics: Physics): boolean {
  if (zone) {
    const { inside, points } = pointsInside(object, zone, physics)
    return inside === points
  }
  if (distanceM(object, target, physics) >= toleranceM) return false
  return Math.abs(turnTo(object, target, symmetryRad, physics)) < yawToleranceRad
}

/** Turn about base z that brings an object to its target's yaw: the shortest by its symmetry, 0 where yaw is free. */
export function turnTo(object: number, target: Target, symmetryRad: number, physics: Physics): number {
  return shortestTurnRad(targetPose(target, physics).yawRad - yawOf(physics.objectPose(object)), symmetryRad)
}

/** Where the origin of an object at this target comes to lie, and its yaw. */
export function targetPose({ label, p_object_m: p, yawRad }: Target, physics: Physics): TargetPose {
  const T = physics.objectPose(label)
  return { p_base_m: apply(T, p), yawRad: wrapRad(yawOf(T) + yawRad) }
}

export interface TargetPose {
  readonly p_base_m: Vec3
  readonly yawRad: number
}

export interface OpenMove {
  readonly move: Move
  /** Targets that no matched object occupies, nearest first; all of them when each is occupied. */
  readonly targets: readonly Target[]
  readonly distanceM: number
}

/** Objects that are still to be moved, farthest from their nearest free target first, as the published oracle takes them. */
export function openMoves(goal: Goal, physics: Physics): readonly OpenMove[] {
  const done = matches(goal, physics)
  const placed = new Set(done.map(({ object }) => object))
  const taken = new Set(done.map(({ target }) => target))
  return arranged(goal)
    .filter(({ object }) => !placed.has(object))
    .map((move) => {
      const free = move.targets.filter((target) => !taken.has(target))
      const targets = [...(free.length > 0 ? free : move.targets)].sort(
        (a, b) => distanceM(move.object, a, physics) - distanceM(move.object, b, physics) || a.label - b.label,
      )
      return { move, targets, distanceM: distanceM(move.object, targets[0]!, physics) }
    })
    .sort((a, b) => b.distanceM - a.distanceM || a.move.object - b.move.object)
}

/** The moves, each with its first target alone where targets belong together. */
function arranged({ moves, isOneArrangement }: Goal): readonly Move[] {
  return isOneArrangement ? moves.map((move): Move => ({ ...move, targets: [move.targets[0]!] })) : moves
}

export function placesOf({ move, targets }: OpenMove, physics: Physics): TruePlace[] {
  return targets.map((target) => {
    return {
      object: move.object,
      target: target.label,
      ...targetPose(target, physics),
      symmetryRad: move.symmetryRad,
    }
  })
}

function nearest({ object, targets }: Move, physics: Physics): Target {
  return targets.reduce((best, candidate) =>
    distanceM(object, candidate, physics) < distanceM(object, best, physics) ? candidate : best,
  )
}

/** In the table's plane. */
function distanceM(object: number, target: Target, physics: Physics): number {
  const [fromX, fromY] = translationOf(physics.objectPose(object))
  const [x, y] = targetPose(target, physics).p_base_m
  return Math.hypot(fromX - x, fromY - y)
}
