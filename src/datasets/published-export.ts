// `cliport record export`: recorded episodes in the layout of CLIPort's data sets, for programs that read that.

import { join } from 'node:path'
import { CliportError } from '../control/errors.js'
import type { Vec3 } from '../control/types.js'
import { splitOf } from '../evaluation/evaluate.js'
import { joined } from '../io/joined.js'
import { readEpisode } from '../io/recording/dataset.js'
import { type Action, type ActionPose, type EpisodeMeta, episodeFormat } from '../io/recording/demonstration.js'
import type { Episode, EpisodeObservation } from '../io/recording/episode.js'
import {
  type PublishedBody,
  type PublishedEpisode,
  type PublishedLook,
  type PublishedPose,
  type Quaternion,
  writePublished,
} from '../io/recording/published.js'
import { floatsOf } from '../io/recording/raw-image.js'
import { readRecordedFrames } from '../io/recording/recorded-frames.js'
import { makeOutputFolder } from '../io/unwritable.js'
import { publishedCameras } from '../sim/cameras.js'
import { episodeFiles } from './dataset-info.js'
import { publishedSize } from './published-size.js'

export interface ExportRequest {
  /** Of `cliport record --frames`. */
  readonly folder: string
  /** Takes a folder for each task and split. */
  readonly out: string
  readonly signal: AbortSignal
  readonly onEpisode: (done: number, of: number) => void
}

export interface ExportReport {
  /** One for each task and split. */
  readonly folders: readonly string[]
  readonly episodes: number
}

/**
 * Writes every episode of the folder; one that was written before is written again.
 * @throws CliportError INPUT_INVALID for an episode without pictures of the three published cameras at their published
 * poses, which the layout takes for granted; RECORDING_CORRUPT, DISK_FULL
 */
export async function exportPublished({ folder, out, signal, onEpisode }: ExportRequest): Promise<ExportReport> {
  const files = await episodeFiles(folder)
  await makeOutputFolder('the data set', out, '--out')
  const folders = new Set<string>()
  for (const [i, file] of files.entries()) {
    signal.throwIfAborted()
    const path = join(folder, file)
    const episode = await readEpisode(path)
    await expectPublishedCameras(path, episode.meta)
    const { task, seed } = episode.meta
    const into = join(out, `${task}-${splitOf(seed)}`)
    folders.add(into)
    await writePublished(into, file.replace(/\.mcap$/, '.pkl'), publishedOf(episode), publishedSize)
    onEpisode(i + 1, files.length)
  }
  return { folders: [...folders].sort(), episodes: files.length }
}

/** The layout has no room for intrinsics and poses: readers use the published ones. */
async function expectPublishedCameras(path: string, meta: EpisodeMeta): Promise<void> {
  const frames = await readRecordedFrames(path)
  const isPublished =
    frames.length === publishedCameras.length &&
    publishedCameras.every(({ name, intrinsics, T_base_camera }, i) => {
      const frame = frames[i]!
      return (
        frame.camera === name &&
        (['width', 'height', 'fx', 'fy', 'cx', 'cy'] as const).every(
          (key) => frame.intrinsics[key] === intrinsics[key],
        ) &&
        T_base_camera.every((value, k) => Math.abs(value - frame.T_base_camera[k]!) < 1e-9)
      )
    })
  if (isPublished) return
  throw new CliportError(
    'INPUT_INVALID',
    `${path} (appearance ${meta.appearance}) was not seen by the three published cameras at their published poses`,
    {
      stage: 'record',
      hint: 'The published layout holds no camera poses: record with --appearance published --frames',
    },
  )
}

function publishedOf({ meta, observations, actions }: Episode): PublishedEpisode {
  return {
    looks: observations.map((observation, i) => lookOf(observation, i === 0 ? 0 : actions[i - 1]!.reward)),
    actions: actions.map(({ pick, place }) => ({
      pick: poseOf(pick, pick.yawRad),
      place: poseOf(place, pick.yawRad + place.yawRad),
    })),
    extras: {
      meta: JSON.stringify({ ...episodeFormat, ...meta }),
      looks: observations.map(({ stampNs, truth, labels }) => ({ stampNs, truth: JSON.stringify(truth), labels })),
      // Yaws as they were: those of a quaternion may differ in their last bit, or by a whole turn.
      actions: actions.map(({ pick, place, ...rest }: Action) =>
        JSON.stringify({ ...rest, pick_yaw_rad: pick.yawRad, place_yaw_rad: place.yawRad }),
      ),
    },
  }
}

function lookOf({ truth, frames }: EpisodeObservation, reward: number): PublishedLook {
  const pictures = (what: string) => publishedCameras.map(({ name }) => frames.get(`/camera/${name}/${what}`)!)
  const { goal = '', objects = [] } = truth as { goal?: string; objects?: readonly TrueBody[] }
  return {
    sentence: goal,
    bodies: objects.map(bodyOf),
    reward,
    color: joined(
      pictures('color').map(({ data }) => data),
      Uint8Array,
    ),
    depthM: joined(pictures('depth').map(floatsOf), Float32Array),
  }
}

interface TrueBody {
  readonly label: number
  readonly p_base_m: Vec3
  readonly yawRad: number
  readonly sizeM: Vec3
}

function bodyOf({ label, p_base_m, yawRad, sizeM }: TrueBody): PublishedBody {
  return { id: label, p_base_m, quaternion: turned(yawRad), sizeM }
}

/** A place's yaw is relative to the pick's here, and absolute there. */
function poseOf({ p_base_m }: ActionPose, yawRad: number): PublishedPose {
  return { p_base_m, quaternion: turned(yawRad) }
}

function turned(yawRad: number): Quaternion {
  return [0, 0, Math.sin(yawRad / 2), Math.cos(yawRad / 2)]
}
