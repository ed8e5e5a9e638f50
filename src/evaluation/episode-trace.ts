// Follows an episode with the cell's truth beside it, and writes down what each look, decision and step came to. The
// runtime does not know of it: it hangs on the cameras and listens.

import type { CycleWatcher, StepRecord, View } from '../control/cycle.js'
import type { Decision } from '../control/decide.js'
import { indexOf } from '../control/geometry.js'
import type { HeightmapSpec, Pixel, Proposal } from '../control/types.js'
import type { Cell, SimFrame, Truth } from '../sim/api.js'
import { type LabelMap, labelMap } from '../sim/cell-renderer.js'
import {
  type Aim,
  aimOf,
  findingOf,
  findingOfPush,
  type JudgedDecision,
  judgedDecision,
  type StepFinding,
} from './judge.js'

export interface TracedStep {
  readonly finding: StepFinding
  /** What the pick aimed at, 'red block'; null: the table. */
  readonly aimed: string | null
  /** Its label; 0: the table. */
  readonly object: number
  /** How far from a right place it aimed, millimetres and degrees; null where there was no right place. */
  readonly error_mm: number | null
  readonly error_deg: number
  readonly holding: boolean
  /** What the runtime made of it. */
  readonly verdict: string
  readonly score: number
}

/** A look with what was proposed on it: enough to draw it. */
export interface Scene {
  readonly view: View
  readonly proposal: Proposal
}

export interface EpisodeTrace {
  readonly decisions: readonly JudgedDecision[]
  readonly steps: readonly TracedStep[]
  /** Of each step; after them, of the last proposal when none was acted on. */
  readonly scenes: readonly Scene[]
}

interface Look {
  readonly truth: Truth
  /** Null where the frames cannot be projected (camera faults). */
  readonly map: Promise<LabelMap | null>
}

interface Said {
  readonly look: Look
  readonly proposal: Proposal
  readonly decision: Decision
  readonly sentence: string
}

export class EpisodeTracer implements CycleWatcher {
  readonly #cell: Pick<Cell, 'truth'>
  readonly #capture: () => Promise<readonly SimFrame[]>
  readonly #workspace: HeightmapSpec
  readonly #said: Said[] = []
  readonly #steps: { readonly said: Said; readonly step: StepRecord; readonly after: Truth }[] = []
  #look: Look | null = null
  #view: View | null = null

  /** @param capture what the runtime's cameras deliver, labels included */
  constructor(cell: Pick<Cell, 'truth'>, capture: () => Promise<readonly SimFrame[]>, workspace: HeightmapSpec) {
    this.#cell = cell
    this.#capture = capture
    this.#workspace = workspace
  }

  /** For the runtime's camera, instead of the cell's. */
  async capture(): Promise<readonly SimFrame[]> {
    const frames = await this.#capture()
    const map = labelMap(frames, this.#workspace).catch(() => null)
    this.#look = { truth: await this.#cell.truth(), map }
    return frames
  }

  looked(view: View): void {
    this.#view = view
  }

  proposed(proposal: Proposal, decision: Decision, sentence: string): void {
    if (this.#look !== null) this.#said.push({ look: this.#look, proposal, decision, sentence })
  }

  stepped(step: StepRecord): void {
    const said = this.#said.at(-1)
    if (said !== undefined && this.#look !== null) this.#steps.push({ said, step, after: this.#look.truth })
  }

  /** Steps so far. */
  get taken(): number {
    return this.#steps.length
  }

  async trace(): Promise<EpisodeTrace> {
    const decisions = await Promise.all(
      this.#said.map(async (said) =>
        judgedDecision(said.proposal, said.decision, said.sentence, await aim(said), said.look.truth),
      ),
    )
    const steps = await Promise.all(
      this.#steps.map(async ({ said, step, after }) => tracedStep(await aim(said), step, said.look.truth, after)),
    )
    const scenes = this.#steps.map(({ step: { before, proposal } }): Scene => ({ view: before, proposal }))
    const last = this.#said.at(-1)
    if (last !== undefined && this.#view !== null) scenes.push({ view: this.#view, proposal: last.proposal })
    return { decisions, steps, scenes }
  }
}

async function aim({ look, proposal }: Said): Promise<Aim> {
  const map = await look.map
  return aimOf(proposal, map === null ? 0 : labelAt(map, proposal.pick.pixel), look.truth)
}

export function labelAt(map: Pick<LabelMap, 'labels' | 'cols'>, pixel: Pixel): number {
  return map.labels[indexOf(map, pixel)] ?? 0
}

function tracedStep(aimed: Aim, { pick, proposal, verdict }: StepRecord, before: Truth, after: Truth): TracedStep {
  const { object, errorM, errorRad } = aimed
  return {
    finding:
      proposal.primitive === 'push' ? findingOfPush(before, after) : findingOf(aimed, pick.holding, before, after),
    aimed: object === null ? null : `${object.color} ${object.kind}`,
    object: object?.label ?? 0,
    error_mm: Number.isFinite(errorM) ? round(1000 * errorM) : null,
    error_deg: round((180 / Math.PI) * errorRad),
    holding: pick.holding,
    verdict: verdict.result,
    score: after.score,
  }
}

function round(value: number): number {
  return Math.round(10 * value) / 10
}
