// What can be said of a frame without looking at its pixels.

import type { Intrinsics, RgbdFrame } from './types.js'

/** What the frame's colour picture was seen through: the colour camera's own, or the depth camera's. */
export function colorIntrinsicsOf({
  colorCamera,
  intrinsics,
}: Pick<RgbdFrame, 'colorCamera' | 'intrinsics'>): Intrinsics {
  return colorCamera?.intrinsics ?? intrinsics
}
