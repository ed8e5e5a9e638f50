// Fault injection: somebody bumps into things between the look and the grasp.

import { translationOf } from '../control/geometry.js'
import { publishedWorkspace } from '../control/published-workspace.js'
import type { Physics } from './physics/physics.js'
import type { Random } from './random.js'
import { openMoves } from './score.js'
import type { Goal } from './tasks/task.js'

const tries = 64

/**
 * Moves every object that is still to be moved by `leastM`..`greatestM` in a random direction, to where nothing else
 * stands. One that finds no such place stays; while the cup holds something nothing is moved.
 */
export function nudge(
  physics: Physics,
  goal: Goal | undefined,
  [leastM, greatestM]: readonly [number, number],
  random: Random,
): void {
  if (!goal || physics.holding) return
  for (const { move } of openMoves(goal, physics)) {
    for (let i = 0; i < tries; i++) {
      const direction = random.uniform(-Math.PI, Math.PI)
      const distanceM = random.uniform(leastM, greatestM)
      const offset = [distanceM * Math.cos(direction), distanceM * Math.sin(direction)] as const
      if (!isFree(physics, move.object, offset)) continue
      physics.shift(move.object, offset)
      break
    }
  }
}

/** Whether an object could stand there, shifted by metres in the table's plane: inside the workspace, clear of all others. */
export function isFree(physics: Physics, label: number, [dx, dy]: readonly [number, number]): boolean {
  const [fromX, fromY] = translationOf(physics.objectPose(label))
  const [x, y] = [fromX + dx, fromY + dy]
  const footprintOf = (wanted: number) => physics.objects.find((o) => o.label === wanted)!.shape.footprintM
  const { xMinM, xMaxM, yMinM, yMaxM } = publishedWorkspace
  const edgeM = footprintOf(label)
  if (x < xMinM + edgeM || x > xMaxM - edgeM || y < yMinM + edgeM || y > yMaxM - edgeM) return false
  return physics.objects.every((other) => {
    if (other.label === label) return true
    const [otherX, otherY] = translationOf(physics.objectPose(other.label))
    return Math.hypot(x - otherX, y - otherY) > edgeM + footprintOf(other.label)
  })
}
