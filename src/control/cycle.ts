// The straight line: capture, project, propose, decide, plan, check, execute, look again, verify. Read `runCycle` from
// top to bottom; each stage is a method of `Stages` below it, in the same order.

import { type CheckContext, checkPlan, isRefused, type Limits } from './check.js'
import { Conclusion, describeFailure, describeViolations, mustBeDone } from './conclusion.js'
import { type Budget, type Decision, decideAnswer, type Failure } from './decide.js'
import { CliportError } from './errors.js'
import { proposeFor } from './goal/ask-policy.js'
import { understand } from './goal/index.js'
import { type Clarify, SentenceInForce } from './goal/sentence-in-force.js'
import type { Answer, PointOfView, Understanding } from './goal/types.js'
import { withoutCells } from './goal/understanding.js'
import { type ActionPlans, endOf, isAt, type PlanSettings, planAction, planPark, type ToolPose } from './plan.js'
import type {
  Camera,
  Clock,
  GoalSource,
  Kinematics,
  Policy,
  Projector,
  Recorder,
  RobotLink,
  StageMeter,
} from './ports.js'
import { createStageTimer, type StageTimer } from './stage-timer.js'
import type {
  CheckedPlan,
  Execution,
  Heightmap,
  HeightmapSpec,
  Outcome,
  Plan,
  Proposal,
  RgbdFrame,
  SuppressedSpot,
} from './types.js'
import { hasMovedAway, type Verdict, verifyAction } from './verify.js'

export interface CyclePorts {
  readonly camera: Camera
  readonly projector: Projector
  readonly policy: Policy
  readonly kinematics: Kinematics
  readonly link: RobotLink
  readonly recorder: Recorder
  readonly clock: Clock
  readonly meter: StageMeter
  /** For people: the page and the terminal. */
  readonly watcher?: CycleWatcher
  /** Asks a person which of several things a sentence means; absent where nobody can be asked. */
  readonly clarify?: Clarify
}

/** Hears of everything that a person may want to see, as it happens. Must not throw and must not change anything. */
export interface CycleWatcher {
  /** The cameras delivered, and the heightmap is made. */
  looked?(view: View): void
  /** A sentence was held against what is in view; null: the policy takes it as it was said. */
  understood?(understanding: Understanding | null, sentence: string): void
  /** The policy has answered, and what is done with it is decided. */
  proposed?(proposal: Proposal, decision: Decision, sentence: string): void
  /** The plans of the next step, before they are checked. */
  planned?(plans: ActionPlans): void
  /** The plans just told of will not be executed. */
  refused?(reason: string): void
  /** A step has ended, and the look after it is taken. */
  stepped?(step: StepRecord): void
}

/** Settings of the cycle: metres, radians and seconds in the base frame. */
export interface CycleSettings {
  readonly workspace: HeightmapSpec
  readonly plan: PlanSettings
  readonly limits: Limits
  /** Where the arm hides nothing from the cameras. */
  readonly park: ToolPose
  readonly budget: Budget
  /** Size of the spot in which no pick is proposed after one has failed there. */
  readonly suppressRadiusM: number
  /** Ask the policy for affordance maps. */
  readonly maps: boolean
  /** Whose left and right a sentence means. Default: the robot's. */
  readonly pointOfView?: PointOfView
}

/** One look: what the cameras delivered, and the map made from it. */
export interface View {
  readonly frames: readonly RgbdFrame[]
  readonly heightmap: Heightmap
}

/** One pick attempt, from the look before it to the look after it. */
export interface StepRecord {
  readonly index: number
  readonly sentence: string
  readonly before: View
  readonly after: View
  readonly proposal: Proposal
  readonly plans: ActionPlans
  readonly pick: Execution
  /** null when nothing was held after the pick. */
  readonly place: Execution | null
  readonly verdict: Verdict
}

