import { RealSenseError } from './errors.js'
import type { CameraFrame, CameraImage } from './frame.js'

export interface PointCloud {
  /** x right, y down, z forward in the depth image's camera, metres: 3 numbers a point. */
  readonly positionsM: Float32Array
  /** 3 bytes a point; empty without a colour image of the same size. */
  readonly colorsRgb: Uint8Array
}

/**
 * Every pixel with depth as a point, coloured when the frame is aligned (`align: 'depth'` or `'color'`) and rgb8.
 * Pinhole; what the lens adds is left out (it is zero for the depth streams of the D400 series).
 *
 * @throws RealSenseError INPUT_INVALID for a frame without depth
 */
export function pointCloud(frame: CameraFrame): PointCloud {
  const { depth } = frame
  if (!depth) throw new RealSenseError('INPUT_INVALID', 'A point cloud needs a frame with depth.')
  const color = coloursFor(depth, frame.color)
  const unitsM = depth.format === 'f32' ? 1 : frame.depthUnitsM
  const { fx, fy, cx, cy } = depth.intrinsics
  const data = depth.data
  const positions: number[] = []
  const colors: number[] = []
  for (let i = 0; i < depth.width * depth.height; i++) {
    const z = data[i]! * unitsM
    if (!(z > 0)) continue
    positions.push((((i % depth.width) - cx) / fx) * z, ((Math.floor(i / depth.width) - cy) / fy) * z, z)
    if (color) colors.push(color[3 * i]!, color[3 * i + 1]!, color[3 * i + 2]!)
  }
  return { positionsM: Float32Array.from(positions), colorsRgb: Uint8Array.from(colors) }
}

function coloursFor(depth: CameraImage, color: CameraImage | undefined): ArrayLike<number> | undefined {
  return color?.format === 'rgb8' && color.width === depth.width && color.height === depth.height
    ? color.data
    : undefined
}

/** A text PLY file, which every viewer opens. */
export function plyOf({ positionsM, colorsRgb }: PointCloud): string {
  const points = positionsM.length / 3
  const coloured = colorsRgb.length > 0
  const header = [
    'ply',
    'format ascii 1.0',
    `element vertex ${points}`,
    ...['x', 'y', 'z'].map((axis) => `property float ${axis}`),
    ...(coloured ? ['red', 'green', 'blue'].map((channel) => `property uchar ${channel}`) : []),
    'end_header',
  ]
  const lines = Array.from({ length: points }, (_, i) => {
    const position = [...positionsM.subarray(3 * i, 3 * i + 3)].map((value) => value.toFixed(5)).join(' ')
    return coloured ? `${position} ${colorsRgb.subarray(3 * i, 3 * i + 3).join(' ')}` : position
  })
  return `${[...header, ...lines].join('\n')}\n`
}
