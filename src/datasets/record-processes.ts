// The processes of `cliport record`: each takes the next episode when it is free. One that dies (out of memory, killed) is
// replaced, and its episode is recorded from its beginning.

import { type ChildProcess, fork } from 'node:child_process'
import { setMaxListeners } from 'node:events'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { CliportError } from '../control/errors.js'
import { partOf } from '../io/recording/demonstration.js'
import { workerUrl } from '../native/paths.js'
import type { EpisodeAnswer, EpisodeOrder, RecordJob } from './record-process.js'

export interface ProcessPool {
  readonly jobs: number
  readonly job: RecordJob
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
}

/** How often an episode may take its process with it before it counts as the reason. */
const deathsPerEpisode = 3

/** What a process may take to leave its episode in order. */
const orderlyEndMs = 10_000

/**
 * Has every episode recorded by whichever process is free; the first failure ends all.
 * @throws CliportError of a scene that failed otherwise than by a fault of the arm, CELL_FAILED for one in which three
 * processes died; the signal's reason on abort. No process is left then
 */
export async function onProcesses(
  orders: readonly EpisodeOrder[],
  pool: ProcessPool,
  onAnswer: (answer: EpisodeAnswer, order: EpisodeOrder) => void,
): Promise<void> {
  const ending = new AbortController()
  const signal = AbortSignal.any([pool.signal, ending.signal])
  setMaxListeners(0, signal) // one a process
  const waiting = orders.values()
  const lane = async () => {
    let recorder = new RecordProcess(pool.job)
    try {
      for (const order of waiting) {
        for (let deaths = 0; ; ) {
          const answer = await recorder.record(order, signal)
          if (typeof answer !== 'string') {
            expectAnswer(answer, order)
            onAnswer(answer, order)
            break
          }
          await recorder.removePart(order)
          if (++deaths === deathsPerEpisode) throw deadly(order, answer)
          pool.tell(`the process that recorded scene ${order.seed} ${answer}: another one takes it up`)
          recorder = new RecordProcess(pool.job)
        }
      }
    } finally {
      await recorder.end()
    }
  }
  const lanes = Array.from({ length: Math.min(pool.jobs, orders.length) }, () =>
    lane().catch((error: unknown) => {
      ending.abort(error)
      throw error
    }),
  )
  const ends = await Promise.allSettled(lanes)
  pool.signal.throwIfAborted()
  if (ending.signal.aborted) throw ending.signal.reason
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

class RecordProcess {
  readonly #child: ChildProcess
  readonly #end: Promise<string>

  constructor(job: RecordJob) {
    this.#child = fork(fileURLToPath(workerUrl('datasets/record-process')), {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#end = new Promise((resolve) => {
      // A message to a process that has just died is an error, too; that it has died tells all there is to tell.
      this.#child.on('error', ({ message }) => {
        if (this.#child.pid === undefined) resolve(`could not be started (${message})`)
      })
      this.#child.on('exit', (code, signal) =>
        resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
      )
    })
    this.#send(job)
  }

  /** @returns the answer, or how the process ended before it gave one. @throws the signal's reason */
  async record(order: EpisodeOrder, signal: AbortSignal): Promise<EpisodeAnswer | string> {
    signal.throwIfAborted()
    let hear!: (answer: EpisodeAnswer) => void
    let stop!: () => void
    const answered = new Promise<EpisodeAnswer>((resolve, reject) => {
      hear = resolve
      stop = () => reject(signal.reason)
    })
    this.#child.once('message', hear)
    signal.addEventListener('abort', stop, { once: true })
    this.#send(order)
    try {
      return await Promise.race([answered, this.#end])
    } finally {
      this.#child.off('message', hear)
      signal.removeEventListener('abort', stop)
    }
  }

  /** Of a process that has died: what it had written of an episode. */
  async removePart({ path }: EpisodeOrder): Promise<void> {
    if (this.#child.pid !== undefined) await rm(partOf(path, this.#child.pid), { force: true })
  }

  /** Lets it leave its episode; the promise resolves when it is gone. */
  async end(): Promise<void> {
    const tired = setTimeout(() => this.#child.kill('SIGKILL'), orderlyEndMs)
    if (this.#child.connected) this.#child.disconnect()
    await this.#end
    clearTimeout(tired)
  }

  #send(message: RecordJob | EpisodeOrder): void {
    if (this.#child.connected) this.#child.send(message)
  }
}

/** A fault of the arm is what can happen in a scene; anything else would happen in all of them. */
function expectAnswer(answer: EpisodeAnswer, { seed }: EpisodeOrder): void {
  if (answer.kind !== 'failed' || answer.error.code === 'ARM_FAULT') return
  const { code, stage, message, hint } = answer.error
  throw new CliportError(code, `Scene ${seed}: ${message}`, { stage, hint })
}

function deadly({ seed }: EpisodeOrder, how: string): CliportError {
  return new CliportError(
    'CELL_FAILED',
    `Scene ${seed}: ${deathsPerEpisode} processes died while they recorded it; the last one ${how}`,
    {
      stage: 'record',
      hint: 'Use fewer processes (--jobs) if the machine has too little memory; else report the seed',
    },
  )
}
