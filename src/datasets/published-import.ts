// `cliport record import`: a data set of CLIPort's published layout to episodes. Its pictures are projected as the
// published code projects them; what the layout does not hold (labels, what may be picked) stays empty, except in data sets
// that `cliport record export` wrote, which carry it beside the layout.

import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { CliportError } from '../control/errors.js'
import { pixelOf, wrapRad } from '../control/geometry.js'
import { publishedWorkspace } from '../control/published-workspace.js'
import type { Heightmap, HeightmapSpec, RgbdFrame } from '../control/types.js'
import { pathExists } from '../io/path-exists.js'
import { createProjector } from '../io/projector.js'
import { episodeFile, verifyEpisode, writeDatasetIndex } from '../io/recording/dataset.js'
import { type Action, type ActionPose, DemonstrationWriter, type EpisodeMeta } from '../io/recording/demonstration.js'
import {
  type PublishedAction,
  type PublishedEpisode,
  type PublishedLook,
  type Quaternion,
  readPublished,
} from '../io/recording/published.js'
import { makeOutputFolder } from '../io/unwritable.js'
import { publishedCameras } from '../sim/cameras.js'
import { publishedSize } from './published-size.js'
import { releaseVersion } from './record-index.js'

export interface ImportRequest {
  /** `TASK-SPLIT` with folders action, color, depth, info and reward. */
  readonly folder: string
  readonly out: string
  /** Also keep the cameras' pictures. */
  readonly frames: boolean
  readonly signal: AbortSignal
  readonly onEpisode: (done: number, of: number) => void
}

export interface ImportReport {
  readonly task: string
  readonly split: string
  readonly out: string
  readonly imported: number
  /** Whole files of an earlier run. */
  readonly kept: number
}

/** Moved by more than this between two looks: something held it in the meantime. Metres. */
const movedM = 0.01

/**
 * Imports the episodes that are not in `out` yet. Nothing of a pickle is run.
 * @throws CliportError PICKLE_REFUSED naming what a pickle asks for beyond arrays, numbers, strings and containers;
 * INPUT_INVALID for a folder or a file that is not of the layout; FRAME_INVALID, DISK_FULL
 */
export async function importPublished(request: ImportRequest): Promise<ImportReport> {
  const { folder, out, frames, signal } = request
  const { task, split } = nameOf(folder)
  const files = await picklesOf(folder)
  await makeOutputFolder('episodes', out, '--out')
  let [imported, kept] = [0, 0]
  for (const [i, { file, index, seed }] of files.entries()) {
    signal.throwIfAborted()
    const path = join(out, episodeFile(index, seed))
    if ((await pathExists(path)) && (await verifyEpisode(path)).ok) kept++
    else {
      await importEpisode(path, await readPublished(folder, file, publishedSize), { task, seed, frames })
      imported++
    }
    request.onEpisode(i + 1, files.length)
  }
  const about = { task, split, episodes: files.length, seed: Math.min(...files.map((entry) => entry.seed)) }
  await writeDatasetIndex(out, { ...about, imported_from: basename(resolve(folder)), versions: [releaseVersion()] })
  return { task, split, out, imported, kept }
}

/** `put-block-in-bowl-seen-colors-train` */
function nameOf(folder: string): { task: string; split: string } {
  const [, task, split] = /^(.+)-(train|val|test)$/.exec(basename(resolve(folder))) ?? []
  if (task !== undefined && split !== undefined) return { task, split }
  throw invalid(`Expected a folder named TASK-train, TASK-val or TASK-test but received ${folder}`)
}

async function picklesOf(folder: string): Promise<{ file: string; index: number; seed: number }[]> {
  const names = await readdir(join(folder, 'action')).catch((cause: Error) => {
    throw invalid(`The folder ${folder} is not of the published layout: ${cause.message}`, cause)
  })
  const files = names.sort().flatMap((file) => {
    const [, index, seed] = /^(\d+)-(\d+)\.pkl$/.exec(file) ?? []
    return index === undefined ? [] : [{ file, index: Number(index), seed: Number(seed) }]
  })
  if (files.length > 0) return files
  throw invalid(`The folder ${folder} holds no episode: there is no action/NNNNNN-SEED.pkl`)
}

function invalid(message: string, cause?: unknown): CliportError {
  return new CliportError('INPUT_INVALID', message, {
    stage: 'record',
    hint: 'Give the folder of one task and split, with folders action, color, depth, info and reward',
    cause,
  })
}

async function importEpisode(
  path: string,
  episode: PublishedEpisode,
  about: { readonly task: string; readonly seed: number; readonly frames: boolean },
): Promise<void> {
  const meta = metaOf(episode, about)
  const writer = await DemonstrationWriter.create(path, meta)
  try {
    let before: Heightmap | null = null
    for (const i of episode.looks.keys()) {
      if (before !== null) await writer.action(actionOf(episode, i - 1, before))
      before = await writeLook(writer, episode, i, { workspace: meta.workspace, frames: about.frames })
    }
    await writer.close()
  } catch (error) {
    await writer.abandon()
    throw error
  }
}

