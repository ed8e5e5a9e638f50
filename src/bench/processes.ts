// The native processes of the benchmarks: what they print is one JSON object a line.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { CliportError } from '../control/errors.js'
import { linkKeys } from '../io/link/keys.js'
import { controllerExecutable, projectPath } from '../native/paths.js'
import type { Durations } from '../runtime/durations.js'

/** Lateness of a 1 kHz loop, as cliport-controller and cliport-bench-timer print it at their end. */
export interface LoopTiming {
  readonly scheduler: string
  readonly cycles: number
  readonly late_over_1ms: number
  /** Most cycles in a row that were later than 1 ms. */
  readonly late_in_a_row: number
  readonly lateness_ms: Durations
}

/** A child process that talks in lines of JSON. */
class Talker {
  readonly #child: ChildProcess
  readonly #lines: Interface
  readonly #waiting: ((line: string | null) => void)[] = []
  readonly #heard: string[] = []
  #complaints = ''

  constructor(
    private readonly executable: string,
    parameters: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.#child = spawn(executable, parameters, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    this.#child.stderr!.on('data', (bytes) => {
      this.#complaints += bytes
    })
    this.#child.on('error', (error) => {
      this.#complaints += error.message
    })
    this.#child.stdin!.on('error', () => {}) // it has ended; the next line says so
    this.#lines = createInterface(this.#child.stdout!)
    this.#lines.on('line', (line) => (this.#waiting.shift() ?? ((text) => this.#heard.push(text!)))(line))
    this.#lines.on('close', () => {
      for (const wake of this.#waiting.splice(0)) wake(null)
    })
  }

  say(line: string): void {
    this.#child.stdin!.write(`${line}\n`)
  }

  /** @throws CliportError ADDON_MISSING when it ended instead, with what it complained about */
  async hear<T>(): Promise<T> {
    const line = this.#heard.shift() ?? (await new Promise<string | null>((resolve) => this.#waiting.push(resolve)))
    if (line !== null) return JSON.parse(line) as T
    throw new CliportError('ADDON_MISSING', `${this.executable} ended early: ${this.#complaints.trim()}`, {
      stage: 'start',
      hint: 'Build the native code: make setup',
    })
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return
    const exited = once(this.#child, 'exit')
    this.#child.kill(signal)
    await exited
  }
}

export interface BenchController {
  readonly address: string
  /** Ends it well; the timing of its loop. */
  end(): Promise<LoopTiming>
  kill(): Promise<void>
}

/** cliport-controller with the simulated arm, on free ports. @param realtime SCHED_FIFO where the system grants it */
export async function startController({ realtime }: { readonly realtime: boolean }): Promise<BenchController> {
  const parameters = ['--backend', 'sim', '--bind', 'tcp://127.0.0.1:*', ...(realtime ? [] : ['--no-realtime'])]
  const talker = new Talker(controllerExecutable(), parameters)
  const { address, scheduler } = await talker.hear<{ address: string; scheduler: string }>()
  return {
    address,
    async end() {
      const ended = talker.hear<Omit<LoopTiming, 'scheduler'>>()
      await talker.end('SIGTERM')
      return { ...(await ended), scheduler }
    },
    kill: () => talker.end('SIGKILL'),
  }
}

/** A loop that does nothing but sleep until its next millisecond, under SCHED_FIFO at the controller's priority. */
export async function timeBareLoop(seconds: number, signal: AbortSignal): Promise<LoopTiming> {
  const talker = new Talker(projectPath('build/native/cliport-bench-timer'), [`${seconds}`, '80'])
  const onAbort = () => void talker.end('SIGKILL')
  signal.addEventListener('abort', onAbort)
  try {
    return await talker.hear<LoopTiming>()
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** The same round trips without Node. */
export interface NativePeer {
  /** @returns microseconds of each */
  batch(kind: RoundTripKind, count: number): Promise<number[]>
  end(): Promise<void>
}

/** A command is acknowledged by the control loop, a ping by the sockets' thread. */
export type RoundTripKind = 'command' | 'ping'

export function startNativePeer(address: string): NativePeer {
  const keys = linkKeys()
  const talker = new Talker(projectPath('build/native/cliport-bench-link'), [address], {
    CLIPORT_BENCH_SERVER_KEY: keys.controllerPublic,
    CLIPORT_BENCH_PUBLIC_KEY: keys.runtimePublic,
    CLIPORT_BENCH_SECRET_KEY: keys.runtimeSecret,
  })
  return {
    batch(kind, count) {
      talker.say(`${kind} ${count}`)
      return talker.hear<number[]>()
    },
    end: () => talker.end('SIGKILL'),
  }
}
