// Frames of the simulated cell for the conversion of a policy to int8: the ranges of its activations are taken from them.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HeightmapSpec } from '../control/types.js'
import { npyFile } from '../io/npy.js'
import type { Config } from '../runtime/config/schema.js'
import { openSession } from '../runtime/session.js'
import { taskNames } from '../sim/index.js'

export interface CalibrationRequest {
  readonly config: Config
  /** The heightmap that the policy takes. */
  readonly workspace: HeightmapSpec
  /** Scenes, one frame each; tasks take turns. */
  readonly scenes: number
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
}

/** Scenes of the others have no goal. */
const tasks = taskNames.filter((task) => !task.startsWith('captioned'))

/** Of the first scene. Seeds below 20000 are those of development: no published table is made on them. */
const firstSeed = 19_000

/**
 * Writes color.npy (uint8 N x rows x cols x 3), height.npy (float32 N x rows x cols, metres) and frames.json (`goals`,
 * `source`), as models/cliport_published/parity.py reads them.
 * @throws CliportError ADDON_MISSING, CELL_FAILED, POLICY_*; the signal's reason on abort
 */
export async function writeCalibrationFrames(folder: string, request: CalibrationRequest): Promise<void> {
  const { config, workspace, scenes, signal, tell } = request
  const session = await openSession(config, { cell: { thread: 'caller', policy: 'oracle' }, tell, signal })
  const colors: Uint8Array[] = []
  const heights: Float32Array[] = []
  const goals: string[] = []
  let size: readonly [rows: number, cols: number] = [0, 0]
  try {
    for (let index = 0; index < scenes; index++) {
      signal.throwIfAborted()
      const task = tasks[index % tasks.length]!
      const { goal } = await session.show({ task, seed: firstSeed + index, clock: 'free' })
      const { rows, cols, color, heightM } = await session.ports.projector.project(
        await session.cell.capture(),
        workspace,
      )
      size = [rows, cols]
      colors.push(color.slice())
      heights.push(heightM.slice())
      goals.push(goal)
    }
  } finally {
    await session.close()
  }
  const last = firstSeed + scenes - 1
  const source = `simulated cell, first looks at ${Math.min(scenes, tasks.length)} tasks, seeds ${firstSeed} to ${last}`
  await writeFile(join(folder, 'color.npy'), npyFile('|u1', [scenes, ...size, 3], colors))
  await writeFile(join(folder, 'height.npy'), npyFile('<f4', [scenes, ...size], heights))
  await writeFile(join(folder, 'frames.json'), JSON.stringify({ goals, source }))
}
