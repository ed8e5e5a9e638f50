// Compares our projection of a reference file's frames to the reference's own result, cell by cell.

import { CliportError } from '../control/errors.js'
import { problemOfCameraPose, rowsOf } from '../control/pose.js'
import { publishedWorkspace } from '../control/published-workspace.js'
import type { HeightmapSpec, RgbdFrame } from '../control/types.js'
import { poseInvalid } from './frame-folder.js'
import { type Npz, readNpz } from './npz.js'
import { createProjector } from './projector.js'

/** Keys as the command line prints them. */
export interface HeightmapCheck {
  readonly cells: number
  readonly height_cells_differ: number
  readonly color_cells_differ: number
  /** Largest difference of height, metres. */
  readonly max_abs_m: number
}

/** One depth unit of the reference's raw depth, metres: NumPy multiplies in float32. */
const rawUnitM = Math.fround(1e-4)

/**
 * Projects the frames of a reference file and counts the cells that differ, bit for bit, from its stable result.
 *
 * Arrays: color u1 [n,h,w,3]; depth_m f4 [n,h,w] in metres, or u16_depth_raw u2 [n,h,w] in 0.1 mm; intrinsics f8
 * [n,3,3]; T f8 [n,4,4] camera to base; bounds f8 [3,2]; pix_size f8 []; the reference's fused height u16_fused_h f4
 * [rows,cols] and, with a stable sort, colour u16_fused_c_stable u1 [rows,cols,3].
 * @throws CliportError INPUT_INVALID when the file is damaged or holds something else
 */
export async function checkHeightmap(npzPath: string): Promise<HeightmapCheck> {
  const npz = readNpz(npzPath)
  const frames = framesOf(npz, npzPath)
  const spec = specOf(npz, npzPath)
  const expectedHeightM = npz.array('u16_fused_h', '<f4')
  const expectedColor = npz.array('u16_fused_c_stable', '|u1')

  const heightmap = await createProjector().project(frames, spec)
  const cells = heightmap.rows * heightmap.cols
  expectShape(npzPath, 'u16_fused_h', expectedHeightM.shape, [heightmap.rows, heightmap.cols])
  expectShape(npzPath, 'u16_fused_c_stable', expectedColor.shape, [heightmap.rows, heightmap.cols, 3])

  let heightCellsDiffer = 0
  let colorCellsDiffer = 0
  let maxAbsM = 0
  for (let cell = 0; cell < cells; cell++) {
    const differenceM = Math.abs(heightmap.heightM[cell]! - expectedHeightM.data[cell]!)
    if (differenceM !== 0) heightCellsDiffer++
    if (!(differenceM <= maxAbsM)) maxAbsM = differenceM
    if ([0, 1, 2].some((c) => heightmap.color[3 * cell + c] !== expectedColor.data[3 * cell + c])) colorCellsDiffer++
  }
  return { cells, height_cells_differ: heightCellsDiffer, color_cells_differ: colorCellsDiffer, max_abs_m: maxAbsM }
}

/**
 * Frames of an npz file in the layout that `checkHeightmap` documents.
 * @throws CliportError INPUT_INVALID for another layout, POSE_INVALID for a T that is no pose
 */
export function framesOf(npz: Npz, npzPath: string): RgbdFrame[] {
  const color = npz.array('color', '|u1')
  const intrinsics = npz.array('intrinsics', '<f8')
  const T_base_camera = npz.array('T', '<f8')
  const [cameras = 0, height = 0, width = 0] = color.shape
  const depth = npz.names.includes('depth_m') ? npz.array('depth_m', '<f4') : npz.array('u16_depth_raw', '<u2')
  expectShape(npzPath, 'color', color.shape, [cameras, height, width, 3])
  expectShape(npzPath, 'depth', depth.shape, [cameras, height, width])
  expectShape(npzPath, 'intrinsics', intrinsics.shape, [cameras, 3, 3])
  expectShape(npzPath, 'T', T_base_camera.shape, [cameras, 4, 4])

  const pixels = width * height
  for (let camera = 0; camera < cameras; camera++) {
    const problem = problemOfCameraPose(rowsOf(T_base_camera.data.subarray(16 * camera, 16 * camera + 16)))
    if (problem !== null) throw poseInvalid(`${npzPath}: T[${camera}]: ${problem}`)
  }
  return Array.from({ length: cameras }, (_, camera): RgbdFrame => {
    const K = intrinsics.data.subarray(9 * camera, 9 * camera + 9)
    const depthSlice = depth.data.subarray(pixels * camera, pixels * (camera + 1))
    return {
      camera: String(camera),
      intrinsics: { width, height, fx: K[0]!, fy: K[4]!, cx: K[2]!, cy: K[5]! },
      T_base_camera: T_base_camera.data.subarray(16 * camera, 16 * camera + 16),
      color: color.data.subarray(3 * pixels * camera, 3 * pixels * (camera + 1)),
      depthM: depthSlice instanceof Float32Array ? depthSlice : Float32Array.from(depthSlice, (raw) => raw * rawUnitM),
      stampNs: 0n,
    }
  })
}

/** Grid of such a file; the published workspace where it names none. */
export function specOf(npz: Npz, npzPath: string): HeightmapSpec {
  if (!npz.names.includes('bounds')) return publishedWorkspace
  const bounds = npz.array('bounds', '<f8')
  expectShape(npzPath, 'bounds', bounds.shape, [3, 2])
  const [xMinM, xMaxM, yMinM, yMaxM, zMinM, zMaxM] = bounds.data as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return { xMinM, xMaxM, yMinM, yMaxM, zMinM, zMaxM, pixelM: npz.array('pix_size', '<f8').data[0]! }
}

function expectShape(path: string, name: string, received: readonly number[], expected: readonly number[]): void {
  if (received.length === expected.length && received.every((n, i) => n === expected[i])) return
  throw new CliportError(
    'INPUT_INVALID',
    `The file ${path} holds '${name}' with shape [${received}], expected [${expected}].`,
    {
      stage: 'project',
      hint: 'Give the frames and the fused result of one scene, as benchmarks/heightmap writes them.',
    },
  )
}
