// Where the simulated arm can work. A Franka does not reach the whole published workspace, which was a UR5's.

import type { HeightmapSpec } from '../control/types.js'
import { kinematics, type ToolGeometry } from '../native/kinematics.js'

/** As published for CLIPort. */
export const publishedWorkspace: HeightmapSpec = {
  xMinM: 0.25,
  xMaxM: 0.75,
  yMinM: -0.5,
  yMaxM: 0.5,
  zMinM: 0,
  zMaxM: 0.28,
  pixelM: 0.003125,
}

/** Heights that the tool must reach over every object: at its surface and in transit, with a margin. */
const lowestM = 0.01
const transitM = 0.32
/** The controller's own margin, and a little more, so that no plan fails at its edge. */
const jointMarginRad = 0.12

/** Whether the tool, pointing down, gets to the table and to transit height above (x, y). */
export function isReachable(x: number, y: number, tool: ToolGeometry): boolean {
  const qRad = new Float64Array(7)
  return [lowestM, transitM].every((z) => kinematics().inverse(x, y, z, 0, tool, jointMarginRad, qRad))
}

/** Whether everything within `radiusM` of (x, y) is reachable; the reach is convex enough for eight directions. */
export function isReachableAround(x: number, y: number, radiusM: number, tool: ToolGeometry): boolean {
  return Array.from({ length: 8 }, (_, i) => (i * Math.PI) / 4).every((angle) =>
    isReachable(x + radiusM * Math.cos(angle), y + radiusM * Math.sin(angle), tool),
  )
}

const strideM = 0.0125
const shares = new Map<string, number>()

/** Share of the published workspace that is reachable, on a grid of 12.5 mm; worked out once a tool. */
export function workspaceShare(tool: ToolGeometry): number {
  const key = `${tool.flangeToTcpM}/${tool.flangeToTcpYawRad}`
  const known = shares.get(key)
  if (known !== undefined) return known
  const { xMinM, xMaxM, yMinM, yMaxM } = publishedWorkspace
  const [cols, rows] = [Math.round((xMaxM - xMinM) / strideM), Math.round((yMaxM - yMinM) / strideM)]
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
