// The Camera port on RealSense cameras, or on recordings of them.

import {
  type CameraFrame,
  type CameraImage,
  type CameraOptions,
  FrameMatcher,
  openCamera,
  type RealSenseCamera,
  RealSenseError,
} from '@cliport/realsense'
import { CliportError, type ErrorCode } from '../../control/errors.js'
import type { Camera } from '../../control/ports.js'
import { rowsOf } from '../../control/pose.js'
import type { ColorCamera, Mat4, RgbdFrame } from '../../control/types.js'
import type { StoredFrame } from '../frame-folder.js'
import type { CameraFile } from './schema.js'

/** One camera of the cell. */
export interface RealSenseConfig {
  readonly name: string
  /** Serial number; without it and without `file`, the first camera found. */
  readonly serial?: string
  /** A recording (.bag, .db3) instead, played again and again. */
  readonly file?: string
  /** Depth camera (x right, y down, z forward) to base: 4x4 row-major, metres; from hand-eye calibration. */
  readonly T_base_camera: Mat4
  /** Default: 640 x 480 at 30 fps; of a recording whatever it has. */
  readonly width?: number
  readonly height?: number
  readonly fps?: number
  /** Size of the colour picture; default: that of depth. */
  readonly colorWidth?: number
  readonly colorHeight?: number
  /** Anything else that openCamera takes: filters, options, preset, pairing, ... */
  readonly camera?: Omit<
    CameraOptions,
    'serial' | 'file' | 'depth' | 'color' | 'align' | 'depthAs' | 'delivery' | 'signal'
  >
}

