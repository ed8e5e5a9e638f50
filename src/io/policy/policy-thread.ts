// The engine on onnxruntime-node: the main thread's end of the policy's worker. Requests with answers, and an end to all of
// them when the thread ends.

import { Worker } from 'node:worker_threads'
import { workerHeap, workerUrl } from '../../native/paths.js'
import type { Execution, GraphRunner, RoleInputs, RunnerSettings, RunOptions, RunResult } from './graph-runner.js'
import type { GraphName } from './manifest.js'
import { packageError } from './package.js'
import { runnerError } from './runner-failure.js'
import { turnOffTelemetry } from './telemetry.js'
import { goodbye, type RunRequest, type WorkerReply } from './worker-protocol.js'

interface Waiting {
  readonly resolve: (result: RunResult) => void
  readonly reject: (error: Error) => void
}

/** A decision takes far less; a thread that still computes then is ended by force. */
const longestGoodbyeMs = 10_000

export class PolicyThread implements GraphRunner {
  readonly #worker: Worker
  readonly #exited: Promise<void>
  readonly #folder: string
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1
  #ended: Error | null = null
  #execution: Execution | null = null

  private constructor(folder: string, worker: Worker) {
    this.#folder = folder
    this.#worker = worker
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()))
  }

  /**
   * Starts the thread, opens the graphs and warms them up.
   * @throws CliportError POLICY_SHAPE, POLICY_INVALID, or ADDON_MISSING when no execution provider can be used; USAGE in a
   * worker thread of a process that has ONNX Runtime's telemetry on
   */
  static async start(folder: string, settings: RunnerSettings): Promise<PolicyThread> {
    turnOffTelemetry()
    const worker = new Worker(workerUrl('io/policy/policy-worker'), {
      workerData: settings,
      name: 'policy',
      // Flags of the process, such as --input-type, need not be fit for a thread.
      execArgv: [],
      resourceLimits: workerHeap,
    })
    const thread = new PolicyThread(folder, worker)
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: WorkerReply) => {
        if (message.kind === 'ready') {
          thread.#execution = message.execution
          resolve()
        } else if (message.kind === 'result') {
          thread.#take(message.id)?.resolve(message)
        } else if (message.id === null) {
          reject(runnerError(folder, message.failure, message.message))
        } else {
          thread.#take(message.id)?.reject(runnerError(folder, message.failure, message.message))
        }
      })
      const end = (what: string, cause?: unknown) => {
        const error = packageError(
          'POLICY_INVALID',
          folder,
          what,
          'Run it again; if it stays, run: cliport doctor',
          cause,
        )
        thread.#end(error)
        reject(error)
      }
      worker.on('error', (cause) => end(`the policy's thread failed: ${cause.message}`, cause))
      worker.on('exit', (code) => end(`the policy's thread ended (exit code ${code})`))
    }).catch(async (error) => {
      await worker.terminate()
      throw error
    })
    // An idle policy does not keep the process alive.
    worker.unref()
    return thread
  }

  get execution(): Execution {
    return this.#execution!
  }

  /**
   * Runs a graph. Buffers of `inputs` are cloned, or handed over and empty afterwards where they are `moved`. On abort the
   * answer is dropped and the promise rejects at once.
   */
  run(graph: GraphName, inputs: RoleInputs, options: RunOptions = {}): Promise<RunResult> {
    const { signal, moved = [] } = options
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#ended) return Promise.reject(this.#ended)
    const id = this.#nextId++
    return new Promise<RunResult>((resolve, reject) => {
      const aborted = () => {
        this.#take(id)
        reject(signal?.reason)
      }
      const settled = () => signal?.removeEventListener('abort', aborted)
      signal?.addEventListener('abort', aborted, { once: true })
      this.#waiting.set(id, {
        resolve: (result) => {
          settled()
          resolve(result)
        },
        reject: (error) => {
          settled()
          reject(error)
        },
      })
      this.#worker.ref()
      const request: RunRequest = { id, graph, inputs }
      this.#worker.postMessage(request, moved)
    })
  }

  /**
   * Rejects what waits, lets the thread end its computation and leave by itself: a thread that is terminated inside
   * ONNX Runtime can take the whole process with it.
   */
  async close(): Promise<void> {
    this.#end(packageError('POLICY_INVALID', this.#folder, 'the policy was closed', 'Load it again'))
    this.#worker.ref()
    this.#worker.postMessage(goodbye)
    const force = setTimeout(() => void this.#worker.terminate(), longestGoodbyeMs)
    await this.#exited
    clearTimeout(force)
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#worker.unref()
    return waiting
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
  }
}
