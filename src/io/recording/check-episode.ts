// What must hold in an episode beyond its checksums: sizes that fit the workspace, finite numbers, labels of objects that
// are there.

import { gridSize } from '../../control/geometry.js'
import type { Action, ActionPose } from './demonstration.js'
import type { Episode, EpisodeObservation } from './episode.js'
import { floatsOf } from './raw-image.js'

/** Why training cannot use the episode, or null. */
export function faultOf({ meta, observations, actions }: Episode): string | null {
  const { rows, cols } = gridSize(meta.workspace)
  const { zMinM, zMaxM } = meta.workspace
  for (const [i, observation] of observations.entries()) {
    if (observation.rows !== rows || observation.cols !== cols) {
      return `observation ${i} has ${observation.rows} x ${observation.cols} cells, but its workspace ${rows} x ${cols}`
    }
    const fault = faultOfObservation(observation, zMaxM - zMinM)
    if (fault !== null) return `observation ${i}: ${fault}`
  }
  for (const [i, action] of actions.entries()) {
    const fault = faultOfAction(action, rows, cols)
    if (fault !== null) return `action ${i}: ${fault}`
  }
  return null
}

function faultOfObservation({ heightM, labels, truth, frames }: EpisodeObservation, topM: number): string | null {
  // Heights are float32 of differences: half a step of rounding may lie above the bound.
  const bad = heightM.findIndex((height) => !(height >= 0 && height <= topM * (1 + 1e-6)))
  if (bad >= 0) return `a height is ${heightM[bad]} m, expected 0 to ${topM} m`
  const { score, objects } = truth as { score?: unknown; objects?: readonly { readonly label: number }[] }
  if (score !== undefined && !(typeof score === 'number' && score >= -1e-9 && score <= 1 + 1e-9)) {
    return `its score is ${score}, expected 0 to 1`
  }
  if (Array.isArray(objects)) {
    const known = new Set([0, ...objects.map(({ label }) => label)])
    const unknown = labels.find((label) => !known.has(label))
    if (unknown !== undefined) return `label ${unknown} belongs to no object of its truth`
  }
  for (const [topic, picture] of frames) {
    if (picture.encoding !== '32FC1') continue
    const depth = floatsOf(picture).find((depthM) => !(depthM >= 0 && depthM < Number.POSITIVE_INFINITY))
    if (depth !== undefined) return `a depth of ${topic} is ${depth} m`
  }
  return null
}

function faultOfAction(action: Action, rows: number, cols: number): string | null {
  if (!Number.isFinite(action.reward)) return `its reward is ${action.reward}`
  return faultOfPose('pick', action.pick, rows, cols) ?? faultOfPose('place', action.place, rows, cols)
}

function faultOfPose(name: string, pose: ActionPose | undefined, rows: number, cols: number): string | null {
  if (!Array.isArray(pose?.pixel) || !Array.isArray(pose.p_base_m)) return `it has no ${name}`
  const [u, v] = pose.pixel
  const isInside = Number.isInteger(u) && Number.isInteger(v) && u >= 0 && u < rows && v >= 0 && v < cols
  if (!isInside) return `the pixel of its ${name} is (${u}, ${v}), outside ${rows} x ${cols} cells`
  if (pose.p_base_m.length === 3 && [...pose.p_base_m, pose.yawRad].every(Number.isFinite)) return null
  return `the pose of its ${name} is not finite`
}