export interface RealSenseOptions {
  /** How long `capture` waits for all cameras; default 2000 ms. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

interface Opened {
  readonly config: RealSenseConfig
  readonly camera: RealSenseCamera
}

/**
 * Opens all cameras. Nothing is resampled: depth stays as the sensor has it, and every point that matters gets its colour
 * through the transform between the two sensors; it is black where only the depth camera looks. The main thread copies
 * one frame a camera and capture.
 *
 * @throws CliportError CAMERA_ABSENT (no camera, no librealsense2), CONFIG_INVALID, RECORDING_CORRUPT
 */
export async function openRealSense(
  configs: readonly RealSenseConfig[],
  options: RealSenseOptions = {},
): Promise<Camera> {
  const opened: Opened[] = []
  const closeAll = async () => {
    await Promise.all(opened.map(({ camera }) => camera.close()))
  }
  try {
    // One after the other: starting several cameras at once overloads a USB hub.
    for (const config of configs) {
      const camera = await openCamera({ ...cameraOptions(config), ...(options.signal && { signal: options.signal }) })
      opened.push({ config, camera })
    }
  } catch (error) {
    await closeAll()
    throw asCliportError(error, configs[opened.length]!.name)
  }
  const timeoutMs = options.timeoutMs ?? 2000
  return {
    names: configs.map(({ name }) => name),
    capture: (signal) => capture(opened, timeoutMs, signal),
    newest: (name, signal) =>
      newest(opened.filter(({ config }) => config.name === name).slice(0, 1), timeoutMs, signal),
    close: closeAll,
  }
}

function cameraOptions(config: RealSenseConfig): CameraOptions {
  const { serial, file, width = 640, height = 480, fps = 30, colorWidth = width, colorHeight = height, camera } = config
  const isLive = file === undefined
  return {
    // Recordings are often not in step; a cell under a waiting arm stands still.
    ...(isLive ? {} : { file, repeat: true, pairing: 'latest' as const }),
    ...(serial === undefined ? {} : { serial }),
    ...camera,
    depth: { ...(isLive && { width, height, fps }), format: 'z16' },
    color: { ...(isLive && { width: colorWidth, height: colorHeight, fps }), format: 'rgb8' },
    depthAs: 'metres',
  }
}

/** @param one the camera that is meant, alone: as `capture`, it waits for nobody else */
async function newest(one: readonly Opened[], timeoutMs: number, signal?: AbortSignal): Promise<RgbdFrame> {
  const [frame] = await capture(one, timeoutMs, signal)
  return frame!
}

async function capture(opened: readonly Opened[], timeoutMs: number, signal?: AbortSignal): Promise<RgbdFrame[]> {
  signal?.throwIfAborted()
  const afterNs = process.hrtime.bigint()
  const end = new AbortController()
  const timer = setTimeout(() => end.abort('timeout'), timeoutMs)
  const both = signal ? AbortSignal.any([signal, end.signal]) : end.signal
  try {
    const frames = opened.some(({ config }) => config.file !== undefined)
      ? await Promise.all(opened.map((one) => next(one, both)))
      : await matched(opened, afterNs, both)
    return frames.map((frame, i) => rgbdFrame(opened[i]!.config, frame))
  } catch (error) {
    signal?.throwIfAborted()
    if (end.signal.aborted) throw stalled(opened, timeoutMs, error)
    throw asCliportError(error)
  } finally {
    clearTimeout(timer)
    end.abort('done') // cameras that still wait
  }
}

/** The first frames taken after `afterNs` that lie within half a period of each other. */
async function matched(
  opened: readonly Opened[],
  afterNs: bigint,
  signal: AbortSignal,
): Promise<readonly CameraFrame[]> {
  const periodMs = 1000 / (opened[0]!.config.fps ?? 30)
  const matcher = new FrameMatcher<CameraFrame>(opened.length, (periodMs / 2) * 1e6)
  return new Promise((resolve, reject) => {
    let found = false
    const pull = async (one: Opened, index: number) => {
      while (!found) {
        const frame = await next(one, signal, afterNs)
        // Arrived after the call, but perhaps taken before it.
        const match = frame.stampNs < afterNs ? undefined : matcher.push(index, frame.stampNs, frame)
        if (!match || found) continue
        found = true
        resolve(match.items)
      }
    }
    for (const [index, one] of opened.entries()) pull(one, index).catch(reject)
  })
}

async function next({ camera, config }: Opened, signal: AbortSignal, afterNs?: bigint): Promise<CameraFrame> {
  const frame = await camera.next({ signal, ...(afterNs !== undefined && { afterNs }) })
  if (frame) return frame
  throw new CliportError('CAMERA_STALLED', `Camera '${config.name}' was closed.`, {
    stage: 'capture',
    hint: 'Open the cameras again.',
  })
}

function rgbdFrame(config: RealSenseConfig, frame: CameraFrame): RgbdFrame {
  const { depth, color, T_color_depth } = frame
  if (!depth || !color || !T_color_depth || depth.format !== 'f32' || color.format !== 'rgb8') {
    throw noPair(config.name)
  }
  if (isBent(depth)) throw bentDepth(config.name)
  return {
    camera: config.name,
    intrinsics: pinholeOf(depth),
    T_base_camera: config.T_base_camera,
    // Copies: the camera's own buffers are used again, and callers keep frames for the recording.
    color: (color.data as Uint8Array).slice(),
    colorCamera: { intrinsics: pinholeOf(color), T_color_depth, ...lensOf(config.name, color) },
    depthM: (depth.data as Float32Array).slice(),
    stampNs: frame.stampNs,
  }
}

/**
 * A frame of an unfiltered camera as a frame folder keeps it: depth stays the sensor's own steps.
 * @param frame  taken with `depthAs: 'raw'`, z16 depth and rgb8 colour
 * @param serial empty: not known
 * @param T_base_camera absent: not known
 * @throws CliportError FRAME_INVALID for a frame without both pictures, or through a lens that is not supported
 */
export function storedFrameOf(
  frame: CameraFrame,
  serial: string,
  T_base_camera?: CameraFile['T_base_camera'],
): StoredFrame {
  const name = serial === '' ? 'recording' : serial
  const { depth, color, T_color_depth, depthUnitsM } = frame
  if (!depth || !color || !T_color_depth || depth.format !== 'z16' || color.format !== 'rgb8') throw noPair(name)
  if (isBent(depth)) throw bentDepth(name)
  const { lens, coefficients } = lensOf(name, color)
  return {
    camera: {
      width: depth.width,
      height: depth.height,
      // The library has it as float32: 0.0010000000474974513.
      depth_unit_m: Number(depthUnitsM.toPrecision(7)),
      intrinsics: focalOf(depth),
      ...(T_base_camera && { T_base_camera }),
      color_camera: {
        width: color.width,
        height: color.height,
        intrinsics: focalOf(color),
        lens,
        coefficients: [...coefficients],
        T_color_depth: rowsOf(T_color_depth) as NonNullable<CameraFile['T_base_camera']>,
      },
      ...(serial !== '' && { serial }),
    },
    color: Uint8Array.from(color.data),
    depth: Uint16Array.from(depth.data),
  }
}

function focalOf({ intrinsics: { fx, fy, cx, cy } }: CameraImage) {
  return { fx, fy, cx, cy }
}

function pinholeOf({ intrinsics: { width, height, fx, fy, cx, cy } }: CameraImage) {
  return { width, height, fx, fy, cx, cy }
}

function isBent({ intrinsics }: CameraImage): boolean {
  return intrinsics.model !== 'none' && intrinsics.coefficients.some((coefficient) => coefficient !== 0)
}

const lenses: Partial<Record<CameraImage['intrinsics']['model'], ColorCamera['lens']>> = {
  'brown-conrady': 'brown-conrady',
  // From a point to its pixel the library computes both alike.
  'modified-brown-conrady': 'brown-conrady-two',
  'inverse-brown-conrady': 'brown-conrady-two',
}

function lensOf(name: string, color: CameraImage): Pick<ColorCamera, 'lens' | 'coefficients'> {
  const { model, coefficients } = color.intrinsics
  if (!isBent(color)) return { lens: 'pinhole', coefficients: [0, 0, 0, 0, 0] }
  const lens = lenses[model]
  if (lens === undefined) {
    throw invalid(name, `has colour through a lens of model '${model}'`, 'Use a camera of the D400 series.')
  }
  return { lens, coefficients }
}

function noPair(name: string): CliportError {
  return invalid(name, 'gave no pair of depth and colour', 'Ask the camera for depth and rgb8 colour.')
}

function bentDepth(name: string): CliportError {
  const hint = 'Only depth streams that are rectified in the camera (D400 series) are supported.'
  return invalid(name, 'has depth that is distorted by its lens', hint)
}

function invalid(name: string, what: string, hint: string): CliportError {
  return new CliportError('FRAME_INVALID', `Camera '${name}' ${what}.`, { stage: 'capture', hint })
}

function stalled(opened: readonly Opened[], timeoutMs: number, cause: unknown): CliportError {
  const states = opened.map(({ config, camera }) => {
    const why = camera.lastError ? `: ${camera.lastError.message}` : ''
    return `'${config.name}' is ${camera.state}${why}`
  })
  return new CliportError('CAMERA_STALLED', `No matching frames within ${timeoutMs} ms. ${states.join('; ')}.`, {
    stage: 'capture',
    hint: 'Check cables and power, then run: cliport camera check',
    retryable: true,
    cause,
  })
}

const codes: Partial<Record<RealSenseError['code'], ErrorCode>> = {
  ADDON_MISSING: 'ADDON_MISSING',
  CAMERA_STALLED: 'CAMERA_STALLED',
  FILE_INVALID: 'RECORDING_CORRUPT',
  INPUT_INVALID: 'CONFIG_INVALID',
  OPTION_RANGE: 'CONFIG_INVALID',
  OPTION_UNKNOWN: 'CONFIG_INVALID',
  PRESET_UNSUPPORTED: 'CONFIG_INVALID',
  PROFILE_UNAVAILABLE: 'CONFIG_INVALID',
  TIMEOUT: 'CAMERA_STALLED',
}

/** Errors of the package in the runtime's words; everything that keeps a camera away is CAMERA_ABSENT. */
export function asCliportError(error: unknown, camera?: string): unknown {
  if (!(error instanceof RealSenseError)) return error
  const who = camera === undefined ? '' : `Camera '${camera}': `
  return new CliportError(codes[error.code] ?? 'CAMERA_ABSENT', `${who}${error.message}`, {
    stage: 'capture',
    hint: 'See docs/realsense.md, or run: cliport camera check',
    cause: error,
  })
}
