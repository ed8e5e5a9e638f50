// The straight line: capture, project, propose, plan, check, execute, look again, verify, decide. Read it top to bottom.

import { type CheckContext, checkPlan, describeViolation, isRefused, type Limits, type Violation } from './check.js'
import { type Budget, type Decision, decide, type Failure } from './decide.js'
import { CliportError } from './errors.js'
import { type ActionPlans, type PlanSettings, planAction, planPark, type ToolPose } from './plan.js'
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
import { createStageTimer } from './stage-timer.js'
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
}

/** Hears of everything that a person may want to see, as it happens. Must not throw and must not change anything. */
export interface CycleWatcher {
  looked?(view: View): void
  proposed?(proposal: Proposal, decision: Decision, sentence: string): void
  planned?(plans: ActionPlans): void
  /** The plans just told of will not be executed. */
  refused?(reason: string): void
  stepped?(step: StepRecord): void
}

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

export interface CycleResult {
  readonly outcome: Outcome
  /** Why the cycle ended so, for a person. */
  readonly reason: string
  /** The sentence in force at the end. */
  readonly goal: string
  /** Pick attempts. */
  readonly steps: number
  /** Attempts that failed or were refused, and after which another was made or given up. */
  readonly retries: number
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
  const history: StepRecord[] = []
  let sentence = ''
  let steps = 0
  let retries = 0
  const end = (outcome: Outcome, reason: string, error?: CliportError): CycleResult => {
    ports.recorder.event('/outcome', { outcome, reason, goal: sentence, steps, retries })
    const result = { outcome, reason, goal: sentence, steps, retries, history }
    return error === undefined ? result : { ...result, error }
  }

  try {
    const { policy, link, recorder, kinematics, watcher } = ports
    const timer = createStageTimer(ports.clock, ports.meter, recorder)

    const look = async (): Promise<View> => {
      signal.throwIfAborted()
      const frames = await timer.run('capture', () => ports.camera.capture(signal))
      recorder.frames(frames)
      const heightmap = await timer.run('project', () => ports.projector.project(frames, settings.workspace))
      recorder.heightmap(heightmap)
      watcher?.looked?.({ frames, heightmap })
      return { frames, heightmap }
    }
    const check = (plan: Plan, context: Omit<CheckContext, 'kinematics' | 'limits'>) =>
      checkPlan(plan, { ...context, kinematics, limits: settings.limits })
    const execute = async (plan: CheckedPlan): Promise<Execution> => {
      signal.throwIfAborted()
      recorder.event('/plan', plan)
      const execution = await timer.run('execute', () => link.execute(plan, signal))
      recorder.event('/execution', { plan: plan.name, ...execution })
      return execution
    }
    const park = async (heightmap: Heightmap | null): Promise<void> => {
      const start = toolPose(link)
      if (isAt(start, settings.park)) return
      const way = planPark(heightmap, start, settings.park, settings.plan, settings.workspace.zMaxM)
      const plan = check(way, { start, heightmap, payloadHeightM: 0 })
      if (isRefused(plan)) throw new Conclusion('refused', describeViolations(plan))
      mustBeDone(await execute(plan))
    }

    await link.arm()
    await park(null)
    let view = await look()
    let placed = 0
    let failures: Failure[] = []
    let suppress: SuppressedSpot[] = []

    for (;;) {
      signal.throwIfAborted()
      sentence = await goal()
      const proposal = await timer.run('propose', () =>
        policy.propose(view.heightmap, sentence, { suppress, maps: settings.maps, signal }),
      )
      for (const [part, ms] of Object.entries(proposal.timingMs)) timer.note(`propose.${part}`, ms)

      const decision = await timer.run('decide', () =>
        decide(
          proposal,
          { steps, placed, failures, suppressed: suppress.length },
          policy.info.thresholds,
          settings.budget,
        ),
      )
      recorder.event('/proposal', { ...proposal, maps: undefined, sentence, suppress, decision })
      watcher?.proposed?.(proposal, decision, sentence)
      if (decision.kind === 'conclude') return end(decision.outcome, decision.reason)
      if (decision.kind === 'retrySuppressed') {
        suppress = []
        continue
      }

      const start = toolPose(link)
      const plans = await timer.run('plan', () =>
        planAction(view.heightmap, proposal, start, kinematics, settings.plan),
      )
      watcher?.planned?.(plans)
      const checked = await timer.run('check', () => {
        const { heightmap } = view
        const { payloadHeightM } = plans
        return {
          pick: check(plans.pick, { start, heightmap, payloadHeightM: 0 }),
          place: check(plans.place, { start: endOf(plans.pick, start), heightmap, payloadHeightM }),
        }
      })
      if (isRefused(checked.pick) || isRefused(checked.place)) {
        const violations = [checked.pick, checked.place].filter(isRefused).flat()
        recorder.event('/refused', violations)
        const reason = describeViolations(violations)
        watcher?.refused?.(reason)
        retries++
        failures = [...failures, { kind: 'refused', reason }]
        suppress = [...suppress, spotOf(proposal, settings)]
        continue
      }

      steps++
      const pick = mustBeDone(await execute(checked.pick))
      const place = pick.sealed ? mustBeDone(await execute(checked.place)) : null
      await park(view.heightmap)

      const after = await look()
      const verdict = await timer.run('verify', () =>
        verifyAction(
          view.heightmap,
          after.heightmap,
          { pick: proposal.pick.p_base_m, place: proposal.place.p_base_m },
          pick,
          place,
        ),
      )
      const step: StepRecord = {
        index: history.length,
        sentence,
        before: view,
        after,
        proposal,
        plans,
        pick,
        place,
        verdict,
      }
      history.push(step)
      recorder.event('/verdict', { index: step.index, ...verdict })
      watcher?.stepped?.(step)

      if (verdict.result === 'placed') {
        placed++
        failures = []
      } else {
        retries++
        failures = [...failures, { kind: verdict.result, reason: describeFailure(verdict) }]
        // What has moved since can be picked where it lies now, even if that is near.
        const { heightmap } = view
        const isElsewhere = hasMovedAway(heightmap, after.heightmap, proposal.pick.p_base_m, settings.suppressRadiusM)
        if (verdict.result === 'missed' && !isElsewhere) suppress = [...suppress, spotOf(proposal, settings)]
      }
      view = after
    }
  } catch (error) {
    // A caller's stop may show first as something else: a plan that is refused since the arm is stopped already.
    if (error instanceof Conclusion && !signal.aborted) return end(error.outcome, error.message)
    // The controller stops by itself when this process falls silent; saying so is faster.
    await ports.link.stop(signal.aborted ? 'stopped by the caller' : 'the cycle failed').catch(() => {})
    if (signal.aborted) return end('stopped', 'stopped by the caller')
    if (error instanceof CliportError) return end('error', error.message, error)
    throw error
  }
}

