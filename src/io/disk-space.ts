// How much room a folder's disk has, and the error for one that has none.

import { statfsSync } from 'node:fs'
import { stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { CliportError, type Stage } from '../control/errors.js'

export interface DiskSpace {
  /** For this user: what is kept back for root does not count. */
  readonly freeBytes: number
  readonly totalBytes: number
}

/** Of the disk that the folder is on, or will be on when it is made. @throws Error where it cannot be asked */
export async function diskSpace(folder: string): Promise<DiskSpace> {
  return spaceOf(await statfs(await nearestFolder(folder)))
}

/** The folder, or the nearest one above it that is there already. */
export async function nearestFolder(folder: string): Promise<string> {
  for (let place = resolve(folder); ; place = dirname(place)) {
    const found = await stat(place).catch(() => null)
    if (found !== null || place === dirname(place)) return place
  }
}

/** The same, for a thread that may wait. Null where it cannot be asked. */
export function diskSpaceNow(folder: string): DiskSpace | null {
  try {
    return spaceOf(statfsSync(folder))
  } catch {
    return null
  }
}

function spaceOf({ bavail, blocks, bsize }: { bavail: number; blocks: number; bsize: number }): DiskSpace {
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}

/**
 * @param what cannot be written, for example 'the goals in /var/lib/cliport'
 * @param folder that is there, on the disk that is full
 */
export function diskFull(what: string, folder: string, stage: Stage, hint: string, cause: unknown): CliportError {
  const space = diskSpaceNow(folder)
  const free = space === null ? '' : ` (${bytesText(space.freeBytes)} free of ${bytesText(space.totalBytes)})`
  const message = `The disk of ${resolve(folder)} is full${free}: ${what} cannot be written: ${(cause as Error).message}`
  return new CliportError('DISK_FULL', message, { stage, hint, retryable: true, cause })
}

/** For people: '0 bytes', '2.9 MB', '12.4 GB'. */
export function bytesText(bytes: number): string {
  if (bytes < 1e6) return `${bytes} bytes`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
