// Who may act: one secret of the service's user, in a file that nobody else reads.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises'
import { CliportError } from '../control/errors.js'

/** 256 bits, base64url. */
const tokenPattern = /^[\w-]{43}$/

/**
 * The token of a file, made at the first use with mode 0600.
 * @throws CliportError TOKEN_INVALID for a file that others may read, or that holds something else
 */
export async function openToken(path: string): Promise<string> {
  let file: FileHandle
  try {
    file = await open(path, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return readToken(path)
  }
  const token = randomBytes(32).toString('base64url')
  try {
    await file.writeFile(`${token}\n`)
    await file.sync()
    // Whatever the umask has left of the mode.
    await file.chmod(0o600)
  } catch (cause) {
    // Half a token would keep every later start from making one.
    await rm(path, { force: true })
    throw cause
  } finally {
    await file.close()
  }
  return token
}

/** @throws CliportError TOKEN_INVALID */
export async function readToken(path: string): Promise<string> {
  const status = await stat(path).catch((cause) => {
    throw invalid(
      path,
      (cause as Error).message,
      'Start the service first: it makes the file. That of another service: --token-file FILE, or --state FOLDER',
      cause,
    )
  })
  if (!status.isFile()) throw invalid(path, 'it is no file', 'Give the file that cliport serve names')
  const { mode } = status
  if ((mode & 0o077) !== 0) {
    throw invalid(
      path,
      `others may read it (mode ${(mode & 0o777).toString(8)})`,
      `Who has read it may move the arm. On the machine of the service delete it and start the service again, which makes a new one; of a copy, chmod 600`,
    )
  }
  const token = (await readFile(path, 'utf8')).trim()
  if (tokenPattern.test(token)) return token
  throw invalid(path, 'it holds no token', 'Delete it: the service makes a new one as it starts')
}

/** Whether both are the same, in a time that says nothing about where they differ. */
export function isSameToken(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

function invalid(path: string, what: string, hint: string, cause?: unknown): CliportError {
  return new CliportError('TOKEN_INVALID', `The token file ${path} cannot be used: ${what}`, {
    stage: 'serve',
    hint,
    cause,
  })
}
