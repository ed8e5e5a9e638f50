// Errors that nobody expected. What can be expected (a missed grasp, a refused plan, an unsure policy) is a value.

/** Every code has a row in docs/errors.md: meaning, likely cause, what to do. A test fails when one lacks it. */
export const errorCodes = [
  'ADDON_MISSING',
  'ARM_FAULT',
  'ARM_STOPPED',
  'CAMERA_ABSENT',
  'CAMERA_STALLED',
  'CELL_FAILED',
  'CHECKPOINT_INVALID',
  'COMMAND_EXPIRED',
  'CONFIG_INVALID',
  'CONSENT_REQUIRED',
  'DATASET_MISMATCH',
  'DISK_FULL',
  'FOLDER_BUSY',
  'FRAME_INVALID',
  'GOAL_EMPTY',
  'GOAL_TOO_LONG',
  'GOAL_UNKNOWN',
  'INPUT_INVALID',
  'LINK_ABSENT',
  'LINK_AUTH_FAILED',
  'LINK_KEYS_INVALID',
  'LINK_PEER_LOST',
  'LINK_PROTOCOL',
  'LINK_REFUSED',
  'LINK_STATE_STALE',
  'PICKLE_REFUSED',
  'POLICY_AUTH_FAILED',
  'POLICY_CHECKSUM',
  'POLICY_END_EFFECTOR',
  'POLICY_INVALID',
  'POLICY_KEYS_INVALID',
  'POLICY_PROTOCOL',
  'POLICY_SHAPE',
  'POLICY_UNAVAILABLE',
  'POSE_INVALID',
  'PYTHON_ABSENT',
  'QUEUE_FULL',
  'RATE_LIMITED',
  'RECORDING_CORRUPT',
  'ROUTE_UNKNOWN',
  'SERVICE_ABSENT',
  'SERVICE_REFUSED',
  'STORE_FAILED',
  'TASK_UNKNOWN',
  'TOKEN_INVALID',
  'TRAINING_FAILED',
  'UNEXPECTED',
  'USAGE',
  'VOICE_AUDIO_INVALID',
  'VOICE_ENGINE_ABSENT',
  'VOICE_ENGINE_FAILED',
  'VOICE_MICROPHONE',
] as const

/** Stable name of an error; docs/errors.md explains each. */
export type ErrorCode = (typeof errorCodes)[number]

/** The part of the straight line in which an error arose. */
export type Stage =
  | 'start'
  | 'capture'
  | 'project'
  | 'propose'
  | 'plan'
  | 'check'
  | 'execute'
  | 'verify'
  | 'record'
  | 'config'
  | 'serve'

export interface CliportErrorOptions {
  readonly stage: Stage
  /** What a person should do about it. */
  readonly hint: string
  /** Whether the same call may succeed when tried again without anybody's help. */
  readonly retryable?: boolean
  readonly cause?: unknown
}

/**
 * An error that says what happened, where (`stage`), and what to do about it (`hint`); `code` is stable (docs/errors.md).
 */
export class CliportError extends Error {
  readonly code: ErrorCode
  readonly stage: Stage
  readonly hint: string
  readonly retryable: boolean

  /**
   * An error to be thrown.
   * @param message what happened, with what was expected and what was received
   */
  constructor(code: ErrorCode, message: string, options: CliportErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CliportError'
    this.code = code
    this.stage = options.stage
    this.hint = options.hint
    this.retryable = options.retryable ?? false
  }
}

/** The exit code of the process for an error that ended it (the design's table). */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof CliportError)) return 1
  switch (error.code) {
    case 'CHECKPOINT_INVALID':
    case 'CONFIG_INVALID':
    case 'CONSENT_REQUIRED':
    case 'DATASET_MISMATCH':
    case 'FOLDER_BUSY':
    case 'FRAME_INVALID':
    case 'GOAL_EMPTY':
    case 'GOAL_TOO_LONG':
    case 'GOAL_UNKNOWN':
    case 'INPUT_INVALID':
    case 'LINK_KEYS_INVALID':
    case 'PICKLE_REFUSED':
    case 'POLICY_CHECKSUM':
    case 'POLICY_END_EFFECTOR':
    case 'POLICY_INVALID':
    case 'POLICY_KEYS_INVALID':
    case 'POLICY_SHAPE':
    case 'POSE_INVALID':
    case 'TASK_UNKNOWN':
    case 'TOKEN_INVALID':
    case 'USAGE':
    case 'VOICE_AUDIO_INVALID':
      return 2
    case 'ADDON_MISSING':
    case 'CAMERA_ABSENT':
    case 'LINK_ABSENT':
    case 'LINK_AUTH_FAILED':
    case 'POLICY_AUTH_FAILED':
    case 'POLICY_PROTOCOL':
    case 'POLICY_UNAVAILABLE':
    case 'PYTHON_ABSENT':
    case 'SERVICE_ABSENT':
    case 'VOICE_ENGINE_ABSENT':
    case 'VOICE_MICROPHONE':
      return 3
    default:
      return 1
  }
}
