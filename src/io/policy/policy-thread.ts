// The engine on onnxruntime-node: the main thread's end of the policy's worker. Requests with answers, and an end to all of
// them when the thread ends.

import { Worker } from 'node:worker_threads'
import { workerHeap, workerUrl } from '../../native/paths.js'
import { Replies } from '../replies.js'
import type { Execution, GraphRunner, RoleInputs, RunnerSettings, RunOptions, RunResult } from './graph-runner.js'
import type { GraphName } from './manifest.js'
import { packageError } from './package.js'
import { runnerError } from './runner-failure.js'
import { turnOffTelemetry } from './telemetry.js'
import { goodbye, type RunRequest, type WorkerReply } from './worker-protocol.js'

/** A decision takes far less; a thread that still computes then is ended by force. */
const longestGoodbyeMs = 10_000

export class PolicyThread implements GraphRunner {
  readonly #worker: Worker
  readonly #exited: Promise<void>
  readonly #folder: string
  readonly #replies: Replies<number, RunResult> = new Replies(() => this.#worker.unref())
  #nextId = 1
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
          thread.#replies.resolve(message.id, message)
        } else if (message.id === null) {
          reject(runnerError(folder, message.failure, message.message))
        } else {
          thread.#replies.reject(message.id, runnerError(folder, message.failure, message.message))
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
        thread.#replies.end(error)
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
    const id = this.#nextId++
    const send = () => {
      this.#worker.ref()
      this.#worker.postMessage({ id, graph, inputs } satisfies RunRequest, moved)
    }
    return this.#replies.wait(id, send, signal)
  }

  /**
   * Rejects what waits, lets the thread end its computation and leave by itself: a thread that is terminated inside
   * ONNX Runtime can take the whole process with it.
   */
  async close(): Promise<void> {
    this.#replies.end(packageError('POLICY_INVALID', this.#folder, 'the policy was closed', 'Load it again'))
    this.#worker.ref()
    this.#worker.postMessage(goodbye)
    const force = setTimeout(() => void this.#worker.terminate(), longestGoodbyeMs)
    await this.#exited
    clearTimeout(force)
  }
}
