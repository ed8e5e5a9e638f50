// Where each camera is and what it sees through, in Foxglove's terms, so that its pictures stand in the 3D view.

import { CameraCalibration, FrameTransform } from '@foxglove/schemas/jsonschema.js'
import { inverse, quaternionOf, translationOf } from '../../control/geometry.js'
import type { ColorCamera, Intrinsics, Mat4, RgbdFrame } from '../../control/types.js'
import type { TopicSchema } from './mcap-file.js'

/** JSON schemas of the topics that Foxglove knows. */
export const foxgloveJsonSchemas = {
  'foxglove.CameraCalibration': jsonSchema('foxglove.CameraCalibration', CameraCalibration),
  'foxglove.FrameTransform': jsonSchema('foxglove.FrameTransform', FrameTransform),
} as const satisfies Readonly<Record<string, TopicSchema>>

export type FoxgloveSchemaName = keyof typeof foxgloveJsonSchemas

export interface TopicJson {
  readonly topic: string
  readonly schema: FoxgloveSchemaName
  readonly value: object
}

/** Coordinate frame in which the colour picture was taken. */
export function colorFrameId({ camera, colorCamera }: RgbdFrame): string {
  return colorCamera === undefined ? camera : `${camera}_color`
}

/**
 * Calibration and pose of a frame's camera, and of the colour camera beside it where colour has one of its own.
 * @param timeNs when it is recorded
 */
export function cameraFacts(frame: RgbdFrame, timeNs: bigint): TopicJson[] {
  const { camera, colorCamera } = frame
  const timestamp = { sec: Number(timeNs / 1_000_000_000n), nsec: Number(timeNs % 1_000_000_000n) }
  const calibration = (topic: string, frame_id: string, view: Intrinsics, lens: object): TopicJson => ({
    topic,
    schema: 'foxglove.CameraCalibration',
    value: { timestamp, frame_id, ...lens, ...matricesOf(view) },
  })
  const transform = (parent_frame_id: string, child_frame_id: string, T: Mat4): TopicJson => {
    const [x, y, z] = translationOf(T)
    const pose = { translation: { x, y, z }, rotation: quaternionOf(T) }
    return {
      topic: '/tf',
      schema: 'foxglove.FrameTransform',
      value: { timestamp, parent_frame_id, child_frame_id, ...pose },
    }
  }
  const facts = [
    calibration(`/camera/${camera}/calibration`, camera, frame.intrinsics, pinhole),
    transform('base', camera, frame.T_base_camera),
  ]
  if (colorCamera === undefined) return facts
  const id = colorFrameId(frame)
  return [
    ...facts,
    calibration(`/camera/${camera}/color/calibration`, id, colorCamera.intrinsics, lensOf(colorCamera)),
    transform(camera, id, inverse(colorCamera.T_color_depth)),
  ]
}

const pinhole = { distortion_model: '', D: [] as readonly number[] }

/** Foxglove knows OpenCV's model; the other one differs from it in terms of the fourth order only. */
function lensOf({ lens, coefficients }: ColorCamera): typeof pinhole {
  const isPinhole = lens === 'pinhole' || coefficients.every((coefficient) => coefficient === 0)
  return isPinhole ? pinhole : { distortion_model: 'plumb_bob', D: coefficients }
}

function matricesOf({ width, height, fx, fy, cx, cy }: Intrinsics): object {
  return {
    width,
    height,
    K: [fx, 0, cx, 0, fy, cy, 0, 0, 1],
    R: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    P: [fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0],
  }
}

function jsonSchema(name: string, schema: unknown): TopicSchema {
  return { name, encoding: 'jsonschema', data: new TextEncoder().encode(JSON.stringify(schema)) }
}
