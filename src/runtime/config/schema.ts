// Every setting, its unit, its default and what it means: the one source of validation, of config/default.yaml's check
// and of the environment variables' names (CLIPORT_<SECTION>_<KEY>).

import { z } from 'zod'
import { roundHalfToEven } from '../../control/geometry.js'
import { problemOfAddress } from '../../io/link/address.js'
import { cameras } from './cameras.js'
import { policy, policyKeys } from './policy.js'
import { voice } from './voice.js'

const metres = (min: number, max: number, fallback: number) => z.number().min(min).max(max).default(fallback)
const speed = (fallback: number) => z.number().positive().max(1.7).default(fallback)

/** Bounds of the heightmap: what the cameras look at. Defaults as published (CLIPort). */
const workspace = z
  .strictObject({
    x_min_m: metres(-2, 2, 0.25),
    x_max_m: metres(-2, 2, 0.75),
    y_min_m: metres(-2, 2, -0.5),
    y_max_m: metres(-2, 2, 0.5),
    z_min_m: metres(-1, 1, 0).describe('half of a real table lies below zero: -0.02 on a real cell'),
    z_max_m: metres(-1, 2, 0.28),
    pixel_m: metres(0.0005, 0.05, 0.003125),
  })
  .superRefine((box, context) => {
    expectOrder(box, context)
    expectCells(box, context)
  })

/** How the cameras' points become the heightmap. */
const heightmap = z.strictObject({
  mode: z.enum(['exact', 'fast']).default('exact'),
  threads: z.int().min(1).max(16).default(1),
  outlier_tolerance_m: metres(0, 0.5, 0).describe('0: cells that stand alone in height stay'),
  outlier_support: z.int().min(1).max(8).default(2),
  hole_passes: z.int().min(0).max(64).default(0),
})

const box = z
  .strictObject({
    x_min_m: z.number().min(-2).max(2),
    x_max_m: z.number().min(-2).max(2),
    y_min_m: z.number().min(-2).max(2),
    y_max_m: z.number().min(-2).max(2),
    z_min_m: z.number().min(-1).max(3),
    z_max_m: z.number().min(-1).max(3),
  })
  .superRefine((value, context) => expectOrder(value, context))

/** Limits of this cell. The controller has its own, which these can only tighten. */
const limits = z
  .strictObject({
    x_min_m: metres(-1, 1, 0.1),
    x_max_m: metres(-1, 1, 0.8),
    y_min_m: metres(-1, 1, -0.6),
    y_max_m: metres(-1, 1, 0.6),
    z_min_m: metres(-0.5, 1, -0.01),
    z_max_m: metres(-0.5, 1.2, 0.7),
    speed_mps: speed(0.5),
    contact_speed_mps: speed(0.1),
    joint_margin_rad: z.number().min(0).max(1).default(0.1),
    clearance_m: metres(0, 0.2, 0.02).describe('kept between what moves sideways and what was seen below it'),
    keep_out: z.array(box).max(32).default([]).describe('boxes in which no part of the arm may be'),
  })
  .superRefine((box, context) => expectOrder(box, context))

const planning = z.strictObject({
  table_z_m: metres(-0.5, 1, 0),
  transit_clearance_m: metres(0.01, 0.3, 0.08),
  approach_clearance_m: metres(0.002, 0.2, 0.005),
  blend_radius_m: metres(0, 0.3, 0.1).describe('how far a corner of the way may be cut; 0: the arm rests at each'),
  look_from: z.enum(['park', 'near']).default('near').describe('where the arm waits while the cameras look'),
  search_depth_m: metres(0.002, 0.1, 0.015),
  tool_radius_m: metres(0.002, 0.2, 0.025),
  load_radius_m: metres(0.005, 0.3, 0.08),
  travel_speed_mps: speed(0.5),
  descend_speed_mps: speed(0.08),
})

const robot = z.strictObject({
  arm: z.enum(['panda', 'fr3']).default('panda').describe('whose joint limits hold'),
  link: z
    .string()
    .superRefine((address, context) => {
      const problem = problemOfAddress(address)
      if (problem !== null) context.addIssue({ code: 'custom', message: problem, input: address })
    })
    .nullable()
    .default(null),
  keys: z.string().min(1).nullable().default(null).describe("folder of the link's keys; null: ~/.config/cliport/link"),
  consent_to_motion: z.boolean().default(false).describe('a person beside the arm agrees to its motion'),
  connect_timeout_s: z.number().positive().max(60).default(3),
})

