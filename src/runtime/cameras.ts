// The cameras of a real cell, as the settings list them.

import { readFile } from 'node:fs/promises'
import { CliportError } from '../control/errors.js'
import type { Camera } from '../control/ports.js'
import type { HeightmapSpec } from '../control/types.js'
import { openRealSense, type RealSenseConfig } from '../io/cameras/realsense.js'
import { expectWorkspaceSeen } from '../io/workspace-view.js'
import type { Config } from './config/schema.js'

type CameraConfig = Config['cameras'][number]

/**
 * Opens every camera of the settings and takes one look, so that a covered, busy or missing camera, or one that looks
 * elsewhere, shows before the arm is asked for anything.
 * @param workspace what the cameras have to see something of
 * @throws CliportError CAMERA_ABSENT, CAMERA_STALLED, RECORDING_CORRUPT, CONFIG_INVALID, FRAME_INVALID, POSE_INVALID
 *                      naming the camera
 */
export async function openCameras(
  configs: readonly CameraConfig[],
  workspace: HeightmapSpec,
  signal: AbortSignal,
): Promise<Camera> {
  const timeoutMs = 1000 * Math.max(...configs.map(({ timeout_s }) => timeout_s))
  const opened = await openRealSense(await Promise.all(configs.map(realSenseOf)), { signal, timeoutMs })
  try {
    expectWorkspaceSeen(await opened.capture(signal), workspace)
    return opened
  } catch (error) {
    await opened.close()
    throw error
  }
}

async function realSenseOf(config: CameraConfig): Promise<RealSenseConfig> {
  const { name, serial, file, T_base_camera, width, height, fps, filters, options, preset } = config
  const { color_width: colorWidth, color_height: colorHeight, timeout_s } = config
  return {
    name,
    T_base_camera: Float64Array.from(T_base_camera.flat()),
    width,
    height,
    fps,
    ...(colorWidth !== undefined && { colorWidth }),
    ...(colorHeight !== undefined && { colorHeight }),
    ...(serial !== undefined && { serial }),
    ...(file !== undefined && { file }),
    camera: {
      // The package checks names and values, and says which there are.
      filters: filters as NonNullable<RealSenseConfig['camera']>['filters'] & object,
      options,
      // Restarted in the middle of a look that may still succeed: half of it is left then.
      stallMs: 500 * timeout_s,
      ...(preset !== undefined && { preset: await readPreset(name, preset) }),
    },
  }
}

async function readPreset(camera: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new CliportError('CONFIG_INVALID', `Camera '${camera}': cannot read ${path}: ${(cause as Error).message}`, {
      stage: 'config',
      hint: "Give the path of a preset that the vendor's viewer has saved",
      cause,
    })
  }
}
