// sherpa-onnx-node (github.com/k2-fsa/sherpa-onnx, Apache-2.0) with models that the user brings. UNTESTED: written from its
// documentation; nobody has run it with this release. It knows no grammar, so only what parses as it was heard is a goal.

import { readFile } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { type Hearing, unrated } from '../../../control/goal/spoken/hearing.js'
import { workerUrl } from '../../../native/paths.js'
import { engineAbsent } from '../files.js'
import type { Speech } from '../speech.js'
import { engineFailed } from '../voice-thread.js'

/** What the thread is asked and what it answers. */
export interface SherpaRequest {
  readonly id: number
  readonly audio: Float32Array
}
export type SherpaReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'text'; readonly id: number; readonly text: string }
  | { readonly kind: 'failed'; readonly message: string }

export class Sherpa implements Speech {
  readonly engine = 'sherpa'
  readonly #worker: Worker
  readonly #waiting = new Map<number, (text: string) => void>()
  readonly #ended: Promise<never>
  #nextId = 1

  private constructor(worker: Worker) {
    this.#worker = worker
    this.#ended = new Promise((_, reject) => {
      worker.on('error', (cause) => reject(engineFailed(`its thread failed: ${cause.message}`, cause)))
      worker.on('exit', () => reject(engineFailed('its thread ended')))
      worker.on('message', (reply: SherpaReply) => {
        if (reply.kind === 'text') this.#waiting.get(reply.id)?.(reply.text)
        if (reply.kind === 'failed') reject(engineFailed(reply.message))
      })
    })
    this.#ended.catch(() => {}) // whoever waits hears of it
  }

  /**
   * @param configFile JSON of sherpa-onnx's OfflineRecognizer: featConfig, modelConfig
   * @throws CliportError VOICE_ENGINE_ABSENT without a file, or without the package sherpa-onnx-node
   */
  static async open(configFile: string | null): Promise<Sherpa> {
    if (configFile === null) {
      throw engineAbsent(
        'The engine sherpa needs voice.sherpa_config',
        'Name the JSON of its OfflineRecognizer (docs/voice.md)',
      )
    }
    const config = await readFile(configFile, 'utf8')
      .then((text): unknown => JSON.parse(text))
      .catch((cause: unknown) => {
        const reason = (cause as Error).message
        throw engineAbsent(`voice.sherpa_config cannot be read: ${configFile}: ${reason}`, 'Name a JSON file', cause)
      })
    const worker = new Worker(workerUrl('io/voice/sherpa/sherpa-worker'), { workerData: config, execArgv: [] })
    const engine = new Sherpa(worker)
    const ready = new Promise<void>((resolve) => {
      worker.on('message', (reply: SherpaReply) => reply.kind === 'ready' && resolve())
    })
    await Promise.race([ready, engine.#ended]).catch(async (cause: unknown) => {
      await worker.terminate()
      throw engineAbsent(
        (cause as Error).message,
        'Install it beside cliport-edge: npm install sherpa-onnx-node',
        cause,
      )
    })
    worker.unref()
    return engine
  }

  async hear(audio: Float32Array, signal?: AbortSignal): Promise<Hearing> {
    signal?.throwIfAborted()
    const id = this.#nextId++
    this.#worker.ref()
    try {
      const text = new Promise<string>((resolve) => this.#waiting.set(id, resolve))
      this.#worker.postMessage({ id, audio } satisfies SherpaRequest)
      const heard = await Promise.race([text, this.#ended])
      signal?.throwIfAborted()
      return { free: unrated(heard), bound: [], isRated: false }
    } finally {
      this.#waiting.delete(id)
      this.#worker.unref()
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}