/** Ends the cycle from within a stage with an outcome that is no surprise. */
class Conclusion extends Error {
  constructor(
    readonly outcome: Outcome,
    reason: string,
  ) {
    super(reason)
  }
}

function mustBeDone(execution: Execution): Execution {
  switch (execution.status) {
    case 'done':
      return execution
    case 'rejected':
      throw new Conclusion('refused', `the controller refused the plan: ${execution.reason}`)
    case 'stopped':
      if (execution.reason.startsWith('watchdog')) throw silent()
      throw new Conclusion('stopped', `the arm was stopped: ${execution.reason}`)
    case 'fault':
      throw new CliportError('ARM_FAULT', `The controller faulted: ${execution.reason}`, {
        stage: 'execute',
        hint: 'Look at the arm, remove what it touched, then clear the fault; the runtime never does that by itself',
      })
  }
}

function silent(): CliportError {
  return new CliportError('ARM_STOPPED', 'The arm stopped by itself: the controller heard nothing from this process', {
    stage: 'execute',
    hint: 'Something held this process up for longer than the watchdog allows; look at the load of the machine',
  })
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

function isAt(tool: ToolPose, goal: ToolPose): boolean {
  return Math.hypot(...tool.p_base_m.map((value, i) => value - goal.p_base_m[i]!)) < 0.01
}

/** Where the tool is when a plan is done. */
function endOf(plan: Plan, start: ToolPose): ToolPose {
  const last = plan.segments.findLast((segment) => segment.kind !== 'suction')
  return last ?? start
}

function spotOf(proposal: Proposal, { suppressRadiusM }: CycleSettings): SuppressedSpot {
  return { pixel: proposal.pick.pixel, radiusM: suppressRadiusM }
}

function describeViolations(violations: readonly Violation[]): string {
  return `the plan was refused: ${violations.map(describeViolation).join('; ')}`
}

function describeFailure({ result, droppedAt }: Verdict): string {
  if (result === 'missed') return 'the grasp missed: the vacuum did not seal'
  const where =
    droppedAt === undefined
      ? ''
      : `; something new lies at x ${droppedAt[0].toFixed(2)}, y ${droppedAt[1].toFixed(2)} m`
  return `what was held is not where it was to go${where}`
}
