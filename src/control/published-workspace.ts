// The workspace of the published CLIPort, which the simulated cell's tasks and the reference heightmaps are laid out for.

import type { HeightmapSpec } from './types.js'

/** Metres, base frame (Shridhar et al., CoRL 2021). */
export const publishedWorkspace: HeightmapSpec = {
  xMinM: 0.25,
  xMaxM: 0.75,
  yMinM: -0.5,
  yMaxM: 0.5,
  zMinM: 0,
  zMaxM: 0.28,
  pixelM: 0.003125,
}
