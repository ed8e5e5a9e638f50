// Where each camera is and what it sees through, in Foxglove's terms, so that its pictures stand in the 3D view.

import { CameraCalibration, FrameTransform } from '@foxglove/schemas/jsonschema.js'
import type { Mat4, RgbdFrame } from '../../control/types.js'
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

/** Pinhole calibration and pose in the base frame of a frame's camera. @param timeNs when it is recorded */
export function cameraFacts(frame: RgbdFrame, timeNs: bigint): TopicJson[] {
  const { width, height, fx, fy, cx, cy } = frame.intrinsics
  const timestamp = { sec: Number(timeNs / 1_000_000_000n), nsec: Number(timeNs % 1_000_000_000n) }
  const T = frame.T_base_camera
  const calibration = {
    timestamp,
    frame_id: frame.camera,
    width,
    height,
    distortion_model: '',
    D: [],
    K: [fx, 0, cx, 0, fy, cy, 0, 0, 1],
    R: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    P: [fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0],
  }
  const transform = {
    timestamp,
    parent_frame_id: 'base',
    child_frame_id: frame.camera,
    translation: { x: T[3], y: T[7], z: T[11] },
    rotation: rotationOf(T),
  }
  return [
    { topic: `/camera/${frame.camera}/calibration`, schema: 'foxglove.CameraCalibration', value: calibration },
    { topic: '/tf', schema: 'foxglove.FrameTransform', value: transform },
  ]
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
