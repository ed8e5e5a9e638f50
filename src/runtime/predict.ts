// `cliport predict`: what the policy would do with given frames, and pictures by which a person can judge it.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { decide } from '../control/decide.js'
import { CliportError } from '../control/errors.js'
import { parseGoal } from '../control/goal.js'
import { createStageTimer } from '../control/stage-timer.js'
import type { Affordance, Heightmap, HeightmapSpec, Proposal, RgbdFrame, Vec3 } from '../control/types.js'
import { affordanceView, encodePng, heightTopM, heightView, type Picture, topView } from '../io/pictures.js'
import { createProjector } from '../io/projector.js'
import { expectAddons, hostClock, noRecorder, openPolicy } from './compose.js'
import type { Config } from './config/schema.js'
import { type Durations, StageHistograms } from './durations.js'

export interface PredictRequest {
  readonly frames: readonly RgbdFrame[]
  readonly workspace: HeightmapSpec
  readonly goal: string
  /** Where pictures go; absent: none are made. */
  readonly out?: string
  readonly config: Config
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
  readonly status: 'ok' | 'not_found' | 'unsure'
  readonly reason: string
  readonly goal: string
  readonly pick: PredictedPose
  readonly place: PredictedPose
  readonly remaining: number
  readonly found: number
  readonly known_words: number
  readonly stages: Readonly<Record<string, Durations>>
  readonly files: Readonly<Record<string, string>>
}

