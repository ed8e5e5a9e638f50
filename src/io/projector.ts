// The Projector port on native/core's heightmap.

import { CliportError } from '../control/errors.js'
import { colorIntrinsicsOf } from '../control/frame.js'
import type { Projector } from '../control/ports.js'
import type { Heightmap, HeightmapSpec, RgbdFrame } from '../control/types.js'
import { type ProjectOptions, projectHeightmap } from '../native/heightmap.js'
import { nothingSeen } from './workspace-view.js'

/** Frames of all cameras to one fused heightmap, on the thread pool. Frames must not change until it resolves. */
export function createProjector(options: ProjectOptions = {}): Projector {
  return {
    async project(frames, spec) {
      if (frames.length === 0) {
        throw new CliportError('FRAME_INVALID', 'There is no frame to project.', {
          stage: 'project',
          hint: 'Configure at least one camera.',
        })
      }
      for (const frame of frames) checkFrame(frame)
      const output = emptyHeightmap(frames, spec)
      await projectHeightmap(
        frames.map((frame) => ({
          ...frame.intrinsics,
          T_base_camera: frame.T_base_camera,
          color: frame.color,
          ...(frame.colorCamera && { colorCamera: frame.colorCamera }),
          depthM: frame.depthM,
        })),
        spec,
        output,
        options,
      )
      if (isEmpty(output)) throw nothingSeen(frames, spec)
      return output
    },
  }
}

/** Without a cell that any camera has seen. A surface at the very bottom of the map has height 0, but a colour. */
function isEmpty({ heightM, color }: Heightmap): boolean {
  return !heightM.some((height) => height > 0) && !color.some((value) => value > 0)
}

function emptyHeightmap(frames: readonly RgbdFrame[], spec: HeightmapSpec): Heightmap {
  const rows = Math.round((spec.yMaxM - spec.yMinM) / spec.pixelM)
  const cols = Math.round((spec.xMaxM - spec.xMinM) / spec.pixelM)
  return {
    spec,
    rows,
    cols,
    heightM: new Float32Array(rows * cols),
    color: new Uint8Array(3 * rows * cols),
    stampNs: oldestOf(frames),
  }
}

function oldestOf(frames: readonly RgbdFrame[]): bigint {
  let oldestNs = frames[0]!.stampNs
  for (const { stampNs } of frames) if (stampNs < oldestNs) oldestNs = stampNs
  return oldestNs
}

function checkFrame(frame: RgbdFrame): void {
  const { width, height, fx, fy, cx, cy } = frame.intrinsics
  const pixels = width * height
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw invalid(frame, `says that it is ${width} x ${height} pixels`)
  }
  if (!([fx, fy, cx, cy].every(Number.isFinite) && fx > 0 && fy > 0)) {
    throw invalid(frame, `has intrinsics fx ${fx}, fy ${fy}, cx ${cx}, cy ${cy}`, calibrateHint)
  }
  if (!(frame.T_base_camera.length === 16 && frame.T_base_camera.every(Number.isFinite))) {
    throw invalid(frame, 'has a T_base_camera that is not 16 finite numbers', calibrateHint)
  }
  const colorView = colorIntrinsicsOf(frame)
  const colorBytes = 3 * colorView.width * colorView.height
  if (frame.color.length !== colorBytes) {
    throw invalid(frame, `has ${frame.color.length} bytes of colour, expected ${colorBytes}`)
  }
  if (frame.depthM.length !== pixels) throw invalid(frame, `has ${frame.depthM.length} depths, expected ${pixels}`)
  if (!frame.depthM.some((depthM) => depthM > 0 && depthM < Infinity)) {
    throw invalid(
      frame,
      'has no finite depth in any pixel',
      'Look whether the lens is covered or the sensor has failed.',
    )
  }
}

const calibrateHint = "Check the camera's section of the configuration, or calibrate it again."

function invalid(frame: RgbdFrame, what: string, hint = "Check the camera's driver and configuration."): CliportError {
  return new CliportError('FRAME_INVALID', `The frame of camera '${frame.camera}' ${what}.`, { stage: 'project', hint })
}
