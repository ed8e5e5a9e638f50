// RGB-D frames from a folder: color.png (RGB8), depth.png (16 bit, `depth_unit_m` a step, 0 = no return), camera.json
// (width, height, depth_unit_m, intrinsics {fx, fy, cx, cy} in pixels, T_base_camera as 4 rows of 4).

import { access, readdir, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import sharp from 'sharp'
import { z } from 'zod'
import { CliportError } from '../control/errors.js'
import type { RgbdFrame } from '../control/types.js'

const row = z.tuple([z.number(), z.number(), z.number(), z.number()])
const cameraSchema = z.object({
  width: z.int().positive(),
  height: z.int().positive(),
  depth_unit_m: z.number().positive().default(0.001),
  intrinsics: z.object({ fx: z.number().positive(), fy: z.number().positive(), cx: z.number(), cy: z.number() }),
  T_base_camera: z.tuple([row, row, row, row]),
})

/**
 * The frame of a folder, or one frame of each of its subfolders, in the order of their names.
 * @throws CliportError INPUT_INVALID naming the file and what is wrong with it
 */
export async function readFrames(folder: string): Promise<RgbdFrame[]> {
  if (await exists(join(folder, 'camera.json'))) return [await readFrame(folder)]
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw invalid(folder, `cannot be read: ${cause.message}`)
  })
  const cameras: string[] = []
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && (await exists(join(path, 'camera.json')))) cameras.push(path)
  }
  if (cameras.length === 0) throw invalid(folder, 'holds no camera.json, nor does any folder in it')
  return Promise.all(cameras.map(readFrame))
}

async function readFrame(folder: string): Promise<RgbdFrame> {
  const camera = await readCamera(join(folder, 'camera.json'))
  const { width, height, depth_unit_m: unitM, intrinsics, T_base_camera } = camera
  const color = await readPixels(join(folder, 'color.png'), width, height, 3)
  const raw = await readPixels(join(folder, 'depth.png'), width, height, 1)
  const depthM = new Float32Array(width * height)
  for (let i = 0; i < depthM.length; i++) depthM[i] = raw[i]! * unitM
  return {
    camera: basename(resolve(folder)),
    intrinsics: { width, height, ...intrinsics },
    T_base_camera: Float64Array.from(T_base_camera.flat()),
    color: Uint8Array.from(color),
    depthM,
    stampNs: 0n,
  }
}

async function readCamera(path: string): Promise<z.infer<typeof cameraSchema>> {
  let content: unknown
  try {
    content = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw invalid(path, `cannot be read: ${(cause as Error).message}`)
  }
  const parsed = cameraSchema.safeParse(content)
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw invalid(path, `is no camera: ${issues.join('; ')}`)
  }
  return parsed.data
}

/** @param channels 3: RGB8; 1: 16 bit */
async function readPixels(
  path: string,
  width: number,
  height: number,
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

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function invalid(path: string, what: string): CliportError {
  return new CliportError('INPUT_INVALID', `${path} ${what}`, {
    stage: 'capture',
    hint: 'Expected a folder with color.png (RGB8), depth.png (16 bit, millimetres) and camera.json, or one of such folders',
  })
}