const cell = z.strictObject({
  sensor: z.enum(['clean', 'real']).default('clean'),
  appearance: z.enum(['published', 'randomized']).default('published'),
  camera_timeout_s: z.number().positive().max(60).default(5),
})

const run = z.strictObject({
  max_steps: z.int().min(1).max(200).default(12),
  max_failures_in_a_row: z.int().min(1).max(50).default(4),
  suppress_radius_m: metres(0.002, 0.2, 0.02),
  point_of_view: z.enum(['robot', 'person']).default('robot'),
  out: z.string().min(1).default('runs'),
  picture_hz: z.number().min(0).max(30).default(8),
})

/** `cliport serve`. */
const service = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('0.0.0.0: reachable from other machines, over TLS only'),
  port: z.int().min(0).max(65535).default(8420).describe('0: any free one'),
  state: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('folder of queue, token and certificate; null: $STATE_DIRECTORY, else ~/.local/state/cliport'),
  names: z.array(z.string().min(1)).max(32).default([]).describe('further host names under which the page is opened'),
  tls_certificate: z.string().min(1).nullable().default(null).describe('PEM; null: self-signed, made at the first use'),
  tls_key: z.string().min(1).nullable().default(null),
  requests_per_s: z.int().min(1).max(100_000).default(50).describe('of one address; stops are not counted'),
  picture_hz: z.number().min(0.1).max(30).default(4).describe('live pictures while somebody looks'),
  queue_max: z.int().min(1).max(100_000).default(1000),
  history_max: z.int().min(1).max(1_000_000).default(10_000).describe('finished goals that are kept'),
  record_robot_hz: z
    .number()
    .min(0)
    .max(100)
    .default(20)
    .describe("the arm's states in the recording of a goal; 0: none"),
  record_camera_hz: z.number().min(0).max(30).default(1).describe('frames beside the looks, in mid-motion; 0: none'),
  recordings_gb: z.number().positive().max(100_000).default(20).describe('the oldest go first, of failed goals last'),
  recordings_days: z.number().positive().max(10_000).default(30).describe('of goals that were achieved'),
  disk_free_gb: z.number().min(0).max(100_000).default(1).describe('below this recordings go too'),
  question_timeout_s: z.number().positive().max(86_400).default(600),
})

export const configSchema = z.strictObject({
  version: z.literal(1),
  workspace: workspace.prefault({}),
  heightmap: heightmap.prefault({}),
  limits: limits.prefault({}),
  planning: planning.prefault({}),
  policy: policy.prefault({}),
  robot: robot.prefault({}),
  cameras: cameras.default([]),
  cell: cell.prefault({}),
  run: run.prefault({}),
  service: service.prefault({}),
  voice: voice.prefault({}),
})

/** All settings, checked and complete (config/default.yaml lists them with their defaults). */
export type Config = z.infer<typeof configSchema>

/** What is left of a section `service` that may be wrong: itself where it is valid, else the defaults. */
export function serviceSettingsIn(given: unknown): Config['service'] {
  const parsed = service.safeParse(given ?? {})
  return parsed.success ? parsed.data : service.parse({})
}

/** Names of the sections and their keys, in order. */
export const configKeys: Readonly<Record<string, readonly string[]>> = {
  ...keysOf({ workspace, heightmap, limits, planning }),
  policy: policyKeys,
  ...keysOf({ robot, cell, run, service, voice }),
}

function keysOf(sections: Readonly<Record<string, z.ZodObject>>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(sections).map(([section, { shape }]) => [section, Object.keys(shape)]))
}

type Box = Record<`${'x' | 'y' | 'z'}_${'min' | 'max'}_m`, number>

/** A side of less than half a pixel has no cell. */
function expectCells(box: Box & { readonly pixel_m: number }, context: z.core.$RefinementCtx): void {
  for (const axis of ['x', 'y'] as const) {
    const [min, max] = [box[`${axis}_min_m`], box[`${axis}_max_m`]]
    if (min >= max || roundHalfToEven((max - min) / box.pixel_m) > 0) continue
    context.addIssue({
      code: 'custom',
      path: [`${axis}_max_m`],
      message: `Expected room for a cell of pixel_m (${box.pixel_m}) above ${axis}_min_m (${min})`,
      input: max,
    })
  }
}

function expectOrder(box: Box, context: z.core.$RefinementCtx): void {
  for (const axis of ['x', 'y', 'z'] as const) {
    const [min, max] = [box[`${axis}_min_m`], box[`${axis}_max_m`]]
    if (min < max) continue
    context.addIssue({
      code: 'custom',
      path: [`${axis}_max_m`],
      message: `Expected more than ${axis}_min_m (${min})`,
      input: max,
    })
  }
}
