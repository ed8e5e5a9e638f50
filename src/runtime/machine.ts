// What a figure needs beside it to mean something.

import { readFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly kernel: string
  readonly node: string
  readonly date: string
  /** Of the minute before the measurement began. */
  readonly load_1min: number
  readonly command: string
}

export function machine(command: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    kernel: release(),
    node: process.version,
    date: new Date().toISOString(),
    load_1min: Math.round(loadavg()[0]! * 100) / 100,
    command,
  }
}

export function machineLine({ cpu, cores, kernel, node, date, load_1min, command }: Machine): string {
  return `${cpu}, ${cores} cores, Linux ${kernel}, Node ${node}; ${date}, load ${load_1min.toFixed(1)} before; ${command}`
}

/** What all processors together have spent since the machine started, milliseconds. */
interface CpuTime {
  readonly busyMs: number
  readonly idleMs: number
  /** Taken by the hypervisor for other machines. */
  readonly stealMs: number
}

const msPerTick = 10 // USER_HZ is 100 on every Linux that Node runs on

/** First line of /proc/stat (proc_stat(5)): user nice system idle iowait irq softirq steal; zeros on other systems. */
function cpuTime(): CpuTime {
  try {
    const [line] = readFileSync('/proc/stat', 'utf8').split('\n', 1)
    const [user, nice, system, idle, iowait, irq, softirq, steal] = line!.trim().split(/\s+/).slice(1).map(Number)
    const busy = user! + nice! + system! + irq! + softirq!
    return { busyMs: busy * msPerTick, idleMs: (idle! + iowait!) * msPerTick, stealMs: steal! * msPerTick }
  } catch {
    return { busyMs: 0, idleMs: 0, stealMs: 0 }
  }
}

/** Starts a measurement of the whole machine; the function says how busy it was, 0..1, and what was stolen. */
export function watchProcessors(): () => { readonly busy: number; readonly steal_ms: number } {
  const before = cpuTime()
  return () => {
    const after = cpuTime()
    const busyMs = after.busyMs - before.busyMs
    const idleMs = after.idleMs - before.idleMs
    const busy = busyMs + idleMs === 0 ? 0 : busyMs / (busyMs + idleMs)
    return { busy: Math.round(busy * 1000) / 1000, steal_ms: after.stealMs - before.stealMs }
  }
}
