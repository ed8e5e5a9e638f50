// The recording of a run. Everything is copied and handed to a worker thread at once; when that falls behind, pictures
// are left out and counted, events never. A full disk ends the recording, never the run.

import { Worker } from 'node:worker_threads'
import { CliportError } from '../../control/errors.js'
import type { Recorder } from '../../control/ports.js'
import type { Heightmap, Proposal, RgbdFrame } from '../../control/types.js'
import { workerHeap, workerUrl } from '../../native/paths.js'
import { cameraFacts } from './calibration.js'
import { affordanceImages, cameraImages, heightmapImages, type TopicImage } from './images.js'
import type { Answer, Order } from './mcap-writer.js'

/** The thread that writes: a `Worker`, or one end of a `MessageChannel`. */
export interface McapWriterPort {
  postMessage(order: Order, transfer?: readonly ArrayBuffer[]): void
  on(event: 'message', listener: (answer: Answer) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  ref(): void
  unref(): void
}

/** Options of a recorder. */
export interface RunRecorderOptions {
  /** Hears once when the recording ends early; the run goes on. By default a warning on stderr. */
  readonly onProblem?: (problem: CliportError) => void
  /** Pictures that may wait to be written, bytes; beyond it they are left out. Default 64 MiB. */
  readonly maxWaitingBytes?: number
  /** Wall time in nanoseconds, the log time of every message. */
  readonly wallNs?: () => bigint
}

export class RunRecorder implements Recorder {
  readonly #path: string
  readonly #port: McapWriterPort
  readonly #options: Required<RunRecorderOptions>
  #waitingBytes = 0
  #droppedPictures = 0
  #unwritableEvents = 0
  #problem: CliportError | null = null
  #closing: Promise<void> | null = null
  #closed: () => void = () => {}
  #dead = false

  /**
   * Starts a recording in a thread of its own.
   * @param path the file to write; an old one of that name is replaced
   */
  static start(path: string, options: RunRecorderOptions = {}): RunRecorder {
    // Without this process's flags: some of them (--input-type, --test) are not for workers.
    const worker = new Worker(workerUrl('io/recording/run-recorder-worker'), {
      workerData: { path },
      execArgv: [],
      resourceLimits: workerHeap,
    })
    return new RunRecorder(path, worker, options)
  }

  /**
   * A recorder whose file is written at the other end of a port.
   * @param path only named in problems
   */
  constructor(path: string, port: McapWriterPort, options: RunRecorderOptions = {}) {
    this.#path = path
    this.#port = port
    this.#options = {
      onProblem: (problem) => process.emitWarning(problem.message, { code: problem.code }),
      maxWaitingBytes: 64 * 1024 * 1024,
      wallNs: wallClockNs,
      ...options,
    }
    port.on('message', (answer) => this.#hear(answer))
    port.on('error', (error) => {
      this.#end(false, error.message)
      this.#dead = true
      this.#closed()
    })
    // A recording alone keeps no process alive; close() does until the file is whole.
    port.unref()
  }

  /** Why the recording ended early; null while all is well. */
  get problem(): CliportError | null {
    return this.#problem
  }

  /** Pictures left out because the disk did not keep up. */
  get droppedPictures(): number {
    return this.#droppedPictures
  }

  /** See `Recorder`; with a slow disk pictures are left out and counted. */
  frames(frames: readonly RgbdFrame[]): void {
    const timeNs = this.#options.wallNs()
    for (const frame of frames) {
      for (const { topic, schema, value } of cameraFacts(frame, timeNs)) this.#json(topic, value, timeNs, schema)
      this.#pictures(() => cameraImages(frame), timeNs)
    }
  }

  /** See `Recorder`. */
  heightmap(heightmap: Heightmap): void {
    this.#pictures(() => heightmapImages(heightmap), this.#options.wallNs())
  }

  /** Maps behind a proposal on this heightmap, rows x cols, 0..1: `/affordance/pick` and `/affordance/place`. */
  affordances(heightmap: Pick<Heightmap, 'rows' | 'cols' | 'stampNs'>, maps: NonNullable<Proposal['maps']>): void {
    this.#pictures(() => affordanceImages(heightmap, maps), this.#options.wallNs())
  }

  event(topic: string, data: unknown): void {
    this.#json(topic, data, this.#options.wallNs())
  }

  /** Ends the file with index and checksums. May be called more than once, and after a failure. Never throws. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      if (this.#dead) return resolve()
      this.#closed = resolve
      this.#port.ref()
      const facts = { dropped_pictures: `${this.#droppedPictures}`, unwritable_events: `${this.#unwritableEvents}` }
      this.#port.postMessage({ kind: 'close', facts })
    })
    return this.#closing
  }

  #pictures(make: () => readonly TopicImage[], timeNs: bigint): void {
    if (this.#problem !== null || this.#closing !== null) return
    let pictures: readonly TopicImage[]
    try {
      pictures = make()
    } catch {
      // A buffer that does not fit its size: what the projector thinks of it is the cycle's business.
      this.#unwritableEvents += 1
      return
    }
    for (const { topic, image } of pictures) {
      const bytes = image.data.byteLength
      if (this.#waitingBytes + bytes > this.#options.maxWaitingBytes) {
        this.#droppedPictures += 1
        continue
      }
      this.#waitingBytes += bytes
      const data = new Uint8Array(image.data)
      this.#port.postMessage({ kind: 'image', picture: { topic, image: { ...image, data } }, timeNs, bytes }, [
        data.buffer,
      ])
    }
  }

  #json(
    topic: string,
    data: unknown,
    timeNs: bigint,
    schema?: 'foxglove.CameraCalibration' | 'foxglove.FrameTransform',
  ): void {
    if (this.#problem !== null || this.#closing !== null) return
    const json = stringify(data)
    if (json === null) this.#unwritableEvents += 1
    else this.#port.postMessage({ kind: 'json', topic, json, timeNs, ...(schema && { schema }) })
  }

  #hear(answer: Answer): void {
    switch (answer.kind) {
      case 'written':
        this.#waitingBytes -= answer.bytes
        return
      case 'failed':
        this.#end(answer.full, answer.reason)
        return
      case 'closed':
        this.#port.unref()
        this.#closed()
    }
  }

  #end(full: boolean, reason: string): void {
    if (this.#problem !== null) return
    this.#problem = full
      ? new CliportError(
          'DISK_FULL',
          `No room for the recording ${this.#path}: ${reason}. The run continues without it`,
          {
            stage: 'record',
            hint: 'Free some space, or write runs elsewhere. What was recorded until now can be read.',
          },
        )
      : new CliportError(
          'INPUT_INVALID',
          `Could not write the recording ${this.#path}: ${reason}. The run continues without it`,
          {
            stage: 'record',
            hint: 'Check that the folder exists and may be written to.',
          },
        )
    this.#options.onProblem(this.#problem)
  }
}

function wallClockNs(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6))
}

/** JSON of whatever the cycle has: stamps become decimal strings, numbers of a typed array an array. Null if it cannot. */
function stringify(data: unknown): string | null {
  try {
    return (
      JSON.stringify(data, (_key, value: unknown) => {
        if (typeof value === 'bigint') return `${value}`
        if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array)
        if (value instanceof Error) return { ...value, name: value.name, message: value.message }
        return value
      }) ?? 'null'
    )
  } catch {
    return null
  }
}
