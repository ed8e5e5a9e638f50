// cliport camera list | show | record | check

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type CameraFrame,
  type CameraInfo,
  type CameraOptions,
  libraryInfo,
  listCameras,
  openCamera,
} from '@cliport/realsense'
import type { Command } from 'commander'
import pc from 'picocolors'
import sharp from 'sharp'
import { asCliportError } from '../io/cameras/realsense.js'
import { type Check, checkCamera } from './camera-check.js'

interface Flags {
  readonly json?: boolean
  readonly serial?: string
  readonly file?: string
  readonly library?: string
  readonly width: string
  readonly height: string
  readonly fps: string
}

/** Adds `camera` and its subcommands to the program. */
export function addCameraCommand(program: Command): void {
  const camera = program.command('camera').description('RealSense cameras: list, show, record, check')
  const withCamera = (command: Command) =>
    command
      .option('--serial <number>', 'serial number; default: the first camera found')
      .option('--library <path>', 'librealsense2.so to use')
      .option('--fps <rate>', 'frames a second', '30')
      .option('--json', 'one JSON object on stdout')

  camera
    .command('list')
    .description('the library that was found and the cameras that are connected')
    .option('--library <path>', 'librealsense2.so to use')
    .option('--json', 'one JSON object on stdout')
    .action((flags: Flags) => list(flags))

  withCamera(camera.command('show'))
    .description('saves one frame as pictures and says how frames arrive')
    .option('--file <recording>', 'a .bag or .db3 instead of a camera')
    .option('--out <folder>', 'where color.png and depth.png go', 'out')
    .option('--width <pixels>', 'image width', '640')
    .option('--height <pixels>', 'image height', '480')
    .action((flags: Flags & { out: string }) => show(flags))

  withCamera(camera.command('record'))
    .description('records depth and colour; .db3 from librealsense2 2.58 on, .bag before')
    .argument('<file>', 'recording to write')
    .option('--seconds <s>', 'how long', '10')
    .option('--width <pixels>', 'image width', '640')
    .option('--height <pixels>', 'image height', '480')
    .action((file: string, flags: Flags & { seconds: string }) => record(file, flags))

  withCamera(camera.command('check'))
    .description('pass or fail: USB speed, firmware, frame rate, drops, time, hardware reset')
    .option('--seconds <s>', 'how long to watch frames', '5')
    .option('--no-reset', 'leave out the hardware reset')
    .action((flags: Flags & { seconds: string; reset: boolean }) => check(flags))
}

/** Ctrl-C ends what is under way in good order. */
async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const stop = () => controller.abort()
  process.once('SIGINT', stop)
  try {
    return await work(controller.signal)
  } catch (error) {
    throw asCliportError(error)
  } finally {
    process.removeListener('SIGINT', stop)
  }
}

async function list({ library, json }: Flags): Promise<void> {
  const { found, path, version, reason } = libraryInfo(library)
  const cameras = found ? await listCameras() : []
  if (json) {
    printJson({ library: { found, path: path ?? null, version: version ?? null, reason: reason ?? null }, cameras })
    return
  }
  print(found ? `librealsense2 ${version} (${path})` : pc.yellow(reason ?? 'librealsense2 was not found'))
  if (found && cameras.length === 0) print('no camera is connected')
  for (const camera of cameras) print(`${pc.bold(camera.serial)}  ${words(camera)}`)
}

function words({ name, usb, firmware }: CameraInfo): string {
  return [name, usb && `USB ${usb}`, firmware && `firmware ${firmware}`].filter(Boolean).join(', ')
}

async function show(flags: Flags & { out: string }): Promise<void> {
  await untilInterrupted(async (signal) => {
    await using camera = await openCamera({ ...cameraOptions(flags), signal })
    const frame = await camera.next({ signal, timeoutMs: 5000 })
    if (!frame) throw new Error('The recording has no frame with depth and colour.')
    await mkdir(flags.out, { recursive: true })
    const files = { color: join(flags.out, 'color.png'), depth: join(flags.out, 'depth.png') }
    await savePictures(frame, files)
    const report = {
      camera: camera.info,
      width: frame.depth?.width,
      height: frame.depth?.height,
      depth_units_m: frame.depthUnitsM,
      intrinsics: frame.depth?.intrinsics,
      stats: camera.stats,
      files,
    }
    if (flags.json) printJson(report)
    else print(`${camera.info?.name ?? ''} ${camera.info?.serial ?? ''}\n${files.color}\n${files.depth}`)
  })
}

