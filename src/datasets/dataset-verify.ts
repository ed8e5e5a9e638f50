// `cliport record verify`: whether every file of a data set is whole, and whether all are there.

import { CliportError } from '../control/errors.js'
import { type DatasetReport, episodeFile, readDatasetIndex, verifyDataset } from '../io/recording/dataset.js'
import { episodeFiles } from './dataset-info.js'
import { expectedIndices, type RecordIndex } from './record-index.js'

/** Stable JSON of `cliport record verify`. */
export interface DatasetVerification {
  readonly folder: string
  readonly ok: boolean
  /** Whole ones. */
  readonly episodes: number
  readonly first_bad: { readonly file: string; readonly reason: string } | null
  /** In the order of their names. */
  readonly bad: readonly { readonly file: string; readonly reason: string }[]
  /** Episodes that dataset.json names and that are not there. */
  readonly missing: readonly string[]
}

/**
 * Reads every file: checksums, topics, sizes, order, finite numbers, and the scene that its name says.
 * @param onFile hears how many files of how many are read
 * @throws CliportError INPUT_INVALID for a folder without episodes, RECORDING_CORRUPT for a damaged dataset.json
 */
export async function checkDataset(
  folder: string,
  signal: AbortSignal,
  onFile: (done: number, of: number) => void,
): Promise<DatasetVerification> {
  const files = new Set(await episodeFiles(folder))
  const index = (await readDatasetIndex(folder)) as RecordIndex | null
  const { episodes, bad } = await verifyDataset(folder, { signal, onFile })
  const wanted = index?.frames === undefined ? [] : expectedIndices(index)
  const missing = wanted.map((i) => episodeFile(i, index!.seed + 2 * i)).filter((file) => !files.has(file))
  const ok = bad.length === 0 && missing.length === 0
  return { folder, ok, episodes: episodes.length, first_bad: bad[0] ?? null, bad, missing }
}

/** The same where nothing may be wrong. @throws CliportError RECORDING_CORRUPT naming the first bad file */
export async function wholeEpisodes(folder: string, signal: AbortSignal): Promise<DatasetReport['episodes']> {
  await episodeFiles(folder)
  const { episodes, bad } = await verifyDataset(folder, { signal })
  const [first] = bad
  if (first === undefined) return episodes
  throw new CliportError('RECORDING_CORRUPT', `${folder}/${first.file} cannot be used: ${first.reason}`, {
    stage: 'record',
    hint: 'Record it again (the same cliport record command does), or remove the file',
  })
}
