// A workspace as files name it (settings, manifests of policy packages) and as the runtime does. Metres, base frame.

import type { HeightmapSpec } from '../control/types.js'

export type WorkspaceKeys = Readonly<Record<`${'x' | 'y' | 'z'}_${'min' | 'max'}_m` | 'pixel_m', number>>

/** The heightmap's bounds and grid. */
export function heightmapSpecOf(workspace: WorkspaceKeys): HeightmapSpec {
  return {
    xMinM: workspace.x_min_m,
    xMaxM: workspace.x_max_m,
    yMinM: workspace.y_min_m,
    yMaxM: workspace.y_max_m,
    zMinM: workspace.z_min_m,
    zMaxM: workspace.z_max_m,
    pixelM: workspace.pixel_m,
  }
}

/** The same, for a file. */
export function workspaceKeysOf(spec: HeightmapSpec): WorkspaceKeys {
  return {
    x_min_m: spec.xMinM,
    x_max_m: spec.xMaxM,
    y_min_m: spec.yMinM,
    y_max_m: spec.yMaxM,
    z_min_m: spec.zMinM,
    z_max_m: spec.zMaxM,
    pixel_m: spec.pixelM,
  }
}
