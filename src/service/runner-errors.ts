// Errors of what moves the arm.

import { CliportError } from '../control/errors.js'

export function notCleared(why: string): CliportError {
  return new CliportError('LINK_PEER_LOST', `The stop could not be cleared: ${why}`, {
    stage: 'serve',
    hint: 'Wait until the arm is reached again (cliport status), then clear once more',
    retryable: true,
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
