// What a proposal, a step and an episode came to, judged by the cell's truth. Pure.

import type { Decision } from '../control/decide.js'
import { distanceM, shortestTurnRad, turnedAbout } from '../control/geometry.js'
import type { Outcome, Proposal, Vec3 } from '../control/types.js'
import type { TrueObject, TruePlace, Truth } from '../sim/api.js'

/** What a proposal aims at, by the labels of the look that it was made from. */
export interface Aim {
  /** The object at the pick; null: the table. */
  readonly object: TrueObject | null
  readonly pickRight: boolean
  readonly placeRight: boolean
  /** How far from the nearest right place the object would come to lie, metres; Infinity where there is no right place. */
  readonly errorM: number
  /** The same of its yaw; 0 where yaw does not matter. */
  readonly errorRad: number
}

/** As published (CLIPort, "Oracle, reward, metric"). */
const yawToleranceRad = Math.PI / 12
/** A place that misses by no more than this beyond its tolerance was meant right. */
const nearM = 0.03

/** @param label of the object that the picked cell shows; 0: none */
export function aimOf(proposal: Pick<Proposal, 'pick' | 'place'>, label: number, truth: Truth): Aim {
  const object = truth.objects.find((candidate) => candidate.label === label) ?? null
  const pickRight = truth.validPicks.includes(label)
  const places = truth.validPlaces.filter((place) => !pickRight || place.object === label)
  const yawRad = truth.rotations && pickRight ? proposal.place.yawRad - proposal.pick.yawRad : null
  const end = object === null || !pickRight ? proposal.place.p_base_m : endOf(object, proposal)
  const errors = places.map((place) => ({
    errorM: distanceTo(place, end, truth),
    errorRad: yawRad === null ? 0 : Math.abs(turnLeft(place, object!.yawRad + yawRad)),
  }))
  const isRight = (error: { errorM: number; errorRad: number }) =>
    error.errorM < (truth.toleranceM ?? 1e-9) && error.errorRad < yawToleranceRad
  const best = errors.sort(
    (a, b) => Number(isRight(b)) - Number(isRight(a)) || a.errorM - b.errorM || a.errorRad - b.errorRad,
  )[0] ?? { errorM: Number.POSITIVE_INFINITY, errorRad: 0 }
  return { object, pickRight, placeRight: isRight(best), ...best }
}

/** Where the object's middle comes to lie: what is picked off its middle is placed off its middle, turned. */
function endOf({ p_base_m: object }: TrueObject, { pick, place }: Pick<Proposal, 'pick' | 'place'>): Vec3 {
  const offset = [object[0] - pick.p_base_m[0], object[1] - pick.p_base_m[1]] as const
  return [...turnedAbout(place.p_base_m, place.yawRad - pick.yawRad, offset), place.p_base_m[2]]
}

/** To the place; where things only have to be inside their target, to its inside. */
function distanceTo(place: TruePlace, [x, y]: Vec3, { toleranceM, objects }: Truth): number {
  const target = objects.find(({ label }) => label === place.target)
  if (toleranceM !== null || target === undefined) return Math.hypot(x - place.p_base_m[0], y - place.p_base_m[1])
  const [dx, dy] = [x - target.p_base_m[0], y - target.p_base_m[1]]
  const [cos, sin] = [Math.cos(target.yawRad), Math.sin(target.yawRad)]
  const outside = (along: number, side: number) => Math.max(0, Math.abs(along) - side / 2)
  return Math.hypot(outside(cos * dx + sin * dy, target.sizeM[0]), outside(cos * dy - sin * dx, target.sizeM[1]))
}

/** Turn from a yaw to the place's, the shortest by the object's symmetry. */
function turnLeft({ yawRad, symmetryRad }: TruePlace, isRad: number): number {
  return shortestTurnRad(yawRad - isRad, symmetryRad)
}

/**
 * - `right`: what was to be moved is where it was to go
 * - `missed_grasp`: aimed at the right object, and the grasp held nothing
 * - `wrong_object`: aimed at, or moved, what was not to be moved
 * - `wrong_place`, `imprecise`: the right object, aimed elsewhere or beside its place
 * - `dropped`: aimed right, and it did not come to rest there (fell, slid, rolled, or was nudged before the grasp)
 */
