// What a camera can be opened with. Option objects are sealed: a misspelt name is an error that names the right one.

import { RealSenseError } from './errors.js'
import {
  formatNumbers,
  invalid,
  type PixelFormat,
  type StreamKey,
  sealed,
  streamKeys,
  streamNumbers,
  versionText,
} from './names.js'
import type { NativeSessionOptions } from './native.js'

/** One stream; what is left out is chosen: 640 x 480 at 30 fps where the camera has it, else its default. */
export interface StreamOptions {
  readonly width?: number
  readonly height?: number
  readonly fps?: number
  /** Default: z16 for depth, rgb8 for color, y8 for infrared; in a recording whatever it has. */
  readonly format?: PixelFormat
}

const filterNames = {
  decimation: 'decimation',
  disparity: 'disparity',
  spatial: 'spatial',
  temporal: 'temporal',
  depth: 'depth',
  holeFilling: 'hole_filling',
  threshold: 'threshold',
} as const

/**
 * A post-processing filter of the library. `disparity` turns depth into disparity, `depth` back again; spatial and
 * temporal filters do best between the two. Options carry the library's names, e.g. `filter_magnitude`.
 */
export interface FilterOptions {
  readonly name: keyof typeof filterNames
  readonly options?: Readonly<Record<string, number>>
}

export interface CameraOptions {
  /** Serial number; without it, the first camera found. */
  readonly serial?: string
  /** A recording (.bag or .db3) to play instead of a camera. */
  readonly file?: string
  /**
   * Recordings only. False (the default): every frame, as fast as the consumer takes them. True: at the speed of the
   * recording, newest frame wins, as from a camera.
   */
  readonly realTime?: boolean
  /** Recordings only: starts again at the end. */
  readonly repeat?: boolean
  /** Streams; by default depth and color. `true` stands for the defaults of StreamOptions. */
  readonly depth?: boolean | StreamOptions
  readonly color?: boolean | StreamOptions
  readonly infrared1?: boolean | StreamOptions
  readonly infrared2?: boolean | StreamOptions
  /**
   * 'matched' (default): only images of the same moment, by the library's syncer; what finds no partner is counted as
   * `incomplete`. 'latest': every image of the first stream (depth, if asked for) with the newest of the others; for
   * scenes that stand still, and for recordings whose streams were not in step.
   */
  readonly pairing?: 'matched' | 'latest'
  /** Resamples all other images into the view of this stream. */
  readonly align?: 'depth' | 'color'
  /** Applied in this order, before alignment. */
  readonly filters?: readonly FilterOptions[]
  /** Sensor name -> option name -> value, set before the start: `{ rgb_camera: { auto_exposure_priority: 0 } }`. */
  readonly options?: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** A preset of the vendor's viewer, as its JSON text or the parsed object. */
  readonly preset?: string | Readonly<Record<string, unknown>>
  /** Also writes everything to this file: .db3 from librealsense2 2.58 on, .bag before. */
  readonly record?: string
  /** 'raw' (default): u16 in units of `depthUnitsM`. 'metres': float32. */
  readonly depthAs?: 'raw' | 'metres'
  /**
   * 'copy' (default): frames live in a ring of reusable buffers and stay untouched until `keep` more were taken.
   * 'lease': frames are the library's own memory, at most 4 at a time, until `release()`.
   */
  readonly delivery?: 'copy' | 'lease'
  /** Taken frames that stay untouched, 1 to 32; default 5. */
  readonly keep?: number
  /** Starts again by itself after a stall, an error, or a cable that was pulled. Default: true (cameras). */
  readonly reconnect?: boolean
  /** An absent camera is waited for instead of being an error. Default: false. */
  readonly waitForCamera?: boolean
  /** No frame for this long is a stall. Default: 1000 ms, at least 5 frames. */
  readonly stallMs?: number
  /** Default: 15 000 ms. */
  readonly startTimeoutMs?: number
  /** How long `close` waits for the library before it gives up on its thread. Default: 3000 ms. */
  readonly stopTimeoutMs?: number
  /** Path of the librealsense2 to load; the first load of a process counts. */
  readonly library?: string
  /** Ends opening. */
  readonly signal?: AbortSignal
}

const known: readonly (keyof CameraOptions)[] = [
  'serial',
  'file',
  'realTime',
  'repeat',
  'depth',
  'color',
  'infrared1',
  'infrared2',
  'pairing',
  'align',
  'filters',
  'options',
  'preset',
  'record',
  'depthAs',
  'delivery',
  'keep',
  'reconnect',
  'waitForCamera',
  'stallMs',
  'startTimeoutMs',
  'stopTimeoutMs',
  'library',
  'signal',
]

const firstVersionRecordingDb3 = 25800