/** How a goal ended, and every step on the way. */
export interface CycleResult {
  readonly outcome: Outcome
  /** Why the cycle ended so, for a person. */
  readonly reason: string
  /** The sentence in force at the end. */
  readonly goal: string
  /** Pick attempts. */
  readonly steps: number
  /** How the sentence was understood last; null: not at all looked at, or taken as it was said. */
  readonly understanding: Understanding | null
  /** Attempts that failed or were refused, and after which another was made or given up. */
  readonly retries: number
  /** Every step; `frames` of its views are empty, they went to watcher and recorder. */
  readonly history: readonly StepRecord[]
  /** Only with outcome 'error'. */
  readonly error?: CliportError
}

/**
 * Works on a goal until the runtime itself concludes that it is done, or cannot be done. Never throws a `CliportError`:
 * what can be expected is a value. Whatever ends the cycle, the arm is at rest afterwards.
 *
 * @param goal   the sentence in force, asked for before every proposal
 * @param signal stops the arm and ends with outcome 'stopped'
 */
export async function runCycle(
  goal: GoalSource,
  ports: CyclePorts,
  settings: CycleSettings,
  signal: AbortSignal,
): Promise<CycleResult> {
  const stages = new Stages(goal, ports, settings, signal)
  try {
    const refused = await stages.refuse()
    if (refused !== null) return refused
    await ports.link.arm()
    await stages.park(null)
    let view = await stages.look()
    for (;;) {
      const answer = await stages.propose(view, await stages.understand(view))
      const decision = await stages.decide(answer)
      if (decision.kind === 'conclude') return stages.end(decision.outcome, decision.reason)
      if (decision.kind === 'retrySuppressed') continue
      const proposal = answer.proposal!

      const start = toolPose(ports.link)
      const plans = await stages.plan(view, proposal, start)
      const checked = await stages.check(view, proposal, start, plans)
      if (checked === 'refused') continue

      const executions = await stages.execute(checked)
      await stages.park(view.heightmap)
      const after = await stages.look()
      await stages.verify({ before: view, after, proposal, plans, ...executions })
      view = after
    }
  } catch (error) {
    return stages.endByError(error)
  }
}

type CheckedAction = { readonly pick: CheckedPlan; readonly place: CheckedPlan }

/** The stages of one run of the cycle, and what it has come to so far. */
class Stages {
  readonly #timer: StageTimer
  readonly #history: StepRecord[] = []
  readonly #sentence: SentenceInForce
  #steps = 0
  #retries = 0
  #placed = 0
  /** Since the last action that was placed. */
  #failures: readonly Failure[] = []
  #suppress: readonly SuppressedSpot[] = []

  constructor(
    private readonly goal: GoalSource,
    private readonly ports: CyclePorts,
    private readonly settings: CycleSettings,
    private readonly signal: AbortSignal,
  ) {
    this.#sentence = new SentenceInForce(ports.policy, settings.pointOfView ?? 'robot', ports.clarify)
    this.#timer = createStageTimer(ports.clock, ports.meter, ports.recorder)
  }

  /**
   * How it ends where the sentence is no command whatever is in view: nothing is armed for it. The look is for the
   * sentences that would work.
   */
  async refuse(): Promise<CycleResult | null> {
    this.signal.throwIfAborted()
    const { lexicon } = this.ports.policy.info
    const meant = lexicon === undefined ? null : understand(await this.goal(), lexicon)
    if (meant === null || meant.kind === 'command' || meant.kind === 'ambiguous') return null
    const understanding = await this.understand(await this.look())
    return understanding === null || understanding.kind === 'command'
      ? null
      : this.end(understanding.kind, understanding.reason)
  }

  /** Capture and project. */
  async look(): Promise<View> {
    const { camera, projector, recorder, watcher } = this.ports
    this.signal.throwIfAborted()
    const frames = await this.#timer.run('capture', () => camera.capture(this.signal))
    recorder.frames(frames)
    const heightmap = await this.#timer.run('project', () => projector.project(frames, this.settings.workspace))
    recorder.heightmap(heightmap)
    watcher?.looked?.({ frames, heightmap })
    return { frames, heightmap }
  }

