// Demonstrations: one MCAP file an episode, as docs/recordings.md describes it. A file gets its name only when it is
// whole; until then the name ends in the number of the process that writes it, and `.part`.

import { rename, rm } from 'node:fs/promises'
import { CliportError } from '../../control/errors.js'
import type { Heightmap, HeightmapSpec, Pixel, Primitive, RgbdFrame, Vec3 } from '../../control/types.js'
import { cameraFacts, foxgloveJsonSchemas } from './calibration.js'
import { cameraImages, heightmapImages, image } from './images.js'
import { McapFile } from './mcap-file.js'
import { fileSink, isFull } from './sink.js'

export const episodeFormat = { format: 'cliport-edge-episode', version: 1 } as const

/** What holds for the whole episode; the first message of the file. */
export interface EpisodeMeta {
  readonly task: string
  readonly seed: number
  readonly goal: string
  readonly workspace: HeightmapSpec
  /** Names of the cameras. */
  readonly cameras: readonly string[]
  readonly appearance: string
  readonly sensor: string
}

/** The workspace as it was seen, and what was really there. */
export interface Observation {
  readonly heightmap: Heightmap
  /** Label of the topmost object of each cell, rows x cols, row-major; 0 where there is none. */
  readonly labels: Uint8Array
  /** The cell's truth, any JSON object. */
  readonly truth: object
  /** Simulated time. */
  readonly stampNs: bigint
  /** Camera pictures, only when wanted: they make the file ten times larger. */
  readonly frames?: readonly RgbdFrame[]
}

export interface ActionPose {
  readonly pixel: Pixel
  readonly p_base_m: Vec3
  readonly yawRad: number
}

/** What was done after an observation, and what came of it. */
export interface Action {
  readonly pick: ActionPose
  readonly place: ActionPose
  /** Whether it was moved on purpose away from what the oracle would do. */
  readonly perturbed: boolean
  readonly reward: number
  /** Whether the end effector held something when it lifted; `sealed` in older files. */
  readonly holding: boolean
  /** How it moved things; absent: pick and place. */
  readonly primitive?: Exclude<Primitive, 'pick_place'>
}

/**
 * Writes one episode: observation, action, observation, ..., and an observation at the end. Compresses in the calling
 * thread (about 1 ms an observation), so that `cliport record` uses it in its workers.
 */
export class DemonstrationWriter {
  readonly #path: string
  readonly #part: string
  readonly #file: McapFile
  #stampNs = -1n
  #observations = 0
  #actions = 0

  private constructor(path: string, part: string, file: McapFile) {
    this.#path = path
    this.#part = part
    this.#file = file
  }

  /**
   * @param path final name of the file, `<index:06d>-<seed>.mcap`; its folder must exist
   * @throws CliportError DISK_FULL, or INPUT_INVALID when the file cannot be made
   */
  static async create(path: string, meta: EpisodeMeta): Promise<DemonstrationWriter> {
    const part = partOf(path)
    try {
      const file = await McapFile.create(await fileSink(part), episodeFormat.format)
      await file.writeJson('/episode', JSON.stringify({ ...episodeFormat, ...meta }), 0n)
      return new DemonstrationWriter(path, part, file)
    } catch (error) {
      throw writeError(path, error)
    }
  }

  /**
   * The buffers may be used again when the promise resolves.
   * @throws CliportError INPUT_INVALID when stamps do not increase, an action is missing, or a size does not match;
   *                      DISK_FULL
   */
  async observation({ heightmap, labels, truth, stampNs, frames = [] }: Observation): Promise<void> {
    const { rows, cols } = heightmap
    demand(this.#observations === this.#actions, 'an action after each observation', 'two observations in a row')
    demand(stampNs > this.#stampNs, `a stamp after ${this.#stampNs} ns`, `${stampNs} ns`)
    const pictures = [
      ...heightmapImages(heightmap, stampNs),
      { topic: '/heightmap/labels', image: image('mono8', cols, rows, labels, stampNs, 'workspace') },
      ...frames.flatMap((frame) => cameraImages(frame, stampNs)),
    ]
    await this.#writing(async () => {
      for (const { topic, schema, value } of frames.flatMap((frame) => cameraFacts(frame, stampNs))) {
        await this.#file.writeJson(topic, JSON.stringify(value), stampNs, foxgloveJsonSchemas[schema])
      }
      for (const picture of pictures) await this.#file.writeImage(picture.topic, picture.image, stampNs)
      await this.#file.writeJson('/truth', JSON.stringify(truth), stampNs)
    })
    this.#stampNs = stampNs
    this.#observations += 1
  }

  /**
   * Belongs to the observation before it and carries its time.
   * @throws CliportError INPUT_INVALID without one; DISK_FULL
   */
  async action(action: Action): Promise<void> {
    demand(this.#actions === this.#observations - 1, 'an observation before each action', 'an action without one')
    await this.#writing(() => this.#file.writeJson('/action', JSON.stringify(action), this.#stampNs))
    this.#actions += 1
  }

  /**
   * Ends the file and gives it its name. On an error nothing is left behind.
   * @throws CliportError INPUT_INVALID when the last observation is missing; DISK_FULL
   */
  async close(): Promise<void> {
    try {
      demand(this.#observations === this.#actions + 1, 'an observation after the last action', 'none')
      await this.#writing(() => this.#file.close())
      await this.#writing(() => rename(this.#part, this.#path))
    } catch (error) {
      await this.abandon()
      throw error
    }
  }

  /** Gives up: removes the unfinished file. */
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => undefined)
    await rm(this.#part, { force: true })
  }

  async #writing(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      throw writeError(this.#path, error)
    }
  }
}

/** Of one process alone: one that has lost its parent and is about to end never meets the file of the next one. */
export function partOf(path: string, pid = process.pid): string {
  return `${path}.${pid}.part`
}

/** The episode's file that `name` is an unfinished part of, or null. */
export function episodeOfPart(name: string): string | null {
  return /^(.+\.mcap)\.(?:\d+\.)?part$/.exec(name)?.[1] ?? null
}

function demand(holds: boolean, expected: string, received: string): void {
  if (holds) return
  throw new CliportError('INPUT_INVALID', `Expected ${expected} in an episode but received ${received}`, {
    stage: 'record',
    hint: 'An episode is observation, action, observation, ..., observation, with simulated time passing between them.',
  })
}

function writeError(path: string, cause: unknown): CliportError {
  const reason = (cause as Error).message
  return isFull(cause)
    ? new CliportError('DISK_FULL', `No room for the episode ${path}: ${reason}`, {
        stage: 'record',
        hint: 'Free some space or record elsewhere (--out); complete episodes are kept, and recording continues from them.',
        cause,
      })
    : new CliportError('INPUT_INVALID', `Could not write the episode ${path}: ${reason}`, {
        stage: 'record',
        hint: 'Check that the folder exists and may be written to.',
        cause,
      })
}