/** Checks everything that can be checked without a camera. @throws RealSenseError INPUT_INVALID */
export function sessionOptions(options: CameraOptions, libraryVersion: number): NativeSessionOptions {
  sealed(options, known, 'the camera options')
  for (const key of ['serial', 'file', 'record', 'library'] as const) {
    const value = options[key]
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw invalid(key, 'a string that is not empty', value)
    }
  }
  for (const key of ['realTime', 'repeat', 'reconnect', 'waitForCamera'] as const) {
    if (options[key] !== undefined && typeof options[key] !== 'boolean') throw invalid(key, 'a boolean', options[key])
  }
  for (const key of ['stallMs', 'startTimeoutMs', 'stopTimeoutMs'] as const) {
    const value = options[key]
    if (value !== undefined && !(value > 0 && value < 2 ** 31)) throw invalid(key, 'milliseconds above 0', value)
  }
  oneOf('pairing', options.pairing, ['matched', 'latest'])
  oneOf('align', options.align, ['depth', 'color'])
  oneOf('depthAs', options.depthAs, ['raw', 'metres'])
  oneOf('delivery', options.delivery, ['copy', 'lease'])
  const keep = options.keep ?? 5
  if (!(Number.isInteger(keep) && keep >= 1 && keep <= 32)) throw invalid('keep', 'an integer from 1 to 32', keep)
  if (options.file !== undefined && options.serial !== undefined) {
    throw new RealSenseError('INPUT_INVALID', 'Give either serial or file, not both.')
  }
  if (options.file === undefined && (options.realTime !== undefined || options.repeat !== undefined)) {
    throw new RealSenseError('INPUT_INVALID', 'realTime and repeat are for recordings: give file too.')
  }
  if (options.file !== undefined && options.record !== undefined) {
    throw new RealSenseError('INPUT_INVALID', 'A recording cannot be recorded: give either file or record.')
  }
  if (options.depthAs === 'metres' && options.delivery === 'lease') {
    throw new RealSenseError('INPUT_INVALID', "depthAs: 'metres' makes a copy, so it goes with delivery: 'copy' only.")
  }
  if (options.record !== undefined) checkExtension(options.record, libraryVersion)

  const streams = requestedStreams(options)
  if (options.align !== undefined && !(streams.some(({ key }) => key === 'depth') && streams.length > 1)) {
    throw new RealSenseError('INPUT_INVALID', 'Aligning needs depth and at least one other stream.')
  }
  if (options.align === 'color' && !streams.some(({ key }) => key === 'color')) {
    throw new RealSenseError('INPUT_INVALID', "align: 'color' needs the color stream.")
  }
  return {
    serial: options.serial,
    file: options.file,
    realTime: options.realTime ?? false,
    everyFrame: options.file !== undefined && options.realTime !== true,
    streams: streams.map(({ key, wanted }) => ({
      ...streamNumbers[key],
      width: wanted.width ?? 0,
      height: wanted.height ?? 0,
      fps: wanted.fps ?? 0,
      format: wanted.format === undefined ? 0 : formatNumbers[wanted.format],
    })),
    filters: (options.filters ?? []).map((filter, i) => nativeFilter(filter, i)),
    options: Object.entries(options.options ?? {}).flatMap(([sensor, values]) =>
      pairs(values, `options.${sensor}`, sensor),
    ),
    pairLatest: options.pairing === 'latest',
    alignTo: options.align === undefined ? 0 : streamNumbers[options.align].type,
    presetJson: presetText(options.preset),
    recordFile: options.record,
    depthInMetres: options.depthAs === 'metres',
    lease: options.delivery === 'lease',
    keep,
  }
}

function oneOf(key: string, value: string | undefined, allowed: readonly string[]): void {
  if (value !== undefined && !allowed.includes(value)) {
    throw invalid(key, `one of ${allowed.map((name) => `'${name}'`).join(', ')}`, value)
  }
}

function requestedStreams(options: CameraOptions): { key: StreamKey; wanted: StreamOptions }[] {
  const none = streamKeys.every((key) => options[key] === undefined)
  const streams = streamKeys.flatMap((key) => {
    const value = none ? key === 'depth' || key === 'color' : options[key]
    if (value === undefined || value === false) return []
    if (value === true) return [{ key, wanted: {} }]
    if (typeof value !== 'object' || value === null) throw invalid(key, 'a boolean or stream options', value)
    sealed(value, ['width', 'height', 'fps', 'format'], key)
    for (const size of ['width', 'height', 'fps'] as const) {
      const number = value[size]
      if (number !== undefined && !(Number.isInteger(number) && number > 0)) {
        throw invalid(`${key}.${size}`, 'an integer above 0', number)
      }
    }
    oneOf(`${key}.format`, value.format, Object.keys(formatNumbers))
    return [{ key, wanted: value }]
  })
  if (streams.length === 0)
    throw new RealSenseError('INPUT_INVALID', `At least one of ${streamKeys.join(', ')} is needed.`)
  return streams
}

function nativeFilter(filter: FilterOptions, index: number) {
  const where = `filters[${index}]`
  sealed(filter, ['name', 'options'], where)
  oneOf(`${where}.name`, filter.name, Object.keys(filterNames))
  return { name: filterNames[filter.name], options: pairs(filter.options ?? {}, `${where}.options`) }
}

function pairs(values: Readonly<Record<string, number>>, where: string, sensor = '') {
  return Object.entries(values).map(([name, value]) => {
    if (!Number.isFinite(value)) throw invalid(`${where}.${name}`, 'a finite number', value)
    return { sensor, name, value }
  })
}

function presetText(preset: CameraOptions['preset']): string | undefined {
  if (preset === undefined || typeof preset === 'object') return preset && JSON.stringify(preset)
  try {
    JSON.parse(preset)
    return preset
  } catch (cause) {
    throw new RealSenseError('INPUT_INVALID', `The preset is no JSON: ${(cause as Error).message}`, { cause })
  }
}

function checkExtension(file: string, version: number): void {
  const extension = version >= firstVersionRecordingDb3 ? '.db3' : '.bag'
  if (!file.endsWith(extension)) {
    throw new RealSenseError(
      'FILE_INVALID',
      `librealsense2 ${versionText(version)} records to ${extension}, but the file is ${file}`,
    )
  }
}
