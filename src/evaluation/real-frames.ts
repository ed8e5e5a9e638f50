// Sentences on real camera frames: how many picks and places land on what a person would point at, beside chance and
// beside a rule that knows colours and nothing else.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { decideAnswerAtFirst } from '../control/decide.js'
import { CliportError } from '../control/errors.js'
import { pixelAt } from '../control/geometry.js'
import { askPolicy } from '../control/goal/ask-policy.js'
import type { Heightmap, HeightmapSpec, Outcome, Pixel } from '../control/types.js'
import { fileNameOf } from '../io/file-name.js'
import { describeIssues } from '../io/schema-issues.js'
import type { Config } from '../runtime/config/schema.js'
import { openSession } from '../runtime/session.js'
import { type Belief, expectedCalibrationError } from '../runtime/statistics.js'
import { colorOfWord, rgbOf } from '../sim/colors.js'
import { type Look, lookAtFrames } from './look.js'
import type { RawFolder } from './raw-folder.js'
import { distanceFromMiddle, shows } from './real-judge.js'

export interface RealFramesRequest {
  /** goals.json, and a folder a frame with color.png, depth.png, camera.json and labels.png (255: no depth, 0: table). */
  readonly folder: string
  /** Its z begins below the table, where half of a real table's points lie. */
  readonly workspace: HeightmapSpec
  readonly config: Config
  readonly raw?: RawFolder
  readonly tell: (line: string) => void
}

/** One sentence. Of what is absent everything about the pick is null; where no place is named, about the place. */
export interface RealFrameLine {
  readonly frame: string
  readonly sentence: string
  /** What it names for the pick or the place is not in the picture, so nothing should move. */
  readonly absent: boolean
  readonly pick_right: boolean | null
  /** Within its target, of which a camera may see the rim only (real-judge.ts). */
  readonly place_right: boolean | null
  /** Share of the cells that show any object which show the right one. */
  readonly pick_chance: number | null
  readonly place_chance: number | null
  /** Whether the cell above the table whose colour is nearest to the one that is named shows the right object. */
  readonly nearest_color_pick: boolean | null
  readonly nearest_color_place: boolean | null
  /** 'act', or how the runtime would end it without a move. */
  readonly decision: 'act' | Outcome
  readonly pick_probability: number
  readonly place_probability: number
  /** How sure the policy is that all that the sentence names is in view; absent in older results. */
  readonly found?: number
  readonly pictures: readonly string[]
}

/** The stable JSON of `cliport eval --real`. */
export interface RealFramesReport {
  readonly policy: string
  readonly sentences: number
  readonly picks_right: number
  readonly places_asked: number
  readonly places_right: number
  /** Sentences about present objects that the runtime would act on; otherwise it is unsure, or finds nothing. */
  readonly acted: number
  readonly acted_right: number
  /** Sentences about absent objects, and how many of them the runtime would act on. */
  readonly absent: number
  readonly absent_acted: number
  /** What as many random cells of objects would hit on average. */
  readonly picks_by_chance: number
  readonly nearest_color_picks: number
  readonly nearest_color_places: number
  /** Expected calibration error of each probability over all sentences that ask for it. */
  readonly calibration_error: Readonly<Record<RealBeliefName, number>>
}

export type RealBeliefName = 'pick' | 'place' | 'found'

/** Each probability that a decision states, beside whether it was so. */
export function realBeliefsOf(lines: readonly RealFrameLine[]): Record<RealBeliefName, Belief[]> {
  const belief = (probability: number, isTrue: boolean | null) => (isTrue === null ? [] : [{ probability, isTrue }])
  return {
    pick: lines.flatMap((line) => belief(line.pick_probability, line.pick_right)),
    place: lines.flatMap((line) => belief(line.place_probability, line.place_right)),
    found: lines.flatMap(({ found, absent }) => (found === undefined ? [] : belief(found, !absent))),
  }
}

const labels = z.array(z.int().min(1).max(254)).min(1)
const goalSchema = z
  .strictObject({
    frame: z.string(),
    sentence: z.string(),
    pick: labels.optional(),
    place: labels.optional(),
    absent: z.literal(true).optional(),
  })
  .refine(({ pick, absent }) => (pick === undefined) === (absent === true), {
    message: 'Expected either pick, the labels that are right, or "absent": true',
  })
const goalsSchema = z.strictObject({ note: z.string().optional(), goals: z.array(goalSchema).min(1) })
type Goal = z.infer<typeof goalsSchema>['goals'][number]

/**
 * @throws CliportError INPUT_INVALID for a folder without goals, frames or labels, naming the file; FRAME_INVALID and
 *                      POSE_INVALID for frames that do not show the workspace
 */
