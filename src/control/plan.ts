// A proposal becomes motion: the published pick-and-place primitive (Zeng et al. 2020, "Transporter Networks", code
// release `primitives.py`), with a transit height from the scene instead of the published fixed 0.32 m, because a Franka
// does not reach the workspace's corners that high.

import { greatestBlendM, type Surroundings } from './blend.js'
import { wrapRad } from './geometry.js'
import { type Box, highestBoxAlongM, toolHeightM } from './keep-out.js'
import type { Kinematics } from './ports.js'
import { footprintRadiusM, highestAlongM, highestAtM } from './surface.js'
import type { Heightmap, MotionSegment, Plan, Proposal, Segment, Vec3 } from './types.js'

/** Distances in metres, speeds in metres a second. */
export interface PlanSettings {
  /** z of the empty table in the base frame; what is held is at most as tall as its top lies above the table. */
  readonly tableZM: number
  /** Kept above the highest point on the way. */
  readonly transitClearanceM: number
  /** Height above what was seen under the tool, or under what it holds, at which the slow descent begins. */
  readonly approachClearanceM: number
  /** Greatest length of two lines that a blend between them may replace; 0: the arm rests at every corner. */
  readonly blendRadiusM: number
  /** Kept between whatever moves sideways and whatever was seen below it; the limit of the check. */
  readonly clearanceM: number
  /** How far below the expected surface a descent may go before it counts as having missed it. */
  readonly searchDepthM: number
  /** The same while something is dragged: the least that the check passes. */
  readonly dragClearanceM: number
  /** Lowest way over the table: nearer to it, the arm does not reach the park pose from everywhere. */
  readonly lowestTransitM: number
  /** Half the width of the tool. */
  readonly toolRadiusM: number
  /** Half the width of the widest thing that is carried. */
  readonly loadRadiusM: number
  /** Lowest tool position, from the motion box. */
  readonly lowestZM: number
  /** Where no part of the arm may be: passed over where the arm reaches that high. */
  readonly keepOut: readonly Box[]
  readonly travelSpeedMps: number
  readonly descendSpeedMps: number
}

/** Kept around what is held, sideways, where it is lowered fast: of its pose in the cup, and of the map's cells. */
const heldMarginM = 0.01
/** Lower than this above the table is the table, as far as what is held is concerned. */
const standsAboveTableM = 0.005

/** The surface right under the cup is read from this disc: one cell of a depth camera may be a hole. */
const contactRadiusM = 0.0065

/** Pose of the tool, which points straight down. */
export interface ToolPose {
  readonly p_base_m: Vec3
  readonly yawRad: number
}

/** The plans of one step. */
export interface ActionPlans {
  readonly pick: Plan
  /** null: nothing is held after the first plan, as after a push. */
  readonly place: Plan | null
  /** Greatest length that may hang below the tool on the way to the place, metres. */
  readonly payloadHeightM: number
}

/**
 * Plans of one pick and place (of a push: plan-push.ts). The pick plan ends at the grasp, the place plan at the release:
 * `place` is run only when something is held, and each is one motion without a rest on its way. Whatever follows lifts
 * the tool first.
 *
 * @param start where the tool is now
 */
