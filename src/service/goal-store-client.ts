// The goals' file, from the service's thread.

import { Worker } from 'node:worker_threads'
import { CliportError, type ErrorCode, type Stage } from '../control/errors.js'
import { workerHeap, workerUrl } from '../native/paths.js'
import type { GoalStore } from './goal-store.js'

type Method = Exclude<keyof GoalStore, 'constructor'>

export interface StoreCall {
  readonly id: number
  readonly method: Method
  readonly args: readonly unknown[]
}

export type StoreAnswer =
  | { readonly id: number; readonly value: unknown }
  | {
      readonly id: number
      readonly error: {
        readonly code: ErrorCode
        readonly message: string
        readonly stage: Stage
        readonly hint: string
        readonly retryable: boolean
      }
    }

/** The same calls; an answer means that it is on the disk. */
export type AsyncGoalStore = {
  readonly [Name in Method]: (...args: Parameters<GoalStore[Name]>) => Promise<ReturnType<GoalStore[Name]>>
}

const methods: readonly Method[] = [
  'pauseUnfinished',
  'add',
  'get',
  'queue',
  'list',
  'begin',
  'putBack',
  'end',
  'resume',
  'resumeAll',
  'move',
  'flag',
  'prune',
  'close',
]

/** @throws CliportError STORE_FAILED from every call when the thread has ended, or the file cannot be used */
export function openGoalStore(path: string): AsyncGoalStore {
  const worker = new Worker(workerUrl('service/goal-store-worker'), {
    workerData: { path },
    name: 'goals',
    execArgv: [],
    resourceLimits: workerHeap,
  })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let lost: CliportError | null = null
  let lastId = 0
  const lose = (what: string) => {
    lost ??= new CliportError('STORE_FAILED', `The goals at ${path} are out of reach: ${what}`, {
      stage: 'serve',
      hint: 'Restart the service; every goal that was acknowledged is on the disk',
    })
    for (const { reject } of waiting.values()) reject(lost)
    waiting.clear()
  }
  worker.on('message', (answer: StoreAnswer) => {
    const call = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('error' in answer) call?.reject(new CliportError(answer.error.code, answer.error.message, answer.error))
    else call?.resolve(answer.value)
  })
  worker.on('error', ({ message }) => lose(`its thread failed: ${message}`))
  worker.on('exit', (code) => lose(`its thread ended (exit code ${code})`))
  // Calls keep the process alive, not the thread by itself.
  worker.unref()

  const call = (method: Method, args: readonly unknown[]) => {
    if (lost !== null) return Promise.reject(lost)
    const id = ++lastId
    worker.ref()
    return new Promise<unknown>((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, method, args } satisfies StoreCall)
    }).finally(() => {
      if (waiting.size === 0) worker.unref()
    })
  }
  const store = Object.fromEntries(
    methods.map((method) => [method, (...args: readonly unknown[]) => call(method, args)]),
  ) as unknown as AsyncGoalStore
  return {
    ...store,
    async close() {
      await store.close().catch(() => {})
      await worker.terminate()
    },
  }
}
