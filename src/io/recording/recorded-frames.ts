// The cameras' frames of a recording: of a run, or of a demonstration that was recorded with --frames. What a run saw can
// so be projected and shown to a policy again.

import { CliportError } from '../../control/errors.js'
import { inverseRigid } from '../../control/pose.js'
import type { ColorCamera, Intrinsics, Mat4, RgbdFrame } from '../../control/types.js'
import { floatsOf, type RecordedImage } from './raw-image.js'
import { corrupt, imageOf, jsonOf, type RecordedMessage, readRecording } from './reader.js'

interface Calibration {
  readonly width: number
  readonly height: number
  readonly distortion_model: string
  readonly D: readonly number[]
  readonly K: readonly number[]
}

interface Transform {
  readonly parent_frame_id: string
  readonly child_frame_id: string
  readonly translation: { readonly x: number; readonly y: number; readonly z: number }
  readonly rotation: { readonly x: number; readonly y: number; readonly z: number; readonly w: number }
}

/**
 * The first look of which the file holds every camera.
 * @throws CliportError INPUT_INVALID for a file that cannot be opened, or without cameras' pictures and calibration;
 *                      RECORDING_CORRUPT
 */
export async function readRecordedFrames(path: string): Promise<RgbdFrame[]> {
  // Of a run that was cut off the first looks are there all the same.
  const { messages } = await readRecording(path, { salvage: true })
  const names = [...new Set(messages.flatMap(({ topic }) => /^\/camera\/(.+)\/depth$/.exec(topic)?.[1] ?? []))]
  if (names.length === 0) {
    throw invalid(path, 'holds no camera pictures', 'Give the recording.mcap of a run, or record with --frames')
  }
  const looks = new Map<bigint, RecordedMessage[]>()
  for (const message of messages) {
    const look = looks.get(message.logTimeNs)
    if (look === undefined) looks.set(message.logTimeNs, [message])
    else look.push(message)
  }
  try {
    for (const look of looks.values()) {
      const topics = new Map(look.map((message) => [message.topic, message]))
      const isWhole = names.every((name) =>
        ['depth', 'color', 'calibration'].every((what) => topics.has(`/camera/${name}/${what}`)),
      )
      if (isWhole) return names.map((name) => frameOf(name, topics, transformsOf(look)))
    }
  } catch (error) {
    throw corrupt(path, (error as Error).message)
  }
  const hint = 'Record again: runs, and episodes with --frames, hold the calibration of every camera'
  throw invalid(path, 'holds no look with depth, colour and calibration of every camera', hint)
}

function frameOf(
  camera: string,
  topics: ReadonlyMap<string, RecordedMessage>,
  transforms: readonly Transform[],
): RgbdFrame {
  const topic = (what: string) => topics.get(`/camera/${camera}/${what}`)!
  const depth = pictureOf(topic('depth'), '32FC1')
  const color = pictureOf(topic('color'), 'rgb8')
  const colorCalibration = topics.get(`/camera/${camera}/color/calibration`)
  return {
    camera,
    intrinsics: intrinsicsOf(jsonOf(topic('calibration')) as Calibration),
    T_base_camera: transformOf(transforms, 'base', camera),
    color: Uint8Array.from(color.data),
    ...(colorCalibration !== undefined && {
      colorCamera: colorCameraOf(
        jsonOf(colorCalibration) as Calibration,
        inverseRigid(transformOf(transforms, camera, color.frameId)),
      ),
    }),
    depthM: floatsOf(depth),
    stampNs: depth.stampNs,
  }
}

function pictureOf(message: RecordedMessage, encoding: RecordedImage['encoding']): RecordedImage {
  const picture = imageOf(message)
  if (picture.encoding !== encoding) throw new Error(`expected ${encoding} on ${message.topic}`)
  return picture
}

function colorCameraOf(calibration: Calibration, T_color_depth: Mat4): ColorCamera {
  const isBent = calibration.distortion_model !== ''
  return {
    intrinsics: intrinsicsOf(calibration),
    T_color_depth,
    lens: isBent ? 'brown-conrady' : 'pinhole',
    coefficients: isBent ? calibration.D : [0, 0, 0, 0, 0],
  }
}

function intrinsicsOf({ width, height, K }: Calibration): Intrinsics {
  return { width, height, fx: K[0]!, fy: K[4]!, cx: K[2]!, cy: K[5]! }
}

function transformsOf(look: readonly RecordedMessage[]): Transform[] {
  return look.filter(({ topic }) => topic === '/tf').map((message) => jsonOf(message) as Transform)
}

/** 4x4 of a unit quaternion and a translation. @throws Error where the recording does not tell it */
function transformOf(transforms: readonly Transform[], parent: string, child: string): Mat4 {
  const found = transforms.find((one) => one.parent_frame_id === parent && one.child_frame_id === child)
  if (found === undefined) throw new Error(`it does not say where ${child} is in ${parent}`)
  const { translation: t, rotation: q } = found
  return Float64Array.of(
    ...[1 - 2 * (q.y * q.y + q.z * q.z), 2 * (q.x * q.y - q.z * q.w), 2 * (q.x * q.z + q.y * q.w), t.x],
    ...[2 * (q.x * q.y + q.z * q.w), 1 - 2 * (q.x * q.x + q.z * q.z), 2 * (q.y * q.z - q.x * q.w), t.y],
    ...[2 * (q.x * q.z - q.y * q.w), 2 * (q.y * q.z + q.x * q.w), 1 - 2 * (q.x * q.x + q.y * q.y), t.z],
    ...[0, 0, 0, 1],
  )
}

function invalid(path: string, what: string, hint: string): CliportError {
  return new CliportError('INPUT_INVALID', `The recording ${path} ${what}`, { stage: 'capture', hint })
}
