// Where frames come from on the command line: a folder of camera pictures, or a reference file.

import type { Command } from 'commander'
import { CliportError } from '../control/errors.js'
import type { HeightmapSpec, RgbdFrame } from '../control/types.js'
import { readFrames } from '../io/frame-folder.js'
import { framesOf } from '../io/heightmap-check.js'
import { readNpz } from '../io/npz.js'
import { readRecordedFrames } from '../io/recording/recorded-frames.js'
import { expectOneScene } from '../io/same-scene.js'
import type { Config } from '../runtime/config/schema.js'
import { realWorkspaceOf, workspaceOf } from '../runtime/settings.js'
import { realNumber } from './context.js'

export interface FrameOptions {
  readonly frames?: string
  readonly npz?: string
  readonly zMin?: number
}

export function withFrameOptions(command: Command): Command {
  return command
    .option(
      '--frames <folder>',
      'color.png, depth.png and camera.json of a camera, a folder of such folders, or a recording (.mcap)',
    )
    .option('--npz <file>', 'frames and reference heightmap in one NumPy file')
    .option(
      '--z-min <metres>',
      'bottom of the heightmap above the base, metres (default: -0.02 for a folder, else workspace.z_min_m of the settings)',
      realNumber(-1, 1),
    )
}

/**
 * @throws CliportError USAGE without exactly one source; INPUT_INVALID for one that cannot be read, and for a folder of
 *                      frames that are not of one scene; POSE_INVALID; RECORDING_CORRUPT
 */
export async function openFrames(
  { frames, npz, zMin }: FrameOptions,
  config: Config,
): Promise<{ frames: RgbdFrame[]; workspace: HeightmapSpec }> {
  if ((frames === undefined) === (npz === undefined)) {
    throw new CliportError(
      'USAGE',
      `Expected one of --frames and --npz but received ${frames === undefined ? 'none' : 'both'}`,
      {
        stage: 'start',
        hint: 'Give a folder with --frames, or a file with --npz',
      },
    )
  }
  const workspace = workspaceOf(config)
  if (npz !== undefined)
    return { frames: framesOf(readNpz(npz), npz), workspace: { ...workspace, zMinM: zMin ?? workspace.zMinM } }
  // As the run saw it.
  if (frames!.endsWith('.mcap')) {
    return { frames: await readRecordedFrames(frames!), workspace: { ...workspace, zMinM: zMin ?? workspace.zMinM } }
  }
  const real = realWorkspaceOf(config)
  const given = { frames: await readFrames(frames!), workspace: { ...real, zMinM: zMin ?? real.zMinM } }
  expectOneScene(given.frames, given.workspace)
  return given
}
