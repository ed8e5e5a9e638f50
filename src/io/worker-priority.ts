// A thread begins with the priority of the one that starts it. What that one took for the link's sake
// (runtime/thread-priority.ts) is given back by threads that only compute: they may wait for a heartbeat, not the other way round.

import { getPriority, setPriority } from 'node:os'

/** Call it before other threads are started. On Linux a priority is a thread's own; elsewhere it would be the whole process's. */
export function giveBackPriority(): void {
  if (process.platform === 'linux' && getPriority() < 0) setPriority(0)
}
