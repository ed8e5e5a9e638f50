// A frame as the consumer sees it.

import { RealSenseError } from './errors.js'
import {
  type DistortionModel,
  distortionName,
  domainName,
  formatName,
  type PixelFormat,
  type StampDomain,
  type StreamKey,
  streamKeyOf,
} from './names.js'
import type { NativeFrame, NativeImage, NativeIntrinsics } from './native.js'

/** Pixels; (cx, cy) is the principal point. */
export interface Intrinsics {
  readonly width: number
  readonly height: number
  readonly fx: number
  readonly fy: number
  readonly cx: number
  readonly cy: number
  readonly model: DistortionModel
  readonly coefficients: readonly number[]
}

export type Pixels = Uint8Array | Uint16Array | Float32Array

/** One stream's picture. */
export interface CameraImage {
  readonly stream: StreamKey
  /** 'f32' is depth in metres (`depthAs: 'metres'`). */
  readonly format: PixelFormat | 'f32' | `format ${number}`
  readonly width: number
  readonly height: number
  readonly strideBytes: number
  readonly fps: number
  /** Rows from the top. @throws RealSenseError FRAME_EXPIRED when the buffer is no longer this frame's */
  readonly data: Pixels
  /** The sensor's frame number. */
  readonly number: number
  /** The device's stamp as the library gives it; which clock it is of says `domain`. */
  readonly timestampMs: number
  readonly domain: StampDomain
  /** When the library handed the frame over: host monotonic time, as process.hrtime.bigint(). */
  readonly arrivalNs: bigint
  readonly intrinsics: Intrinsics
  /** What the camera says of the frame: `actual_exposure`, `gain_level`, `frame_counter`, ... */
  readonly metadata: Readonly<Record<string, number>>
}

/** Images of one moment. */
export interface CameraFrame {
  /** Counts all processed frames, also those that nobody took: a gap is a drop. */
  readonly sequence: number
  /** When it was taken: the device clock fitted to host monotonic time (clock.ts). */
  readonly stampNs: bigint
  /** Arrival of the latest of its images. */
  readonly arrivalNs: bigint
  readonly images: readonly CameraImage[]
  readonly depth?: CameraImage
  readonly color?: CameraImage
  readonly infrared1?: CameraImage
  readonly infrared2?: CameraImage
  /** Metres for each unit of raw depth; 0 without depth. */
  readonly depthUnitsM: number
  /** 4x4 row-major, metres: `p_color = T_color_depth * p_depth`; the identity after alignment. */
  readonly T_color_depth?: Float64Array
  /** A copy with buffers of its own, which lives as long as you hold it. */
  copy(): CameraFrame
  /** Gives a lease back; its data is gone then. Does nothing for copies. */
  release(): void
  [Symbol.dispose](): void
}

/** Says whether the pixels are still the frame's, and lets go of them. */
export interface Hold {
  isValid(): boolean
  release(): void
}

const held: Hold = { isValid: () => true, release: () => {} }

class Image implements CameraImage {
  readonly stream: StreamKey
  readonly format: CameraImage['format']
  readonly width: number
  readonly height: number
  readonly strideBytes: number
  readonly fps: number
  readonly number: number
  readonly timestampMs: number
  readonly domain: StampDomain
  readonly arrivalNs: bigint
  readonly intrinsics: Intrinsics
  readonly metadata: Readonly<Record<string, number>>
  readonly #native: NativeImage
  readonly #hold: Hold
  #view: Pixels | undefined

  constructor(native: NativeImage, hold: Hold) {
    this.#native = native
    this.#hold = hold
    this.stream = streamKeyOf(native.type, native.index) ?? 'infrared1'
    this.format = native.metres ? 'f32' : formatName(native.format)
    this.width = native.width
    this.height = native.height
    this.strideBytes = native.stride
    this.fps = native.fps
    this.number = native.number
    this.timestampMs = native.timestampMs
    this.domain = domainName(native.domain)
    this.arrivalNs = native.arrivalNs
    this.intrinsics = intrinsicsOf(native.intrinsics)
    this.metadata = native.metadata
  }

  get data(): Pixels {
    if (!this.#hold.isValid()) {
      throw new RealSenseError(
        'FRAME_EXPIRED',
        'The buffer of this frame has been reused or released. Copy what you keep (frame.copy()), or raise `keep`.',
      )
    }
    this.#view ??= viewOf(this.#native)
    return this.#view
  }

  copy(): Image {
    const bytes = new Uint8Array(this.data.buffer, this.data.byteOffset, this.data.byteLength).slice()
    return new Image({ ...this.#native, buffer: bytes.buffer }, held)
  }
}

function viewOf({ buffer, bytes, format, metres }: NativeImage): Pixels {
  if (metres) return new Float32Array(buffer, 0, bytes / 4)
  const name = formatName(format)
  return name === 'z16' || name === 'y16' ? new Uint16Array(buffer, 0, bytes / 2) : new Uint8Array(buffer, 0, bytes)
}

function intrinsicsOf({ model, ...rest }: NativeIntrinsics): Intrinsics {
  return { ...rest, model: distortionName(model) }
}

class Frame implements CameraFrame {
  readonly sequence: number
  readonly stampNs: bigint
  readonly arrivalNs: bigint
  readonly images: readonly Image[]
  readonly depth?: Image
  readonly color?: Image
  readonly infrared1?: Image
  readonly infrared2?: Image
  readonly depthUnitsM: number
  readonly T_color_depth?: Float64Array
  readonly #hold: Hold

  constructor(
    from: Omit<CameraFrame, 'images' | 'copy' | 'release' | typeof Symbol.dispose>,
    images: readonly Image[],
    hold: Hold,
  ) {
    this.sequence = from.sequence
    this.stampNs = from.stampNs
    this.arrivalNs = from.arrivalNs
    this.depthUnitsM = from.depthUnitsM
    if (from.T_color_depth) this.T_color_depth = from.T_color_depth
    this.images = images
    for (const image of images) this[image.stream] = image
    this.#hold = hold
  }

  copy(): CameraFrame {
    return new Frame(
      this,
      this.images.map((image) => image.copy()),
      held,
    )
  }

  release(): void {
    this.#hold.release()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

export function frameOf(native: NativeFrame, stampNs: bigint, hold: Hold): CameraFrame {
  const images = native.images.map((image) => new Image(image, hold))
  const depth = native.images.find(({ type }) => type === 1)
  return new Frame(
    {
      sequence: native.sequence,
      stampNs,
      arrivalNs: newestOf(native.images.map((image) => image.arrivalNs)),
      depthUnitsM: depth?.depthUnitsM ?? 0,
      ...(native.depthToColor && { T_color_depth: rowMajor(native.depthToColor) }),
    },
    images,
    hold,
  )
}

/** Math.max takes no bigint. */
function newestOf(stamps: readonly bigint[]): bigint {
  let newest = 0n
  for (const stamp of stamps) if (stamp > newest) newest = stamp
  return newest
}

function rowMajor({ rotation: r, translation: t }: NonNullable<NativeFrame['depthToColor']>): Float64Array {
  return Float64Array.of(
    ...[r[0]!, r[3]!, r[6]!, t[0]!],
    ...[r[1]!, r[4]!, r[7]!, t[1]!],
    ...[r[2]!, r[5]!, r[8]!, t[2]!],
    ...[0, 0, 0, 1],
  )
}
