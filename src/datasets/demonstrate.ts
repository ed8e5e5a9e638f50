// One demonstration: the oracle through the very cycle that `run` uses, and every look at it written down with its truth.

import { pixelOf, pointOf } from '../control/geometry.js'
import type { Policy } from '../control/ports.js'
import { highestAtM } from '../control/surface.js'
import type { Heightmap, HeightmapSpec, Proposal } from '../control/types.js'
import { type Action, DemonstrationWriter } from '../io/recording/demonstration.js'
import { runGoal } from '../runtime/run-goal.js'
import type { CellSession } from '../runtime/session.js'
import type { Cell, CellOptions, SimFrame, Truth } from '../sim/api.js'
import { labelMap } from '../sim/cell-renderer.js'
import { oracleProposal } from '../sim/oracle-policy.js'
import { seededRandom } from '../sim/random.js'

export interface DemonstrationOptions {
  readonly path: string
  readonly task: string
  readonly seed: number
  readonly appearance: NonNullable<CellOptions['appearance']>
  readonly sensor: NonNullable<CellOptions['sensor']>
  /** Also keep the cameras' pictures. */
  readonly frames: boolean
  /** Probability that a step places somewhere else, so that what comes after a mistake is in the data. */
  readonly perturb: number
}

export interface DemonstrationReport {
  readonly achieved: boolean
  readonly score: number
  readonly steps: number
}

/**
 * Records one episode; the file is there when it is whole.
 * @throws CliportError DISK_FULL, CELL_FAILED, TASK_UNKNOWN; no file is left then
 */
export async function demonstrate(
  session: CellSession,
  options: DemonstrationOptions,
  signal: AbortSignal,
): Promise<DemonstrationReport> {
  const { task, seed, appearance, sensor } = options
  const { cell, settings } = session
  const { workspace } = settings
  const ready = await session.reset({ task, seed, clock: 'free', link: 'in-process', appearance, sensor })
  const { names } = ready.ports.camera
  let frames: readonly SimFrame[] = []
  const capture = async () => {
    frames = await cell.capture()
    return frames.map(({ labels: _, ...frame }) => frame)
  }
  const head = { task, seed, goal: ready.goal, workspace, cameras: names, appearance, sensor }
  const writer = await DemonstrationWriter.create(options.path, head)
  try {
    const policy = new DemonstratingPolicy(cell, writer, () => frames, workspace, options)
    const steps = (options.perturb > 0 ? 3 : 2) * ready.maxSteps
    const result = await runGoal(
      async () => (await cell.truth()).goal,
      { ...session.ports, ...ready.ports, camera: { ...ready.ports.camera, capture }, policy },
      { ...settings, budget: { steps, failuresInARow: 8 } },
      { watcher: { stepped: (step) => policy.acted(step.pick.holding) }, signal },
    )
    signal.throwIfAborted()
    if (result.error !== undefined) throw result.error
    await writer.close()
    const { achieved, score } = await cell.truth()
    return { achieved, score, steps: result.steps }
  } catch (error) {
    await writer.abandon()
    throw error
  }
}

interface Pending extends Pick<Action, 'pick' | 'place' | 'perturbed' | 'primitive'> {
  readonly score: number
}

/** The oracle, writing an observation at every look and an action once it has been carried out. */
class DemonstratingPolicy implements Policy {
  readonly info: Policy['info']
  readonly #cell: Cell
  readonly #writer: DemonstrationWriter
  readonly #frames: () => readonly SimFrame[]
  readonly #options: DemonstrationOptions
  readonly #random: () => number
  #pending: Pending | null = null
  /** Whether the pending action was carried out, and held something. */
  #holding: boolean | null = null
  #observedNs = -1n
  #truth: Truth | null = null

  constructor(
    cell: Cell,
    writer: DemonstrationWriter,
    frames: () => readonly SimFrame[],
    workspace: HeightmapSpec,
    options: DemonstrationOptions,
  ) {
    this.#cell = cell
    this.#writer = writer
    this.#frames = frames
    this.#options = options
    this.#random = seededRandom(options.seed)
    this.info = {
      name: 'oracle',
      architecture: 'oracle',
      workspace,
      rotations: 36,
      thresholds: { pick: 0.5, place: 0.5, remaining: 0.5, found: 0.5 },
    }
  }

  async propose(heightmap: Heightmap): Promise<Proposal> {
    const truth = await this.#cell.truth()
    await this.#observe(heightmap, truth)
    const action = truth.remaining ? await this.#cell.oracle() : null
    const proposal = oracleProposal(heightmap, action, truth.remaining)
    if (action === null) return proposal
    const perturbed = this.#random() < this.#options.perturb
    const place = perturbed ? this.#elsewhere(heightmap) : proposal.place
    const { probability: _, ...pickPose } = proposal.pick
    const { probability: __, ...placePose } = place
    const { primitive } = action
    const how = primitive === 'pick_place' ? {} : { primitive }
    this.#pending = { pick: pickPose, place: placePose, perturbed, ...how, score: truth.score }
    return { ...proposal, place }
  }

  /** The pending action was carried out. */
  acted(holding: boolean): void {
    this.#holding = holding
  }

  async close(): Promise<void> {}

  /** Once a look: a plan that was refused leads to another proposal from the same one. */
  async #observe(heightmap: Heightmap, truth: Truth): Promise<void> {
    if (heightmap.stampNs === this.#observedNs) return
    if (this.#pending !== null && this.#holding !== null) {
      const { score, ...action } = this.#pending
      await this.#writer.action({ ...action, reward: truth.score - score, holding: this.#holding })
    }
    this.#pending = null
    this.#holding = null
    this.#observedNs = heightmap.stampNs
    this.#truth = truth
    const frames = this.#frames()
    const { labels } = await labelMap(frames, heightmap.spec)
    await this.#writer.observation({
      heightmap,
      labels,
      truth,
      stampNs: heightmap.stampNs,
      ...(this.#options.frames ? { frames } : {}),
    })
  }

  /** Anywhere on the free table, or onto some object that it does not belong to; within the arm's easy reach. */
  #elsewhere(heightmap: Heightmap): Proposal['place'] {
    const { spec } = heightmap
    const between = (min: number, max: number) => min + (max - min) * this.#random()
    const objects = this.#truth?.objects ?? []
    const wanted = new Set(this.#truth?.validPlaces.map(({ target }) => target))
    const others = objects.filter(({ label }) => !wanted.has(label))
    for (let attempt = 0; ; attempt++) {
      const onObject = this.#random() < 0.3 && others.length > 0
      const target = others[Math.floor(this.#random() * others.length)]
      const [x, y] =
        onObject && target !== undefined
          ? target.p_base_m
          : [between(spec.xMinM + 0.05, spec.xMaxM - 0.1), between(spec.yMinM + 0.1, spec.yMaxM - 0.1)]
      const isFree = highestAtM(heightmap, [x, y], 0.05) < spec.zMinM + 0.005
      if (!onObject && !isFree && attempt < 100) continue
      const pixel = pixelOf(heightmap, x, y)
      const yawRad = -Math.floor(this.#random() * 36) * (Math.PI / 18)
      return { pixel, p_base_m: pointOf(heightmap, pixel), yawRad, probability: 1 }
    }
  }
}
