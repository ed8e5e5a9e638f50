// The table as the cameras see it: the heightmap as a surface, with its colours.

import {
  BufferAttribute,
  BufferGeometry,
  CanvasTexture,
  DoubleSide,
  Mesh,
  MeshBasicMaterial,
  SRGBColorSpace,
} from 'three'

export interface SurfaceSpec {
  /** Cells along y. */
  readonly rows: number
  /** Cells along x. */
  readonly cols: number
  readonly x_min_m: number
  readonly y_min_m: number
  readonly z_min_m: number
  readonly pixel_m: number
}

/** Metres of a grey level of the elevation picture. */
const levelM = 0.001
/** One point for so many cells: half of 320 x 160 shows every block, for a quarter of the work. */
const cellsAPoint = 2

export class Surface {
  readonly object: Mesh<BufferGeometry, MeshBasicMaterial>
  readonly #canvas: OffscreenCanvas
  readonly #heights: OffscreenCanvas
  readonly #texture: CanvasTexture<OffscreenCanvas>
  readonly #across: number
  readonly #down: number

  constructor(private readonly spec: SurfaceSpec) {
    const { rows, cols } = spec
    this.#across = Math.floor(rows / cellsAPoint)
    this.#down = Math.floor(cols / cellsAPoint)
    this.#canvas = new OffscreenCanvas(rows, cols)
    this.#heights = new OffscreenCanvas(rows, cols)
    this.#texture = new CanvasTexture(this.#canvas)
    this.#texture.colorSpace = SRGBColorSpace
    this.object = new Mesh(this.#grid(), new MeshBasicMaterial({ map: this.#texture, side: DoubleSide }))
    this.object.frustumCulled = false
  }

  fits(spec: SurfaceSpec): boolean {
    return (Object.keys(spec) as (keyof SurfaceSpec)[]).every((key) => spec[key] === this.spec[key])
  }

  /** @param color,elevation seen from above: x to the right is row u, y down is column v */
  set(color: ImageBitmap, elevation: ImageBitmap): void {
    this.#canvas.getContext('2d')!.drawImage(color, 0, 0)
    this.#texture.needsUpdate = true
    const { rows, cols, z_min_m } = this.spec
    const context = this.#heights.getContext('2d', { willReadFrequently: true })!
    context.drawImage(elevation, 0, 0)
    const { data } = context.getImageData(0, 0, rows, cols)
    const positions = this.object.geometry.getAttribute('position') as BufferAttribute
    for (let v = 0, point = 0; v < this.#down; v++) {
      for (let u = 0; u < this.#across; u++, point++) {
        const level = data[(v * cellsAPoint * rows + u * cellsAPoint) * 4]!
        positions.setZ(point, z_min_m + level * levelM)
      }
    }
    positions.needsUpdate = true
  }

  dispose(): void {
    this.object.geometry.dispose()
    this.object.material.dispose()
    this.#texture.dispose()
  }

  #grid(): BufferGeometry {
    const { rows, cols, x_min_m, y_min_m, z_min_m, pixel_m } = this.spec
    const [across, down] = [this.#across, this.#down]
    const positions = new Float32Array(across * down * 3)
    const uvs = new Float32Array(across * down * 2)
    for (let v = 0, point = 0; v < down; v++) {
      for (let u = 0; u < across; u++, point++) {
        positions.set([x_min_m + v * cellsAPoint * pixel_m, y_min_m + u * cellsAPoint * pixel_m, z_min_m], point * 3)
        uvs.set([(u * cellsAPoint + 0.5) / rows, 1 - (v * cellsAPoint + 0.5) / cols], point * 2)
      }
    }
    const corners: number[] = []
    for (let v = 0; v + 1 < down; v++) {
      for (let u = 0; u + 1 < across; u++) {
        const at = v * across + u
        corners.push(at, at + across, at + 1, at + 1, at + across, at + across + 1)
      }
    }
    const geometry = new BufferGeometry()
    geometry.setAttribute('position', new BufferAttribute(positions, 3))
    geometry.setAttribute('uv', new BufferAttribute(uvs, 2))
    geometry.setIndex(corners)
    return geometry
  }
}