export function planAction(
  heightmap: Heightmap,
  proposal: Proposal,
  start: ToolPose,
  kinematics: Kinematics,
  settings: PlanSettings,
): ActionPlans & { readonly place: Plan } {
  const pick = proposal.pick.p_base_m
  const place = proposal.place.p_base_m
  const pickSurfaceM = highestAtM(heightmap, pick, contactRadiusM)
  const placeSurfaceM = highestAtM(heightmap, place, contactRadiusM)
  const highestM = (from: Vec3, to: Vec3, radiusM: number) =>
    Math.max(
      highestAlongM(heightmap, from, to, radiusM),
      highestBoxAlongM(settings.keepOut, from, to, settings.loadRadiusM),
    )
  const wayInM = highestM(start.p_base_m, pick, settings.toolRadiusM) + settings.transitClearanceM
  const isDragged = proposal.primitive === 'drag'
  const heightM = Math.max(0, pickSurfaceM - settings.tableZM)
  // What is dragged lies on the table but for where it is held: only the tool must pass over what was seen.
  const payloadHeightM = isDragged ? 0 : heightM
  const clearanceM = isDragged ? settings.dragClearanceM : settings.transitClearanceM
  const carriedM = highestM(pick, place, settings.loadRadiusM) + payloadHeightM + clearanceM
  const lowestTransitM = settings.tableZM + settings.lowestTransitM
  const wayOverM = isDragged ? carriedM : Math.max(carriedM, lowestTransitM)
  const abovePickM = highestAtM(heightmap, pick, settings.toolRadiusM) + settings.approachClearanceM
  const heldRadiusM =
    heldMarginM +
    footprintRadiusM(heightmap, pick, settings.tableZM + standsAboveTableM, settings.loadRadiusM - heldMarginM)
  const abovePlaceM = highestAtM(heightmap, place, heldRadiusM) + heightM + settings.approachClearanceM

  const at = ([x, y]: Vec3, z: number): Vec3 => [x, y, z]
  const pickLimit = at(pick, Math.max(settings.lowestZM, pickSurfaceM - settings.searchDepthM))
  // What is dragged is let go where it just lies: the arm stops some millimetres after contact, and a bead that is pressed
  // for so long slips out sideways.
  const lowestPlaceM = isDragged ? placeSurfaceM + heightM : placeSurfaceM - settings.searchDepthM
  const placeLimit = at(place, Math.max(settings.lowestZM, lowestPlaceM))
  const turnRad = wrapRad(proposal.place.yawRad)
  const yawRad = chooseToolYaw(
    kinematics,
    proposal.pick.yawRad,
    turnRad,
    [at(pick, wayOverM), pickLimit],
    [at(place, wayOverM), placeLimit],
  )
  const { move, descend } = segmentsAt(settings)
  const carry = isDragged ? segmentsAt({ ...settings, travelSpeedMps: settings.descendSpeedMps }).move : move

  const toPick = travel(start.p_base_m, at(pick, Math.max(wayInM, abovePickM)))
  const pickSegments = [
    ...toPick.map((p) => move(p, p === toPick.at(-1) ? yawRad : start.yawRad)),
    move(at(pick, abovePickM), yawRad),
    descend(pickLimit, yawRad),
  ]
  const placeSegments = [
    carry(at(pick, wayOverM), yawRad),
    carry(at(place, wayOverM), yawRad + turnRad),
    move(at(place, Math.min(wayOverM, abovePlaceM)), yawRad + turnRad),
    descend(placeLimit, yawRad + turnRad),
  ]
  const around = surroundings(heightmap, kinematics, settings)
  const empty = { ...around, payloadHeightM: 0, aroundM: Math.max(settings.toolRadiusM, settings.clearanceM) }
  const loaded = { ...around, payloadHeightM, aroundM: Math.max(heldRadiusM, settings.clearanceM) }
  const grasped = { p_base_m: pickLimit, yawRad }
  return {
    payloadHeightM,
    pick: { name: 'pick', segments: [...blended(pickSegments, start, empty, settings), { kind: 'grasp' }] },
    place: { name: 'place', segments: [...blended(placeSegments, grasped, loaded, settings), { kind: 'release' }] },
  }
}

/** What the corners of plans are cut around. */
function surroundings(
  heightmap: Heightmap,
  kinematics: Kinematics,
  { clearanceM, keepOut, loadRadiusM }: PlanSettings,
): Omit<Surroundings, 'payloadHeightM' | 'aroundM'> {
  return { heightmap, kinematics, clearanceM, keepOut, keepOutRadiusM: loadRadiusM, toolHeightM }
}

