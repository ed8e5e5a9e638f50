// Why the goals' file cannot be read or written, from what SQLite says.

import { dirname } from 'node:path'
import { CliportError } from '../control/errors.js'
import { diskFull, diskSpaceNow } from '../io/disk-space.js'

/** With less free, what SQLite calls an input or output error is a full disk: it writes pages of 4 KiB, and an index of 32. */
const fewestBytes = 64 * 1024

/** @param cause as libsql throws it: `code` is SQLite's name of the result, 'SQLITE_FULL' */
export function storeFailure(path: string, cause: unknown): CliportError {
  if (cause instanceof CliportError) return cause
  const { code = '', message } = cause as Error & { readonly code?: string }
  const folder = dirname(path)
  if (isFull(code, folder)) {
    const hint =
      'Make room on that disk (old runs, other files). What was acknowledged is there; when there is room the rest is ' +
      'written by itself, and a person arms again: cliport arm'
    return diskFull(`the goals in ${path}`, folder, 'serve', hint, cause)
  }
  return unusable(path, message, hintFor(code, path), cause)
}

export function unusable(path: string, what: string, hint: string, cause?: unknown): CliportError {
  return new CliportError('STORE_FAILED', `The goals at ${path} cannot be read or written: ${what}`, {
    stage: 'serve',
    hint,
    cause,
  })
}

/** A file that cannot be made or enlarged is an error of its own kind to SQLite, whatever the system's reason. */
function isFull(code: string, folder: string): boolean {
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)/.test(code)) return true
  if (!/^SQLITE_(IOERR|CANTOPEN)/.test(code)) return false
  const space = diskSpaceNow(folder)
  return space !== null && space.freeBytes < fewestBytes
}

function hintFor(code: string, path: string): string {
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return `The file is damaged. End the service, move ${path} away together with ${path}-wal, and start it again; its goals are lost then`
  }
  if (/^(SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|EACCES|EPERM|EROFS)/.test(code)) {
    return `Look at the permissions of ${path} and its folder, and whether its disk is mounted read-only`
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'Another program has the file open: end it'
  return 'Look at the disk: dmesg, or journalctl -k, says what is wrong with it'
}
