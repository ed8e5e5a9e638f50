// The manifest of a policy package, format 2: what a folder must say about itself before anything in it is run.

import { z } from 'zod'
import type { EndEffectorKind, HeightmapSpec } from '../../control/types.js'
import { heightmapSpecOf } from '../workspace-keys.js'

/** The format and version that this runtime reads. */
export const packageFormat = 'cliport-policy'
export const packageVersion = 2

const metres = z.number()
const probability = z.number().min(0).max(1)
const file = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits'),
  bytes: z.int().positive(),
})
const fileName = z.string().regex(/^[\w.-]+$/, 'a file name without folders')
const words = z.array(z.string().min(1)).min(1)

const tensor = z.strictObject({
  /** Name of the tensor in the graph. */
  tensor: z.string().min(1),
  type: z.enum(['float32', 'int64', 'uint8']),
  shape: z.array(z.int().positive()),
})

/** A tensor of each of these roles; those of `optional` may be absent. */
function roles<const Role extends string, const Optional extends string = never>(
  needed: readonly Role[],
  optional: readonly Optional[] = [],
) {
  const needs = Object.fromEntries(needed.map((role) => [role, tensor])) as Record<Role, typeof tensor>
  const may = Object.fromEntries(optional.map((role) => [role, tensor.optional()])) as Record<
    Optional,
    z.ZodOptional<typeof tensor>
  >
  return z.strictObject({ ...needs, ...may })
}

const scene = roles(['color', 'height', 'text', 'suppress'], ['seen'])

/** An ONNX file and, where it keeps them outside, its weights: too many to hold twice in memory. */
const graphFiles = { file: fileName, weights: fileName.optional() }

/** One decision: in one graph (`decide`), or where to pick (`attention`) and then where to place (`transport`). */
const models = z.strictObject({
  /** A sentence to its vector. */
  text: z.strictObject({ ...graphFiles, inputs: roles(['tokens']), outputs: roles(['text']) }),
  /** A heightmap and a sentence's vector to a decision. */
  decide: z
    .strictObject({
      ...graphFiles,
      inputs: scene,
      outputs: roles(
        ['pick_pixel', 'place_pixel', 'place_rotation', 'pick_probability', 'place_probability', 'remaining', 'found'],
        ['place_turn', 'grasp_yaw', 'grasp_width', 'tilt'],
      ),
    })
    .optional(),
  /** The same to maps for a person to look at. */
  maps: z.strictObject({ ...graphFiles, inputs: scene, outputs: roles(['pick_map', 'place_map']) }).optional(),
  /** A heightmap and a sentence's vector to the pick. */
  attention: z
    .strictObject({ ...graphFiles, inputs: scene, outputs: roles(['pick_pixel', 'pick_probability'], ['pick_map']) })
    .optional(),
  /** The same and the pick to the place. */
  transport: z
    .strictObject({
      ...graphFiles,
      inputs: roles(['color', 'height', 'text', 'pick_pixel']),
      outputs: roles(['place_pixel', 'place_rotation', 'place_probability'], ['place_turn', 'place_map']),
    })
    .optional(),
})

/** What the policy's words mean (models/cliport_edge/lexicon.py): control's Lexicon. */
export const lexiconSchema = z.strictObject({
  /** A name may stand for several kinds. */
  nouns: z.record(z.string(), words),
  colors: z.record(z.string(), z.string().regex(/^#[0-9a-f]{6}$/, 'a colour like #ff5759')),
  relations: z.record(z.string(), words),
  tasks: z.array(z.string().min(1)),
  /** The tasks' own sentences, and how what they ask for is moved. */
  forms: z
    .array(z.strictObject({ form: z.string().min(1), primitive: z.enum(['pick_place', 'drag', 'push']) }))
    .optional(),
  /** What sentences call parts of things. */
  parts: z.array(z.string().min(1)).optional(),
})

/** End effectors that a package may serve: those that can hold something. */
const servedEndEffectors = ['suction_cup', 'two_finger'] as const satisfies readonly EndEffectorKind[]

/** Of a package that is not fp32: nobody has counted its successes, so what is known is how it was made. */
const precision = z.strictObject({
  type: z.literal('int8'),
  accuracy: z.literal('unverified'),
  /** Frames that its ranges were taken from, and where these are from. */
  calibration: z.strictObject({ frames: z.int().positive(), source: z.string().min(1) }),
  /** Decisions beside those of its fp32 form on other frames (models/cliport_published/quantize.py). */
  agreement: z.looseObject({
    frames: z.int().positive(),
    samePicks: z.int().min(0),
    samePlaces: z.int().min(0),
    sameRotations: z.int().min(0),
  }),
})

export const manifestSchema = z.strictObject({
  format: z.literal(packageFormat),
  version: z.literal(packageVersion),
  name: z.string().min(1),
  architecture: z.string().min(1),
  /** Of every number of the package; said, so that nobody has to guess. */
  units: z.strictObject({ length: z.literal('m'), angle: z.literal('rad'), color: z.literal('srgb8') }),
  /** Base frame; the heightmap that the policy was trained on. */
  workspace: z.strictObject({
    x_min_m: metres,
    x_max_m: metres,
    y_min_m: metres,
    y_max_m: metres,
    z_min_m: metres,
    z_max_m: metres,
    pixel_m: metres.positive(),
  }),
  /** Cells along y. */
  rows: z.int().positive(),
  /** Cells along x. */
  cols: z.int().positive(),
  rotations: z.int().positive(),
  end_effectors: z.array(z.enum(servedEndEffectors)).min(1),
  tokenizer: z.strictObject({ file: fileName, max_tokens: z.int().positive() }),
  /** Below these the runtime does not act. */
  thresholds: z.strictObject({ pick: probability, place: probability, remaining: probability, found: probability }),
  files: z.record(fileName, file),
  models,
  /** Absent: fp32. */
  precision: precision.optional(),
  lexicon: lexiconSchema,
  /** The architecture's own. */
  network: z.record(z.string(), z.unknown()).optional(),
  training: z.record(z.string(), z.unknown()),
  scores: z.record(z.string(), z.unknown()),
})

export type Manifest = z.infer<typeof manifestSchema>
export type GraphName = keyof Manifest['models']

/** Roles that a graph's outputs may have. */
export function outputRoles(graph: GraphName): string[] {
  const { shape } = models
  const spec = graph === 'text' ? shape.text : shape[graph].unwrap()
  return Object.keys(spec.shape.outputs.shape)
}

/** 'int8, accuracy unverified (...)': for people; null for fp32, of which there is nothing to say. */
export function precisionText({ precision }: Pick<Manifest, 'precision'>): string | null {
  if (precision === undefined) return null
  const { type, accuracy, calibration, agreement } = precision
  const { frames, samePicks, samePlaces, sameRotations } = agreement
  return `${type}, accuracy ${accuracy} (calibrated on ${calibration.frames} frames of ${calibration.source}; as fp32 on ${frames} others: ${samePicks} picks, ${samePlaces} places, ${sameRotations} rotations)`
}

/** The workspace as the runtime calls it. */
export function workspaceOf({ workspace }: Manifest): HeightmapSpec {
  return heightmapSpecOf(workspace)
}
