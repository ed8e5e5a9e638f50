// Whether there is a file or folder at a path.

import { access } from 'node:fs/promises'

/** False also where it cannot be looked at: whoever reads it next says why. */
export function pathExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
