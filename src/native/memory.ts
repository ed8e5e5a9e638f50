// How the process takes memory from the system.

import { loadAddon } from './paths.js'

interface Addon {
  returnLargeBlocks(): void
  shareArenas(): void
  returnFreeBlocks(): Promise<void>
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

/**
 * From now on threads share the pools of memory that the C library of Linux has made, instead of each having one of its own,
 * which keeps what the thread has freed: for a process that runs for days with threads that come and go. Elsewhere nothing
 * changes.
 * @throws Error when the addon is missing
 */
export function shareArenas(): void {
  loadAddon<Addon>('memory').shareArenas()
}

/**
 * Gives the system back what is free between blocks that are in use. The C library of Linux keeps that for each of the
 * threads that freed it; in a process that runs for days, with pictures and recordings made in a dozen threads, it grows to
 * hundreds of megabytes. Takes some milliseconds in a thread of Node's pool. Elsewhere nothing happens.
 * @throws Error when the addon is missing
 */
export function returnFreeBlocks(): Promise<void> {
  return loadAddon<Addon>('memory').returnFreeBlocks()
}
