// An error as an event: a stream of sound goes on where one piece of it could not be transcribed.

import { CliportError } from '../../control/errors.js'

export function asFailure(error: unknown): { readonly code: string; readonly message: string; readonly hint: string } {
  if (error instanceof CliportError) return { code: error.code, message: error.message, hint: error.hint }
  return { code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error), hint: '' }
}
