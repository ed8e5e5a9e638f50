// A camera's pose in a file of its own: JSON or YAML, 4 rows of 4 numbers, alone or under `T_base_camera`, as in the
// settings and in camera.json.

import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { CliportError } from '../../control/errors.js'
import { poseInvalid } from '../frame-folder.js'
import { describeIssues } from '../schema-issues.js'
import { type CameraFile, poseSchema } from './schema.js'

/** @throws CliportError INPUT_INVALID for a file that cannot be read, POSE_INVALID for one that holds no pose */
export async function readPose(path: string): Promise<NonNullable<CameraFile['T_base_camera']>> {
  let content: unknown
  try {
    content = parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new CliportError('INPUT_INVALID', `${path} cannot be read: ${(cause as Error).message}`, {
      stage: 'start',
      hint: 'Expected JSON or YAML: T_base_camera with 4 rows of 4 numbers',
      cause,
    })
  }
  const parsed = poseSchema.safeParse((content as { T_base_camera?: unknown } | null)?.T_base_camera ?? content)
  if (parsed.success) return parsed.data
  throw poseInvalid(`${path}: ${describeIssues(parsed.error, poseSchema).join('; ')}`)
}
