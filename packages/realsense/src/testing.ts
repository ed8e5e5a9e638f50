// Cameras without hardware, for tests: the library's own software device behind the same openCamera.

import { requireLibrary } from './devices.js'
import { native } from './errors.js'
import { type DistortionModel, distortionNumber, invalid, type StampDomain, sealed } from './names.js'
import { addon, type NativeSoftwareStream } from './native.js'

export interface SoftwareStreamOptions {
  readonly width: number
  readonly height: number
  /** Default: 30. */
  readonly fps?: number
  readonly fx: number
  readonly fy: number
  readonly cx: number
  readonly cy: number
  /** Default: 'brown-conrady' with zeros, which is a pinhole. */
  readonly model?: DistortionModel
  readonly coefficients?: readonly [number, number, number, number, number]
}

export interface SoftwareCameraOptions {
  readonly serial: string
  readonly name?: string
  /** z16 */
  readonly depth?: SoftwareStreamOptions
  /** rgb8 */
  readonly color?: SoftwareStreamOptions
  /** Default: 0.001. */
  readonly depthUnitsM?: number
  /** 4x4 row-major, metres; default: identity. */
  readonly T_color_depth?: ArrayLike<number>
  readonly library?: string
}

export interface InjectedFrame {
  readonly number: number
  readonly timestampMs: number
  /** Default: 'hardware'. */
  readonly domain?: StampDomain
  /** width x height, units of depthUnitsM. Left out: no depth frame this time. */
  readonly depth?: Uint16Array
  /** width x height x 3. */
  readonly color?: Uint8Array
}

const domainNumbers: Record<StampDomain, number> = { hardware: 0, system: 1, global: 2 }

/** A camera that shows what you inject. It is listed and can be opened by its serial number while plugged in. */
export class SoftwareCamera {
  readonly serial: string
  readonly #device

  constructor(options: SoftwareCameraOptions) {
    sealed(
      options,
      ['serial', 'name', 'depth', 'color', 'depthUnitsM', 'T_color_depth', 'library'],
      'the software camera options',
    )
    if (!options.serial) throw invalid('serial', 'a string that is not empty', options.serial)
    if (!options.depth && !options.color) throw invalid('depth and color', 'at least one of the two', 'neither')
    const { library, T_color_depth } = options
    requireLibrary(library)
    const T = T_color_depth ?? [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    if (T.length !== 16) throw invalid('T_color_depth', '16 numbers', T.length)
    const at = (row: number, column: number) => T[4 * row + column]!
    this.serial = options.serial
    const { SoftwareDevice } = addon()
    this.#device = native(
      () =>
        new SoftwareDevice({
          serial: options.serial,
          name: options.name ?? 'Software camera',
          ...(options.depth && { depth: streamOf(options.depth, 1, 2) }),
          ...(options.color && { color: streamOf(options.color, 5, 3) }),
          depthUnitsM: options.depthUnitsM ?? 0.001,
          rotation: [0, 1, 2].flatMap((column) => [0, 1, 2].map((row) => at(row, column))),
          translation: [at(0, 3), at(1, 3), at(2, 3)],
        }),
    )
    this.plug()
  }

  /** Copies the pixels and hands them on, as the camera's sensors would. Nothing happens while nobody streams. */
  inject(frame: InjectedFrame): void {
    sealed(frame, ['number', 'timestampMs', 'domain', 'depth', 'color'], 'the injected frame')
    native(() => this.#device.inject({ ...frame, domain: domainNumbers[frame.domain ?? 'hardware'] }))
  }

  /** As if its cable were plugged in again. */
  plug(): void {
    native(() => this.#device.plug())
  }

  /** As if its cable were pulled. */
  unplug(): void {
    this.#device.unplug()
  }

  [Symbol.dispose](): void {
    this.unplug()
  }
}

/** Injected pixel buffers that the library has not given back. */
export function softwareBuffersAlive(): number {
  return addon().softwareBuffersAlive()
}

function streamOf(options: SoftwareStreamOptions, format: number, bytesPerPixel: number): NativeSoftwareStream {
  sealed(options, ['width', 'height', 'fps', 'fx', 'fy', 'cx', 'cy', 'model', 'coefficients'], 'the software stream')
  const { model, coefficients, fps, ...rest } = options
  return {
    ...rest,
    fps: fps ?? 30,
    format,
    bytesPerPixel,
    model: distortionNumber(model ?? 'brown-conrady'),
    coefficients: coefficients ?? [0, 0, 0, 0, 0],
  }
}
