// Datasets: a folder of episodes and a `dataset.json` beside them. A damaged episode is named and left out.

import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliportError } from '../../control/errors.js'
import { unwritable } from '../unwritable.js'
import { faultOf } from './check-episode.js'
import { type Action, type EpisodeMeta, episodeFormat } from './demonstration.js'
import type { Episode, EpisodeObservation } from './episode.js'
import { floatsOf, type ImageEncoding, type RecordedImage } from './raw-image.js'
import { corrupt, imageOf, jsonOf, type RecordedMessage, readRecording } from './reader.js'

export type Verification =
  | { readonly ok: true; readonly observations: number; readonly actions: number; readonly meta: EpisodeMeta }
  | { readonly ok: false; readonly reason: string }

/** Name of an episode's file: its number in the data set, and its scene. */
export function episodeFile(index: number, seed: number): string {
  return `${String(index).padStart(6, '0')}-${seed}.mcap`
}

/** @throws CliportError RECORDING_CORRUPT naming the file and what is wrong with it; never returns half an episode */
export async function readEpisode(path: string): Promise<Episode> {
  const { messages } = await readRecording(path)
  try {
    return episodeOf(messages)
  } catch (error) {
    throw corrupt(path, (error as Error).message)
  }
}

/** Reads the whole episode and says whether it is one: checksums, topics, sizes, order, finite numbers. Never throws. */
export async function verifyEpisode(path: string): Promise<Verification> {
  try {
    const episode = await readEpisode(path)
    const fault = faultOf(episode)
    if (fault !== null) return { ok: false, reason: corrupt(path, fault).message }
    const { meta, observations, actions } = episode
    return { ok: true, observations: observations.length, actions: actions.length, meta }
  } catch (error) {
    return { ok: false, reason: (error as Error).message }
  }
}

/** What is known of an episode without its pictures. */
export interface EpisodeOutline {
  readonly meta: EpisodeMeta
  /** One an observation. */
  readonly truths: readonly Readonly<Record<string, unknown>>[]
  readonly actions: readonly Action[]
  readonly hasFrames: boolean
}

/** Reads everything but the pictures. @throws CliportError RECORDING_CORRUPT, INPUT_INVALID */
export async function readOutline(path: string): Promise<EpisodeOutline> {
  const { messages } = await readRecording(path)
  try {
    const { meta, rest } = metaOf(messages)
    const all = (topic: string) => rest.filter((message) => message.topic === topic).map(jsonOf)
    return {
      meta,
      truths: all('/truth') as Readonly<Record<string, unknown>>[],
      actions: all('/action') as Action[],
      hasFrames: rest.some(({ topic }) => topic.startsWith('/camera/')),
    }
  } catch (error) {
    throw corrupt(path, (error as Error).message)
  }
}

/** What `dataset.json` says; `record` adds what it likes. */
export interface DatasetIndex {
  readonly task: string
  readonly split: string
  readonly episodes: number
  readonly seed: number
  readonly [more: string]: unknown
}

/** An episode that is whole. */
export interface WholeEpisode {
  readonly file: string
  readonly observations: number
  readonly actions: number
  readonly meta: EpisodeMeta
}

/** The episodes of a folder, whole ones and others. */
export interface DatasetReport {
  readonly episodes: readonly WholeEpisode[]
  /** Files that training must leave out, unfinished ones among them. */
  readonly bad: readonly { readonly file: string; readonly reason: string }[]
}

/**
 * Reads every episode of a folder, in the order of their names.
 * @param onFile hears how many files of how many are read
 * @throws Error of the file system when there is no such folder; the signal's reason
 */
export async function verifyDataset(
  folder: string,
  { signal, onFile }: { readonly signal?: AbortSignal; readonly onFile?: (done: number, of: number) => void } = {},
): Promise<DatasetReport> {
  const episodes: WholeEpisode[] = []
  const bad: { file: string; reason: string }[] = []
  const files = (await readdir(folder)).filter((name) => /\.(mcap|part)$/.test(name)).sort()
  for (const [i, file] of files.entries()) {
    signal?.throwIfAborted()
    const fault = file.endsWith('.part') ? 'it was never finished' : await wholeOrFault(folder, file, episodes)
    if (fault !== null) bad.push({ file, reason: fault })
    onFile?.(i + 1, files.length)
  }
  return { episodes, bad }
}