async function savePictures(frame: CameraFrame, files: { color: string; depth: string }): Promise<void> {
  const { color, depth } = frame
  if (color) {
    const raw = { width: color.width, height: color.height, channels: 3 as const }
    await sharp(Buffer.from(color.data as Uint8Array), { raw })
      .png()
      .toFile(files.color)
  }
  if (depth) {
    const raw = { width: depth.width, height: depth.height, channels: 1 as const }
    await sharp(nearIsBright(depth.data as Uint16Array, frame.depthUnitsM), { raw })
      .png()
      .toFile(files.depth)
  }
}

/** Grey values: white at 0.3 m, black from 3 m on and where nothing was seen. */
function nearIsBright(depth: Uint16Array, unitsM: number): Buffer {
  const [nearM, farM] = [0.3, 3]
  return Buffer.from(
    depth.map((raw) =>
      raw === 0 ? 0 : Math.round(255 * Math.max(0, Math.min(1, (farM - raw * unitsM) / (farM - nearM)))),
    ),
  )
}

async function record(file: string, flags: Flags & { seconds: string }): Promise<void> {
  await untilInterrupted(async (signal) => {
    const seconds = positive(flags.seconds, '--seconds')
    const camera = await openCamera({ ...cameraOptions(flags), record: file, signal })
    const until = process.hrtime.bigint() + BigInt(Math.round(seconds * 1e9))
    while (process.hrtime.bigint() < until && !signal.aborted) await camera.next({ timeoutMs: 5000 })
    const { received, incomplete } = camera.stats
    await camera.close() // writes the end of the file
    if (flags.json) printJson({ file, seconds, frames: received, incomplete })
    else print(`${file}: ${received} frames`)
  })
}

async function check(flags: Flags & { seconds: string; reset: boolean }): Promise<void> {
  const { serial, library } = flags
  await untilInterrupted(async (signal) => {
    const checks = await checkCamera({
      ...(serial !== undefined && { serial }),
      ...(library !== undefined && { library }),
      seconds: positive(flags.seconds, '--seconds'),
      fps: positive(flags.fps, '--fps'),
      reset: flags.reset,
      signal,
      onCheck: flags.json ? () => {} : (one) => print(row(one)),
    })
    const ok = checks.every(({ status }) => status !== 'fail')
    if (flags.json) printJson({ ok, checks })
    else print(ok ? pc.green('all good') : pc.red('something is wrong'))
    if (!ok) process.exitCode = checks.some(({ id, status }) => status === 'fail' && /library|camera/.test(id)) ? 3 : 1
  })
}

function row({ id, status, finding, fix }: Check): string {
  const mark = { ok: pc.green('pass'), warn: pc.yellow('warn'), fail: pc.red('FAIL'), skip: pc.dim('skip') }[status]
  return `${mark}  ${id.padEnd(9)} ${finding}${fix ? `\n                ${pc.dim(fix)}` : ''}`
}

function cameraOptions(flags: Flags): CameraOptions {
  const { library, file, serial } = flags
  const sdk = library === undefined ? {} : { library }
  if (file !== undefined) return { file, pairing: 'latest', ...sdk }
  const size = {
    width: positive(flags.width, '--width'),
    height: positive(flags.height, '--height'),
    fps: positive(flags.fps, '--fps'),
  }
  return { ...(serial !== undefined && { serial }), depth: size, color: size, ...sdk }
}

function positive(text: string, flag: string): number {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new TypeError(`Expected a number above 0 for ${flag} but received '${text}'`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function printJson(value: unknown): void {
  print(JSON.stringify(value))
}
