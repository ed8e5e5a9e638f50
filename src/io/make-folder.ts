// Making a folder with all that is above it.

import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { pathExists } from './path-exists.js'

/**
 * As `mkdir` with `recursive`, which in Node 20 never returns where a file system answers ENOENT for a folder whose parent
 * exists (/proc, some network file systems).
 * @throws the file system's error
 */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path)
  try {
    await mkdir(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && !(await pathExists(dirname(folder)))) {
      await makeFolder(dirname(folder))
      await makeFolder(folder)
    } else if (code !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw error
  }
}
