// The cell's cameras: pictures with depth and the label of every pixel, and the same seen from above.

import { gridSize, type HeightGrid, identity, transform } from '../control/geometry.js'
import type { HeightmapSpec } from '../control/types.js'
import { projectHeightmap } from '../native/heightmap.js'
import type { ToolGeometry } from '../native/kinematics.js'
import { createRasterizer, type Rasterizer, type RenderTarget } from '../native/raster.js'
import type { SimFrame } from './api.js'
import type { Appearance } from './appearance.js'
import { armMeshes, type CellTool } from './arm.js'
import { type CellCamera, observerCamera } from './cameras.js'
import { boxMesh, merge } from './mesh.js'
import type { Physics } from './physics/physics.js'

/** What the cameras see from above, with the object that each cell shows. */
export interface LabelMap extends HeightGrid {
  /** rows x cols; 0: no object. */
  readonly labels: Uint8Array
}

export class CellRenderer {
  readonly #appearance: Appearance
  readonly #rasterizer: Rasterizer

  constructor(appearance: Appearance, tool: ToolGeometry, kind?: CellTool) {
    this.#appearance = appearance
    const arm = armMeshes(tool, kind)
    this.#rasterizer = createRasterizer([
      { ...tableMesh(appearance), label: 0 },
      ...arm.map((mesh) => ({ ...mesh, label: 0 })),
      ...appearance.objects.map(({ shape, rgb, label }) => ({ ...shape.mesh(rgb), label })),
    ])
  }

  /** Frames of all cameras as they are now, without a sensor's faults. */
  async look(
    physics: Physics,
    stampNs: bigint,
    options: { readonly arm: boolean } = { arm: true },
  ): Promise<SimFrame[]> {
    const { cameras } = this.#appearance
    const targets = await this.#render(physics, cameras, options.arm)
    return cameras.map(({ name, intrinsics, T_base_camera }, i) => ({
      camera: name,
      intrinsics,
      T_base_camera: Float64Array.from(T_base_camera),
      ...targets[i]!,
      stampNs,
    }))
  }

  /** Picture for people, RGB8. */
  async observe(physics: Physics, width: number, height: number): Promise<Uint8Array> {
    const [picture] = await this.#render(physics, [observerCamera(width, height)], true)
    return picture!.color
  }

  /** Poses are read before the first await, so that physics may go on while the picture is drawn. */
  async #render(physics: Physics, cameras: readonly CellCamera[], arm: boolean): Promise<Required<RenderTarget>[]> {
    const poses = this.#poses(physics, arm)
    const targets = cameras.map(({ intrinsics: { width, height } }) => ({
      color: new Uint8Array(width * height * 3),
      depthM: new Float32Array(width * height),
      labels: new Uint8Array(width * height),
    }))
    const views = cameras.map(({ intrinsics, T_base_camera }) => ({ ...intrinsics, T_base_camera }))
    const { light, background } = this.#appearance
    await this.#rasterizer.render(poses, views, targets, light, background)
    return targets
  }

  #poses(physics: Physics, arm: boolean): Float64Array {
    const parts = [
      identity(),
      ...physics.armPoses().map((T) => (arm ? T : outOfSight)),
      ...this.#appearance.objects.map(({ label }) => physics.objectPose(label)),
    ]
    const all = new Float64Array(parts.length * 16)
    parts.forEach((T, i) => {
      all.set(T, 16 * i)
    })
    return all
  }
}

/** Fuses frames to a map of labels, on the grid of `spec`. */
export async function labelMap(frames: readonly SimFrame[], spec: HeightmapSpec): Promise<LabelMap> {
  const { rows, cols } = gridSize(spec)
  const heightM = new Float32Array(rows * cols)
  const labels = new Uint8Array(rows * cols)
  const inputs = frames.map((frame) => ({ ...frame, ...frame.intrinsics }))
  await projectHeightmap(inputs, spec, { heightM, color: new Uint8Array(rows * cols * 3), labels })
  return { spec, rows, cols, heightM, labels }
}

const outOfSight = transform([0, 0, -100], [1, 0, 0, 0, 1, 0, 0, 0, 1])

/**
 * Mat, table and floor. The mat lies a tenth of a millimetre above z = 0, where the heightmap begins, so that rounding
 * loses none of it; the table lies below.
 */
function tableMesh({ mat, table }: Appearance) {
  const matM = 0.0001
  return merge(
    boxMesh([0.54, 1.04, 0.002], mat, [0.5, 0, matM - 0.001]),
    boxMesh([1.5, 1.7, 0.04], table, [0.4, 0, -0.0215]),
    boxMesh([8, 8, 0.1], [0.62, 0.62, 0.6], [0, 0, -0.8]),
  )
}
