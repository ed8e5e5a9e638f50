// A cell in a worker thread of its own, so that neither physics nor rendering ever holds up the caller.

import { Worker } from 'node:worker_threads'
import { CliportError } from '../control/errors.js'
import { workerHeap, workerUrl } from '../native/paths.js'
import type { Cell, CellLoad, CellOptions, CellReady, OracleAction, SimFrame, Truth } from './api.js'
import { type CellAnswer, type CellCall, type CellMethod, fromPlain } from './cell-rpc.js'

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
}

export class CellClient implements Cell {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  #nextId = 0
  #lost: CliportError | null = null

  constructor() {
    this.#worker = new Worker(workerUrl('sim/cell-worker'), { resourceLimits: workerHeap })
    this.#worker.on('message', (answer: CellAnswer) => this.#settle(answer))
    this.#worker.on('error', (error) => this.#lose(`The cell's thread failed: ${error.message}`, error))
    this.#worker.on('exit', (code) => this.#lose(`The cell's thread ended with exit code ${code}`))
  }

  reset(options: CellOptions): Promise<CellReady> {
    return this.#call('reset', options)
  }

  capture(): Promise<readonly SimFrame[]> {
    return this.#call('capture')
  }

  watch(): Promise<readonly SimFrame[]> {
    return this.#call('watch')
  }

  observe(width: number, height: number): Promise<Uint8Array> {
    return this.#call('observe', width, height)
  }

  truth(): Promise<Truth> {
    return this.#call('truth')
  }

  oracle(): Promise<OracleAction | null> {
    return this.#call('oracle')
  }

  send(request: Uint8Array): Promise<readonly Uint8Array[]> {
    return this.#call('send', request)
  }

  state(): Promise<Uint8Array> {
    return this.#call('state')
  }

  wait(seconds: number): Promise<void> {
    return this.#call('wait', seconds)
  }

  load(): Promise<CellLoad> {
    return this.#call('load')
  }

  async close(): Promise<void> {
    if (!this.#lost) await this.#call('close').catch(() => {})
    await this.#worker.terminate()
  }

  /** Ends the thread as a crash would; every call that waits is rejected with CELL_FAILED. */
  async kill(): Promise<void> {
    await this.#worker.terminate()
  }

  #call<T>(method: CellMethod, ...args: unknown[]): Promise<T> {
    if (this.#lost) return Promise.reject(this.#lost)
    const id = this.#nextId++
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.#worker.postMessage({ id, method, args } satisfies CellCall)
    })
  }

  #settle(answer: CellAnswer): void {
    const pending = this.#pending.get(answer.id)
    this.#pending.delete(answer.id)
    if ('error' in answer) pending?.reject(fromPlain(answer.error))
    else pending?.resolve(answer.value)
  }

  #lose(message: string, cause?: unknown): void {
    this.#lost ??= new CliportError('CELL_FAILED', message, {
      stage: 'execute',
      hint: 'Start a new cell; if it happens again with the same seed, report the seed.',
      cause,
    })
    for (const { reject } of this.#pending.values()) reject(this.#lost)
    this.#pending.clear()
  }
}
