// What every verb says when its files cannot be written.

import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CliportError } from '../control/errors.js'
import { makeFolder } from './make-folder.js'

/**
 * @param what for example 'the pictures'
 * @param path the folder or file that was asked for
 * @param option how it was asked for, for example '--out'
 * @return DISK_FULL when no room is left, else INPUT_INVALID
 */
export function unwritable(what: string, path: string, option: string, cause: unknown): CliportError {
  const { code = '', message } = cause as NodeJS.ErrnoException
  const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code)
  return new CliportError(isFull ? 'DISK_FULL' : 'INPUT_INVALID', `Could not write ${what} to ${path}: ${message}`, {
    stage: 'record',
    hint: isFull
      ? `Free some space, or choose another place for ${option}`
      : `Choose another place for ${option}, or check the permissions of this one`,
    cause,
  })
}

/** Makes the folder, before the work whose results go there. @throws CliportError INPUT_INVALID, DISK_FULL */
export async function makeOutputFolder(what: string, path: string, option: string): Promise<void> {
  try {
    await makeFolder(path)
    await access(path, constants.W_OK)
  } catch (cause) {
    throw unwritable(what, path, option, cause)
  }
}

/** Before the work whose result is one file. @throws CliportError INPUT_INVALID when it cannot be written there */
export async function expectWritableFile(what: string, path: string, option: string): Promise<void> {
  try {
    const there = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    if (there?.isDirectory()) throw new Error('it is a folder')
    await access(there === null ? dirname(path) : path, constants.W_OK)
  } catch (cause) {
    throw unwritable(what, path, option, cause)
  }
}
