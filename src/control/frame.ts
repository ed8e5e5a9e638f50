// What can be said of a frame without looking at its pixels.

import { apply, applyInverse } from './geometry.js'
import type { Intrinsics, RgbdFrame, Vec3 } from './types.js'

/** What the frame's colour picture was seen through: the colour camera's own, or the depth camera's. */
export function colorIntrinsicsOf({
  colorCamera,
  intrinsics,
}: Pick<RgbdFrame, 'colorCamera' | 'intrinsics'>): Intrinsics {
  return colorCamera?.intrinsics ?? intrinsics
}

/**
 * Column and row of a base point in a camera's colour picture (pinhole: it may be off by what a lens bends), or null
 * behind the camera and outside of the picture.
 */
export function pixelInFrame(frame: RgbdFrame, p_base_m: Vec3): readonly [column: number, row: number] | null {
  const { T_base_camera, colorCamera } = frame
  const p_depth_m = applyInverse(T_base_camera, p_base_m)
  const [x, y, z] = colorCamera === undefined ? p_depth_m : apply(colorCamera.T_color_depth, p_depth_m)
  if (z <= 0) return null
  const { width, height, fx, fy, cx, cy } = colorIntrinsicsOf(frame)
  const column = Math.round((fx * x) / z + cx)
  const row = Math.round((fy * y) / z + cy)
  return column >= 0 && column < width && row >= 0 && row < height ? [column, row] : null
}
