/** What can go wrong. `message` says what to do about it. */
export type RealSenseErrorCode =
  | 'ABORTED' // the caller's AbortSignal
  | 'ADDON_MISSING' // no binary of this package for this machine
  | 'CAMERA_ABSENT' // not connected, or held by another program
  | 'CAMERA_BUSY' // the operating system or another program is in the way
  | 'CAMERA_DISCONNECTED' // left the bus while in use
  | 'CAMERA_RECOVERY' // its firmware update was interrupted
  | 'CAMERA_STALLED' // open, but sends nothing
  | 'CLOSED' // the camera object was closed
  | 'FEATURE_MISSING' // this librealsense2 lacks a function
  | 'FILE_INVALID' // no recording, or none that this librealsense2 plays or writes
  | 'FRAME_EXPIRED' // its ring buffer has been reused, or its lease released
  | 'INPUT_INVALID' // an argument
  | 'LEASES_EXHAUSTED' // release() was not called on earlier frames
  | 'LIBRARY_ERROR' // an error of librealsense2 without a code of its own
  | 'LIBRARY_INVALID' // the file is no librealsense2
  | 'LIBRARY_MISSING' // no librealsense2 on this machine
  | 'LIBRARY_VERSION' // a librealsense2 that does not speak our interface
  | 'OPTION_RANGE'
  | 'OPTION_UNKNOWN'
  | 'PRESET_UNSUPPORTED'
  | 'PROFILE_UNAVAILABLE' // no stream of this size, rate and format
  | 'START_TIMEOUT'
  | 'TIMEOUT'

export class RealSenseError extends Error {
  readonly code: RealSenseErrorCode

  constructor(code: RealSenseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RealSenseError'
    this.code = code
  }
}

/** An error of the native side (which carries a code) as ours; anything else as it is. */
export function fromNative(error: unknown): unknown {
  const code = (error as { code?: unknown } | null)?.code
  return error instanceof Error && !(error instanceof RealSenseError) && typeof code === 'string'
    ? new RealSenseError(code as RealSenseErrorCode, error.message, { cause: error })
    : error
}

/** Calls into the native side. */
export function native<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw fromNative(error)
  }
}
