// How the process takes memory from the system.

import { loadAddon } from './paths.js'

interface Addon {
  returnLargeBlocks(): void
}

/**
 * From now on large blocks (from 512 KiB: camera frames, pictures) go back to the system when they are freed. The C library
 * of Linux raises that limit to 32 MB by itself, and keeps what several threads have freed for each of them: a fifth of the
 * memory of a run. Elsewhere nothing changes.
 * @throws Error when the addon is missing
 */
export function returnLargeBlocks(): void {
  loadAddon<Addon>('memory').returnLargeBlocks()
}
