// What is known of a camera, wherever it is written down: in the settings' `cameras` (src/runtime/config/cameras.ts) and
// in camera.json of a frame folder (src/io/frame-folder.ts). The table in docs/recordings.md is made from it
// (scripts/document-frames.mjs).

import { z } from 'zod'
import { problemOfBaseline, problemOfCameraPose, type Rows4 } from '../../control/pose.js'
import type { Synonyms } from '../schema-issues.js'

const row = z.tuple([z.number(), z.number(), z.number(), z.number()], 'a row of 4 numbers')
const rows = z.tuple([row, row, row, row], 'Expected 4 rows of 4 numbers')

/** Its issues are those that make a POSE_INVALID. */
function transform(problemOf: (T: Rows4) => string | null) {
  return rows.superRefine((T, context) => {
    const problem = problemOf(T)
    if (problem !== null) context.addIssue({ code: 'custom', message: problem, input: T })
  })
}

const pixels = z.int().positive().max(65_535)
const focalPx = z.number().positive()

export const poseSchema = transform(problemOfCameraPose)

export const intrinsicsSchema = z.strictObject({
  fx: focalPx.describe('focal length along x, pixels'),
  fy: focalPx.describe('focal length along y, pixels'),
  cx: z.number().describe('principal point, pixels from the middle of the first column'),
  cy: z.number().describe('principal point, pixels from the middle of the first row'),
})

/** Every fact about a camera that settings and frame folders have in common. */
export const cameraFields = {
  T_base_camera: poseSchema.describe(
    'depth camera (x right, y down, z forward) to base: p_base = T_base_camera * p_camera; 4 rows of 4, metres; rigid; from hand-eye calibration',
  ),
  width: pixels.describe('of the depth picture, pixels'),
  height: pixels.describe('of the depth picture, pixels'),
  depth_unit_m: z.number().positive().max(0.1).describe('metres a step of depth.png'),
  intrinsics: intrinsicsSchema.describe('of the depth picture'),
  color_camera: z
    .strictObject({
      width: pixels.describe('of color.png, pixels'),
      height: pixels.describe('of color.png, pixels'),
      intrinsics: intrinsicsSchema.describe('of color.png'),
      lens: z
        .enum(['pinhole', 'brown-conrady', 'brown-conrady-two'])
        .default('pinhole')
        .describe('how the colour lens bends; the second takes the tangential terms of the radially moved point'),
      coefficients: z.array(z.number()).length(5).default([0, 0, 0, 0, 0]).describe('k1, k2, p1, p2, k3 of the lens'),
      T_color_depth: transform(problemOfBaseline).describe(
        'depth camera to colour camera: p_color = T_color_depth * p_depth; 4 rows of 4, metres; rigid',
      ),
    })
    .describe('the colour camera; absent: colour and depth share their pixels'),
}

/** camera.json of a frame folder. */
export const cameraFileSchema = z.strictObject({
  width: cameraFields.width,
  height: cameraFields.height,
  depth_unit_m: cameraFields.depth_unit_m.default(0.001),
  intrinsics: cameraFields.intrinsics,
  T_base_camera: cameraFields.T_base_camera.optional(),
  color_camera: cameraFields.color_camera.optional(),
  serial: z.string().optional().describe('serial number of the camera, for people'),
  source: z.string().optional().describe('where the frame comes from, for people'),
  objects: z.int().min(0).optional().describe('objects in labels.png, for people'),
})

export type CameraFile = z.infer<typeof cameraFileSchema>

/** What other programs call these keys. */
export const cameraSynonyms: Synonyms = {
  depth_scale: 'depth_unit_m',
  depth_factor: 'depth_unit_m',
  factor_depth: 'depth_unit_m',
  scale: 'depth_unit_m',
  k: 'intrinsics',
  camera_matrix: 'intrinsics',
  pose: 'T_base_camera',
  t: 'T_base_camera',
  extrinsics: 'T_base_camera',
  t_cam2base: 'T_base_camera',
  camera_pose: 'T_base_camera',
  t_camera_base: 'T_base_camera (the inverse of it)',
  t_depth_color: 'T_color_depth (the inverse of it)',
  color: 'color_camera',
  model: 'lens',
  d: 'coefficients',
  dist_coeffs: 'coefficients',
  distortion: 'coefficients',
}

/** Whether an issue's path leads into a transform. */
export function isPosePath(path: readonly PropertyKey[]): boolean {
  return path.includes('T_base_camera') || path.includes('T_color_depth')
}