export async function tryRealFrames(request: RealFramesRequest): Promise<RealFramesReport> {
  const { folder, raw, workspace, tell } = request
  const goals = await readGoals(join(folder, 'goals.json'))
  const session = await openSession(request.config, { frames: 'given', tell })
  const { policy, projector } = session.ports
  const lines: RealFrameLine[] = []
  try {
    for (const [index, goal] of goals.entries()) {
      const look = await lookAtFrames(join(folder, goal.frame), workspace, projector)
      const answer = await askPolicy(policy, look.heightmap, goal.sentence, { placeOptional: true, always: true })
      const proposal = answer.proposal!
      const decision = decideAnswerAtFirst(answer, policy.info.thresholds)
      const view = { frames: look.frames, heightmap: look.heightmap }
      const pictures = (await raw?.pictures(`${index + 1}-${fileNameOf(goal.frame)}`, { view, proposal })) ?? []
      const line: RealFrameLine = {
        frame: goal.frame,
        sentence: goal.sentence,
        ...judged(goal, look, proposal.pick.pixel, proposal.place.pixel),
        decision: decision.kind === 'conclude' ? decision.outcome : 'act',
        pick_probability: proposal.pick.probability,
        place_probability: proposal.place.probability,
        found: proposal.found,
        pictures,
      }
      lines.push(line)
      await raw?.line(line)
      tell(`${isRight(line) ? 'right' : 'wrong'}  ${goal.frame}: "${goal.sentence}" (${line.decision})`)
    }
  } finally {
    await session.close()
  }
  const beliefs = realBeliefsOf(lines)
  const count = (of: (line: RealFrameLine) => boolean | null) => lines.filter((line) => of(line) === true).length
  return {
    policy: policy.info.name,
    sentences: lines.length,
    picks_right: count(({ pick_right }) => pick_right),
    places_asked: count(({ place_right }) => place_right !== null),
    places_right: count(({ place_right }) => place_right),
    acted: count(({ absent, decision }) => !absent && decision === 'act'),
    acted_right: count(
      ({ decision, pick_right, place_right }) => decision === 'act' && pick_right && place_right !== false,
    ),
    absent: count(({ absent }) => absent),
    absent_acted: count(({ absent, decision }) => absent && decision === 'act'),
    picks_by_chance: lines.reduce((total, { pick_chance }) => total + (pick_chance ?? 0), 0),
    nearest_color_picks: count(({ nearest_color_pick }) => nearest_color_pick),
    nearest_color_places: count(({ nearest_color_place }) => nearest_color_place),
    calibration_error: {
      pick: expectedCalibrationError(beliefs.pick),
      place: expectedCalibrationError(beliefs.place),
      found: expectedCalibrationError(beliefs.found),
    },
  }
}

/** The pick is right; of absent objects: nothing moves. */
function isRight({ absent, decision, pick_right: pickRight }: RealFrameLine): boolean {
  return absent ? decision !== 'act' : pickRight === true
}

function judged({ sentence, pick, place }: Goal, { heightmap, map }: Look, pickAt: Pixel, placeAt: Pixel) {
  const isAt = (wanted: readonly number[], at: Pixel | null) => at !== null && distanceFromMiddle(map, wanted, at) < 1
  const objects = map.labels.filter((label) => label !== 0)
  const chance = (wanted: readonly number[]) =>
    objects.filter((label) => wanted.includes(label)).length / objects.length
  const [pickColor, placeColor] = sentence.split(/\W+/).flatMap((word) => colorOfWord(word) ?? [])
  const nearest = (color: typeof pickColor) => (color === undefined ? null : nearestCell(heightmap, rgbOf(color)))
  const judge = <T>(wanted: readonly number[] | undefined, of: (wanted: readonly number[]) => T): T | null =>
    pick === undefined || wanted === undefined ? null : of(wanted)
  return {
    absent: pick === undefined,
    pick_right: judge(pick, (wanted) => shows(map, wanted, pickAt)),
    place_right: judge(place, (wanted) => isAt(wanted, placeAt)),
    pick_chance: judge(pick, chance),
    place_chance: judge(place, chance),
    nearest_color_pick: judge(pick, (wanted) => shows(map, wanted, nearest(pickColor))),
    nearest_color_place: judge(place, (wanted) => isAt(wanted, nearest(placeColor))),
  }
}

/** What is lower is table, noise included. */
const leastRiseM = 0.01

/** The cell above the table whose colour is nearest, by the distance in RGB. @param rgb 0..1 */
export function nearestCell({ color, heightM, spec, cols }: Heightmap, rgb: readonly number[]): Pixel | null {
  let best: { cell: number; distance: number } | null = null
  for (let cell = 0; cell < heightM.length; cell++) {
    if (spec.zMinM + heightM[cell]! < leastRiseM) continue
    const distance = Math.hypot(...rgb.map((value, c) => value - color[3 * cell + c]! / 255))
    if (best === null || distance < best.distance) best = { cell, distance }
  }
  return best === null ? null : pixelAt({ cols }, best.cell)
}

async function readGoals(path: string): Promise<readonly Goal[]> {
  try {
    return goalsSchema.parse(JSON.parse(await readFile(path, 'utf8'))).goals
  } catch (cause) {
    const why = cause instanceof z.ZodError ? describeIssues(cause, goalsSchema).join('; ') : (cause as Error).message
    throw invalid(path, why, cause)
  }
}

function invalid(path: string, why: string, cause: unknown): CliportError {
  return new CliportError('INPUT_INVALID', `${path} cannot be used: ${why}`, {
    stage: 'capture',
    hint: 'Expected goals.json beside a folder a frame with color.png, depth.png, camera.json and labels.png',
    cause,
  })
}
