// The thread that runs the cycle also sends the heartbeats: when other programs hold the cores, it goes first.

import { setPriority } from 'node:os'

/**
 * Asks for a higher priority for this thread and those that it starts; the policy's gives it back
 * (io/policy/policy-worker.ts). Only root, or whoever has CAP_SYS_NICE, gets it; without it a busy machine may let the
 * arm's watchdog stop a run, which is safe and a nuisance.
 */
export function raiseThreadPriority(): void {
  try {
    setPriority(-10)
  } catch {
    // Not allowed: as good as it was.
  }
}
