// RGB-D frames in a folder: color.png (RGB8), depth.png (16 bit, `depth_unit_m` a step, 0 = no return) and camera.json
// (src/io/cameras/schema.ts; docs/recordings.md).

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import sharp from 'sharp'
import { CliportError } from '../control/errors.js'
import type { RgbdFrame } from '../control/types.js'
import { type CameraFile, cameraFileSchema, cameraSynonyms, isPosePath } from './cameras/schema.js'
import { pathExists } from './path-exists.js'
import { describeIssues } from './schema-issues.js'
import { makeOutputFolder, unwritable } from './unwritable.js'

/** What a frame folder holds. */
export interface StoredFrame {
  readonly camera: CameraFile
  /** RGB8, row-major, of the size of `color_camera` where there is one, else of depth. */
  readonly color: Uint8Array
  /** `depth_unit_m` a step, row-major; 0 where nothing was seen. */
  readonly depth: Uint16Array
}

/**
 * The frame of a folder, or one frame of each of its subfolders, in the order of their names.
 * @throws CliportError INPUT_INVALID naming the file and what is wrong with it; POSE_INVALID for a pose that is missing
 *                      or cannot be one
 */
export async function readFrames(folder: string): Promise<RgbdFrame[]> {
  if (await pathExists(join(folder, 'camera.json'))) return [await readFrame(folder)]
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw invalid(folder, `cannot be read: ${cause.message}`)
  })
  const cameras: string[] = []
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && (await pathExists(join(path, 'camera.json')))) cameras.push(path)
  }
  if (cameras.length === 0) throw invalid(folder, 'holds no camera.json, nor does any folder in it')
  return Promise.all(cameras.map(readFrame))
}

/** Writes a frame that `readFrames` reads. @throws CliportError INPUT_INVALID, DISK_FULL */
export async function writeFrame(folder: string, { camera, color, depth }: StoredFrame): Promise<FrameFiles> {
  const files = {
    color: join(folder, 'color.png'),
    depth: join(folder, 'depth.png'),
    camera: join(folder, 'camera.json'),
  }
  await makeOutputFolder('the frame', folder, '--out')
  const colorSize = sizeOf(camera.color_camera ?? camera)
  try {
    await writeFile(
      files.color,
      await sharp(color, { raw: { ...colorSize, channels: 3 } })
        .png()
        .toBuffer(),
    )
    const depthPng = sharp(depth, { raw: { ...sizeOf(camera), channels: 1 } }).toColourspace('grey16')
    await writeFile(files.depth, await depthPng.png().toBuffer())
    await writeFile(files.camera, `${JSON.stringify(cameraFileSchema.parse(camera), null, 1)}\n`)
  } catch (cause) {
    throw unwritable('the frame', folder, '--out', cause)
  }
  return files
}

export interface FrameFiles {
  readonly color: string
  readonly depth: string
  readonly camera: string
}

async function readFrame(folder: string): Promise<RgbdFrame> {
  const path = join(folder, 'camera.json')
  const camera = await readCamera(path)
  const { depth_unit_m: unitM, intrinsics, T_base_camera, color_camera: colorCamera } = camera
  if (T_base_camera === undefined) {
    throw poseInvalid(`${path} has no T_base_camera, without which nothing is known in the robot's frame`)
  }
  const depthSize = sizeOf(camera)
  const color = await readPixels(join(folder, 'color.png'), sizeOf(colorCamera ?? camera), 3)
  const raw = await readPixels(join(folder, 'depth.png'), depthSize, 1)
  return {
    camera: basename(resolve(folder)),
    intrinsics: { ...depthSize, ...intrinsics },
    T_base_camera: Float64Array.from(T_base_camera.flat()),
    color: Uint8Array.from(color),
    ...(colorCamera !== undefined && {
      colorCamera: {
        intrinsics: { ...sizeOf(colorCamera), ...colorCamera.intrinsics },
        T_color_depth: Float64Array.from(colorCamera.T_color_depth.flat()),
        lens: colorCamera.lens,
        coefficients: colorCamera.coefficients,
      },
    }),
    depthM: Float32Array.from(raw, (steps) => steps * unitM),
    stampNs: 0n,
  }
}

function sizeOf({ width, height }: { readonly width: number; readonly height: number }) {
  return { width, height }
}

async function readCamera(path: string): Promise<CameraFile> {
  let content: unknown
  try {
    content = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw invalid(path, `cannot be read: ${(cause as Error).message}`)
  }
  const parsed = cameraFileSchema.safeParse(content)
  if (parsed.success) return parsed.data
  const problems = describeIssues(parsed.error, cameraFileSchema, cameraSynonyms).join('; ')
  if (parsed.error.issues.every((issue) => isPosePath(issue.path))) throw poseInvalid(`${path}: ${problems}`)
  throw invalid(path, `is no camera: ${problems}`)
}

/** @param channels 3: RGB8; 1: 16 bit */
async function readPixels(
  path: string,
  { width, height }: { readonly width: number; readonly height: number },
  channels: 1 | 3,
): Promise<Uint8Array | Uint16Array> {
  try {
    const image = sharp(path)
    const is16Bit = channels === 1
    const { depth } = await image.metadata()
    if (is16Bit && depth !== 'ushort') throw new Error(`expected 16 bits a pixel but received ${depth}`)
    const pixels = is16Bit
      ? image.toColourspace('grey16').extractChannel(0).raw({ depth: 'ushort' })
      : image.removeAlpha().toColourspace('srgb').raw({ depth: 'uchar' })
    const { data, info } = await pixels.toBuffer({ resolveWithObject: true })
    if (info.width !== width || info.height !== height || info.channels !== channels) {
      throw new Error(
        `expected ${width} x ${height} pixels of ${channels} channels but received ${info.width} x ${info.height} of ${info.channels}`,
      )
    }
    return is16Bit ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data
  } catch (cause) {
    throw invalid(path, `cannot be used: ${(cause as Error).message}`)
  }
}

/** A pose that is missing, or that cannot be one. */
export function poseInvalid(message: string): CliportError {
  return new CliportError('POSE_INVALID', message, { stage: 'capture', hint: poseHint })
}

const poseHint =
  'T_base_camera is 4 rows of 4, metres, p_base = T_base_camera * p_camera, from hand-eye calibration: write it into camera.json, or take the frame with cliport camera show --pose FILE'

function invalid(path: string, what: string): CliportError {
  return new CliportError('INPUT_INVALID', `${path} ${what}`, {
    stage: 'capture',
    hint: 'Expected a folder with color.png (RGB8), depth.png (16 bit) and camera.json (docs/recordings.md), one of such folders, or a recording (.mcap) with camera pictures',
  })
}