export type StepFinding = 'right' | 'missed_grasp' | 'wrong_object' | 'wrong_place' | 'imprecise' | 'dropped'

export function findingOf(aim: Aim, holding: boolean, before: Truth, after: Truth): StepFinding {
  if (!holding) return aim.pickRight ? 'missed_grasp' : 'wrong_object'
  const moved = movedMost(before, after)
  if (!isOpen(before, moved.label)) return 'wrong_object'
  if (!isOpen(after, moved.label)) return 'right'
  const place = before.toleranceM === null ? distanceOf(after, moved.label) : null
  if (aim.placeRight) return place === 0 ? 'imprecise' : 'dropped'
  return aim.errorM < (before.toleranceM ?? 0) + nearM ? 'imprecise' : 'wrong_place'
}

/** Of a push, which moves many things: whether more of them are where they belong. */
export function findingOfPush(before: Truth, after: Truth): StepFinding {
  return after.score > before.score ? 'right' : 'imprecise'
}

/** Whether an object is still to be moved, seen or not. */
function isOpen({ validPlaces }: Truth, label: number): boolean {
  return validPlaces.some(({ object }) => object === label)
}

function distanceOf(truth: Truth, label: number): number {
  const object = truth.objects.find((candidate) => candidate.label === label)!
  const places = truth.validPlaces.filter((place) => place.object === label)
  return Math.min(...places.map((place) => distanceTo(place, object.p_base_m, truth)))
}

function movedMost(before: Truth, after: Truth): TrueObject {
  const shiftM = ({ label, p_base_m: to }: TrueObject) => {
    return distanceM(to, before.objects.find((object) => object.label === label)!.p_base_m)
  }
  return after.objects.reduce((most, object) => (shiftM(object) > shiftM(most) ? object : most))
}

/** Why an episode was not what it should be; null: it was. */
export type Cause =
  | Exclude<StepFinding, 'right'>
  | 'unsure'
  | 'refused'
  | 'not_understood'
  | 'unsupported'
  | 'ambiguous'
  | 'not_found'
  | 'gave_up_early'
  | 'continued_after_done'
  | 'step_limit'
  | 'stopped'
  | 'error'

export interface JudgedStep {
  readonly finding: StepFinding
  /** Label of the object that the step was about; 0: none. */
  readonly object: number
}

/**
 * The last step that went wrong and was not mended by a later one; where every step was right, how the runtime ended it.
 * @param continued the goal was reached, and the runtime acted once more or did not say so
 */
export function causeOf(
  outcome: Outcome,
  achieved: boolean,
  continued: boolean,
  steps: readonly JudgedStep[],
): Cause | null {
  if (achieved) return continued ? 'continued_after_done' : null
  const isMended = ({ object }: JudgedStep, at: number) =>
    steps.slice(at + 1).some((later) => later.finding === 'right' && later.object === object)
  const wrong = steps.findLast((step, at) => step.finding !== 'right' && !isMended(step, at))
  if (outcome === 'error' || outcome === 'stopped') return outcome
  if (wrong !== undefined) return wrong.finding as Exclude<StepFinding, 'right'>
  if (outcome === 'achieved') return 'gave_up_early'
  return outcome === 'failed' ? 'step_limit' : outcome
}

/** What a proposal was sure of, beside what was so. */
export interface JudgedDecision {
  readonly sentence: string
  readonly decision: 'act' | 'retrySuppressed' | Outcome
  readonly pick_probability: number
  readonly pick_right: boolean
  readonly place_probability: number
  readonly place_right: boolean
  readonly remaining: number
  readonly remains: boolean
  readonly found: number
}

export function judgedDecision(
  proposal: Proposal,
  decision: Decision,
  sentence: string,
  aim: Aim,
  { remaining }: Truth,
): JudgedDecision {
  return {
    sentence,
    decision: decision.kind === 'conclude' ? decision.outcome : decision.kind,
    pick_probability: proposal.pick.probability,
    pick_right: aim.pickRight,
    place_probability: proposal.place.probability,
    place_right: aim.placeRight,
    remaining: proposal.remaining,
    remains: remaining,
    found: proposal.found,
  }
}
