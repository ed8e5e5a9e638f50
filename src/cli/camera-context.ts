// What the camera verbs share: options, and the errors of the camera package in the words of the command line.

import type { CameraOptions } from '@cliport/realsense'
import type { Command } from 'commander'
import { CliportError } from '../control/errors.js'
import { asCliportError } from '../io/cameras/realsense.js'
import { type CommonOptions, runVerb, type Verb, type VerbResult, wholeNumber, withCommonOptions } from './context.js'

export interface CameraVerbOptions extends CommonOptions {
  readonly serial?: string
  readonly library?: string
}

export interface StreamVerbOptions extends CameraVerbOptions {
  readonly width: number
  readonly height: number
  readonly fps: number
}

/** `--library` and what every verb has. */
export function withLibrary(command: Command): Command {
  return withCommonOptions(command).option('--library <path>', 'librealsense2.so to load (default: searched for)')
}

export function withSerial(command: Command): Command {
  return withLibrary(command)
    .option('--serial <number>', 'serial number of the camera (default: the first one found)')
    .option('--fps <rate>', 'frames per second', wholeNumber(1, 1000), 30)
}

export function withSize(command: Command): Command {
  return command
    .option('--width <pixels>', 'picture width', wholeNumber(1, 65_535), 640)
    .option('--height <pixels>', 'picture height', wholeNumber(1, 65_535), 480)
}

export async function runCameraVerb(
  options: CameraVerbOptions,
  work: (verb: Verb) => Promise<VerbResult>,
): Promise<void> {
  await runVerb(options, async (verb) => {
    try {
      return await work(verb)
    } catch (error) {
      throw onCommandLine(asCliportError(error))
    }
  })
}

/** Here the options are flags: what the runtime calls wrong settings is wrong use. */
function onCommandLine(error: unknown): unknown {
  if (!(error instanceof CliportError) || error.code !== 'CONFIG_INVALID' || error.stage !== 'capture') return error
  return new CliportError('USAGE', error.message, {
    stage: 'start',
    hint: 'Give --width, --height and --fps that the camera offers; cliport camera VERB --help',
    cause: error,
  })
}

/** @returns what `openCamera` takes, for depth and colour in the formats that the runtime uses */
export function streamsOf({ serial, library, width, height, fps }: StreamVerbOptions): CameraOptions {
  const size = { width, height, fps }
  return {
    ...(serial !== undefined && { serial }),
    ...(library !== undefined && { library }),
    depth: { ...size, format: 'z16' },
    color: { ...size, format: 'rgb8' },
  }
}