function metaOf({ looks, extras }: PublishedEpisode, { task, seed }: { task: string; seed: number }): EpisodeMeta {
  if (extras !== undefined) {
    const { format: _, version: __, ...meta } = JSON.parse(extras.meta) as EpisodeMeta & Record<string, unknown>
    return meta as EpisodeMeta
  }
  return {
    ...{ task, seed, goal: looks[0]!.sentence, workspace: publishedWorkspace },
    cameras: publishedCameras.map(({ name }) => name),
    ...{ appearance: 'published', sensor: 'clean' },
  }
}

async function writeLook(
  writer: DemonstrationWriter,
  episode: PublishedEpisode,
  index: number,
  { workspace, frames: keepsFrames }: { readonly workspace: HeightmapSpec; readonly frames: boolean },
): Promise<Heightmap> {
  const look = episode.looks[index]!
  const extra = episode.extras?.looks[index]
  const stampNs = extra?.stampNs ?? BigInt(index + 1) * 1_000_000_000n
  const frames = framesOf(look, stampNs)
  const heightmap = await createProjector().project(frames, workspace)
  await writer.observation({
    heightmap,
    labels: extra?.labels ?? new Uint8Array(heightmap.rows * heightmap.cols),
    truth: extra === undefined ? truthOf(episode, index) : (JSON.parse(extra.truth) as object),
    stampNs,
    ...(keepsFrames ? { frames } : {}),
  })
  return heightmap
}

function framesOf({ color, depthM }: PublishedLook, stampNs: bigint): RgbdFrame[] {
  const pixels = publishedSize.rows * publishedSize.cols
  return publishedCameras.map(({ name, intrinsics, T_base_camera }, i) => ({
    camera: name,
    intrinsics,
    T_base_camera,
    color: color.slice(3 * pixels * i, 3 * pixels * (i + 1)),
    depthM: depthM.slice(pixels * i, pixels * (i + 1)),
    stampNs,
  }))
}

/** The rewards so far are the score; what may be picked and where it may go is not told. */
function truthOf({ looks }: PublishedEpisode, index: number): object {
  const { sentence, bodies } = looks[index]!
  const score = looks.slice(0, index + 1).reduce((sum, { reward }) => sum + reward, 0)
  return {
    goal: sentence,
    score: Math.min(1, Math.max(0, score)),
    achieved: score > 0.99,
    remaining: index < looks.length - 1,
    objects: bodies.map(({ id, p_base_m, quaternion, sizeM }) => ({
      ...{ label: id, kind: 'unknown', color: 'unknown', sizeM, p_base_m },
      yawRad: yawOfQuaternion(quaternion),
    })),
    ...{ validPicks: [], validPlaces: [], rotations: true, toleranceM: null, timeS: index },
  }
}

function actionOf({ looks, actions, extras }: PublishedEpisode, index: number, seen: Heightmap): Action {
  const { pick, place } = posesOf(actions[index]!, seen)
  if (extras !== undefined) {
    const { pick_yaw_rad, place_yaw_rad, ...rest } = JSON.parse(extras.actions[index]!) as ExtraAction
    return {
      pick: { ...pick, yawRad: sameYaw(pick.yawRad, pick_yaw_rad) },
      place: { ...place, yawRad: sameYaw(place.yawRad, place_yaw_rad) },
      ...rest,
    }
  }
  const reward = looks[index + 1]!.reward
  const after = new Map(looks[index + 1]!.bodies.map((body) => [body.id, body]))
  const holding = looks[index]!.bodies.some(({ id, p_base_m }) => {
    const to = after.get(id)?.p_base_m ?? p_base_m
    return Math.hypot(to[0] - p_base_m[0], to[1] - p_base_m[1], to[2] - p_base_m[2]) > movedM
  })
  return { pick, place, perturbed: false, reward, holding }
}

type ExtraAction = Omit<Action, 'pick' | 'place'> & { readonly pick_yaw_rad: number; readonly place_yaw_rad: number }

/** `written` where it is the same angle as in the layout, which otherwise holds. */
function sameYaw(yawRad: number, written: number): number {
  return Math.abs(wrapRad(yawRad - written)) < 1e-9 ? written : yawRad
}

/** A place's yaw is absolute there, and relative to the pick's here. */
function posesOf({ pick, place }: PublishedAction, seen: Heightmap): { pick: ActionPose; place: ActionPose } {
  const pickYawRad = yawOfQuaternion(pick.quaternion)
  const poseOf = ({ p_base_m }: PublishedAction['pick'], yawRad: number): ActionPose => ({
    pixel: pixelOf(seen, p_base_m[0], p_base_m[1]),
    p_base_m,
    yawRad,
  })
  return {
    pick: poseOf(pick, pickYawRad),
    place: poseOf(place, wrapRad(yawOfQuaternion(place.quaternion) - pickYawRad)),
  }
}

function yawOfQuaternion([x, y, z, w]: Quaternion): number {
  return Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
}
