// What a person did by two clicks in the simulated cell, as an episode to train on (docs/recordings.md, "A demonstration"):
// the look before it, the action, the look after it, each with the cell's truth, in which the person's pick and place
// stand for the right ones. A real cell has no truth, without which training can make nothing of an episode: there the
// run's recording keeps what was seen and done.

import { join } from 'node:path'
import type { CycleWatcher, StepRecord, View } from '../control/cycle.js'
import { indexOf } from '../control/geometry.js'
import type { Pixel } from '../control/types.js'
import { DemonstrationWriter } from '../io/recording/demonstration.js'
import type { Cell, Truth } from '../sim/api.js'
import { labelMap } from '../sim/cell-renderer.js'
import type { Takeover } from './api.js'
import type { Workcell } from './workcell.js'

/** Name of the file in the run's folder. */
export const episodeFileName = 'episode.mcap'

/** What the cell knew at a look. */
interface Known {
  readonly truth: Truth
  readonly labels: Uint8Array
}

export class TakeoverEpisode {
  /** Of each look, by its heightmap. */
  readonly #known = new Map<View['heightmap'], Promise<Known | null>>()
  #step: StepRecord | null = null

  constructor(
    private readonly workcell: Workcell,
    private readonly takeover: Takeover,
  ) {}

  readonly watcher: CycleWatcher = {
    looked: ({ heightmap }) => {
      const { cell } = this.workcell
      // At once: the arm, which labels leave out, has not moved since.
      if (cell !== null)
        this.#known.set(
          heightmap,
          knownOf(cell, heightmap).catch(() => null),
        )
    },
    stepped: (step) => {
      this.#step = step
    },
  }

  /**
   * Writes the episode into the run's folder. @returns why there is none; null: there is one
   * @throws CliportError DISK_FULL, INPUT_INVALID
   */
  async write(folder: string): Promise<string | null> {
    const step = this.#step
    if (step?.verdict.result !== 'placed') return 'nothing was placed'
    const { before, after, proposal, pick } = step
    const [knownBefore, knownAfter] = await Promise.all([
      this.#known.get(before.heightmap),
      this.#known.get(after.heightmap),
    ])
    const { scene, config } = this.workcell
    if (!knownBefore || !knownAfter || scene === null) return 'a real cell has no truth to train on'
    const labelAt = (pixel: Pixel) => knownBefore.labels[indexOf(before.heightmap, pixel)]!
    const picked = labelAt(proposal.pick.pixel)
    if (picked === 0) return 'there is no object under the pick'
    const shown = { object: picked, target: labelAt(proposal.place.pixel), proposal }
    const { sentence } = this.takeover
    const writer = await DemonstrationWriter.create(join(folder, episodeFileName), {
      task: scene.task,
      seed: scene.seed,
      goal: sentence,
      workspace: before.heightmap.spec,
      cameras: this.workcell.ports.camera.names,
      appearance: config.cell.appearance,
      sensor: config.cell.sensor,
    })
    try {
      const { probability: _p, ...pickPose } = proposal.pick
      const { probability: _q, ...placePose } = proposal.place
      await writer.observation(observed(before, knownBefore.labels, truthOf(knownBefore.truth, sentence, shown)))
      await writer.action({
        pick: pickPose,
        place: placePose,
        perturbed: false,
        reward: 1,
        holding: pick.holding,
      })
      await writer.observation(observed(after, knownAfter.labels, truthOf(knownAfter.truth, sentence, null)))
      await writer.close()
    } catch (error) {
      await writer.abandon()
      throw error
    }
    return null
  }
}

async function knownOf(cell: Cell, { spec }: View['heightmap']): Promise<Known> {
  const [frames, truth] = await Promise.all([cell.watch(), cell.truth()])
  return { truth, labels: (await labelMap(frames, spec)).labels }
}

function observed({ heightmap }: View, labels: Uint8Array, truth: Truth) {
  return { heightmap, labels, truth, stampNs: heightmap.stampNs }
}

interface Shown {
  readonly object: number
  readonly target: number
  readonly proposal: StepRecord['proposal']
}

/** The cell's truth, with what the person showed in the place of the scene's own goal. @param shown null: it is done */
function truthOf(truth: Truth, goal: string, shown: Shown | null): Truth {
  const { proposal } = shown ?? {}
  const yawRad = truth.objects.find(({ label }) => label === shown?.object)?.yawRad ?? 0
  return {
    ...truth,
    goal,
    named: null,
    score: shown === null ? 1 : 0,
    achieved: shown === null,
    remaining: shown !== null,
    validPicks: shown === null ? [] : [shown.object],
    validPlaces:
      shown === null || proposal === undefined
        ? []
        : [
            {
              object: shown.object,
              target: shown.target,
              p_base_m: proposal.place.p_base_m,
              yawRad: yawRad + proposal.place.yawRad,
              symmetryRad: truth.rotations ? 2 * Math.PI : 0,
            },
          ],
  }
}
