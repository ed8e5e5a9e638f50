// What systemd hears of the service: ready, its state in one line, well (the watchdog), ending.

import { notifyServiceManager, type ServiceNotification, watchdogTimeoutMs } from '../native/service-manager.js'
import { CycleHealth, type Progress } from './cycle-health.js'
import type { Service } from './service.js'

/** Added to the longest time-out of a camera: how long a cycle may be without a sign of life. */
const stallMs = 30_000
const lookMs = 1000

export interface ServiceManagerLink {
  /** The service ends from now on. */
  end(): void
}

/**
 * Tells that the service is ready, and from then on how it is. Nothing where no service manager waits.
 * @param stages counts the stages of cycles that have ended
 * @param tell hears of what could not be told
 */
export function tellServiceManager(
  service: Service,
  stages: () => number,
  tell: (line: string) => void,
): ServiceManagerLink {
  if (!process.env.NOTIFY_SOCKET) return { end() {} }
  const say = notifier(tell)
  const { cameras, cell } = service.workcell.config
  const longestLookMs = 1000 * Math.max(cell.camera_timeout_s, ...cameras.map(({ timeout_s }) => timeout_s))
  const health = new CycleHealth(stallMs + longestLookMs)
  const timeoutMs = watchdogTimeoutMs()
  let status = statusOf(service)
  say({ isReady: true, status })
  const look = () => {
    const isWell = health.isWell(progressOf(service, stages()), performance.now())
    const now = isWell ? statusOf(service) : 'stuck: no sign of life from the cycle'
    if (isWell && timeoutMs !== null) say({ feedsWatchdog: true })
    if (now !== status) say({ status: now })
    status = now
  }
  const timer = setInterval(look, Math.min(lookMs, (timeoutMs ?? Number.POSITIVE_INFINITY) / 4))
  return {
    end() {
      clearInterval(timer)
      say({ isStopping: true, status: 'ending: stops the arm, keeps the queue' })
    },
  }
}

/**
 * Tells that safe mode listens. Nothing moves in it and nothing can stall but the event loop, so that a timer feeds the
 * watchdog, until the service that follows has started.
 * @param tell hears of what could not be told
 */
export function tellSafeMode(tell: (line: string) => void): ServiceManagerLink {
  if (!process.env.NOTIFY_SOCKET) return { end() {} }
  const say = notifier(tell)
  say({ isReady: true, status: 'safe_mode: the settings cannot be used' })
  const timeoutMs = watchdogTimeoutMs()
  const timer = setInterval(() => say({ feedsWatchdog: true }), Math.min(lookMs, (timeoutMs ?? 4 * lookMs) / 4))
  timer.unref()
  return {
    end() {
      clearInterval(timer)
    },
  }
}

function notifier(tell: (line: string) => void): (notification: ServiceNotification) => void {
  return (notification) => {
    try {
      notifyServiceManager(notification)
    } catch (error) {
      tell(`warning: ${(error as Error).message}`)
    }
  }
}

function progressOf({ runner, live, workcell }: Service, stages: number): Progress {
  const { mode } = runner.session
  const robot = workcell.link?.state
  const isMoving = robot?.mode === 'moving' || robot?.mode === 'stopping'
  return { mode, stages, looks: live.looks, motionNs: isMoving ? robot.arrivedNs : null }
}

function statusOf({ runner }: Service): string {
  const { mode, reason } = runner.session
  if (reason === null) return mode
  return reason.startsWith(mode) ? reason : `${mode}: ${reason}`
}
