// What the runner makes of errors.

import { CliportError, type ErrorCode } from '../control/errors.js'

/** After these the session is opened anew. */
export const lossCodes: readonly ErrorCode[] = [
  'LINK_PEER_LOST',
  'LINK_STATE_STALE',
  'CELL_FAILED',
  'CAMERA_STALLED',
  'POLICY_INVALID',
]

/** @param problem DISK_FULL, which begins with a capital letter */
export function noRoomReason({ message }: CliportError): string {
  return `${message.charAt(0).toLowerCase()}${message.slice(1)}; make room, then arm`
}

export function refused(act: string, why: string): CliportError {
  return new CliportError('SERVICE_REFUSED', `Expected to ${act}, but ${why}`, {
    stage: 'serve',
    hint: 'cliport status says what the service waits for',
  })
}

export function asCliportError(error: unknown): CliportError {
  if (error instanceof CliportError) return error
  return new CliportError('UNEXPECTED', (error as Error).message, {
    stage: 'serve',
    hint: 'A fault of this program: report this message',
    cause: error,
  })
}
