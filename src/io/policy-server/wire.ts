// The wire contract of the policy server (docs/policy-server.md): multipart messages, the first part UTF-8 JSON. Names on
// the wire have their units; metres, radians, base frame, matrices row-major.

import { z } from 'zod'
import type { ErrorCode } from '../../control/errors.js'
import { lexiconSchema } from '../policy/manifest.js'

/** Of the messages; another one is refused with VERSION_UNSUPPORTED. */
export const protocolVersion = 1

/** What a server accepts at most. */
export const wireLimits = {
  /** Bytes of the JSON. */
  headerBytes: 65_536,
  /** Bytes of one part; a peer that sends a larger one is disconnected by ZeroMQ, without an answer. */
  partBytes: 64 * 1024 * 1024,
  /** Width and height of a picture, pixels. */
  side: 4096,
  /** Frames in a request. */
  frames: 8,
  /** Suppressed spots in a request. */
  suppressed: 1024,
} as const

/**
 * Codes of an error reply: those of the runtime (docs/errors.md), and those that only a message can have.
 * - `BUSY`: as many requests wait as may; the same request succeeds later
 * - `REQUEST_INVALID`: the message is not what docs/policy-server.md says
 * - `VERSION_UNSUPPORTED`: another version of the messages
 */
export type WireErrorCode = ErrorCode | 'BUSY' | 'REQUEST_INVALID' | 'VERSION_UNSUPPORTED'

/** Parts of one message, without ZeroMQ's envelope. */
export type Parts = readonly Uint8Array[]

/** An error reply. */
export interface ErrorReply {
  readonly error: {
    readonly code: WireErrorCode
    readonly message: string
    readonly hint: string
    /** Whether the same request may succeed later. */
    readonly retryable: boolean
  }
}

export const workspaceSchema = z.strictObject({
  x_min_m: z.number(),
  x_max_m: z.number(),
  y_min_m: z.number(),
  y_max_m: z.number(),
  z_min_m: z.number(),
  z_max_m: z.number(),
  pixel_m: z.number().positive(),
})

export const unitsSchema = z.object({ length: z.string(), angle: z.string(), color: z.string() })
const probability = z.number().min(0).max(1)
const pixel = z.tuple([z.int().min(0), z.int().min(0)])

export const suppressedSchema = z.strictObject({ pixel, radius_m: z.number().min(0).max(1) })

/** Reply to `hello`: who the policy is, and what it expects. */
export const helloReplySchema = z.object({
  status: z.literal('ok'),
  server: z.object({ name: z.string(), version: z.string() }),
  versions: z.array(z.int()),
  name: z.string(),
  architecture: z.string(),
  /** Execution provider that computes the decisions, e.g. 'cpu'. */
  provider: z.string().nullable(),
  package_sha256: z.string().nullable(),
  units: unitsSchema,
  /** Of heightmap requests. */
  workspace: workspaceSchema,
  rows: z.int().positive(),
  cols: z.int().positive(),
  /** Bottom of the heightmap that the server makes of frames, unless the request names another. */
  frames_z_min_m: z.number(),
  rotations: z.int().positive(),
  thresholds: z.object({ pick: probability, place: probability, remaining: probability, found: probability }),
  end_effectors: z.array(z.enum(['none', 'suction_cup', 'two_finger', 'digital_output'])).nullable(),
  lexicon: z.object(lexiconSchema.shape).nullable(),
})

const pose = z.object({
  p_base_m: z.tuple([z.number(), z.number(), z.number()]),
  yaw_rad: z.number(),
  pixel,
  probability,
})

/** Reply to a request for a decision. `pick` and `place` are there for every status of a sentence that was understood. */
export const decisionReplySchema = z.object({
  status: z.string(),
  /** `act`, or the outcome that a run would end with at its first look. */
  decision: z.string(),
  /** Why it is not `act`; empty when it is. */
  reason: z.string(),
  goal: z.string(),
  /** As in the handshake: a server that was started again may have another package. */
  package_sha256: z.string().nullable(),
  /** The typed command, or why there is none; null: the sentence went to the policy as it was. */
  understood: z.record(z.string(), z.unknown()).nullable(),
  pick: pose.optional(),
  place: pose.optional(),
  remaining: probability.optional(),
  found: probability.optional(),
  known_words: z.int().min(0).optional(),
  grasp: z
    .object({ width_m: z.number().min(0).optional(), tilt_rad: z.tuple([z.number(), z.number()]).optional() })
    .optional(),
  /** Spots in which no pick was proposed, as asked. */
  suppressed: z.array(z.object(suppressedSchema.shape)),
  /** Names of the maps that follow as float32 parts, rows x cols each. */
  maps: z.array(z.string()),
  /** Stage -> milliseconds: `queue`, `project`, and the policy's own. */
  timing_ms: z.record(z.string(), z.number()),
})

export type HelloReply = z.infer<typeof helloReplySchema>
export type DecisionReply = z.infer<typeof decisionReplySchema>

/** A reply that any reader of JSON understands: no part but this one. */
export function jsonPart(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value), 'utf8')
}
