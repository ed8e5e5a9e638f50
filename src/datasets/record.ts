// `cliport record`: demonstrations of the oracle on all cores, to a folder that can be taken up again.

import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { CliportError } from '../control/errors.js'
import { splitOf } from '../evaluation/evaluate.js'
import { readDatasetIndex, writeDatasetIndex } from '../io/recording/dataset.js'
import { makeOutputFolder } from '../io/unwritable.js'
import { workerUrl } from '../native/paths.js'
import { cellAddons, expectAddons } from '../runtime/addons.js'
import type { Config } from '../runtime/config/schema.js'
import { taskNames } from '../sim/index.js'
import type { EpisodeAnswer, EpisodeOrder, RecordWorkerData } from './record-worker.js'

export interface RecordRequest {
  readonly task: string
  readonly episodes: number
  /** Episode i shows scene `seed + 2i`. */
  readonly seed: number
  readonly out: string
  readonly workers: number
  readonly frames: boolean
  readonly perturb: number
  /** 'mixed': one after the other. */
  readonly appearance: 'published' | 'randomized' | 'mixed'
  readonly sensor: 'clean' | 'real' | 'mixed'
  readonly config: Config
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
  readonly onProgress?: (progress: { readonly done: number; readonly of: number; readonly leftS: number }) => void
}

export interface RecordReport {
  readonly task: string
  readonly split: string
  readonly episodes: number
  readonly seed: number
  readonly out: string
  readonly recorded: number
  /** Whole files of an earlier run. */
  readonly kept: number
  /** Files that were damaged and have been recorded again. */
  readonly redone: readonly { readonly file: string; readonly reason: string }[]
  /** Scenes that are left out because the arm faulted in them. */
  readonly faulted: readonly { readonly seed: number; readonly reason: string }[]
  readonly achieved_share: number
  readonly episodes_per_minute: number
}

export async function record(request: RecordRequest): Promise<RecordReport> {
  const { task, episodes, seed, out, config, frames, perturb, tell } = request
  expectAddons(...cellAddons)
  if (!taskNames.includes(task)) {
    throw new CliportError('TASK_UNKNOWN', `Expected the name of a task but received '${task}'`, {
      stage: 'start',
      hint: `Use one of: ${taskNames.join(', ')}`,
    })
  }
  request.signal.throwIfAborted()
  await makeOutputFolder('episodes', out, '--out')
  const split = splitOf(seed)
  await expectSameDataset(request, split)

  const startMs = performance.now()
  const redone: { file: string; reason: string }[] = []
  const faulted: { seed: number; reason: string }[] = []
  let [recorded, kept, achieved, done] = [0, 0, 0, 0]
  await onWorkers(request, { config, task, frames, perturb }, (answer, order) => {
    done++
    if (answer.kind === 'kept') kept++
    if (answer.kind === 'failed') {
      faulted.push({ seed: order.seed, reason: answer.error.message })
      tell(`scene ${order.seed} is left out: ${answer.error.message}`)
    }
    if (answer.kind === 'recorded') {
      recorded++
      if (answer.report.achieved) achieved++
      if (answer.redone !== undefined) {
        redone.push({ file: fileOf(order.index, order.seed), reason: answer.redone })
        tell(`${fileOf(order.index, order.seed)} was damaged (${answer.redone}) and has been recorded again`)
      }
    }
    const perEpisodeS = recorded === 0 ? 0 : (performance.now() - startMs) / 1000 / recorded
    request.onProgress?.({ done, of: episodes, leftS: perEpisodeS * (episodes - done) })
  })
  const { appearance, sensor } = request
  await writeDatasetIndex(out, { task, split, episodes, seed, frames, perturb, appearance, sensor })
  const minutes = (performance.now() - startMs) / 60_000
  return {
    task,
    split,
    episodes,
    seed,
    out,
    recorded,
    kept,
    redone,
    faulted,
    achieved_share: recorded === 0 ? 1 : achieved / recorded,
    episodes_per_minute: recorded / minutes,
  }
}

/** Episodes of one folder are of one kind; more of them may be added. */
async function expectSameDataset(request: RecordRequest, split: string): Promise<void> {
  const index = await readDatasetIndex(request.out)
  if (index === null) {
    const { task, seed, frames, perturb, appearance, sensor } = request
    await writeDatasetIndex(request.out, { task, split, episodes: 0, seed, frames, perturb, appearance, sensor })
    return
  }
  for (const key of ['task', 'seed', 'frames', 'perturb', 'appearance', 'sensor'] as const) {
    if (index[key] === request[key]) continue
    throw new CliportError(
      'INPUT_INVALID',
      `The folder ${request.out} holds episodes with ${key} ${JSON.stringify(index[key])}, not ${JSON.stringify(request[key])}`,
      { stage: 'record', hint: 'Record into another folder, or use the same options to continue this one' },
    )
  }
}

function fileOf(index: number, seed: number): string {
  return `${String(index).padStart(6, '0')}-${seed}.mcap`
}

function orderOf({ seed, out, appearance, sensor }: RecordRequest, index: number): EpisodeOrder {
  const scene = seed + 2 * index
  return {
    index,
    seed: scene,
    path: join(out, fileOf(index, scene)),
    appearance: appearance === 'mixed' ? (index % 2 === 0 ? 'published' : 'randomized') : appearance,
    sensor: sensor === 'mixed' ? (index % 4 < 2 ? 'clean' : 'real') : sensor,
  }
}

/** Hands every episode to whichever worker is free; the first failure ends all. */
async function onWorkers(
  request: RecordRequest,
  workerData: RecordWorkerData,
  onAnswer: (answer: EpisodeAnswer, order: EpisodeOrder) => void,
): Promise<void> {
  let next = 0
  const workers = Array.from(
    { length: Math.min(request.workers, request.episodes) },
    () => new Worker(workerUrl('datasets/record-worker'), { workerData }),
  )
  const work = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      let order: EpisodeOrder
      const more = () => {
        if (request.signal.aborted) return reject(request.signal.reason)
        if (next === request.episodes) return resolve()
        order = orderOf(request, next++)
        worker.postMessage(order)
      }
      request.signal.addEventListener('abort', () => reject(request.signal.reason), { once: true })
      worker.on('message', (answer: EpisodeAnswer) => {
        // A fault of the arm is what can happen in a scene; anything else would happen in all of them.
        if (answer.kind === 'failed' && answer.error.code !== 'ARM_FAULT') return reject(failed(answer.error, order))
        onAnswer(answer, order)
        more()
      })
      worker.on('error', reject)
      more()
    })
  try {
    await Promise.all(workers.map(work))
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

function failed(
  { code, stage, message, hint }: Extract<EpisodeAnswer, { kind: 'failed' }>['error'],
  { seed }: EpisodeOrder,
): CliportError {
  return new CliportError(code, `Scene ${seed}: ${message}`, { stage, hint })
}
