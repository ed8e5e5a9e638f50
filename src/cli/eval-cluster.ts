// cliport eval --ray: the same words go to every shard.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cluster } from '../datasets/cluster.js'
import { evalShards, evaluateOnCluster, gatherRaw } from '../datasets/evaluate-on-cluster.js'
import type { EpisodeReport, EvalReport } from '../evaluation/evaluate.js'
import type { RawFolder } from '../evaluation/raw-folder.js'
import type { Config } from '../runtime/config/schema.js'
import { currentInvocation } from './invocation.js'

/** Options with a value that a shard gets from its cluster or does not need. */
const ownOptions = ['--ray', '--python', '--jobs', '--out', '--label', '--config']

interface Asked {
  readonly task: string
  readonly episodes: number
  readonly seed: number
  readonly policy?: string
}

/** @param raw takes the shards' lines and pictures */
export async function episodesOnCluster(
  { task, episodes, seed, policy }: Asked,
  cluster: Cluster,
  config: Config,
  raw: RawFolder | undefined,
  onEpisode: (episode: EpisodeReport) => void,
): Promise<EvalReport> {
  const folder = await mkdtemp(join(tmpdir(), 'cliport-shards-'))
  try {
    // A package is named in the settings, which the shards get.
    const skipped = policy === 'oracle' ? ownOptions : [...ownOptions, '--policy']
    const args = without(currentInvocation().args, skipped)
    const report = await evaluateOnCluster({ task, episodes, seed, args, config, folder }, cluster, onEpisode)
    if (raw !== undefined) await gatherRaw(folder, evalShards(episodes), raw.path)
    return report
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Words without these options and their values, and without --json, which every shard has. */
function without(words: readonly string[], options: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i < words.length; i++) {
    const [name = ''] = words[i]!.split('=')
    if (name === '--json') continue
    if (!options.includes(name)) kept.push(words[i]!)
    else if (!words[i]!.includes('=')) i++
  }
  return kept
}
