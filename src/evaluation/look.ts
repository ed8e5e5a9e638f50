// One look at a scene whose answers are known: frames, the map made from them, and which object each cell shows.

import { join } from 'node:path'
import sharp from 'sharp'
import { CliportError } from '../control/errors.js'
import type { Projector } from '../control/ports.js'
import type { Heightmap, HeightmapSpec, RgbdFrame } from '../control/types.js'
import { readFrames } from '../io/frame-folder.js'
import { expectWorkspaceSeen } from '../io/workspace-view.js'
import type { CellSession, Scene } from '../runtime/session.js'
import type { Truth } from '../sim/api.js'
import { type LabelMap, labelMap } from '../sim/cell-renderer.js'

export interface Look {
  readonly frames: readonly RgbdFrame[]
  readonly heightmap: Heightmap
  readonly map: LabelMap
}

/** Of a simulated scene; nothing moves. */
export async function lookAtScene(
  { cell, ports, settings, show }: CellSession,
  scene: Omit<Scene, 'link' | 'clock'>,
): Promise<Look & { readonly truth: Truth }> {
  const { workspace } = settings
  await show({ ...scene, clock: 'free' })
  const frames = await cell.capture()
  const truth = await cell.truth()
  const heightmap = await ports.projector.project(frames, workspace)
  return { frames, heightmap, map: await labelMap(frames, workspace), truth }
}

/**
 * Of a real camera's frame, with labels.png (255: no depth, 0: table) beside it.
 * @param workspace its z begins below the table, where half of a real table's points lie
 * @throws CliportError INPUT_INVALID for a folder without frame or labels, naming the file; FRAME_INVALID and
 *                      POSE_INVALID for a frame that does not show the workspace
 */
export async function lookAtFrames(folder: string, workspace: HeightmapSpec, projector: Projector): Promise<Look> {
  const frames = await readFrames(folder)
  expectWorkspaceSeen(frames, workspace)
  const [frame] = frames as [RgbdFrame]
  const labelled = { ...frame, labels: await readLabels(join(folder, 'labels.png'), frame.depthM.length) }
  const heightmap = await projector.project(frames, workspace)
  return { frames, heightmap, map: await labelMap([labelled], workspace) }
}

async function readLabels(path: string, pixels: number): Promise<Uint8Array> {
  try {
    const data = await sharp(path).toColourspace('b-w').extractChannel(0).raw({ depth: 'uchar' }).toBuffer()
    if (data.length !== pixels) throw new Error(`expected ${pixels} pixels but received ${data.length}`)
    return Uint8Array.from(data)
  } catch (cause) {
    throw new CliportError('INPUT_INVALID', `${path} cannot be used: ${(cause as Error).message}`, {
      stage: 'capture',
      hint: 'Expected a folder a frame with color.png, depth.png, camera.json and labels.png',
      cause,
    })
  }
}
