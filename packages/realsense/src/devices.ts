// The library and the cameras it sees.

import { fromNative, native, RealSenseError, type RealSenseErrorCode } from './errors.js'
import { formatName, type PixelFormat, type StreamKey, streamKeyOf, versionText } from './names.js'
import { addon, type CameraInfo } from './native.js'

export type { CameraInfo }

export interface LibraryInfo {
  readonly found: boolean
  /** Name or path under which it was found. */
  readonly path?: string
  /** '2.57.7' */
  readonly version?: string
  /** What was tried, and what to do; only when not found. */
  readonly reason?: string
  readonly tried: readonly { readonly name: string; readonly reason: string }[]
  /** Functions this version lacks, each of which disables one feature. */
  readonly missingOptional: readonly string[]
}

/**
 * Looks for librealsense2 and says what was found; never throws for a missing one. The first library that loads stays
 * for the whole process.
 *
 * @param path this file only; without it $REALSENSE2_LIBRARY, else librealsense2.so.2.xx and librealsense2.so
 */
export function libraryInfo(path?: string): LibraryInfo {
  const info = addon().load(path)
  return {
    found: info.found,
    ...(info.found ? { path: info.path, version: versionText(info.version) } : { reason: info.reason }),
    tried: info.tried,
    missingOptional: info.missingOptional,
  }
}

/** Version number (25707) of the loaded library. @throws RealSenseError LIBRARY_MISSING and the like */
export function requireLibrary(path?: string): number {
  const info = addon().load(path)
  if (!info.found) throw new RealSenseError(info.code as RealSenseErrorCode, info.reason)
  return info.version
}

/** Every camera that can be opened. @throws RealSenseError LIBRARY_MISSING and the like */
export async function listCameras(): Promise<CameraInfo[]> {
  requireLibrary()
  return addon().listDevices().catch(rethrow)
}

export interface StreamProfile {
  readonly sensor: string
  readonly stream: StreamKey
  readonly format: PixelFormat | `format ${number}`
  readonly width: number
  readonly height: number
  readonly fps: number
  readonly isDefault: boolean
}

/** What a camera can stream. @throws RealSenseError CAMERA_ABSENT */
export async function listProfiles(serial: string): Promise<StreamProfile[]> {
  requireLibrary()
  const profiles = await addon().listProfiles(serial).catch(rethrow)
  return profiles.flatMap(({ type, index, format, ...rest }) => {
    const stream = streamKeyOf(type, index)
    return stream === undefined ? [] : [{ ...rest, stream, format: formatName(format) }]
  })
}

/** Restarts a camera's firmware. It leaves the bus and is back after some seconds. @throws RealSenseError CAMERA_ABSENT */
export async function hardwareReset(serial: string): Promise<void> {
  requireLibrary()
  await addon().hardwareReset(serial).catch(rethrow)
}

function rethrow(error: unknown): never {
  throw fromNative(error)
}

export interface CamerasChanged {
  readonly added: readonly CameraInfo[]
  readonly removed: readonly CameraInfo[]
}

/** Calls `listener` when cameras come or go. The returned function ends it. Keeps no process alive. */
export function onCamerasChanged(listener: (change: CamerasChanged) => void): () => void {
  requireLibrary()
  const { Watcher } = addon()
  const watcher = native(
    () =>
      new Watcher(() => {
        for (const change of watcher.take()) listener(change)
      }),
  )
  return () => watcher.close()
}

/** Cameras that come and go, until the signal aborts. */
export async function* watchCameras(
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<CamerasChanged, void> {
  const changes: CamerasChanged[] = []
  let wake = () => {}
  requireLibrary()
  const { Watcher } = addon()
  const watcher = native(
    () =>
      new Watcher(() => {
        changes.push(...watcher.take())
        wake()
      }),
  )
  watcher.keepAlive(true)
  const onAbort = () => wake()
  options.signal?.addEventListener('abort', onAbort)
  try {
    while (!options.signal?.aborted) {
      const change = changes.shift()
      if (change) yield change
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
    watcher.close()
  }
}
