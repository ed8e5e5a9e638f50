// Software rasteriser: colour, depth and segmentation of a scene of triangle meshes, in native code.

import { loadAddon } from './paths.js'

/** One object of the scene, in its own frame. */
export interface MeshInstance {
  /** triangles x 9: three corners, metres. */
  readonly positionsM: Float32Array
  /** triangles x 3: albedo 0..1. */
  readonly colorRgb: Float32Array
  /** Label written to the segmentation, 1..255; 0 for what is no object (table, arm). */
  readonly label: number
}

export interface RenderCamera {
  readonly width: number
  readonly height: number
  readonly fx: number
  readonly fy: number
  readonly cx: number
  readonly cy: number
  /** 4x4 row-major, camera to base, metres; x right, y down, z along the optical axis. */
  readonly T_base_camera: Float64Array
}

export interface RenderLight {
  /** Towards the light, base frame; need not be normalised. */
  readonly direction: readonly [number, number, number]
  /** Share of the light that reaches every surface, 0..1. */
  readonly ambient: number
  readonly shadows: boolean
}

export interface RenderTarget {
  /** RGB8, height x width x 3. */
  readonly color: Uint8Array
  /** Metres along the optical axis, height x width; 0 where no surface is. */
  readonly depthM: Float32Array
  /** height x width; optional. */
  readonly labels?: Uint8Array
}

/** A real depth camera's faults, added to a rendered frame in place; deterministic by seed. */
export interface SensorNoise {
  /** Standard deviation of depth at 1 m, metres; grows with the square of the distance. */
  readonly depthSigmaM: number
  /** Standard deviation of colour, 0..255. */
  readonly colorSigma: number
  /** Probability that a pixel beside a depth edge, or on a grazing surface, has no depth. */
  readonly edgeHoleProbability: number
  /** Probability that a small blob of missing depth starts at a pixel. */
  readonly blobHoleProbability: number
}

interface AddonRasterizer {
  render(
    T_base_object: Float64Array,
    cameras: readonly RenderCamera[],
    targets: readonly RenderTarget[],
    light: RenderLight,
    background: readonly [number, number, number],
  ): Promise<void>
  renderSync(
    T_base_object: Float64Array,
    cameras: readonly RenderCamera[],
    targets: readonly RenderTarget[],
    light: RenderLight,
    background: readonly [number, number, number],
  ): void
}

interface Addon {
  Rasterizer: new (instances: readonly MeshInstance[]) => AddonRasterizer
  addSensorNoise(target: RenderTarget, width: number, height: number, noise: SensorNoise, seed: number): void
}

let addon: Addon | undefined

export interface Rasterizer extends AddonRasterizer {}

/**
 * A scene whose meshes are uploaded once; each render takes the objects' poses.
 * `T_base_object` holds one 4x4 row-major matrix an instance, in order. Flat shading, Lambert plus ambient, one
 * directional light with a shadow map over the workspace; triangles are clipped at 1 cm. `background` is a colour 0..1. `render` works on the thread
 * pool, `renderSync` on the calling thread; both fill caller-owned targets.
 * @throws RangeError naming the argument, expected and received size
 */
export function createRasterizer(instances: readonly MeshInstance[]): Rasterizer {
  addon ??= loadAddon<Addon>('raster')
  return new addon.Rasterizer(instances)
}

/** Adds noise and holes to a rendered frame, in place, the same for the same seed. */
export function addSensorNoise(
  target: RenderTarget,
  width: number,
  height: number,
  noise: SensorNoise,
  seed: number,
): void {
  addon ??= loadAddon<Addon>('raster')
  addon.addSensorNoise(target, width, height, noise, seed)
}
