// The machine: Node.js, clock, kernel, privileges, disk.

import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { diskSpace, nearestFolder } from '../../io/disk-space.js'
import { projectPath } from '../../native/paths.js'
import { type Finding, fail, ok, skip, warn } from './check.js'

/** Text of a file of the system; null where there is none, or none for this user. */
export type ReadSystem = (path: string) => Promise<string | null>

export const readSystem: ReadSystem = (path) => readFile(path, 'utf8').catch(() => null)

const leastFreeBytes = 1e9

export function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const fits = major > 20 || (major === 20 && minor >= 17)
  return fits
    ? ok(`Node ${process.versions.node} on ${process.platform} ${process.arch}`)
    : fail(`Node ${process.versions.node}`, 'Install Node 20.17 or newer')
}

/** Clock sources that jump, or that take microseconds to read. */
const slowSources = ['jiffies', 'refined-jiffies', 'acpi_pm', 'pit']

/**
 * The wall clock dates recordings and runs, and a certificate is valid from a date on; the monotonic one times the cycle.
 * @param nowMs wall time
 */
export async function checkClock(read: ReadSystem = readSystem, nowMs = Date.now()): Promise<Finding> {
  const installedMs = (await stat(projectPath('package.json'))).mtimeMs
  const dayMs = 86_400_000
  if (nowMs < installedMs - dayMs) {
    const words = `it is ${new Date(nowMs).toISOString()} here, before this program was installed`
    return fail(words, 'Set the clock: timedatectl set-ntp true, or date --set')
  }
  const source = (await read('/sys/devices/system/clocksource/clocksource0/current_clocksource'))?.trim() ?? 'unknown'
  if (slowSources.includes(source)) {
    return warn(
      `the clock source is ${source}`,
      'A faster one: clocksource=tsc on the kernel command line, where it is stable',
    )
  }
  const isSynchronized = (await read('/run/systemd/timesync/synchronized')) !== null
  return isSynchronized
    ? ok(`synchronized; clock source ${source}`)
    : ok(`clock source ${source}; systemd-timesyncd does not keep it (another program may)`)
}

/**
 * What a controller on this machine needs of it.
 * @param isHere a controller of this machine is used
 */
export async function checkKernel(isHere: boolean, read: ReadSystem = readSystem): Promise<Finding> {
  const version = (await read('/proc/version')) ?? ''
  const release = /^Linux version (\S+)/.exec(version)?.[1] ?? 'unknown'
  const isRealtime = (await read('/sys/kernel/realtime'))?.trim() === '1' || version.includes('PREEMPT_RT')
  if (isRealtime) return ok(`${release}, with PREEMPT_RT`)
  return isHere
    ? warn(
        `${release}, without PREEMPT_RT: the 1 kHz loop is late at times`,
        'Install a real-time kernel: apt install linux-image-rt-amd64',
      )
    : skip(`${release}, without PREEMPT_RT; only a controller on this machine needs it`)
}

/** Limits of this process's user: the service has its own (cliport-controller.service). */
export async function checkPrivileges(isHere: boolean, read: ReadSystem = readSystem): Promise<Finding> {
  const limits = (await read('/proc/self/limits')) ?? ''
  const limitOf = (name: string) => new RegExp(`^${name}\\s+(\\S+)`, 'm').exec(limits)?.[1] ?? '0'
  const priority = limitOf('Max realtime priority')
  const locked = limitOf('Max locked memory')
  const words = `real-time priority up to ${priority}, locked memory up to ${locked === 'unlimited' ? locked : `${locked} bytes`}`
  if (!isHere) return skip(`${words}; only a controller on this machine needs them`)
  return Number(priority) >= 80 || priority === 'unlimited' || process.getuid?.() === 0
    ? ok(words)
    : warn(
        `${words}, for a controller that this user starts`,
        'Use cliport-controller.service, which brings its own; or raise rtprio and memlock in /etc/security/limits.d',
      )
}

/** A folder that can be written to, or made, with room. Leaves nothing behind. */
export async function checkFolder(folder: string, setting: string): Promise<Finding> {
  const there = await nearestFolder(folder)
  const probe = join(there, `.doctor-${process.pid}`)
  try {
    await writeFile(probe, 'x')
    await rm(probe)
  } catch (error) {
    return fail(`${folder} cannot be written to: ${(error as Error).message}`, `Set ${setting} to a folder that can`)
  }
  const { freeBytes } = await diskSpace(there)
  const freeGb = freeBytes / 1e9
  return freeBytes >= leastFreeBytes
    ? ok(`${folder} can be written to, ${freeGb.toFixed(1)} GB free`)
    : warn(`only ${freeGb.toFixed(1)} GB free for ${folder}`, 'Free some space: recordings stop when the disk is full')
}
