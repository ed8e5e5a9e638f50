// What frames and heightmaps look like as pictures of a recording.

import { CliportError } from '../../control/errors.js'
import type { Heightmap, RgbdFrame } from '../../control/types.js'
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
  const { width, height } = frame.intrinsics
  const picture = (encoding: ImageEncoding, data: Uint8Array) =>
    image(encoding, width, height, data, stampNs, frame.camera)
  return [
    { topic: `/camera/${frame.camera}/color`, image: picture('rgb8', frame.color) },
    { topic: `/camera/${frame.camera}/depth`, image: picture('32FC1', floatBytes(frame.depthM)) },
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
