// `cliport record info`: what a data set holds, from everything in it but the pictures.

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CliportError } from '../control/errors.js'
import type { HeightmapSpec } from '../control/types.js'
import { splitOf } from '../evaluation/evaluate.js'
import { type EpisodeOutline, readDatasetIndex, readOutline } from '../io/recording/dataset.js'
import { episodeFormat } from '../io/recording/demonstration.js'
import type { RecordIndex } from './record-index.js'

/** Stable JSON of `cliport record info`. */
export interface DatasetInfo {
  readonly folder: string
  readonly episodes: number
  /** Actions; observations are one more an episode. */
  readonly steps: number
  readonly bytes: number
  readonly tasks: Readonly<Record<string, { readonly episodes: number; readonly steps: number }>>
  readonly splits: Readonly<Record<string, number>>
  /** Least and greatest scene. */
  readonly seeds: readonly [number, number]
  /** Episodes by what the cell looked like, and with what noise. */
  readonly appearances: Readonly<Record<string, number>>
  readonly sensors: Readonly<Record<string, number>>
  /** Episodes with the cameras' pictures. */
  readonly with_frames: number
  /** Share of the episodes at whose end the goal was reached. */
  readonly achieved_share: number
  /** Share of the actions that were moved on purpose. */
  readonly perturbed_share: number
  readonly sentences: number
  /** Different words of the sentences, in alphabetical order. */
  readonly words: readonly string[]
  readonly workspaces: readonly HeightmapSpec[]
  readonly versions: { readonly format: number; readonly releases: readonly string[] }
  /** Files that cannot be read; `cliport record verify` looks closer at all of them. */
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[]
}

/** @throws CliportError INPUT_INVALID for a folder without episodes, RECORDING_CORRUPT for a damaged dataset.json */
export async function datasetInfo(folder: string, signal: AbortSignal): Promise<DatasetInfo> {
  const files = await episodeFiles(folder)
  const index = (await readDatasetIndex(folder)) as RecordIndex | null
  const tally = new Tally()
  const unreadable: { file: string; reason: string }[] = []
  for (const file of files) {
    signal.throwIfAborted()
    const path = join(folder, file)
    try {
      tally.add(await readOutline(path), (await stat(path)).size)
    } catch (error) {
      unreadable.push({ file, reason: (error as Error).message })
    }
  }
  return { folder, ...tally.result(), versions: versionsOf(index), unreadable }
}

/** Names of the episodes in a folder, in their order. @throws CliportError INPUT_INVALID when there is none */
export async function episodeFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: Error) => {
    throw noEpisodes(folder, `cannot be read: ${cause.message}`, cause)
  })
  const files = names.filter((name) => name.endsWith('.mcap')).sort()
  if (files.length === 0) throw noEpisodes(folder, 'holds no episodes (.mcap)')
  return files
}

function noEpisodes(folder: string, what: string, cause?: unknown): CliportError {
  return new CliportError('INPUT_INVALID', `The folder ${folder} ${what}`, {
    stage: 'record',
    hint: 'Expected a folder that cliport record, record merge or record import has written',
    cause,
  })
}

function versionsOf(index: RecordIndex | null): DatasetInfo['versions'] {
  return { format: episodeFormat.version, releases: index?.versions ?? [] }
}

class Tally {
  readonly #tasks: Record<string, { episodes: number; steps: number }> = {}
  readonly #splits: Record<string, number> = {}
  readonly #appearances: Record<string, number> = {}
  readonly #sensors: Record<string, number> = {}
  readonly #sentences = new Set<string>()
  readonly #workspaces = new Set<string>()
  #seeds: [number, number] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  #episodes = 0
  #steps = 0
  #bytes = 0
  #withFrames = 0
  #achieved = 0
  #perturbed = 0

  add({ meta, truths, actions, hasFrames }: EpisodeOutline, bytes: number): void {
    const { task, seed, appearance, sensor, workspace } = meta
    this.#episodes++
    this.#steps += actions.length
    this.#bytes += bytes
    const before = this.#tasks[task] ?? { episodes: 0, steps: 0 }
    this.#tasks[task] = { episodes: before.episodes + 1, steps: before.steps + actions.length }
    count(this.#splits, splitOf(seed))
    count(this.#appearances, appearance)
    count(this.#sensors, sensor)
    this.#seeds = [Math.min(this.#seeds[0], seed), Math.max(this.#seeds[1], seed)]
    if (hasFrames) this.#withFrames++
    if (truths.at(-1)?.achieved === true) this.#achieved++
    this.#perturbed += actions.filter(({ perturbed }) => perturbed).length
    this.#workspaces.add(JSON.stringify(workspace))
    for (const sentence of [meta.goal, ...truths.map(({ goal }) => goal)]) {
      if (typeof sentence === 'string') this.#sentences.add(sentence)
    }
  }

  result(): Omit<DatasetInfo, 'folder' | 'versions' | 'unreadable'> {
    const words = [...this.#sentences].flatMap((sentence) => sentence.toLowerCase().match(/[a-z]+/g) ?? [])
    return {
      episodes: this.#episodes,
      steps: this.#steps,
      bytes: this.#bytes,
      tasks: this.#tasks,
      splits: this.#splits,
      seeds: this.#episodes === 0 ? [0, 0] : this.#seeds,
      appearances: this.#appearances,
      sensors: this.#sensors,
      with_frames: this.#withFrames,
      achieved_share: this.#achieved / Math.max(1, this.#episodes),
      perturbed_share: this.#perturbed / Math.max(1, this.#steps),
      sentences: this.#sentences.size,
      words: [...new Set(words)].sort(),
      workspaces: [...this.#workspaces].map((text) => JSON.parse(text) as HeightmapSpec),
    }
  }
}

function count(of: Record<string, number>, name: string): void {
  of[name] = (of[name] ?? 0) + 1
}
