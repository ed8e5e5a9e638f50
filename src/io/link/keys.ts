// The keys with which this runtime shows itself to a controller, and by which it knows that controller.

import { CliportError } from '../../control/errors.js'
import { type LinkKeys, readRuntimeKeys } from '../../native/controller.js'

export type { LinkKeys }

/**
 * Keys of a folder, made at the first use, so that a controller and a runtime of one user on one machine know each
 * other. Between two machines: docs/link.md.
 * @param folder absent: $CLIPORT_ROBOT_KEYS, else ~/.config/cliport/link
 * @throws CliportError LINK_KEYS_INVALID naming the file
 */
export function linkKeys(folder?: string): LinkKeys {
  try {
    return readRuntimeKeys(folder)
  } catch (cause) {
    throw new CliportError('LINK_KEYS_INVALID', (cause as Error).message, {
      stage: 'start',
      hint: 'docs/link.md says which keys belong where',
      cause,
    })
  }
}
