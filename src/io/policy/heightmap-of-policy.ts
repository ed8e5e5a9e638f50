// Whether a heightmap is one that a policy can be asked about: its own grid, whole buffers, finite heights.

import { CliportError } from '../../control/errors.js'
import { gridSize, pixelAt } from '../../control/geometry.js'
import { describeWorkspace } from '../../control/policy-fit.js'
import type { PolicyInfo } from '../../control/ports.js'
import type { Heightmap } from '../../control/types.js'

/**
 * @throws CliportError POLICY_SHAPE for another workspace than the policy's, INPUT_INVALID for buffers of another size and
 * for heights that are not finite
 */
export function expectHeightmapOf({ name, workspace }: PolicyInfo, heightmap: Heightmap): void {
  const { rows, cols } = gridSize(workspace)
  const keys = ['xMinM', 'xMaxM', 'yMinM', 'yMaxM', 'zMinM', 'zMaxM', 'pixelM'] as const
  const same = keys.every((key) => Math.abs(heightmap.spec[key] - workspace[key]) < 1e-9)
  if (!same || heightmap.rows !== rows || heightmap.cols !== cols) {
    throw new CliportError(
      'POLICY_SHAPE',
      `Expected a heightmap of ${describe(workspace, rows, cols)}, on which the policy ${name} was ` +
        `trained, but received one of ${describe(heightmap.spec, heightmap.rows, heightmap.cols)}`,
      { stage: 'propose', hint: "Set the config's workspace to the policy's, or use a policy trained for this one" },
    )
  }
  const cells = rows * cols
  if (heightmap.heightM.length !== cells || heightmap.color.length !== 3 * cells) {
    throw new CliportError(
      'INPUT_INVALID',
      `Expected ${cells} heights and ${3 * cells} colour bytes in the heightmap but received ` +
        `${heightmap.heightM.length} and ${heightmap.color.length}`,
      { stage: 'propose', hint: 'Make the heightmap with a Projector' },
    )
  }
  if (heightmap.seen !== undefined && heightmap.seen.length !== cells) {
    throw new CliportError(
      'INPUT_INVALID',
      `Expected ${cells} flags in the heightmap's map of seen cells but received ${heightmap.seen.length}`,
      { stage: 'propose', hint: 'Leave it out, or give one byte a cell' },
    )
  }
  const bad = firstNotFinite(heightmap.heightM)
  if (bad >= 0) {
    const [row, column] = pixelAt(heightmap, bad)
    throw new CliportError(
      'INPUT_INVALID',
      `Expected finite heights in the heightmap but received ${heightmap.heightM[bad]} at row ${row}, column ${column}`,
      { stage: 'propose', hint: 'Cells where nothing was seen are 0; look for a camera that delivers NaN' },
    )
  }
}

/** Index, or -1. A loop: with a function for each of 51,200 cells it takes eight times as long. */
function firstNotFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return i
  }
  return -1
}

function describe(spec: Heightmap['spec'], rows: number, cols: number): string {
  return `${rows} x ${cols} cells over ${describeWorkspace(spec)}`
}