export async function predict(request: PredictRequest): Promise<PredictReport> {
  expectAddons('heightmap')
  const goal = parseGoal(request.goal)
  const stages = new StageHistograms()
  const timer = createStageTimer(hostClock, stages, noRecorder)
  const policy = await openPolicy(request.config, request.tell)
  try {
    const heightmap = await timer.run('project', () => createProjector().project(request.frames, request.workspace))
    const maps = request.out !== undefined
    const proposal = await timer.run('propose', () => policy.propose(heightmap, goal, { maps }))
    for (const [part, ms] of Object.entries(proposal.timingMs)) timer.note(`propose.${part}`, ms)
    const files = request.out === undefined ? {} : await drawAll(request.out, request.frames, heightmap, proposal)
    return {
      ...statusOf(proposal, policy.info.thresholds),
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
    await policy.close()
  }
}

/** What the cycle would decide on the first look; a goal that is reached already is `ok`, with `remaining` near 0. */
function statusOf(
  proposal: Proposal,
  thresholds: Parameters<typeof decide>[2],
): Pick<PredictReport, 'status' | 'reason'> {
  const history = { steps: 0, placed: 0, failures: [], suppressed: 0 }
  const decision = decide(proposal, history, thresholds, { steps: 1, failuresInARow: 1 })
  if (decision.kind !== 'conclude') return { status: 'ok', reason: '' }
  const { outcome, reason } = decision
  return { status: outcome === 'not_found' || outcome === 'unsure' ? outcome : 'ok', reason }
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

/**
 * Column and row of a base point in a camera's picture (pinhole), or null behind the camera and outside of the picture.
 * `T_base_camera` is rigid, so its inverse is its transpose.
 */
export function pixelInFrame(
  { intrinsics, T_base_camera: T }: RgbdFrame,
  p_base_m: Vec3,
): readonly [number, number] | null {
  const d = p_base_m.map((value, i) => value - T[4 * i + 3]!)
  const along = (axis: number) => T[axis]! * d[0]! + T[4 + axis]! * d[1]! + T[8 + axis]! * d[2]!
  const [x, y, z] = [along(0), along(1), along(2)]
  if (z <= 0) return null
  const u = Math.round((intrinsics.fx * x) / z + intrinsics.cx)
  const v = Math.round((intrinsics.fy * y) / z + intrinsics.cy)
  return u >= 0 && u < intrinsics.width && v >= 0 && v < intrinsics.height ? [u, v] : null
}

/** Writes every picture and returns role -> path. @throws CliportError INPUT_INVALID or DISK_FULL */
async function drawAll(
  out: string,
  frames: readonly RgbdFrame[],
  heightmap: Heightmap,
  proposal: Proposal,
): Promise<Record<string, string>> {
  const { rows, cols, color, heightM } = heightmap
  const marks = (scale: number) => {
    // Seen from above: y runs to the right and x down (src/io/pictures.ts).
    const at = ({ pixel: [u, v] }: Affordance) => [(u + 0.5) * scale, (v + 0.5) * scale] as const
    return marksSvg(rows * scale, cols * scale, at(proposal.pick), at(proposal.place))
  }
  const pictures: [role: string, picture: Picture, svg: (scale: number) => string, scale: number][] = [
    ['heightmap_color', topView(color, rows, cols), marks, 3],
    ['heightmap_height', heightView(heightM, rows, cols, heightTopM(heightM)), marks, 3],
  ]
  if (proposal.maps !== undefined) {
    pictures.push(['pick_map', affordanceView(color, proposal.maps.pick, rows, cols), marks, 3])
    pictures.push(['place_map', affordanceView(color, proposal.maps.place, rows, cols), marks, 3])
  }
  for (const frame of frames) {
    const { width, height } = frame.intrinsics
    const [pick, place] = [proposal.pick, proposal.place].map(({ p_base_m }) => pixelInFrame(frame, p_base_m))
    const svg = () => marksSvg(width, height, pick ?? null, place ?? null)
    pictures.push([`camera_${frame.camera}`, { rgb: frame.color, width, height }, svg, 1])
  }
  try {
    await mkdir(out, { recursive: true })
    const files: Record<string, string> = {}
    await Promise.all(
      pictures.map(async ([role, picture, svg, scale]) => {
        const file = join(out, `${role.replace(/[^\w-]/g, '_')}.png`)
        files[role] = file
        const plain = sharp(await encodePng(picture)).resize(picture.width * scale, picture.height * scale, {
          kernel: 'nearest',
        })
        await writeFile(
          file,
          await plain
            .composite([{ input: Buffer.from(svg(scale)) }])
            .png()
            .toBuffer(),
        )
      }),
    )
    return Object.fromEntries(Object.entries(files).sort(([a], [b]) => a.localeCompare(b)))
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'DISK_FULL' : 'INPUT_INVALID'
    throw new CliportError(code, `Could not write the pictures to ${out}: ${(cause as Error).message}`, {
      stage: 'record',
      hint: 'Choose another folder for --out, or check space and permissions of this one',
      cause,
    })
  }
}

type Point = readonly [x: number, y: number]

/** Cross-hair where it would pick, ring where it would place, a line between them; dark and light, so that both show. */
function marksSvg(width: number, height: number, pick: Point | null, place: Point | null): string {
  const shapes: string[] = []
  if (pick !== null && place !== null) {
    shapes.push(`<line x1="${pick[0]}" y1="${pick[1]}" x2="${place[0]}" y2="${place[1]}" stroke-dasharray="7 6"/>`)
  }
  if (pick !== null) {
    const [x, y] = pick
    shapes.push(
      `<circle cx="${x}" cy="${y}" r="12"/><path d="M${x - 20} ${y}h14M${x + 6} ${y}h14M${x} ${y - 20}v14M${x} ${y + 6}v14"/>`,
    )
  }
  if (place !== null) {
    const [x, y] = place
    shapes.push(`<circle cx="${x}" cy="${y}" r="16"/><circle cx="${x}" cy="${y}" r="3"/>`)
  }
  const label = (text: string, at: Point | null) =>
    at === null
      ? ''
      : `<text x="${Math.min(at[0] + 20, width - 60)}" y="${Math.max(20, at[1] - 16)}" font-family="sans-serif" font-size="18" fill="#fff" stroke="#111" stroke-width="4" paint-order="stroke">${text}</text>`
  const drawn = shapes.join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g fill="none" stroke="#111" stroke-width="6">${drawn}</g><g fill="none" stroke="#ffe14d" stroke-width="2.5">${drawn}</g>${label('pick', pick)}${label('place', place)}</svg>`
}
