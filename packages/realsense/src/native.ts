// The seam to native/addon/: every member that crosses it, in its raw form. Nothing here is exported to users.

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { RealSenseError } from './errors.js'

export interface NativeLibraryInfo {
  readonly found: boolean
  readonly path: string
  /** major * 10000 + minor * 100 + patch */
  readonly version: number
  readonly code: string
  readonly reason: string
  readonly tried: readonly { readonly name: string; readonly reason: string }[]
  readonly missingOptional: readonly string[]
}

export interface CameraInfo {
  readonly serial: string
  /** 'Intel RealSense D435' */
  readonly name: string
  readonly firmware: string
  /** Empty when the library recommends none. */
  readonly recommendedFirmware: string
  readonly port: string
  /** '3.2' for USB 3; '2.1' is a slow port or cable; empty when unknown. */
  readonly usb: string
  readonly productLine: string
  /** Made by createSoftwareCamera. */
  readonly software: boolean
}

export interface NativeProfile {
  readonly sensor: string
  readonly type: number
  readonly index: number
  readonly format: number
  readonly width: number
  readonly height: number
  readonly fps: number
  readonly isDefault: boolean
}

export interface NativeIntrinsics {
  readonly width: number
  readonly height: number
  readonly fx: number
  readonly fy: number
  readonly cx: number
  readonly cy: number
  readonly model: number
  readonly coefficients: readonly number[]
}

export interface NativeImage {
  readonly type: number
  readonly index: number
  readonly format: number
  /** Depth that was converted to float metres. */
  readonly metres: boolean
  readonly width: number
  readonly height: number
  readonly stride: number
  readonly fps: number
  readonly number: number
  readonly timestampMs: number
  readonly domain: number
  readonly arrivalNs: bigint
  readonly depthUnitsM: number
  readonly intrinsics: NativeIntrinsics
  readonly metadata: Readonly<Record<string, number>>
  readonly bytes: number
  /** A buffer of the ring (at least `bytes` long), or the library's own memory in a lease. */
  readonly buffer: ArrayBuffer
}

export interface NativeFrame {
  readonly sequence: number
  /** 0 for a copy. */
  readonly lease: number
  readonly images: readonly NativeImage[]
  /** Rotation column-major, as the library has it. */
  readonly depthToColor?: { readonly rotation: readonly number[]; readonly translation: readonly number[] }
}

export interface NativeCounts {
  readonly received: number
  readonly incomplete: number
  readonly superseded: number
  readonly untaken: number
  readonly refused: number
  readonly taken: number
}

export interface NativeStatus {
  readonly state: 'starting' | 'streaming' | 'ended' | 'failed' | 'stopped'
  /** The session's thread has ended and the library has let go of the camera. */
  readonly finished: boolean
  readonly clean: boolean
  readonly code: string
  readonly message: string
  readonly lastArrivalNs: bigint
  readonly device: CameraInfo
  readonly leases: number
  readonly counts: NativeCounts
}

export interface NativeSessionOptions {
  readonly serial?: string
  readonly file?: string
  readonly realTime?: boolean
  readonly everyFrame?: boolean
  readonly streams: readonly {
    readonly type: number
    readonly index: number
    readonly width: number
    readonly height: number
    readonly fps: number
    readonly format: number
  }[]
  readonly filters: readonly {
    readonly name: string
    readonly options: readonly { readonly name: string; readonly value: number }[]
  }[]
  readonly options: readonly { readonly sensor: string; readonly name: string; readonly value: number }[]
  readonly pairLatest: boolean
  readonly alignTo: number
  readonly presetJson?: string
  readonly recordFile?: string
  readonly depthInMetres: boolean
  readonly lease: boolean
  readonly keep: number
}

/** An option of a sensor, with its range. */
export interface SensorOption {
  readonly sensor: string
  readonly name: string
  readonly description: string
  readonly value: number
  readonly min: number
  readonly max: number
  readonly step: number
  readonly default: number
  readonly readOnly: boolean
}

/** Opens on a thread of its own; `notify` is called on the JavaScript thread for a frame or a new state. */
export interface NativeSession {
  take(): NativeFrame | null
  release(lease: number): void
  status(): NativeStatus
  keepAlive(alive: boolean): void
  options(): Promise<SensorOption[]>
  setOption(sensor: string, name: string, value: number): Promise<void>
  preset(): Promise<string>
  /** Begins to stop, detaches every lease; returns at once. Notifies when `finished`. */
  stop(): void
  /** No more notifications; after `finished`, or to give up. */
  close(): void
}

export interface NativeSoftwareStream {
  readonly width: number
  readonly height: number
  readonly fps: number
  readonly format: number
  readonly bytesPerPixel: number
  readonly fx: number
  readonly fy: number
  readonly cx: number
  readonly cy: number
  readonly model: number
  readonly coefficients: readonly number[]
}

export interface NativeSoftwareDevice {
  inject(frame: { number: number; timestampMs: number; domain: number; depth?: Uint16Array; color?: Uint8Array }): void
  plug(): void
  unplug(): void
}

export interface NativeWatcher {
  take(): { readonly added: readonly CameraInfo[]; readonly removed: readonly CameraInfo[] }[]
  keepAlive(alive: boolean): void
  close(): void
}

export interface Addon {
  load(path?: string): NativeLibraryInfo
  listDevices(): Promise<CameraInfo[]>
  listProfiles(serial: string): Promise<NativeProfile[]>
  hardwareReset(serial: string): Promise<void>
  /** Ends every session of this thread, waiting at most two seconds; whether the library let go of all. */
  stopAll(): boolean
  softwareBuffersAlive(): number
  Session: new (options: NativeSessionOptions, notify: () => void) => NativeSession
  SoftwareDevice: new (options: {
    serial: string
    name: string
    depth?: NativeSoftwareStream
    color?: NativeSoftwareStream
    depthUnitsM: number
    rotation: readonly number[]
    translation: readonly number[]
  }) => NativeSoftwareDevice
  Watcher: new (notify: () => void) => NativeWatcher
}

let loaded: Addon | undefined

/** The binary: a local build first, then the prebuilt one of this platform. It needs no RealSense library to load. */
export function addon(): Addon {
  if (loaded) return loaded
  const require = createRequire(import.meta.url)
  const root = fileURLToPath(new URL('..', import.meta.url))
  try {
    loaded = require('pkg-prebuilds')(root, { name: 'realsense', napi_versions: [8] }) as Addon
  } catch (cause) {
    throw new RealSenseError(
      'ADDON_MISSING',
      `There is no binary of @cliport/realsense for ${process.platform} ${process.arch}, or it does not load ` +
        `(glibc 2.34 or newer is needed). Build it: npm install --no-save cmake-js@8 node-addon-api@8 node-api-headers@1 ` +
        `&& npx cmake-js compile --directory ${shellQuote(root)} --out build`,
      { cause },
    )
  }
  // Threads of the library must not run into the destructors of a process that exits. A worker that is terminated has no
  // such event; there the addon's own clean-up does it.
  process.once('exit', () => loaded?.stopAll())
  return loaded
}

/** A path as one word of a command line that is pasted into a shell. */
function shellQuote(path: string): string {
  return /^[\w./:@%+,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
