// `cliport record merge`: several folders of episodes to one: shards that different machines recorded, or different tasks.

import { copyFile, constants as fileConstants, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CliportError } from '../control/errors.js'
import { splitOf } from '../evaluation/evaluate.js'
import { makeFolder } from '../io/make-folder.js'
import { expectAbsent } from '../io/policy/convert.js'
import {
  type DatasetIndex,
  episodeFile,
  readDatasetIndex,
  type WholeEpisode,
  writeDatasetIndex,
} from '../io/recording/dataset.js'
import { unwritable } from '../io/unwritable.js'
import { wholeEpisodes } from './dataset-verify.js'
import { type RecordIndex, releaseVersion } from './record-index.js'

export interface MergeRequest {
  readonly folders: readonly string[]
  /** Must not exist. */
  readonly out: string
  readonly signal: AbortSignal
}

export interface MergeReport {
  readonly out: string
  readonly episodes: number
  readonly tasks: readonly string[]
}

interface Part {
  readonly folder: string
  readonly index: RecordIndex | null
  readonly episodes: readonly WholeEpisode[]
}

/** Options of a recording; shards that agree in them are parts of one data set. */
const ofOneRecording = ['task', 'episodes', 'seed', 'frames', 'perturb', 'appearance', 'sensor'] as const

/**
 * Copies whole episodes into a new folder. Shards of one recording keep their names, so that the result is what one machine
 * would have recorded; of anything else the episodes are numbered anew, in the order of the folders.
 * @throws CliportError DATASET_MISMATCH for folders of different workspaces, or a scene of a task that comes twice;
 * RECORDING_CORRUPT naming the first bad file; INPUT_INVALID for a folder without episodes, or when `out` exists; DISK_FULL.
 * Nothing is left at `out` then
 */
export async function mergeDatasets({ folders, out, signal }: MergeRequest): Promise<MergeReport> {
  await expectAbsent(out)
  const parts: Part[] = []
  for (const folder of folders) {
    const index = (await readDatasetIndex(folder)) as RecordIndex | null
    parts.push({ folder, index, episodes: await wholeEpisodes(folder, signal) })
  }
  expectOneWorkspace(parts)
  expectNoDoubles(parts)
  const index = mergedIndex(parts)
  const unfinished = `${resolve(out)}.part`
  try {
    await rm(unfinished, { recursive: true, force: true })
    await makeFolder(unfinished)
    const keepsNames = index.merged_from === undefined
    let number = 0
    for (const { folder, episodes } of parts) {
      for (const { file, meta } of episodes) {
        signal.throwIfAborted()
        const name = keepsNames ? file : episodeFile(number, meta.seed)
        await copyFile(join(folder, file), join(unfinished, name), fileConstants.COPYFILE_FICLONE)
        number++
      }
    }
    await writeDatasetIndex(unfinished, index)
    await rename(unfinished, resolve(out))
    return { out, episodes: number, tasks: tasksOf(parts) }
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true })
    if (signal.aborted || cause instanceof CliportError) throw cause
    throw unwritable('the merged data set', out, '--out', cause)
  }
}

function expectOneWorkspace(parts: readonly Part[]): void {
  const [first] = parts[0]!.episodes
  for (const { folder, episodes } of parts) {
    for (const { file, meta } of episodes) {
      if (JSON.stringify(meta.workspace) === JSON.stringify(first!.meta.workspace)) continue
      throw mismatch(
        `${folder}/${file} has the workspace ${JSON.stringify(meta.workspace)}, but ${parts[0]!.folder}/${first!.file} ${JSON.stringify(first!.meta.workspace)}`,
        'Record with the same workspace, or train on the folders of one workspace only',
      )
    }
  }
}

function expectNoDoubles(parts: readonly Part[]): void {
  const seen = new Map<string, string>()
  for (const { folder, episodes } of parts) {
    for (const { file, meta } of episodes) {
      const scene = `scene ${meta.seed} of ${meta.task}`
      const other = seen.get(scene)
      if (other !== undefined) {
        throw mismatch(
          `${scene} is there twice: ${other} and ${folder}/${file}`,
          'Leave one of the folders out, or record it with other seeds (--seed)',
        )
      }
      seen.set(scene, `${folder}/${file}`)
    }
  }
}

function mergedIndex(parts: readonly Part[]): DatasetIndex {
  const indices = parts.map(({ index }) => index)
  const [first] = indices
  const versions = [...new Set(indices.flatMap((index) => index?.versions ?? []))].sort()
  const isOneRecording =
    first != null &&
    first.merged_from === undefined &&
    indices.every((index) => index != null && ofOneRecording.every((key) => index[key] === first[key]))
  if (isOneRecording) {
    const { shards: _, left_out: __, ...options } = first
    const shards = indices.flatMap((index) => index!.shards ?? ['1/1'])
    const left_out = indices.flatMap((index) => index!.left_out ?? []).sort((a, b) => a.seed - b.seed)
    return {
      ...options,
      versions,
      ...(isComplete(shards) ? {} : { shards }),
      ...(left_out.length > 0 ? { left_out } : {}),
    }
  }
  const tasks = tasksOf(parts)
  const splits = new Set(parts.flatMap(({ episodes }) => episodes.map(({ meta }) => splitOf(meta.seed))))
  return {
    task: tasks.length === 1 ? tasks[0]! : 'several',
    split: splits.size === 1 ? [...splits][0]! : 'several',
    episodes: parts.reduce((sum, { episodes }) => sum + episodes.length, 0),
    seed: Math.min(...parts.flatMap(({ episodes }) => episodes.map(({ meta }) => meta.seed))),
    versions: versions.length > 0 ? versions : [releaseVersion()],
    merged_from: parts.map(({ episodes, index }) => ({
      tasks: tasksOf([{ episodes }]),
      episodes: episodes.length,
      ...(index === null ? {} : { recorded_as: withoutFormat(index) }),
    })),
  }
}

/** Whether these shards are all there are: 1/n to n/n for one n. */
function isComplete(shards: readonly string[]): boolean {
  const counts = new Set(shards.map((shard) => shard.split('/')[1]))
  return counts.size === 1 && new Set(shards).size === Number([...counts][0])
}

function withoutFormat({ format: _, version: __, ...index }: RecordIndex): object {
  return index
}

function tasksOf(parts: readonly Pick<Part, 'episodes'>[]): string[] {
  return [...new Set(parts.flatMap(({ episodes }) => episodes.map(({ meta }) => meta.task)))].sort()
}

function mismatch(message: string, hint: string): CliportError {
  return new CliportError('DATASET_MISMATCH', `The data sets do not go together: ${message}`, { stage: 'record', hint })
}
