// Whatever a verb threw, as an error with a code: what happened, why, what to do.

import { CliportError } from '../control/errors.js'

/** Of the file system: wrong path, permissions, a file where a folder is expected. */
const fileCodes: readonly (string | undefined)[] = [
  ...[
    'EACCES',
    'EBUSY',
    'EEXIST',
    'EISDIR',
    'ELOOP',
    'ENAMETOOLONG',
    'ENOENT',
    'ENOTDIR',
    'ENOTEMPTY',
    'EPERM',
    'EROFS',
  ],
]
const fullCodes: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT', 'EFBIG']

export function asCliportError(error: unknown): CliportError {
  if (error instanceof CliportError) return error
  const { code, path, message } = (error instanceof Error ? error : new Error(String(error))) as NodeJS.ErrnoException
  if (fullCodes.includes(code)) {
    return new CliportError('DISK_FULL', `No room to write${path === undefined ? '' : ` ${path}`}: ${message}`, {
      stage: 'record',
      hint: 'Make room, or write to another disk',
      cause: error,
    })
  }
  if (path !== undefined && fileCodes.includes(code)) {
    return new CliportError('INPUT_INVALID', `The path ${path} cannot be used: ${message}`, {
      stage: 'start',
      hint: 'Check the path and its permissions, or give another one',
      cause: error,
    })
  }
  return new CliportError('UNEXPECTED', message, {
    stage: 'start',
    hint: 'A fault of this program: report the command and this message. CLIPORT_LOG_LEVEL=debug prints where it arose',
    cause: error,
  })
}

/** The lines for a person. */
export function linesOf({ code, message, hint, cause }: CliportError): string {
  const isStackWanted = ['debug', 'trace'].includes(process.env.CLIPORT_LOG_LEVEL ?? '')
  const stack = isStackWanted && cause instanceof Error && cause.stack !== undefined ? `${cause.stack}\n` : ''
  return `error ${code}: ${message}\n  ${hint}\n${stack}`
}

/** The object for a program. */
export function jsonOf({ code, stage, message, hint }: CliportError): string {
  return `${JSON.stringify({ outcome: 'error', error: { code, stage, message, hint } })}\n`
}
