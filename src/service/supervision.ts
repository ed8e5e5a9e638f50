// What the service manager (systemd, Type=notify) hears: ready, what it does, its end; and its watchdog, fed only while the
// service is well.

import { notifyServiceManager, watchdogTimeoutMs } from '../native/service-manager.js'
import { healthOf } from './health.js'
import type { Service } from './service.js'

/** Between two lines of `systemctl status`. */
const statusMs = 1000

/** @returns a function that ends it, and says that the service ends */
export function superviseService(service: Service): () => void {
  const isManaged = notifyServiceManager({ isReady: true, status: statusOf(service) })
  if (!isManaged) return () => {}
  const timeoutMs = watchdogTimeoutMs()
  const timer = setInterval(
    () => {
      const isWell = healthOf(service.state()).alive
      notifyServiceManager({ status: statusOf(service), ...(isWell ? { feedsWatchdog: true } : {}) })
    },
    timeoutMs === null ? statusMs : Math.min(statusMs, timeoutMs / 3),
  )
  timer.unref()
  return () => {
    clearInterval(timer)
    notifyServiceManager({ isStopping: true })
  }
}

function statusOf({ runner, queue }: Service): string {
  const { mode, reason, running } = runner.session
  const waiting = queue.unfinished.length
  return `${mode}${running === null ? '' : ` ${running}`}${reason === null ? '' : `: ${reason}`}; ${waiting} unfinished goal(s)`
}
