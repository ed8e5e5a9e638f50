// How late the cycles of the 1 kHz loop begin while inference and rendering keep the cores busy.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../runtime/config/schema.js'
import { type Machine, machine, watchProcessors } from '../runtime/machine.js'
import { type Load, startLoad } from './load.js'
import { type LoopTiming, startController, timeBareLoop } from './processes.js'
import { Sweep } from './sweep.js'

export interface ControllerBenchRequest {
  readonly seconds: number
  readonly config: Config
  readonly command: string
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
}

type Phase = LoopTiming['lateness_ms'] &
  Omit<LoopTiming, 'lateness_ms'> & { readonly processors_busy: number; readonly steal_ms: number }

/** The stable JSON of `cliport bench controller`; durations in milliseconds. */
export interface ControllerBenchReport {
  readonly fifo: Phase
  readonly late_over_1ms: number
  readonly late_in_a_row: number
  readonly default_scheduler: Phase
  /** clock_nanosleep alone under SCHED_FIFO, for comparison. */
  readonly bare_loop: Phase
  /** Taken from this machine by its host during the phase `fifo`. */
  readonly steal_ms: number
  readonly load: string
  readonly decisions: number
  readonly looks: number
  readonly machine: Machine
}

/**
 * Three phases one after the other under the same load. The arm is in motion in the first two.
 * @throws CliportError ADDON_MISSING, or what the policy and the cell throw
 */
export async function benchController(request: ControllerBenchRequest): Promise<ControllerBenchReport> {
  const { seconds, config, command, signal, tell } = request
  signal.throwIfAborted()
  const about = machine(command)
  const load = await startLoad(config, { rendering: true })
  try {
    tell(`controller under SCHED_FIFO, ${seconds} s`)
    const fifo = await timeController(true, request)
    tell(`controller under the default scheduler, ${seconds} s`)
    const defaultScheduler = await timeController(false, request)
    tell(`bare loop under SCHED_FIFO, ${seconds} s`)
    const bare = await during(() => timeBareLoop(seconds, signal))
    const { decisions, looks }: Load = load
    return {
      fifo,
      late_over_1ms: fifo.late_over_1ms,
      late_in_a_row: fifo.late_in_a_row,
      default_scheduler: defaultScheduler,
      bare_loop: bare,
      steal_ms: fifo.steal_ms,
      load: 'policy decisions and renderings of the cell, each without a pause; the arm in motion',
      decisions,
      looks,
      machine: about,
    }
  } finally {
    await load.end()
  }
}

async function timeController(realtime: boolean, { seconds, config, signal }: ControllerBenchRequest): Promise<Phase> {
  const controller = await startController({ realtime })
  try {
    return await during(async () => {
      const sweep = await Sweep.start(controller.address, config)
      await sleep(seconds * 1000, undefined, { signal }).finally(() => sweep.end())
      return controller.end()
    })
  } finally {
    await controller.kill()
  }
}

async function during(work: () => Promise<LoopTiming>): Promise<Phase> {
  const processors = watchProcessors()
  const { lateness_ms, ...timing } = await work()
  const { busy, steal_ms } = processors()
  return { ...lateness_ms, ...timing, processors_busy: busy, steal_ms }
}