/** Adds the episode where it is whole and of the scene that its name says. @returns null, or what is wrong with it */
async function wholeOrFault(folder: string, file: string, episodes: WholeEpisode[]): Promise<string | null> {
  const verification = await verifyEpisode(join(folder, file))
  if (!verification.ok) return verification.reason
  const { ok: _, ...whole } = verification
  const seed = /^\d+-(\d+)\.mcap$/.exec(file)?.[1]
  if (seed !== undefined && Number(seed) !== whole.meta.seed) return `it is of scene ${whole.meta.seed}`
  episodes.push({ file, ...whole })
  return null
}

const datasetFormat = { format: 'cliport-edge-dataset', version: 1 } as const

/** Replaces `dataset.json` in one step, so that a reader never sees half of it. @throws CliportError INPUT_INVALID, DISK_FULL */
export async function writeDatasetIndex(folder: string, index: DatasetIndex): Promise<void> {
  const path = join(folder, 'dataset.json')
  try {
    await writeFile(`${path}.part`, `${JSON.stringify({ ...datasetFormat, ...index }, null, 2)}\n`)
    await rename(`${path}.part`, path)
  } catch (cause) {
    throw unwritable("the dataset's index", path, '--out', cause)
  }
}

/**
 * Null when the folder has none yet.
 * @throws CliportError RECORDING_CORRUPT when it is not what `writeDatasetIndex` wrote
 */
export async function readDatasetIndex(folder: string): Promise<DatasetIndex | null> {
  const path = join(folder, 'dataset.json')
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  try {
    const index = JSON.parse(text)
    expectFormat(index, datasetFormat)
    return index
  } catch (cause) {
    throw new CliportError('RECORDING_CORRUPT', `${path} is not a dataset's index: ${(cause as Error).message}`, {
      stage: 'record',
      hint: 'Remove it, or record into another folder (--out).',
      cause,
    })
  }
}

/** The first message, and the others. @throws Error when it is no episode's */
function metaOf(messages: readonly RecordedMessage[]): { meta: EpisodeMeta; rest: readonly RecordedMessage[] } {
  const [first, ...rest] = messages
  if (first?.topic !== '/episode') throw new Error('its first message is not /episode')
  const { format, version, ...meta } = jsonOf(first) as EpisodeMeta & { format: string; version: number }
  expectFormat({ format, version }, episodeFormat)
  return { meta, rest }
}

function episodeOf(messages: readonly RecordedMessage[]): Episode {
  const { meta, rest } = metaOf(messages)
  const byTopic = (topic: string) => rest.filter((message) => message.topic === topic)
  const truths = byTopic('/truth')
  if (truths.length === 0) throw new Error('it has no observation')
  const actions = byTopic('/action').map((message) => jsonOf(message) as Action)
  if (actions.length !== truths.length - 1) {
    throw new Error(
      `it has ${truths.length} observations and ${actions.length} actions, where one action lies between two`,
    )
  }
  const observations = truths.map((truth) => observationAt(truth, rest))
  return { meta, observations, actions }
}

function observationAt(truth: RecordedMessage, messages: readonly RecordedMessage[]): EpisodeObservation {
  const together = messages.filter(
    (message) => message.logTimeNs === truth.logTimeNs && message.encoding === 'protobuf',
  )
  const pictures = new Map(together.map((message) => [message.topic, imageOf(message)]))
  const picture = (topic: string, encoding: ImageEncoding): RecordedImage => {
    const found = pictures.get(topic)
    if (found?.encoding !== encoding)
      throw new Error(`its observation at ${truth.logTimeNs} ns has no ${encoding} on ${topic}`)
    pictures.delete(topic)
    return found
  }
  const height = picture('/heightmap/height', '32FC1')
  const color = picture('/heightmap/color', 'rgb8')
  const labels = picture('/heightmap/labels', 'mono8')
  if (!sameSize(height, color) || !sameSize(height, labels)) throw new Error('its heightmaps differ in size')
  return {
    stampNs: truth.logTimeNs,
    rows: height.height,
    cols: height.width,
    heightM: floatsOf(height),
    color: color.data,
    labels: labels.data,
    truth: jsonOf(truth) as Record<string, unknown>,
    frames: pictures,
  }
}

function sameSize(a: RecordedImage, b: RecordedImage): boolean {
  return a.width === b.width && a.height === b.height
}

function expectFormat(
  received: { format?: unknown; version?: unknown },
  expected: { format: string; version: number },
): void {
  if (received.format === expected.format && received.version === expected.version) return
  const name = (of: { format?: unknown; version?: unknown }) => `${of.format} version ${of.version}`
  throw new Error(`expected ${name(expected)} but received ${name(received)}`)
}
