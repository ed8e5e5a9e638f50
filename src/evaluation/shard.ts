// Shards: parts of a data set or of an evaluation that different machines make. Which episode belongs to which shard
// depends on their numbers alone.

import { CliportError } from '../control/errors.js'

/** Episodes `index - 1`, `index - 1 + of`, `index - 1 + 2 of`, ... */
export interface Shard {
  /** 1 to `of`. */
  readonly index: number
  readonly of: number
}

/** Parses '2/4'. @throws CliportError USAGE */
export function parseShard(text: string): Shard {
  const [, index, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []
  const shard = { index: Number(index), of: Number(of) }
  if (index !== undefined && shard.index >= 1 && shard.index <= shard.of) return shard
  throw new CliportError('USAGE', `Expected a shard such as 2/4 but received '${text}'`, {
    stage: 'start',
    hint: 'Give the number of the shard, from 1, and how many there are',
  })
}

/** '2/4'. */
export function shardName({ index, of }: Shard): string {
  return `${index}/${of}`
}

/** Indices of the episodes of a shard, ascending; of all `episodes` without one. */
export function shardIndices(episodes: number, shard: Shard = { index: 1, of: 1 }): number[] {
  const indices: number[] = []
  for (let index = shard.index - 1; index < episodes; index += shard.of) indices.push(index)
  return indices
}
