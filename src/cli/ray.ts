// --ray, which two verbs have.

import { CliportError } from '../control/errors.js'
import type { Cluster } from '../datasets/cluster.js'
import type { Shard } from '../evaluation/shard.js'
import type { Verb } from './context.js'

export const rayHelp =
  'work on a Ray cluster (needs Python and Ray): local, auto (the one of this machine), or HOST:PORT of its head'

interface RayOptions {
  readonly ray?: string
  readonly python?: string
  readonly shard?: Shard
  /** Workers of a local cluster. */
  readonly jobs: number
}

/** Null without --ray. @throws CliportError USAGE for --ray and --shard at once */
export function clusterOf(
  { ray, python, shard, jobs }: RayOptions,
  { signal, tell }: Pick<Verb, 'signal' | 'tell'>,
): Cluster | null {
  if (ray === undefined) return null
  if (shard === undefined) {
    return { address: ray, workers: jobs, signal, tell, ...(python === undefined ? {} : { python }) }
  }
  throw new CliportError('USAGE', 'Expected --ray or --shard but received both', {
    stage: 'start',
    hint: 'A cluster gets all shards: leave --shard out',
  })
}
