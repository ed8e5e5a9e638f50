// What a sentence would do, while it is typed: understood and asked of the policy on the newest look. Nothing moves.

import { decideAnswerAtFirst } from '../control/decide.js'
import { askPolicy, understandFor } from '../control/goal/ask-policy.js'
import { parseGoal } from '../control/goal.js'
import type { Heightmap, Proposal } from '../control/types.js'
import { affordanceLayer, encodeLayer } from '../io/pictures.js'
import type { Preview } from './api.js'
import { dryRun } from './dry-run.js'
import { proposalOf, understoodOf } from './wire.js'
import type { Workcell } from './workcell.js'

export interface PreviewRequest {
  readonly sentence: string
  readonly heat: boolean
  readonly plan: boolean
}

/** Whoever types asks again so soon after an answer. */
const betweenKeysMs = 250

/** One at a time; of those that wait, the newest: an answer to what nobody types any more helps nobody. */
export class Previewer {
  #last: Promise<unknown> = Promise.resolve()
  #newest = 0
  #waiting = 0
  #answeredMs = Number.NEGATIVE_INFINITY

  constructor(private readonly workcell: Workcell) {}

  /** Whether somebody types just now, and waits for what it means. */
  get isAsked(): boolean {
    return this.#waiting > 0 || performance.now() - this.#answeredMs < betweenKeysMs
  }

  /**
   * The look is taken when there is none yet.
   * @throws CliportError GOAL_EMPTY, INPUT_INVALID for what is no sentence; SERVICE_REFUSED, CAMERA_STALLED; POLICY_*
   */
  preview(request: PreviewRequest): Promise<Preview> {
    const number = ++this.#newest
    const begun = performance.now()
    this.#waiting++
    const answer = this.#last
      .then(() => this.#preview(request, number, begun))
      .finally(() => {
        this.#waiting--
        this.#answeredMs = performance.now()
      })
    this.#last = answer.catch(() => {})
    return answer
  }

  async #preview({ sentence: said, heat, plan }: PreviewRequest, number: number, begun: number): Promise<Preview> {
    const sentence = parseGoal(said)
    const isSuperseded = () => number !== this.#newest
    const nothing = { understood: understoodOf(null), proposal: null, heat: null, plan: null, heightmap_age_ms: null }
    const answer = (found: Omit<Preview, 'sentence' | 'superseded' | 'took_ms'>): Preview => ({
      sentence,
      superseded: isSuperseded(),
      ...found,
      took_ms: performance.now() - begun,
    })
    if (isSuperseded()) return answer(nothing)
    const { policy } = this.workcell.ports
    if (this.workcell.view === null) this.workcell.seen(await this.workcell.look())
    const { view, atMs } = this.workcell.view!
    const { heightmap } = view
    const seen = this.workcell.understandOptions
    const understanding = understandFor(policy, heightmap, sentence, seen)
    // Half a sentence has a pick to show already; what it lacks to be a goal is said beside it.
    const { proposal } = await askPolicy(policy, heightmap, sentence, { ...seen, maps: heat, placeOptional: true })
    const isWhole = understanding === null || understanding.kind === 'command'
    const found = {
      understood: understoodOf(understanding),
      heightmap_age_ms: performance.now() - atMs,
      plan: plan && isWhole && proposal !== null ? dryRun(this.workcell, heightmap, proposal) : null,
      proposal:
        proposal === null
          ? null
          : proposalOf(proposal, decideAnswerAtFirst({ understanding, proposal }, policy.info.thresholds)),
    }
    if (isSuperseded()) return answer({ ...found, heat: null })
    return answer({ ...found, heat: await heatOf(heightmap, proposal) })
  }
}

async function heatOf({ rows, cols }: Heightmap, proposal: Proposal | null): Promise<Preview['heat']> {
  if (proposal?.maps === undefined) return null
  const { maps } = proposal
  const [pick, place] = await Promise.all(
    (['pick', 'place'] as const).map(async (kind) => {
      const webp = await encodeLayer(affordanceLayer(maps[kind], rows, cols, kind))
      return `data:image/webp;base64,${webp.toString('base64')}`
    }),
  )
  return { pick: pick!, place: place! }
}
