// Fault injection: things go on moving after they were looked at, as on a belt or in somebody's hand, until the arm sets off.

import { isFree } from './nudge.js'
import type { Physics } from './physics/physics.js'
import type { Random } from './random.js'
import { openMoves } from './score.js'
import type { Goal } from './tasks/task.js'

const tries = 64
/** An object gets a direction in which it has at least this much room, metres: more than the slowest answer lets it go. */
const roomM = 0.06

interface Sliding {
  readonly object: number
  readonly direction: readonly [dx: number, dy: number]
  /** At each end of its way it turns back. */
  sign: 1 | -1
}

/** Slides everything that is still to be moved over the table at one speed, each thing in a direction of its own. */
export class Drift {
  readonly #physics: Physics
  readonly #speedMps: number
  readonly #random: Random
  #sliding: Sliding[] = []

  constructor(physics: Physics, speedMps: number, random: Random) {
    this.#physics = physics
    this.#speedMps = speedMps
    this.#random = random
  }

  /** A look has been taken: from now on what it showed is not so any more. Directions are drawn anew. */
  begin(goal: Goal | undefined): void {
    this.#sliding = []
    if (!goal || this.#physics.holding) return
    for (const { move } of openMoves(goal, this.#physics)) {
      for (let i = 0; i < tries; i++) {
        const angleRad = this.#random.uniform(-Math.PI, Math.PI)
        const direction = [Math.cos(angleRad), Math.sin(angleRad)] as const
        if (!isFree(this.#physics, move.object, [roomM * direction[0], roomM * direction[1]])) continue
        this.#sliding.push({ object: move.object, direction, sign: 1 })
        break
      }
    }
  }

  /** The arm moves: everything lies still. */
  end(): void {
    this.#sliding = []
  }

  /** Time passes. */
  step(seconds: number): void {
    for (const sliding of this.#sliding) {
      const distanceM = sliding.sign * this.#speedMps * seconds
      const offset = [distanceM * sliding.direction[0], distanceM * sliding.direction[1]] as const
      if (isFree(this.#physics, sliding.object, offset)) this.#physics.shift(sliding.object, offset)
      else sliding.sign = sliding.sign === 1 ? -1 : 1
    }
  }
}
