// The thread that runs the cycle also sends the heartbeats: when other programs hold the cores, it goes first.

import { readFileSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'

const raised = -10
/** Linux shares the cores among terminal sessions first (sched_autogroup_enabled), then within each by priority. */
const group = '/proc/self/autogroup'

/**
 * Asks for a higher priority for this thread and those that it starts; those that only compute give it back
 * (io/worker-priority.ts). That counts within this terminal session alone where Linux groups processes by session, so
 * the session is raised too, until the process ends. Only root, or whoever has CAP_SYS_NICE, gets either; without it a busy
 * machine may let the arm's watchdog stop a run, which is safe and a nuisance.
 */
export function raiseThreadPriority(): void {
  try {
    setPriority(raised)
  } catch {
    // Not allowed: as good as it was.
  }
  if (process.platform === 'linux') raiseSession()
}

function raiseSession(): void {
  try {
    // For example '/autogroup-62 nice 0'; empty where there are no groups.
    const before = Number(/nice (-?\d+)/.exec(readFileSync(group, 'utf8'))?.[1] ?? Number.NaN)
    if (!(before > raised)) return
    writeFileSync(group, `${raised}`)
    process.once('exit', () => {
      try {
        writeFileSync(group, `${before}`)
      } catch {
        // Not allowed any more.
      }
    })
  } catch {
    // A kernel without groups, or not allowed.
  }
}
