// cliport heightmap

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { CliportError } from '../control/errors.js'
import { createStageTimer } from '../control/stage-timer.js'
import type { Heightmap } from '../control/types.js'
import { checkHeightmap } from '../io/heightmap-check.js'
import { encodePng, heightTopM, heightView, topView } from '../io/pictures.js'
import { makeOutputFolder, unwritable } from '../io/unwritable.js'
import { expectWorkspaceSeen } from '../io/workspace-view.js'
import { expectAddons } from '../runtime/addons.js'
import { StageHistograms } from '../runtime/durations.js'
import { hostClock, noRecorder, projectorOf } from '../runtime/session.js'
import { type CommonOptions, configFor, runVerb, type VerbResult, withCommonOptions } from './context.js'
import { type FrameOptions, openFrames, withFrameOptions } from './frames.js'

interface HeightmapOptions extends CommonOptions, FrameOptions {
  readonly check?: boolean
  readonly out?: string
}

export function addHeightmap(program: Command): void {
  withCommonOptions(
    withFrameOptions(program.command('heightmap').description('project camera frames to the heightmap')),
  )
    .option('--check', 'with --npz: compare with the reference in the file, cell by cell')
    .option('--out <folder>', 'folder for pictures of colour and height')
    .action((options: HeightmapOptions) =>
      runVerb(options, () => {
        expectAddons('heightmap')
        return options.check ? check(options) : project(options)
      }),
    )
}

async function check({ npz }: HeightmapOptions): Promise<VerbResult> {
  if (npz === undefined) {
    throw new CliportError('USAGE', 'Expected --npz for --check but received none', {
      stage: 'start',
      hint: 'The reference to compare with is in the file: cliport heightmap --npz FILE --check',
    })
  }
  const json = await checkHeightmap(npz)
  const { cells, height_cells_differ: height, color_cells_differ: color, max_abs_m: maxAbsM } = json
  return {
    exitCode: height + color === 0 ? 0 : 1,
    json,
    lines: [`${cells} cells: ${height} differ in height (at most ${maxAbsM} m), ${color} in colour`],
  }
}

async function project(options: HeightmapOptions): Promise<VerbResult> {
  const config = await configFor(options)
  const { frames, workspace } = await openFrames(options, config)
  expectWorkspaceSeen(frames, workspace)
  if (options.out !== undefined) await makeOutputFolder('the pictures', options.out, '--out')
  const stages = new StageHistograms()
  const timer = createStageTimer(hostClock, stages, noRecorder)
  const heightmap = await timer.run('project', () => projectorOf(config).project(frames, workspace))
  const files = options.out === undefined ? {} : await draw(heightmap, options.out)
  const seen = heightmap.heightM.reduce((count, height) => count + (height > 0 ? 1 : 0), 0)
  const highest = heightmap.heightM.reduce((most, height) => Math.max(most, height), 0)
  const { rows, cols } = heightmap
  const json = {
    rows,
    cols,
    cells: rows * cols,
    seen_cells: seen,
    highest_m: workspace.zMinM + highest,
    cameras: frames.length,
    workspace,
    stages: stages.all(),
    files,
  }
  return {
    exitCode: 0,
    json,
    lines: [
      `${rows} x ${cols} cells from ${frames.length} camera(s), ${((100 * seen) / json.cells).toFixed(1)} % seen, highest point ${json.highest_m.toFixed(3)} m`,
      ...Object.values(files).map((file) => `picture  ${file}`),
    ],
  }
}

async function draw({ rows, cols, color, heightM }: Heightmap, out: string): Promise<Record<string, string>> {
  const files = { color: join(out, 'heightmap-color.png'), height: join(out, 'heightmap-height.png') }
  try {
    await writeFile(files.color, await encodePng(topView(color, rows, cols)))
    await writeFile(files.height, await encodePng(heightView(heightM, rows, cols, heightTopM(heightM))))
  } catch (cause) {
    throw unwritable('the pictures', out, '--out', cause)
  }
  return files
}
