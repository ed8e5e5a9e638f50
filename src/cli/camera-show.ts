// cliport camera show: one frame as a frame folder that every other verb takes (docs/recordings.md).

import { access, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type CameraOptions, openCamera } from '@cliport/realsense'
import type { Command } from 'commander'
import { CliportError } from '../control/errors.js'
import { readPose } from '../io/cameras/pose-file.js'
import { storedFrameOf } from '../io/cameras/realsense.js'
import type { CameraFile } from '../io/cameras/schema.js'
import { type StoredFrame, writeFrame } from '../io/frame-folder.js'
import { encodePng } from '../io/pictures.js'
import { makeOutputFolder, unwritable } from '../io/unwritable.js'
import { runCameraVerb, type StreamVerbOptions, streamsOf, withSerial, withSize } from './camera-context.js'
import { configFor, type Verb, type VerbResult } from './context.js'

interface ShowOptions extends StreamVerbOptions {
  readonly file?: string
  readonly pose?: string
  readonly out: string
}

export function addCameraShow(camera: Command): void {
  withSize(withSerial(camera.command('show')))
    .description('save one frame as a folder that heightmap and predict read (docs/recordings.md)')
    .option('--file <recording>', 'recording of a camera (.bag or .db3) instead of a camera')
    .option(
      '--pose <file>',
      'T_base_camera as JSON or YAML (default: that of this camera under cameras in the settings)',
    )
    .option('--out <folder>', 'folder for color.png, depth.png, camera.json and depth-view.png', 'out')
    .action((options: ShowOptions) => runCameraVerb(options, (verb) => show(options, verb)))
}

async function show(options: ShowOptions, { signal }: Verb): Promise<VerbResult> {
  const { out } = options
  const config = await configFor(options)
  const fromFile = options.pose === undefined ? undefined : await readPose(options.pose)
  await expectRecording(options.file)
  await makeOutputFolder('the frame', out, '--out')
  await using camera = await openCamera({ ...sourceOf(options), signal })
  const frame = await camera.next({ signal, timeoutMs: 5000 })
  if (!frame) {
    throw new CliportError('FRAME_INVALID', 'The recording has no frame with depth and colour', {
      stage: 'capture',
      hint: 'Record depth and colour: cliport camera record FILE',
    })
  }
  const serial = camera.info?.serial ?? ''
  const { file: recording } = options
  const inSettings = config.cameras.find((one) =>
    recording === undefined
      ? one.serial === serial
      : one.file !== undefined && resolve(one.file) === resolve(recording),
  )
  const stored = storedFrameOf(frame, serial, fromFile ?? inSettings?.T_base_camera)
  const files = { ...(await writeFrame(out, stored)), view: await drawDepth(stored, out) }
  const { width, height, depth_unit_m, intrinsics, T_base_camera } = stored.camera
  const pose = fromFile !== undefined ? 'file' : T_base_camera !== undefined ? 'settings' : null
  return {
    exitCode: 0,
    json: { camera: camera.info, width, height, depth_unit_m, intrinsics, pose, stats: camera.stats, files },
    lines: [
      [camera.info?.name, camera.info?.serial].filter(Boolean).join(' '),
      ...Object.values(files),
      ...(pose === null
        ? ['without a pose: heightmap and predict need one (--pose FILE, or cameras in --config)']
        : []),
    ],
  }
}

function sourceOf(options: ShowOptions): CameraOptions {
  const { file, library, serial } = options
  if (file === undefined) return streamsOf(options)
  return {
    file,
    pairing: 'latest',
    depth: { format: 'z16' },
    color: { format: 'rgb8' },
    ...(serial !== undefined && { serial }),
    ...(library !== undefined && { library }),
  }
}

async function expectRecording(file: string | undefined): Promise<void> {
  if (file === undefined) return
  await access(file).catch((cause: Error) => {
    throw new CliportError('INPUT_INVALID', `The recording ${file} cannot be read: ${cause.message}`, {
      stage: 'start',
      hint: 'Give a .bag or .db3 of cliport camera record or of the vendor’s viewer',
      cause,
    })
  })
}

/** Depth for people: white at 0.3 m, black from 3 m on and where nothing was seen. @returns the picture's path */
async function drawDepth({ depth, camera }: StoredFrame, out: string): Promise<string> {
  const path = join(out, 'depth-view.png')
  try {
    await writeFile(path, await encodePng(nearIsBright(depth, camera)))
  } catch (cause) {
    throw unwritable('the frame', out, '--out', cause)
  }
  return path
}

function nearIsBright(depth: Uint16Array, { width, height, depth_unit_m: unitM }: CameraFile) {
  const [nearM, farM] = [0.3, 3]
  const rgb = new Uint8Array(3 * depth.length)
  for (const [i, steps] of depth.entries()) {
    const share = steps === 0 ? 0 : (farM - steps * unitM) / (farM - nearM)
    rgb.fill(Math.round(255 * Math.max(0, Math.min(1, share))), 3 * i, 3 * i + 3)
  }
  return { rgb, width, height }
}
