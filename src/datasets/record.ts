// `cliport record`: demonstrations of the oracle on all cores, to a folder that can be taken up again.

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { splitOf } from '../evaluation/evaluate.js'
import { shardIndices } from '../evaluation/shard.js'
import { episodeFile } from '../io/recording/dataset.js'
import { episodeOfPart } from '../io/recording/demonstration.js'
import { makeOutputFolder } from '../io/unwritable.js'
import { cellAddons, expectAddons } from '../runtime/addons.js'
import { taskNamed } from '../sim/index.js'
import { beginIndex, endIndex } from './record-index.js'
import type { EpisodeOrder } from './record-process.js'
import { onProcesses } from './record-processes.js'
import type { RecordRequest } from './record-request.js'

export interface RecordReport {
  readonly task: string
  readonly split: string
  /** Of this call: of its shard, when it has one. */
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

/**
 * Records the episodes that are not in the folder yet, or are damaged there. An episode depends on its scene and the
 * options alone: not on the number of processes, on what was recorded before, nor on whether a process was killed.
 * @throws CliportError TASK_UNKNOWN, ADDON_MISSING, DISK_FULL, CELL_FAILED; INPUT_INVALID for a folder of other episodes
 */
export async function record(request: RecordRequest): Promise<RecordReport> {
  const { task, seed, out, jobs, config, frames, perturb, signal, tell } = request
  expectAddons(...cellAddons)
  taskNamed(task)
  signal.throwIfAborted()
  await makeOutputFolder('episodes', out, '--out')
  await beginIndex(request)
  const orders = ordersOf(request, await clearUnfinished(out))

  const startMs = performance.now()
  const redone: { file: string; reason: string }[] = []
  const faulted: { seed: number; reason: string }[] = []
  let [recorded, kept, achieved, done] = [0, 0, 0, 0]
  await onProcesses(orders, { jobs, job: { config, task, frames, perturb }, signal, tell }, (answer, order) => {
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
        redone.push({ file: episodeFile(order.index, order.seed), reason: answer.redone })
        tell(`${episodeFile(order.index, order.seed)} was damaged (${answer.redone}) and has been recorded again`)
      }
    }
    const perEpisodeS = recorded === 0 ? 0 : (performance.now() - startMs) / 1000 / recorded
    request.onProgress?.({ done, of: orders.length, leftS: perEpisodeS * (orders.length - done) })
  })
  await endIndex(request, faulted)
  const minutes = (performance.now() - startMs) / 60_000
  return {
    task,
    split: splitOf(seed),
    episodes: orders.length,
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

function ordersOf(request: RecordRequest, unfinished: ReadonlySet<string>): EpisodeOrder[] {
  const { seed, out, appearance, sensor } = request
  return shardIndices(request.episodes, request.shard).map((index) => {
    const scene = seed + 2 * index
    const file = episodeFile(index, scene)
    return {
      index,
      seed: scene,
      path: join(out, file),
      wasBegun: unfinished.has(file),
      appearance: appearance === 'mixed' ? (index % 2 === 0 ? 'published' : 'randomized') : appearance,
      sensor: sensor === 'mixed' ? (index % 4 < 2 ? 'clean' : 'real') : sensor,
    }
  })
}

/** Removes what killed processes have left. @returns the episodes that they had begun */
export async function clearUnfinished(out: string): Promise<Set<string>> {
  const episodes = new Set<string>()
  for (const name of await readdir(out)) {
    const episode = episodeOfPart(name)
    if (episode === null) continue
    await rm(join(out, name), { force: true })
    episodes.add(episode)
  }
  return episodes
}
