// What a service tells the service manager (systemd) that started it: sd_notify(3).

import { loadAddon } from './paths.js'

interface Addon {
  notify(assignments: string): boolean
  watchdogTimeoutUs(): number
}

/** One notification. */
export interface ServiceNotification {
  /** The service takes orders from now on. */
  readonly isReady?: true
  /** The service has begun to end. */
  readonly isStopping?: true
  /** The service is well: the watchdog's time begins anew. */
  readonly feedsWatchdog?: true
  /** One line that `systemctl status` shows. */
  readonly status?: string
}

/**
 * Tells the service manager.
 * @returns whether there is one: false when the process was not started by a unit with Type=notify
 * @throws Error when the addon is missing, or the manager's socket cannot be reached
 */
export function notifyServiceManager(notification: ServiceNotification): boolean {
  const lines = [
    ...(notification.isReady ? ['READY=1'] : []),
    ...(notification.isStopping ? ['STOPPING=1'] : []),
    ...(notification.feedsWatchdog ? ['WATCHDOG=1'] : []),
    // A line break would begin another assignment.
    ...(notification.status === undefined ? [] : [`STATUS=${notification.status.replace(/[\r\n]+/g, ' ')}`]),
  ]
  return loadAddon<Addon>('service_manager').notify(lines.join('\n'))
}

/**
 * Longest time between two notifications that feed the watchdog, milliseconds; null when the service manager expects none
 * of this process.
 * @throws Error when the addon is missing
 */
export function watchdogTimeoutMs(): number | null {
  const timeoutUs = loadAddon<Addon>('service_manager').watchdogTimeoutUs()
  return timeoutUs === 0 ? null : timeoutUs / 1000
}
