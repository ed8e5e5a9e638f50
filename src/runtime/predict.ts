// `cliport predict`: what the policy would do with given frames, and pictures by which a person can judge it.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decideAnswerAtFirst } from '../control/decide.js'
import { pixelInFrame } from '../control/frame.js'
import { askPolicy } from '../control/goal/ask-policy.js'
import type { Answer } from '../control/goal/types.js'
import { withoutCells } from '../control/goal/understanding.js'
import { parseGoal } from '../control/goal.js'
import { createStageTimer } from '../control/stage-timer.js'
import type { Affordance, Heightmap, HeightmapSpec, Outcome, Proposal, RgbdFrame, Vec3 } from '../control/types.js'
import { fileNameOf } from '../io/file-name.js'
import { affordanceView, heightTopM, heightView, topView } from '../io/pictures.js'
import { makeOutputFolder, unwritable } from '../io/unwritable.js'
import { expectWorkspaceSeen } from '../io/workspace-view.js'
import type { Config } from './config/schema.js'
import { type Durations, StageHistograms } from './durations.js'
import { markedFrame, markedMap } from './report/marks.js'
import { hostClock, noRecorder, openSession } from './session.js'

/** Frames, a goal, and where pictures go. */
export interface PredictRequest {
  readonly frames: readonly RgbdFrame[]
  readonly workspace: HeightmapSpec
  readonly goal: string
  /** Where pictures go; absent: none are made. */
  readonly out?: string
  readonly config: Config
  /** Hears one line for people at a time. */
  readonly tell: (line: string) => void
}

/** A pose as the policy server gives it, and where it is in a camera's picture. */
export interface PredictedPose {
  readonly p_base_m: Vec3
  readonly yaw_rad: number
  /** Row and column of the heightmap. */
  readonly pixel: readonly [number, number]
  readonly probability: number
  /** Column and row in the picture of `camera`; null where no camera looks. */
  readonly pixel_camera: readonly [number, number] | null
  readonly camera: string | null
}

/** The stable JSON of `cliport predict`. */
export interface PredictReport {
  readonly status: 'ok' | 'not_understood' | 'unsupported' | 'ambiguous' | 'not_found' | 'unsure'
  readonly reason: string
  /** The typed command, or why there is none; null for a policy that takes sentences as they are. */
  readonly understood: object | null
  readonly goal: string
  readonly pick: PredictedPose
  readonly place: PredictedPose
  readonly remaining: number
  readonly found: number
  readonly known_words: number
  readonly stages: Readonly<Record<string, Durations>>
  readonly files: Readonly<Record<string, string>>
}

/**
 * @throws CliportError GOAL_EMPTY, GOAL_TOO_LONG; FRAME_INVALID, POSE_INVALID for frames that do not show the workspace;
 *                      INPUT_INVALID, DISK_FULL where `out` cannot be written; those of `openPolicy`
 */
export async function predict(request: PredictRequest): Promise<PredictReport> {
  const goal = parseGoal(request.goal)
  expectWorkspaceSeen(request.frames, request.workspace)
  if (request.out !== undefined) await makeOutputFolder('the pictures', request.out, '--out')
  const stages = new StageHistograms()
  const timer = createStageTimer(hostClock, stages, noRecorder)
  const session = await openSession(request.config, { frames: 'given', tell: request.tell })
  const { policy, projector } = session.ports
  try {
    const heightmap = await timer.run('project', () => projector.project(request.frames, request.workspace))
    const maps = request.out !== undefined
    // The pick alone is judged by whoever looks, so a sentence needs no place.
    const answer = await timer.run('propose', () =>
      askPolicy(policy, heightmap, goal, { maps, placeOptional: true, always: true }),
    )
    const proposal = answer.proposal!
    for (const [part, ms] of Object.entries(proposal.timingMs)) timer.note(`propose.${part}`, ms)
    const files = request.out === undefined ? {} : await drawAll(request.out, request.frames, heightmap, proposal)
    return {
      ...statusOf(answer, policy.info.thresholds),
      understood: answer.understanding === null ? null : withoutCells(answer.understanding),
      goal,
      pick: poseOf(proposal.pick, request.frames),
      place: poseOf(proposal.place, request.frames),
      remaining: proposal.remaining,
      found: proposal.found,
      known_words: proposal.knownWords,
      stages: stages.all(),
      files,
    }
  } finally {
    await session.close()
  }
}

/** What the cycle would decide on the first look; a goal that is reached already is `ok`, with `remaining` near 0. */
export function statusOf(
  answer: Answer,
  thresholds: Parameters<typeof decideAnswerAtFirst>[1],
): Pick<PredictReport, 'status' | 'reason'> {
  const decision = decideAnswerAtFirst(answer, thresholds)
  if (decision.kind !== 'conclude') return { status: 'ok', reason: '' }
  const { outcome, reason } = decision
  return { status: isRefusal(outcome) ? outcome : 'ok', reason }
}

const refusals = ['not_understood', 'unsupported', 'ambiguous', 'not_found', 'unsure'] as const

function isRefusal(outcome: Outcome): outcome is (typeof refusals)[number] {
  return (refusals as readonly Outcome[]).includes(outcome)
}

function poseOf({ p_base_m, yawRad, pixel, probability }: Affordance, frames: readonly RgbdFrame[]): PredictedPose {
  const seen = frames.map((frame) => ({ frame, at: pixelInFrame(frame, p_base_m) })).find(({ at }) => at !== null)
  return {
    p_base_m,
    yaw_rad: yawRad,
    pixel,
    probability,
    pixel_camera: seen?.at ?? null,
    camera: seen?.frame.camera ?? null,
  }
}

/** Writes every picture and returns role -> path. @throws CliportError INPUT_INVALID or DISK_FULL */
async function drawAll(
  out: string,
  frames: readonly RgbdFrame[],
  heightmap: Heightmap,
  proposal: Proposal,
): Promise<Record<string, string>> {
  const { rows, cols, color, heightM } = heightmap
  const scale = 3
  const pictures: [role: string, png: Promise<Buffer>][] = [
    ['heightmap_color', markedMap(topView(color, rows, cols), proposal, scale)],
    ['heightmap_height', markedMap(heightView(heightM, rows, cols, heightTopM(heightM)), proposal, scale)],
    ...frames.map((frame): [string, Promise<Buffer>] => [`camera_${frame.camera}`, markedFrame(frame, proposal)]),
  ]
  if (proposal.maps !== undefined) {
    const { pick, place } = proposal.maps
    pictures.push(['pick_map', markedMap(affordanceView(color, pick, rows, cols), proposal, scale)])
    pictures.push(['place_map', markedMap(affordanceView(color, place, rows, cols), proposal, scale)])
  }
  try {
    const files: Record<string, string> = {}
    await Promise.all(
      pictures.map(async ([role, png]) => {
        const file = join(out, `${fileNameOf(role)}.png`)
        files[role] = file
        await writeFile(file, await png)
      }),
    )
    return Object.fromEntries(Object.entries(files).sort(([a], [b]) => a.localeCompare(b)))
  } catch (cause) {
    throw unwritable('the pictures', out, '--out', cause)
  }
}
