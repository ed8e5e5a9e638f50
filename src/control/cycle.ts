// The straight line: capture, project, understand, propose, decide, plan, check, execute, look again, verify. Read
// `runCycle` from top to bottom; each stage is a method of `Stages` below it, in the same order.

import { type CheckContext, checkPlan, isRefused, type Violation } from './check.js'
import { Conclusion, describeFailure, describeViolations, mustBeDone, stillHolding } from './conclusion.js'
import type { CyclePorts, CycleResult, CycleSettings, StepRecord, View } from './cycle-types.js'
import { type Decision, decideAnswer, type Failure } from './decide.js'
import { CliportError } from './errors.js'
import { proposeFor } from './goal/ask-policy.js'
import { understand } from './goal/index.js'
import { SentenceInForce } from './goal/sentence-in-force.js'
import type { Answer, Understanding } from './goal/types.js'
import { withoutCells } from './goal/understanding.js'
import { LinesOfSight } from './look.js'
import { type ActionPlans, planAction, planPark, type ToolPose } from './plan.js'
import { planPush } from './plan-push.js'
import type { GoalSource } from './ports.js'
import { createStageTimer, type StageTimer } from './stage-timer.js'
import { endOf, isAt, toolPose } from './tool-pose.js'
import type { CheckedPlan, Execution, Heightmap, Outcome, Plan, Proposal, SuppressedSpot } from './types.js'
import { hasMovedAway, verifyAction, verifyPush } from './verify.js'
import { planWithdrawal, type Withdrawal } from './withdraw.js'

export type { CyclePorts, CycleResult, CycleSettings, CycleWatcher, StepRecord, View } from './cycle-types.js'

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
    stages.expectEmptyHand()
    await stages.park(null)
    let view = await stages.look()
    for (;;) {
      const answer = await stages.propose(view, await stages.understand(view))
      const decision = await stages.decide(answer)
      if (decision.kind === 'conclude') {
        await stages.park(view.heightmap)
        return stages.end(decision.outcome, decision.reason)
      }
      if (decision.kind === 'retrySuppressed') continue
      const proposal = answer.proposal!

      const checked = await stages.planChecked(view, proposal)
      if (checked === 'refused') continue

      const executions = await stages.execute(checked)
      const after = await stages.withdrawAndLook(view)
      await stages.verify({ before: view, after, proposal, plans: checked.plans, ...executions })
      view = after
    }
  } catch (error) {
    return stages.endByError(error)
  }
}

