// `cliport record --ray`: the shards of a data set on the machines of a cluster, into one folder on this one.

import { join } from 'node:path'
import { splitOf } from '../evaluation/evaluate.js'
import { shardIndices } from '../evaluation/shard.js'
import { pathExists } from '../io/path-exists.js'
import { episodeFile, verifyEpisode } from '../io/recording/dataset.js'
import { makeOutputFolder } from '../io/unwritable.js'
import { type Cluster, runOnCluster } from './cluster.js'
import { clearUnfinished, type RecordReport } from './record.js'
import { beginIndex, endIndex } from './record-index.js'
import type { RecordRequest } from './record-request.js'

/** Episodes that a lost machine costs at most. */
const episodesPerShard = 10

/**
 * Records what `record` would, bit for bit; shards whose episodes are all there are not recorded again.
 * @throws CliportError as `record` and `runOnCluster`
 */
export async function recordOnCluster(request: RecordRequest, cluster: Cluster): Promise<RecordReport> {
  const { task, episodes, seed, out, frames, perturb, appearance, sensor, config, tell } = request
  await makeOutputFolder('episodes', out, '--out')
  await beginIndex(request)
  await clearUnfinished(out)
  const shards = Math.ceil(episodes / episodesPerShard)
  const todo: number[] = []
  let kept = 0
  for (let index = 1; index <= shards; index++) {
    const ofShard = shardIndices(episodes, { index, of: shards })
    if (await areWhole(request, ofShard)) kept += ofShard.length
    else todo.push(index)
  }
  const startMs = performance.now()
  const faulted: { seed: number; reason: string }[] = []
  let [recorded, achieved] = [0, 0]
  const kinds = ['--perturb', `${perturb}`, '--appearance', appearance, '--sensor', sensor]
  const args = ['record', '--task', task, '--episodes', `${episodes}`, '--seed', `${seed}`, '--jobs', '1', ...kinds]
  const job = { kind: 'record', args: [...args, ...(frames ? ['--frames'] : [])], shards, todo, out, config } as const
  await runOnCluster(cluster, job, ({ report, shard, machine }) => {
    const part = report as unknown as RecordReport
    recorded += part.recorded
    achieved += part.achieved_share * part.recorded
    faulted.push(...part.faulted)
    const done = kept + recorded + faulted.length
    tell(`shard ${shard} of ${shards} from ${machine}`)
    const perEpisodeS = (performance.now() - startMs) / 1000 / Math.max(1, recorded)
    request.onProgress?.({ done, of: episodes, leftS: perEpisodeS * (episodes - done) })
  })
  await endIndex(request, faulted)
  const minutes = (performance.now() - startMs) / 60_000
  return {
    ...{ task, split: splitOf(seed), episodes, seed, out, recorded, kept, redone: [], faulted },
    achieved_share: recorded === 0 ? 1 : achieved / recorded,
    episodes_per_minute: recorded / minutes,
  }
}

async function areWhole({ seed, out }: RecordRequest, indices: readonly number[]): Promise<boolean> {
  for (const index of indices) {
    const path = join(out, episodeFile(index, seed + 2 * index))
    if (!(await pathExists(path)) || !(await verifyEpisode(path)).ok) return false
  }
  return true
}
