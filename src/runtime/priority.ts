// The thread that runs the cycle also sends the heartbeats: when other programs hold the cores, it goes first.

import { setPriority } from 'node:os'

/**
 * Asks for a higher priority for this thread and all that it starts. Only root, or whoever has CAP_SYS_NICE, gets it;
 * without it a busy machine may let the arm's watchdog stop a run, which is safe and a nuisance.
 */
export function goFirst(): void {
  try {
    setPriority(-10)
  } catch {
    // Not allowed: as good as it was.
  }
}