/** The same lines with every corner cut as far as it may be. */
function blended(
  segments: readonly MotionSegment[],
  start: ToolPose,
  around: Surroundings,
  { blendRadiusM }: PlanSettings,
): Segment[] {
  return segments.map((segment, index) => {
    const next = segments[index + 1]
    if (segment.kind !== 'move' || next === undefined) return segment
    const from = segments[index - 1] ?? start
    const radiusM = greatestBlendM({ from, at: segment, to: next }, blendRadiusM, around)
    return radiusM > 0 ? { ...segment, blendRadiusM: radiusM } : segment
  })
}

/**
 * Plan of the way to where the arm hides nothing from the cameras: up until everything on the way is below, what was just
 * placed too, then straight there. The park pose is high; rising to its height far from the base is out of the arm's reach.
 * @param heightmap null before the first look: anything may then stand anywhere, as high as the workspace
 */
export function planPark(
  heightmap: Heightmap | null,
  start: ToolPose,
  park: ToolPose,
  kinematics: Kinematics,
  settings: PlanSettings,
  workspaceTopM: number,
): Plan {
  const { move } = segmentsAt(settings)
  const { keepOut, loadRadiusM, transitClearanceM } = settings
  const [x, y, z] = start.p_base_m
  const seenM =
    heightmap === null
      ? workspaceTopM
      : highestAlongM(heightmap, start.p_base_m, park.p_base_m, loadRadiusM) + transitClearanceM
  const highestM = Math.max(
    seenM,
    settings.tableZM + settings.lowestTransitM,
    heightmap === null ? seenM : Math.min(z, workspaceTopM) + transitClearanceM,
    highestBoxAlongM(keepOut, start.p_base_m, park.p_base_m, loadRadiusM) + transitClearanceM,
  )
  const clearM = Math.min(highestM, park.p_base_m[2])
  const way = move(park.p_base_m, park.yawRad)
  if (z >= clearM - 1e-6) return { name: 'park', segments: [way] }
  const lines = [move([x, y, clearM], start.yawRad), way]
  if (heightmap === null) return { name: 'park', segments: lines }
  const around = { ...surroundings(heightmap, kinematics, settings), payloadHeightM: 0, aroundM: loadRadiusM }
  return { name: 'park', segments: blended(lines, start, around, settings) }
}

/** Straight up to the height of `to` where the tool is lower, then straight over: never below the height of `to`. */
function travel(from: Vec3, to: Vec3): Vec3[] {
  return from[2] < to[2] - 1e-6 ? [[from[0], from[1], to[2]], to] : [to]
}

function segmentsAt({ travelSpeedMps, descendSpeedMps }: PlanSettings) {
  return {
    move: (p_base_m: Vec3, yawRad: number): MotionSegment => ({
      kind: 'move',
      p_base_m,
      yawRad,
      speedMps: travelSpeedMps,
    }),
    descend: (p_base_m: Vec3, yawRad: number): MotionSegment => ({
      kind: 'descend',
      p_base_m,
      yawRad,
      speedMps: descendSpeedMps,
    }),
  }
}

/**
 * Yaw of the tool at the pick. A cup is round: only the turn between pick and place matters, so the last joint is kept
 * away from its limits by splitting the turn between both. The first yaw that the arm reaches everywhere, counted from
 * half the turn; half the turn when there is none (the check then refuses the plan and says why).
 */
function chooseToolYaw(
  kinematics: Kinematics,
  pickYawRad: number,
  turnRad: number,
  atPick: readonly Vec3[],
  atPlace: readonly Vec3[],
): number {
  const reaches = (yawRad: number) =>
    atPick.every((p) => kinematics.inverse(p, yawRad) !== null) &&
    atPlace.every((p) => kinematics.inverse(p, yawRad + turnRad) !== null)
  const middleRad = pickYawRad - turnRad / 2
  const stepRad = Math.PI / 12
  for (let i = 0; i <= 12; i++) {
    for (const yawRad of i === 0 ? [middleRad] : [middleRad - i * stepRad, middleRad + i * stepRad]) {
      if (reaches(yawRad)) return yawRad
    }
  }
  return middleRad
}
