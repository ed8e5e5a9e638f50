// The main thread's end of the voice's thread.

import { Worker } from 'node:worker_threads'
import { CliportError } from '../../control/errors.js'
import type { Hearing } from '../../control/goal/spoken/hearing.js'
import { workerHeap, workerUrl } from '../../native/paths.js'
import { turnOffTelemetry } from '../policy/telemetry.js'
import type { EngineName, Speech } from './speech.js'
import type { EarReply, VoiceReply, VoiceRequest, VoiceWorkerSettings } from './worker-protocol.js'

/** What the thread hears, but for answers to `hear`. */
export type EarEvent =
  | (EarReply & { readonly stream: number })
  /** The thread failed or ended by itself: nothing more is heard. */
  | { readonly kind: 'ended'; readonly error: Error }

/** A sentence takes a second or two; a thread that still computes then is ended by force. */
const longestGoodbyeMs = 10_000

interface Waiting {
  readonly resolve: (hearing: Hearing) => void
  readonly reject: (error: unknown) => void
}

/** Silero and Moonshine in a thread; the Speech port of the engine `moonshine`. */
export class VoiceThread implements Speech {
  readonly engine: EngineName = 'moonshine'
  readonly #worker: Worker
  readonly #exited: Promise<void>
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Set<(event: EarEvent) => void>()
  #nextId = 1
  #stream = 0
  #ended: Error | null = null

  private constructor(settings: VoiceWorkerSettings) {
    this.#worker = new Worker(workerUrl('io/voice/voice-worker'), {
      workerData: settings,
      name: 'voice',
      execArgv: [],
      resourceLimits: workerHeap,
    })
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve()))
  }

  /** @throws CliportError VOICE_ENGINE_FAILED for files that are not what they should be */
  static async start(settings: VoiceWorkerSettings): Promise<VoiceThread> {
    turnOffTelemetry()
    const thread = new VoiceThread(settings)
    await new Promise<void>((resolve, reject) => {
      const end = (error: Error) => {
        if (thread.#ended === null) for (const listen of thread.#listeners) listen({ kind: 'ended', error })
        thread.#end(error)
        reject(error)
      }
      thread.#worker.on('message', (reply: VoiceReply) => {
        if (reply.kind === 'ready') resolve()
        else if (reply.kind === 'heard') thread.#take(reply.id)?.resolve(reply.hearing)
        else if (reply.kind !== 'failed') for (const listen of thread.#listeners) listen(reply)
        else if (reply.id === null) end(engineFailed(reply.message))
        else thread.#take(reply.id)?.reject(engineFailed(reply.message))
      })
      thread.#worker.on('error', (cause) => end(engineFailed(`its thread failed: ${cause.message}`, cause)))
      thread.#worker.on('exit', (code) => end(engineFailed(`its thread ended (exit code ${code})`)))
    }).catch(async (error) => {
      await thread.#worker.terminate()
      throw error
    })
    thread.#worker.unref()
    return thread
  }

  /** Hears of levels, pieces of speech, "stop" and a thread that fails, until the returned function is called. */
  listen(listener: (event: EarEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Another stream of sound begins. @returns its number, which what is heard in it carries */
  begin(): number {
    this.#post({ kind: 'begin', stream: ++this.#stream })
    return this.#stream
  }

  /** The next samples of the stream, 16 kHz mono, -1..1; handed over. */
  push(samples: Float32Array<ArrayBuffer>): void {
    this.#post({ kind: 'audio', samples }, [samples.buffer])
  }

  hold(isHeld: boolean): void {
    this.#post({ kind: 'hold', isHeld })
  }

  hear(audio: Float32Array, signal?: AbortSignal): Promise<Hearing> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#ended !== null) return Promise.reject(this.#ended)
    const id = this.#nextId++
    return new Promise<Hearing>((resolve, reject) => {
      const aborted = () => this.#take(id)?.reject(signal?.reason)
      const done = () => signal?.removeEventListener('abort', aborted)
      signal?.addEventListener('abort', aborted, { once: true })
      this.#waiting.set(id, {
        resolve: (hearing) => {
          done()
          resolve(hearing)
        },
        reject: (error) => {
          done()
          reject(error)
        },
      })
      this.#worker.ref()
      this.#post({ kind: 'hear', id, audio })
    })
  }

  async close(): Promise<void> {
    this.#end(engineFailed('it was closed'))
    this.#worker.ref()
    this.#worker.postMessage({ kind: 'goodbye' } satisfies VoiceRequest)
    const force = setTimeout(() => void this.#worker.terminate(), longestGoodbyeMs)
    await this.#exited
    clearTimeout(force)
  }

  #post(request: VoiceRequest, moved: readonly ArrayBuffer[] = []): void {
    if (this.#ended === null) this.#worker.postMessage(request, moved)
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

export function engineFailed(what: string, cause?: unknown): CliportError {
  return new CliportError('VOICE_ENGINE_FAILED', `The speech engine failed: ${what}`, {
    stage: 'start',
    hint: 'Run it again; if it stays, fetch the files again: rm -r models/voice && make voice. Typed sentences work without it',
    retryable: true,
    cause,
  })
}
