// `cliport eval --ray`: the shards of an evaluation on the machines of a cluster, and one report of them all.

import { appendFile, cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliportError } from '../control/errors.js'
import { type EpisodeReport, type EvalReport, summarize } from '../evaluation/evaluate.js'
import { makeFolder } from '../io/make-folder.js'
import { pathExists } from '../io/path-exists.js'
import type { Config } from '../runtime/config/schema.js'
import { StageHistograms } from '../runtime/durations.js'
import { type Cluster, runOnCluster } from './cluster.js'

/** Scenes that a lost machine costs at most. */
const scenesPerShard = 10

export interface ClusterEvaluation {
  readonly task: string
  readonly episodes: number
  readonly seed: number
  /** Words of the command line, from `eval` on, but for those that say where the results go and on which cluster. */
  readonly args: readonly string[]
  readonly config: Config
  /** Takes what the shards wrote: a folder each. */
  readonly folder: string
}

/** What `cliport eval --shard` prints beside its report, from which reports are put together. */
export interface EvalShard {
  readonly episodes: readonly EpisodeReport[]
  /** Of the decisions, as `StageHistograms.encoded` gives it. */
  readonly decisions: string
}

/**
 * The report that one machine would give, but for the timings.
 * @throws CliportError as `runOnCluster`
 */
export async function evaluateOnCluster(
  { task, episodes, seed, args, config, folder }: ClusterEvaluation,
  cluster: Cluster,
  onEpisode: (episode: EpisodeReport) => void,
): Promise<EvalReport> {
  const shards = evalShards(episodes)
  const todo = Array.from({ length: shards }, (_, i) => i + 1)
  const reports: EpisodeReport[] = []
  const decisions = new StageHistograms()
  let policy = ''
  const startMs = performance.now()
  await runOnCluster(cluster, { kind: 'eval', args, shards, todo, out: folder, config }, ({ report }) => {
    const { shard, policy: name } = report as unknown as EvalReport & { readonly shard: EvalShard }
    policy = name
    decisions.add('propose', shard.decisions)
    for (const episode of shard.episodes) {
      reports.push(episode)
      onEpisode(episode)
    }
  })
  reports.sort((a, b) => a.index - b.index)
  if (reports.length !== episodes) {
    throw new CliportError('UNEXPECTED', `Expected ${episodes} episodes of the shards but received ${reports.length}`, {
      stage: 'record',
      hint: 'Run it again, and report it when it happens again',
    })
  }
  const minutes = (performance.now() - startMs) / 60_000
  return summarize({ task, seed }, policy, reports, decisions.of('propose'), minutes)
}

/** Puts the raw results of the shards together: their lines in the order of the scenes, and their pictures. */
export async function gatherRaw(shards: string, count: number, out: string): Promise<void> {
  const lines: { readonly index: number; readonly line: string }[] = []
  for (let shard = 1; shard <= count; shard++) {
    const folder = join(shards, `shard-${String(shard).padStart(6, '0')}`)
    const text = await readFile(join(folder, 'lines.jsonl'), 'utf8')
    for (const line of text.split('\n').filter((one) => one !== '')) {
      lines.push({ index: (JSON.parse(line) as EpisodeReport).index, line })
    }
    const pictures = join(folder, 'pictures')
    if (!(await pathExists(pictures))) continue
    await makeFolder(join(out, 'pictures'))
    await cp(pictures, join(out, 'pictures'), { recursive: true })
  }
  lines.sort((a, b) => a.index - b.index)
  await appendFile(join(out, 'lines.jsonl'), lines.map(({ line }) => `${line}\n`).join(''))
}

/** How many shards an evaluation has. */
export function evalShards(episodes: number): number {
  return Math.ceil(episodes / scenesPerShard)
}
