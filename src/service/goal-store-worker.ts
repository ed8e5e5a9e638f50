// The thread that owns the goals' file: a disk that takes its time holds up nobody who moves an arm.

import { parentPort, workerData } from 'node:worker_threads'
import { CliportError } from '../control/errors.js'
import { GoalStore } from './goal-store.js'
import type { StoreAnswer, StoreCall } from './goal-store-client.js'

const port = parentPort!
const { path } = workerData as { readonly path: string }

let store: GoalStore | null = null

port.on('message', ({ id, method, args }: StoreCall) => {
  port.postMessage(answerOf(id, () => call(method, args)))
})

function call(method: StoreCall['method'], args: readonly unknown[]): unknown {
  store ??= new GoalStore(path)
  return (store[method] as (...args: readonly unknown[]) => unknown)(...args)
}

function answerOf(id: number, work: () => unknown): StoreAnswer {
  try {
    return { id, value: work() }
  } catch (error) {
    const { code, message, stage, hint, retryable } =
      error instanceof CliportError
        ? error
        : new CliportError('STORE_FAILED', (error as Error).message, { stage: 'serve', hint: 'Report this message' })
    return { id, error: { code, message, stage, hint, retryable } }
  }
}