interface CheckedAction {
  readonly plans: ActionPlans
  readonly pick: CheckedPlan
  /** null: nothing is held after the first plan, as after a push. */
  readonly place: CheckedPlan | null
}

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
  /** The way to where the arm waits, while it is made, and where that is. */
  #moving: { readonly ended: Promise<Execution>; readonly end: ToolPose } | null = null

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

  /**
   * What is held from before hides what lies under it, and nobody knows what it is or how long.
   * @throws Conclusion refused
   */
  expectEmptyHand(): void {
    if (this.ports.link.state?.endEffector.holding) throw new Conclusion('refused', stillHolding)
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
    if (understanding !== null) {
      const { asked, placed } = this.#sentence
      recorder.event('/understanding', { sentence, asked, placed, ...withoutCells(understanding) })
    }
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

  /**
   * Plan and check, from where the arm waits; where that is refused, once more from the park pose, which more ways lead
   * from. A refusal there counts as a failure at the spot that was proposed.
   */
  async planChecked(view: View, proposal: Proposal): Promise<CheckedAction | 'refused'> {
    let checked = await this.check(view, await this.plan(view, proposal))
    if (isRefused(checked) && !isAt(this.#start(), this.settings.park)) {
      await this.park(view.heightmap)
      checked = await this.check(view, await this.plan(view, proposal))
    }
    if (!isRefused(checked)) return checked
    this.ports.recorder.event('/refused', checked)
    const reason = describeViolations(checked)
    this.ports.watcher?.refused?.(reason)
    this.#fail({ kind: 'refused', reason }, proposal)
    return 'refused'
  }

  async plan({ heightmap }: View, proposal: Proposal): Promise<ActionPlans> {
    const { kinematics, watcher } = this.ports
    const planOf = proposal.primitive === 'push' ? planPush : planAction
    const plans = await this.#timer.run('plan', () =>
      planOf(heightmap, proposal, this.#start(), kinematics, this.settings.plan),
    )
    watcher?.planned?.(plans)
    return plans
  }

  async check({ heightmap }: View, plans: ActionPlans): Promise<CheckedAction | readonly Violation[]> {
    const { pick, place, payloadHeightM } = plans
    const start = this.#start()
    const checked = await this.#timer.run('check', () => ({
      pick: this.#checkOne(pick, { start, heightmap, payloadHeightM: 0 }),
      place: place && this.#checkOne(place, { start: endOf(pick, start), heightmap, payloadHeightM }),
    }))
    if (!isRefused(checked.pick) && (checked.place === null || !isRefused(checked.place))) {
      return { plans, pick: checked.pick, place: checked.place }
    }
    return [checked.pick, checked.place]
      .filter((one) => one !== null)
      .filter(isRefused)
      .flat()
  }

  /** The place only when the pick holds something. */
  async execute({ pick, place }: CheckedAction): Promise<Pick<StepRecord, 'pick' | 'place'>> {
    await this.#arrive()
    this.#steps++
    const picked = mustBeDone(await this.#executeOne(pick))
    return { pick: picked, place: picked.holding && place !== null ? mustBeDone(await this.#executeOne(place)) : null }
  }

  /** Moves the arm to the park pose. @param heightmap null before the first look */
  async park(heightmap: Heightmap | null): Promise<void> {
    await this.#arrive()
    if (isAt(this.#start(), this.settings.park)) return
    const { park, plan, workspace } = this.settings
    const start = this.#start()
    const way = planPark(heightmap, start, park, this.ports.kinematics, plan, workspace.zMaxM)
    const checked = this.#checkOne(way, { start, heightmap, payloadHeightM: 0 })
    if (isRefused(checked)) throw new Conclusion('refused', describeViolations(checked))
    mustBeDone(await this.#executeOne(checked))
  }

  /** Moves the arm to where it hides nothing, and looks as soon as it hides nothing: it may still be coming to rest. */
  async withdrawAndLook(view: View): Promise<View> {
    const { park, lookFrom, plan } = this.settings
    const where = { wanted: lookFrom === 'park' ? park : null, park, plan }
    const start = this.#start()
    const way = planWithdrawal(new LinesOfSight(view), view.heightmap, start, where, this.ports.kinematics)
    const checked = this.#checkOne(way.plan, { start, heightmap: view.heightmap, payloadHeightM: 0 })
    if (isRefused(checked)) await this.park(view.heightmap)
    else await this.#untilClear(checked, way)
    return this.look()
  }

  async verify(action: Omit<StepRecord, 'index' | 'sentence' | 'verdict'>): Promise<void> {
    const { before, after, proposal, pick, place } = action
    const spots = { pick: proposal.pick.p_base_m, place: proposal.place.p_base_m }
    const verdict = await this.#timer.run('verify', () =>
      proposal.primitive === 'push'
        ? verifyPush(before.heightmap, after.heightmap, spots)
        : verifyAction(before.heightmap, after.heightmap, spots, pick, place),
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
    if (error instanceof Conclusion && !isStopped) {
      await this.#untilAtRest()
      if (!this.signal.aborted) return this.end(error.outcome, error.message)
    }
    // The controller stops by itself when this process's heartbeats end; saying so is faster.
    await this.ports.link.stop(this.signal.aborted ? 'stopped by the caller' : 'the cycle failed').catch(() => {})
    await this.#untilAtRest()
    if (this.signal.aborted) return this.end('stopped', 'stopped by the caller')
    if (error instanceof CliportError) return this.end('error', error.message, error)
    throw error
  }

  /** Where the next plan begins. */
  #start(): ToolPose {
    return this.#moving?.end ?? toolPose(this.ports.link)
  }

  /** Until the arm rests where it waits. */
  async #arrive(): Promise<void> {
    const moving = this.#moving
    this.#moving = null
    if (moving !== null) mustBeDone(await moving.ended)
  }

  /** The same, whatever comes of it: how the cycle ends is known already. */
  async #untilAtRest(): Promise<void> {
    const moving = this.#moving
    this.#moving = null
    await moving?.ended.catch(() => {})
  }

  /** Begins the way to where the arm waits; over when it hides nothing any more. The rest of it goes on meanwhile. */
  async #untilClear(plan: CheckedPlan, { end, clearAfter }: Withdrawal): Promise<void> {
    let hidesNothing = () => {}
    const clear = new Promise<null>((resolve) => {
      hidesNothing = () => resolve(null)
    })
    const ended = this.#executeOne(plan, (index) => {
      if (index >= clearAfter) hidesNothing()
    })
    ended.catch(() => {}) // whoever waits for it hears of it
    this.#moving = { ended, end }
    const execution = await Promise.race([clear, ended])
    if (execution !== null) mustBeDone(execution)
  }

  #checkOne(plan: Plan, context: Omit<CheckContext, 'kinematics' | 'limits'>) {
    return checkPlan(plan, { ...context, kinematics: this.ports.kinematics, limits: this.settings.limits })
  }

  async #executeOne(plan: CheckedPlan, onSegment?: (index: number) => void): Promise<Execution> {
    const { link, recorder } = this.ports
    this.signal.throwIfAborted()
    recorder.event('/plan', plan)
    const execution = await this.#timer.run('execute', () => link.execute(plan, this.signal, onSegment))
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
