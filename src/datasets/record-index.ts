// What `dataset.json` says of recorded episodes: what was asked for, from the start on, and what was left out.

import { readFileSync } from 'node:fs'
import { CliportError } from '../control/errors.js'
import { splitOf } from '../evaluation/evaluate.js'
import { parseShard, type Shard, shardIndices, shardName } from '../evaluation/shard.js'
import { type DatasetIndex, readDatasetIndex, writeDatasetIndex } from '../io/recording/dataset.js'
import { projectPath } from '../native/paths.js'
import type { RecordRequest } from './record-request.js'

/** `dataset.json` of recorded episodes. */
export interface RecordIndex extends DatasetIndex {
  readonly frames: boolean
  readonly perturb: number
  readonly appearance: string
  readonly sensor: string
  /** Shards that were recorded into the folder, such as '2/4'; absent: all episodes were. */
  readonly shards?: readonly string[]
  /** Scenes in which the arm faulted. */
  readonly left_out?: readonly { readonly seed: number; readonly reason: string }[]
  /** Releases that recorded into the folder. */
  readonly versions?: readonly string[]
  /** Of a folder that `cliport record merge` made of different recordings. */
  readonly merged_from?: readonly object[]
}

/** Episodes of one folder are of one kind. */
const ofOneKind = ['task', 'seed', 'frames', 'perturb', 'appearance', 'sensor'] as const

/**
 * Says what the folder is going to hold.
 * @throws CliportError INPUT_INVALID when it holds episodes of another kind; RECORDING_CORRUPT, DISK_FULL
 */
export async function beginIndex(request: RecordRequest): Promise<void> {
  const { task, episodes, seed, out, shard, frames, perturb, appearance, sensor } = request
  const before = (await readDatasetIndex(out)) as RecordIndex | null
  for (const key of before === null ? [] : ofOneKind) {
    if (before![key] === request[key]) continue
    throw new CliportError(
      'INPUT_INVALID',
      `The folder ${out} holds episodes with ${key} ${JSON.stringify(before![key])}, not ${JSON.stringify(request[key])}`,
      { stage: 'record', hint: 'Record into another folder, or use the same options to continue this one' },
    )
  }
  expectSameShards(before, request)
  const shards = shardsWith(before, shard)
  await writeDatasetIndex(out, {
    task,
    split: splitOf(seed),
    episodes: Math.max(episodes, before?.episodes ?? 0),
    seed,
    ...{ frames, perturb, appearance, sensor },
    ...(shards === undefined ? {} : { shards }),
    ...(before?.left_out === undefined ? {} : { left_out: before.left_out }),
    versions: [...new Set([...(before?.versions ?? []), releaseVersion()])],
  })
}

/** Adds what was left out. @throws CliportError DISK_FULL, INPUT_INVALID, RECORDING_CORRUPT */
export async function endIndex(
  { out, seed, episodes, shard }: RecordRequest,
  faulted: NonNullable<RecordIndex['left_out']>,
): Promise<void> {
  const index = (await readDatasetIndex(out)) as RecordIndex
  const tried = new Set(shardIndices(episodes, shard).map((i) => seed + 2 * i))
  const others = (index.left_out ?? []).filter((scene) => !tried.has(scene.seed))
  const { left_out: _, ...rest } = index
  const left_out = [...others, ...faulted].sort((a, b) => a.seed - b.seed)
  await writeDatasetIndex(out, { ...rest, ...(left_out.length > 0 ? { left_out } : {}) })
}

/** Indices of the episodes that should be in the folder, ascending. */
export function expectedIndices({ episodes, seed, shards, left_out = [] }: RecordIndex): number[] {
  const leftOut = new Set(left_out.map((scene) => scene.seed))
  const indices =
    shards === undefined
      ? shardIndices(episodes)
      : [...new Set(shards.flatMap((name) => shardIndices(episodes, parseShard(name))))].sort((a, b) => a - b)
  return indices.filter((index) => !leftOut.has(seed + 2 * index))
}

/** Of this program, as in package.json, e.g. '0.3.0'. */
export function releaseVersion(): string {
  return (JSON.parse(readFileSync(projectPath('package.json'), 'utf8')) as { version: string }).version
}

/** With another number of episodes a shard of the same name would hold others. */
function expectSameShards(before: RecordIndex | null, { shard, episodes, out }: RecordRequest): void {
  if (before === null || before.episodes === episodes) return
  if (shard === undefined && before.shards === undefined) return
  throw new CliportError(
    'INPUT_INVALID',
    `The folder ${out} holds a shard of ${before.episodes} episodes, and this would be one of ${episodes}`,
    { stage: 'record', hint: 'Give the same --episodes, or record into another folder' },
  )
}

/** Absent: all. */
function shardsWith(before: RecordIndex | null, shard: Shard | undefined): readonly string[] | undefined {
  if (shard === undefined || (before !== null && before.shards === undefined)) return undefined
  return [...new Set([...(before?.shards ?? []), shardName(shard)])]
}
