// RGB-D frames to a fused top-down heightmap, in native code, off the main thread.

import { loadAddon } from './paths.js'

/** The camera that took the colour, where it is another one than the depth camera. */
export interface ProjectColorCamera {
  /** Pixels. */
  readonly intrinsics: {
    readonly width: number
    readonly height: number
    readonly fx: number
    readonly fy: number
    readonly cx: number
    readonly cy: number
  }
  /** 4x4 row-major, depth camera to colour camera, metres. */
  readonly T_color_depth: Float64Array
  readonly lens: 'pinhole' | 'brown-conrady' | 'brown-conrady-two'
  /** k1, k2, p1, p2, k3 */
  readonly coefficients: readonly number[]
}

/** One camera's frame; buffers are read during the call and must not be changed until it resolves. */
export interface ProjectFrame {
  readonly width: number
  readonly height: number
  /** Pixels. */
  readonly fx: number
  readonly fy: number
  readonly cx: number
  readonly cy: number
  /** 4x4 row-major, camera to base, metres. */
  readonly T_base_camera: Float64Array
  /** RGB8, height x width x 3, of the colour camera if there is one. */
  readonly color: Uint8Array
  readonly colorCamera?: ProjectColorCamera
  /** Metres along the optical axis, height x width; 0, negative or not finite: nothing seen. */
  readonly depthM?: Float32Array
  /** Instead of `depthM`: as the sensor counts, times `depthScaleM` metres; 0: nothing seen. */
  readonly depthRaw?: Uint16Array
  readonly depthScaleM?: number
  /** Of the depth camera, with its k1, k2, p1, p2, k3; absent: a pinhole. Its rays are computed once and kept. */
  readonly lens?: 'pinhole' | 'brown-conrady' | 'brown-conrady-two'
  readonly coefficients?: readonly number[]
  /** Optional object label per pixel (simulated cameras only), height x width. */
  readonly labels?: Uint8Array
}

export interface ProjectSpec {
  readonly xMinM: number
  readonly xMaxM: number
  readonly yMinM: number
  readonly yMaxM: number
  readonly zMinM: number
  readonly zMaxM: number
  readonly pixelM: number
}

/** Caller-owned results: rows = round((yMax-yMin)/pixel), cols = round((xMax-xMin)/pixel). */
export interface ProjectOutput {
  /** rows x cols, metres above zMin; 0 where nothing was seen. */
  readonly heightM: Float32Array
  /** rows x cols x 3, RGB8; 0 where nothing was seen. */
  readonly color: Uint8Array
  /** rows x cols: label of the highest point, of the first camera that sees it; 0 where nothing was seen. */
  readonly labels?: Uint8Array
}

export interface ProjectOptions {
  /** Fused multiply-adds where the processor has them: a last bit may differ from the exact result. Default false. */
  readonly fast?: boolean
  /** Threads that work on it, 1..16; the result does not depend on it. Default 1. */
  readonly threads?: number
  /**
   * Afterwards, cells that stand alone are emptied: fewer than `minSupport` (1..8) of the eight around lie within
   * `toleranceM` of their height. Absent: none.
   */
  readonly outliers?: { readonly toleranceM: number; readonly minSupport: number }
  /** After that, small holes are filled from around, by this many cells from each side, 0..64. Default 0. */
  readonly holePasses?: number
}

interface Addon {
  /** NumPy-1 rounding, stable ties, fusion by largest height and mean colour. */
  project(
    frames: readonly ProjectFrame[],
    spec: ProjectSpec,
    output: ProjectOutput,
    options?: ProjectOptions,
  ): Promise<void>
}

let addon: Addon | undefined

/**
 * Projects frames of all cameras into `output`; resolves when it is filled.
 * @throws RangeError naming the argument, the expected and the received size when a buffer does not fit
 */
export function projectHeightmap(
  frames: readonly ProjectFrame[],
  spec: ProjectSpec,
  output: ProjectOutput,
  options: ProjectOptions = {},
): Promise<void> {
  addon ??= loadAddon<Addon>('heightmap')
  return addon.project(frames, spec, output, options)
}
