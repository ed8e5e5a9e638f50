// Where each camera is and what it sees through, in Foxglove's terms, so that its pictures stand in the 3D view.

import { CameraCalibration, FrameTransform } from '@foxglove/schemas/jsonschema.js'
import { inverseRigid } from '../../control/pose.js'
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
  const transform = (parent_frame_id: string, child_frame_id: string, T: Mat4): TopicJson => ({
    topic: '/tf',
    schema: 'foxglove.FrameTransform',
    value: {
      timestamp,
      parent_frame_id,
      child_frame_id,
      translation: { x: T[3], y: T[7], z: T[11] },
      rotation: rotationOf(T),
    },
  })
  const facts = [
    calibration(`/camera/${camera}/calibration`, camera, frame.intrinsics, pinhole),
    transform('base', camera, frame.T_base_camera),
  ]
  if (colorCamera === undefined) return facts
  const id = colorFrameId(frame)
  return [
    ...facts,
    calibration(`/camera/${camera}/color/calibration`, id, colorCamera.intrinsics, lensOf(colorCamera)),
    transform(camera, id, inverseRigid(colorCamera.T_color_depth)),
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

/**
 * Unit quaternion of a transform's rotation. The largest component comes from the trace or the diagonal, so that nothing
 * is divided by a small number (Shepperd, "Quaternion from rotation matrix", 1978).
 */
export function rotationOf(T: Mat4): { x: number; y: number; z: number; w: number } {
  const m = (row: number, col: number) => T[row * 4 + col]!
  const trace = m(0, 0) + m(1, 1) + m(2, 2)
  if (trace > 0) {
    const s = 2 * Math.sqrt(1 + trace)
    return { x: (m(2, 1) - m(1, 2)) / s, y: (m(0, 2) - m(2, 0)) / s, z: (m(1, 0) - m(0, 1)) / s, w: s / 4 }
  }
  const i = [0, 1, 2].reduce((best, axis) => (m(axis, axis) > m(best, best) ? axis : best))
  const [j, k] = [(i + 1) % 3, (i + 2) % 3] as [number, number]
  const s = 2 * Math.sqrt(1 + m(i, i) - m(j, j) - m(k, k))
  const q = [0, 0, 0]
  q[i] = s / 4
  q[j] = (m(i, j) + m(j, i)) / s
  q[k] = (m(i, k) + m(k, i)) / s
  return { x: q[0]!, y: q[1]!, z: q[2]!, w: (m(k, j) - m(j, k)) / s }
}

function jsonSchema(name: string, schema: unknown): TopicSchema {
  return { name, encoding: 'jsonschema', data: new TextEncoder().encode(JSON.stringify(schema)) }
}