  /** What the sentence in force means here. */
  async understand({ heightmap }: View): Promise<Understanding | null> {
    this.signal.throwIfAborted()
    const sentence = await this.goal()
    const { recorder, watcher } = this.ports
    const understanding = await this.#timer.run('understand', () =>
      this.#sentence.understand(sentence, heightmap, this.signal),
    )
    if (understanding !== null) recorder.event('/understanding', { sentence, ...withoutCells(understanding) })
    watcher?.understood?.(understanding, sentence)
    return understanding
  }

  async propose({ heightmap }: View, understanding: Understanding | null): Promise<Answer> {
    this.signal.throwIfAborted()
    const options = { suppress: this.#suppress, maps: this.settings.maps, signal: this.signal }
    const proposal = await this.#timer.run('propose', () =>
      proposeFor(this.ports.policy, heightmap, this.#sentence.text, understanding, options),
    )
    for (const [part, ms] of Object.entries(proposal?.timingMs ?? {})) this.#timer.note(`propose.${part}`, ms)
    return { understanding, proposal }
  }

  async decide(answer: Answer): Promise<Decision> {
    const { proposal } = answer
    const { policy, recorder, watcher } = this.ports
    const suppress = this.#suppress
    const history = {
      steps: this.#steps,
      placed: this.#placed,
      placedForSentence: this.#sentence.placed,
      failures: this.#failures,
      suppressed: suppress.length,
    }
    const decision = await this.#timer.run('decide', () =>
      decideAnswer(answer, history, policy.info.thresholds, this.settings.budget),
    )
    if (proposal !== null) {
      recorder.event('/proposal', { ...proposal, maps: undefined, sentence: this.#sentence.text, suppress, decision })
      watcher?.proposed?.(proposal, decision, this.#sentence.text)
    }
    if (decision.kind === 'retrySuppressed') this.#suppress = []
    return decision
  }

  async plan({ heightmap }: View, proposal: Proposal, start: ToolPose): Promise<ActionPlans> {
    const { kinematics, watcher } = this.ports
    const plans = await this.#timer.run('plan', () =>
      planAction(heightmap, proposal, start, kinematics, this.settings.plan),
    )
    watcher?.planned?.(plans)
    return plans
  }

  /** A refusal counts as a failure at the spot that was proposed. */
  async check(
    { heightmap }: View,
    proposal: Proposal,
    start: ToolPose,
    { pick, place, payloadHeightM }: ActionPlans,
  ): Promise<CheckedAction | 'refused'> {
    const checked = await this.#timer.run('check', () => ({
      pick: this.#checkOne(pick, { start, heightmap, payloadHeightM: 0 }),
      place: this.#checkOne(place, { start: endOf(pick, start), heightmap, payloadHeightM }),
    }))
    if (!isRefused(checked.pick) && !isRefused(checked.place)) return { pick: checked.pick, place: checked.place }
    const violations = [checked.pick, checked.place].filter(isRefused).flat()
    this.ports.recorder.event('/refused', violations)
    const reason = describeViolations(violations)
    this.ports.watcher?.refused?.(reason)
    this.#fail({ kind: 'refused', reason }, proposal)
    return 'refused'
  }

  /** The place only when the pick holds something. */
  async execute({ pick, place }: CheckedAction): Promise<Pick<StepRecord, 'pick' | 'place'>> {
    this.#steps++
    const picked = mustBeDone(await this.#executeOne(pick))
    return { pick: picked, place: picked.holding ? mustBeDone(await this.#executeOne(place)) : null }
  }

  /** Moves the arm to where it hides nothing from the cameras. @param heightmap null before the first look */
  async park(heightmap: Heightmap | null): Promise<void> {
    const { park, plan, workspace } = this.settings
    const start = toolPose(this.ports.link)
    if (isAt(start, park)) return
    const way = planPark(heightmap, start, park, plan, workspace.zMaxM)
    const checked = this.#checkOne(way, { start, heightmap, payloadHeightM: 0 })
    if (isRefused(checked)) throw new Conclusion('refused', describeViolations(checked))
    mustBeDone(await this.#executeOne(checked))
  }

  async verify(action: Omit<StepRecord, 'index' | 'sentence' | 'verdict'>): Promise<void> {
    const { before, after, proposal, pick, place } = action
    const spots = { pick: proposal.pick.p_base_m, place: proposal.place.p_base_m }
    const verdict = await this.#timer.run('verify', () =>
      verifyAction(before.heightmap, after.heightmap, spots, pick, place),
    )
    const step: StepRecord = { index: this.#history.length, sentence: this.#sentence.text, ...action, verdict }
    // Without the pictures: seven megabytes a look, which nobody needs when it is over.
    this.#history.push({ ...step, before: { ...before, frames: [] }, after: { ...after, frames: [] } })
    this.ports.recorder.event('/verdict', { index: step.index, ...verdict })
    this.ports.watcher?.stepped?.(step)

    if (verdict.result === 'placed') {
      this.#placed++
      this.#sentence.placed++
      this.#failures = []
      return
    }
    // What has moved since can be picked where it lies now, even if that is near.
    const isElsewhere = hasMovedAway(before.heightmap, after.heightmap, spots.pick, this.settings.suppressRadiusM)
    const suppresses = verdict.result === 'missed' && !isElsewhere
    this.#fail({ kind: verdict.result, reason: describeFailure(verdict) }, suppresses ? proposal : null)
  }

  end(outcome: Outcome, reason: string, error?: CliportError): CycleResult {
    const [goal, steps, retries] = [this.#sentence.text, this.#steps, this.#retries]
    this.ports.recorder.event('/outcome', { outcome, reason, goal, steps, retries })
    const result = {
      outcome,
      reason,
      goal,
      understanding: this.#sentence.understanding,
      steps,
      retries,
      history: this.#history,
    }
    return error === undefined ? result : { ...result, error }
  }

  /** @throws what is neither a conclusion, nor the caller's stop, nor a `CliportError` */
  async endByError(error: unknown): Promise<CycleResult> {
    const isStopped = this.signal.aborted
    // A caller's stop may show first as something else: a plan that is refused since the arm is stopped already.
    if (error instanceof Conclusion && !isStopped) return this.end(error.outcome, error.message)
    // The controller stops by itself when this process's heartbeats end; saying so is faster.
    await this.ports.link.stop(isStopped ? 'stopped by the caller' : 'the cycle failed').catch(() => {})
    if (this.signal.aborted) return this.end('stopped', 'stopped by the caller')
    if (error instanceof CliportError) return this.end('error', error.message, error)
    throw error
  }

  #checkOne(plan: Plan, context: Omit<CheckContext, 'kinematics' | 'limits'>) {
    return checkPlan(plan, { ...context, kinematics: this.ports.kinematics, limits: this.settings.limits })
  }

  async #executeOne(plan: CheckedPlan): Promise<Execution> {
    const { link, recorder } = this.ports
    this.signal.throwIfAborted()
    recorder.event('/plan', plan)
    const execution = await this.#timer.run('execute', () => link.execute(plan, this.signal))
    recorder.event('/execution', { plan: plan.name, ...execution })
    return execution
  }

  /** @param suppressed whose pick is not to be proposed again; null: it may be */
  #fail(failure: Failure, suppressed: Proposal | null): void {
    this.#retries++
    this.#failures = [...this.#failures, failure]
    if (suppressed === null) return
    const spot = { pixel: suppressed.pick.pixel, radiusM: this.settings.suppressRadiusM }
    this.#suppress = [...this.#suppress, spot]
  }
}

function toolPose(link: RobotLink): ToolPose {
  const { state } = link
  if (state === null) {
    throw new CliportError('LINK_PEER_LOST', 'The controller has not sent a state', {
      stage: 'plan',
      hint: 'Look whether the controller runs and whether its state socket (base port + 1) can be reached',
    })
  }
  return { p_base_m: state.p_base_tool_m, yawRad: state.yawRad }
}
