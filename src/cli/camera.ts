// cliport camera list | show | record | check

import { type CameraInfo, libraryInfo, listCameras, openCamera, RealSenseError } from '@cliport/realsense'
import type { Command } from 'commander'
import pc from 'picocolors'
import { CliportError } from '../control/errors.js'
import { expectWritableFile } from '../io/unwritable.js'
import { type Check, checkCamera } from './camera-check.js'
import {
  type CameraVerbOptions,
  runCameraVerb,
  type StreamVerbOptions,
  streamsOf,
  withLibrary,
  withSerial,
  withSize,
} from './camera-context.js'
import { addCameraShow } from './camera-show.js'
import { realNumber, type Verb, type VerbResult } from './context.js'

interface RecordOptions extends StreamVerbOptions {
  readonly seconds: number
}

interface CheckOptions extends CameraVerbOptions {
  readonly seconds: number
  readonly fps: number
  readonly reset: boolean
}

const longestS = 86_400

/** Adds `camera` and its subcommands to the program. */
export function addCameraCommand(program: Command): void {
  const camera = program.command('camera').description('RealSense cameras: list, show, record, check')

  withLibrary(camera.command('list'))
    .description('show the library that was found and the cameras that are connected')
    .action((options: CameraVerbOptions) => runCameraVerb(options, () => list(options)))

  addCameraShow(camera)

  withSize(withSerial(camera.command('record')))
    .description('record depth and colour; the file ends in .db3 (librealsense2 2.58 and newer) or .bag (older)')
    .argument('<file>', 'recording to write')
    .option('--seconds <s>', 'length of the recording', realNumber(0.1, longestS), 10)
    .action((file: string, options: RecordOptions) => runCameraVerb(options, (verb) => record(file, options, verb)))

  withSerial(camera.command('check'))
    .description('check a camera: USB speed, firmware, frame rate, dropped frames, time stamps, hardware reset')
    .option('--seconds <s>', 'how long frames are counted', realNumber(0.1, longestS), 5)
    .option('--no-reset', 'leave out the hardware reset')
    .action((options: CheckOptions) => runCameraVerb(options, (verb) => check(options, verb)))
}

/** No camera is an answer; no library is a machine on which there can be none. */
async function list({ library }: CameraVerbOptions): Promise<VerbResult> {
  const { found, path, version, reason } = libraryInfo(library)
  const cameras = found ? await listCameras() : []
  const none = cameras.length === 0 ? ['no camera is connected'] : []
  return {
    exitCode: found ? 0 : 3,
    json: { library: { found, path: path ?? null, version: version ?? null, reason: reason ?? null }, cameras },
    lines: found
      ? [
          `librealsense2 ${version} (${path})`,
          ...none,
          ...cameras.map((one) => `${pc.bold(one.serial)}  ${words(one)}`),
        ]
      : [pc.yellow(reason ?? 'librealsense2 was not found')],
  }
}

function words({ name, usb, firmware }: CameraInfo): string {
  return [name, usb && `USB ${usb}`, firmware && `firmware ${firmware}`].filter(Boolean).join(', ')
}

/** Ctrl-C ends the recording early, and in good order. */
async function record(file: string, options: RecordOptions, { signal }: Verb): Promise<VerbResult> {
  const { seconds } = options
  await expectWritableFile('the recording', file, 'FILE')
  const camera = await openCamera({ ...streamsOf(options), record: file, signal }).catch((error: unknown) => {
    throw wrongFile(error)
  })
  const until = process.hrtime.bigint() + BigInt(Math.round(seconds * 1e9))
  try {
    while (process.hrtime.bigint() < until && !signal.aborted) await camera.next({ timeoutMs: 5000 })
  } finally {
    await camera.close() // writes the end of the file
  }
  const { received, incomplete } = camera.stats
  return {
    exitCode: signal.aborted ? 130 : 0,
    json: { file, seconds, frames: received, incomplete },
    lines: [`${file}: ${received} frames`],
  }
}

/** A file that the library does not record to (.bag up to 2.57, .db3 from 2.58 on) is wrong use, not a damaged recording. */
function wrongFile(error: unknown): unknown {
  if (!(error instanceof RealSenseError) || error.code !== 'FILE_INVALID') return error
  const hint = 'Give a FILE that ends in .db3 (librealsense2 2.58 and newer) or .bag (before), in a folder that exists'
  return new CliportError('USAGE', error.message, { stage: 'start', hint, cause: error })
}

async function check(options: CheckOptions, { signal, tell }: Verb): Promise<VerbResult> {
  const { serial, library, seconds, fps, reset } = options
  const checks = await checkCamera({
    ...(serial !== undefined && { serial }),
    ...(library !== undefined && { library }),
    seconds,
    fps,
    reset,
    signal,
    onCheck: ({ id }) => tell(pc.dim(`checked ${id}`)),
  })
  const failed = checks.filter(({ status }) => status === 'fail')
  const isAbsent = failed.some(({ id }) => id === 'library' || id === 'camera')
  return {
    exitCode: failed.length === 0 ? 0 : isAbsent ? 3 : 1,
    json: { ok: failed.length === 0, checks },
    lines: [...checks.map(row), failed.length === 0 ? pc.green('all good') : pc.red('something is wrong')],
  }
}

function row({ id, status, finding, fix }: Check): string {
  const mark = { ok: pc.green('pass'), warn: pc.yellow('warn'), fail: pc.red('FAIL'), skip: pc.dim('skip') }[status]
  return `${mark}  ${id.padEnd(9)} ${finding}${fix ? `\n                ${pc.dim(fix)}` : ''}`
}
