// What frames and heightmaps look like as pictures of a recording.

import { CliportError } from '../../control/errors.js'
import { colorIntrinsicsOf } from '../../control/frame.js'
import type { Heightmap, Intrinsics, Proposal, RgbdFrame } from '../../control/types.js'
import { colorFrameId } from './calibration.js'
import { floatBytes, type ImageEncoding, imageBytes, type RecordedImage } from './raw-image.js'

export interface TopicImage {
  readonly topic: string
  readonly image: RecordedImage
}

/** @throws CliportError INPUT_INVALID when the buffer does not fit the size */
export function image(
  encoding: ImageEncoding,
  width: number,
  height: number,
  data: Uint8Array,
  stampNs: bigint,
  frameId: string,
): RecordedImage {
  const expected = imageBytes(width, height, encoding)
  if (data.byteLength !== expected) {
    const message = `Expected ${expected} bytes for a ${width} x ${height} ${encoding} picture but received ${data.byteLength}`
    throw new CliportError('INPUT_INVALID', message, { stage: 'record', hint: 'Buffer and size must belong together.' })
  }
  return { width, height, encoding, data, stampNs, frameId }
}

/** Colour and depth of a camera; the pictures share the frame's buffers. */
export function cameraImages(frame: RgbdFrame, stampNs = frame.stampNs): TopicImage[] {
  const picture = ({ width, height }: Intrinsics, encoding: ImageEncoding, data: Uint8Array, frameId: string) =>
    image(encoding, width, height, data, stampNs, frameId)
  const color = picture(colorIntrinsicsOf(frame), 'rgb8', frame.color, colorFrameId(frame))
  const depth = picture(frame.intrinsics, '32FC1', floatBytes(frame.depthM), frame.camera)
  return [
    { topic: `/camera/${frame.camera}/color`, image: color },
    { topic: `/camera/${frame.camera}/depth`, image: depth },
  ]
}

/** Height and colour seen from above: rows along +y, columns along +x of the base frame. */
export function heightmapImages(heightmap: Heightmap, stampNs = heightmap.stampNs): TopicImage[] {
  const { rows, cols } = heightmap
  const picture = (encoding: ImageEncoding, data: Uint8Array) => image(encoding, cols, rows, data, stampNs, 'workspace')
  return [
    { topic: '/heightmap/height', image: picture('32FC1', floatBytes(heightmap.heightM)) },
    { topic: '/heightmap/color', image: picture('rgb8', heightmap.color) },
  ]
}

/** Where a policy would pick and place, rows and columns as of the heightmap. */
export function affordanceImages(
  { rows, cols, stampNs }: Pick<Heightmap, 'rows' | 'cols' | 'stampNs'>,
  maps: NonNullable<Proposal['maps']>,
): TopicImage[] {
  const picture = (map: Float32Array) => image('32FC1', cols, rows, floatBytes(map), stampNs, 'workspace')
  return [
    { topic: '/affordance/pick', image: picture(maps.pick) },
    { topic: '/affordance/place', image: picture(maps.place) },
  ]
}
