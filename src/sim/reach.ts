// Where the simulated arm can work. A Franka does not reach the whole published workspace, which was a UR5's.

import { gridSize } from '../control/geometry.js'
import { parkPose } from '../control/park.js'
import { publishedWorkspace } from '../control/published-workspace.js'
import type { Vec3 } from '../control/types.js'
import { kinematics, type ToolGeometry } from '../native/kinematics.js'

/**
 * Heights that the tool must reach over every object: as low as a descent may aim (the motion box), with the wrist level
 * with the shoulder, where the arm is folded most, and as high as the published transit.
 */
const heightsM = [-0.01, 0.12, 0.32]
/** Heights of the lowest ways over what stands on the table. */
const lowTransitsM = [0.08, 0.14]
/** The controller's own margin, and a little more, so that no plan fails at its edge. */
const jointMarginRad = 0.12

/**
 * Whether the tool, pointing down, gets to every height above (x, y), from the table to transit, and there on the straight
 * way from the park pose.
 */
export function isReachable(x: number, y: number, tool: ToolGeometry): boolean {
  return heightsM.every((z) => reaches([x, y, z], tool)) && lowTransitsM.every((z) => comesFromPark([x, y, z], tool))
}

/** Samples of the way into the workspace: it leads from high and near to low and far, past where the arm folds most. */
function comesFromPark(to: Vec3, tool: ToolGeometry): boolean {
  const from = parkPose.p_base_m
  const samples = 16
  for (let i = 0; i < samples; i++) {
    const at = (k: 0 | 1 | 2) => from[k] + ((to[k] - from[k]) * i) / samples
    if (!reaches([at(0), at(1), at(2)], tool)) return false
  }
  return true
}

function reaches([x, y, z]: Vec3, tool: ToolGeometry): boolean {
  return kinematics().inverse(x, y, z, 0, tool, jointMarginRad, scratch)
}

const scratch = new Float64Array(7)

/** Whether everything within `radiusM` of (x, y) is reachable; the reach is smooth enough for eight directions. */
export function isReachableAround(x: number, y: number, radiusM: number, tool: ToolGeometry): boolean {
  return Array.from({ length: 8 }, (_, i) => (i * Math.PI) / 4).every((angle) =>
    isReachable(x + radiusM * Math.cos(angle), y + radiusM * Math.sin(angle), tool),
  )
}

type Point = readonly [x: number, y: number]

/**
 * Whether the straight way between two reachable points is reachable, with `radiusM` to spare: whether its point nearest
 * to the base's axis is. A way from the near left to the near right corner is not.
 */
export function isWayReachable([ax, ay]: Point, [bx, by]: Point, radiusM: number, tool: ToolGeometry): boolean {
  const [dx, dy] = [bx - ax, by - ay]
  const share = Math.min(1, Math.max(0, -(ax * dx + ay * dy) / (dx * dx + dy * dy)))
  return isReachableAround(ax + share * dx, ay + share * dy, radiusM, tool)
}

const strideM = 0.0125
const shares = new Map<string, number>()

/** Share of the published workspace that is reachable, on a grid of 12.5 mm; worked out once a tool. */
export function workspaceShare(tool: ToolGeometry): number {
  const key = `${tool.flangeToTcpM}/${tool.flangeToTcpYawRad}`
  const known = shares.get(key)
  if (known !== undefined) return known
  const { xMinM, yMinM } = publishedWorkspace
  const { rows, cols } = gridSize({ ...publishedWorkspace, pixelM: strideM })
  let reached = 0
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      if (isReachable(xMinM + (col + 0.5) * strideM, yMinM + (row + 0.5) * strideM, tool)) reached++
    }
  }
  const share = reached / (rows * cols)
  shares.set(key, share)
  return share
}
