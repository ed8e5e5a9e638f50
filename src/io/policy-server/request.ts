// From the parts of a request to what is asked. Every length is checked before a buffer is made of it.

import { z } from 'zod'
import { rowsOf } from '../../control/pose.js'
import type { EndEffectorKind, HeightmapSpec, RgbdFrame, SuppressedSpot } from '../../control/types.js'
import { cameraFields, cameraSynonyms, isPosePath } from '../cameras/schema.js'
import { describeIssues } from '../schema-issues.js'
import { heightmapSpecOf } from '../workspace-keys.js'
import {
  type Parts,
  protocolVersion,
  suppressedSchema,
  unitsSchema,
  type WireErrorCode,
  wireLimits,
  workspaceSchema,
} from './wire.js'

/** A request that cannot be answered as it is; the client is told. */
export class RequestError extends Error {
  constructor(
    readonly code: WireErrorCode,
    message: string,
    readonly hint: string,
  ) {
    super(message)
  }
}

/** What a client wants to be told does not fit, at `hello`. */
export interface Expectations {
  readonly units?: z.infer<typeof unitsSchema> | undefined
  readonly workspace?: HeightmapSpec
  readonly endEffector?: EndEffectorKind | undefined
  readonly packageSha256?: string | undefined
}

interface Question {
  readonly goal: string
  readonly suppress: readonly SuppressedSpot[]
  readonly maps: boolean
  /** false: the sentence goes to the policy as it is, for clients that have understood it themselves. */
  readonly understand: boolean
}

/** What a request asks. */
export type PolicyRequest =
  | { readonly kind: 'hello'; readonly expects: Expectations }
  | (Question & {
      readonly kind: 'frames'
      readonly frames: readonly RgbdFrame[]
      /** Bottom of the heightmap; null: the server's. */
      readonly zMinM: number | null
    })
  | (Question & {
      readonly kind: 'heightmap'
      readonly rows: number
      readonly cols: number
      readonly color: Uint8Array
      readonly heightM: Float32Array
      readonly seen: Uint8Array | null
      /** rows x cols, 1 where a pick may be; null: anywhere. */
      readonly pickCells: Uint8Array | null
      /** null: the policy's. */
      readonly workspace: HeightmapSpec | null
    })

const side = z.int().positive().max(wireLimits.side)

/** 4 rows of 4 as in the project's files, or 16 numbers, row-major. */
function transform(rows: z.ZodType<number[][]>) {
  const isFlat = (value: unknown): value is number[] =>
    Array.isArray(value) && value.length === 16 && value.every((item) => typeof item === 'number')
  return z.preprocess((value) => (isFlat(value) ? rowsOf(value) : value), rows)
}

const colorCamera = cameraFields.color_camera
const frameSchema = z.strictObject({
  name: z.string().min(1).max(64).optional(),
  width: side,
  height: side,
  intrinsics: cameraFields.intrinsics,
  T_base_camera: transform(cameraFields.T_base_camera),
  color: z.literal('rgb8').default('rgb8'),
  depth: z.enum(['f32_m', 'u16']),
  depth_scale_m: cameraFields.depth_unit_m.default(0.001),
  color_camera: colorCamera
    .extend({ width: side, height: side, T_color_depth: transform(colorCamera.shape.T_color_depth) })
    .optional(),
})

const question = {
  version: z.literal(protocolVersion),
  goal: z.string(),
  suppress: z.array(suppressedSchema).max(wireLimits.suppressed).default([]),
  maps: z.boolean().default(false),
  understand: z.boolean().default(true),
}
const helloSchema = z.strictObject({
  version: z.literal(protocolVersion),
  hello: z.literal(true),
  expects: z
    .strictObject({
      units: unitsSchema.optional(),
      workspace: workspaceSchema.optional(),
      end_effector: z.enum(['suction_cup', 'two_finger', 'digital_output']).optional(),
      package_sha256: z.string().optional(),
    })
    .default({}),
})
const framesSchema = z.strictObject({
  ...question,
  frames: z.array(frameSchema).min(1).max(wireLimits.frames),
  z_min_m: z.number().min(-1).max(1).optional(),
})
const heightmapSchema = z.strictObject({
  ...question,
  heightmap: z.strictObject({
    height: side,
    width: side,
    workspace: workspaceSchema.optional(),
    pick_cells: z.boolean().default(false),
  }),
})

/**
 * Reads the parts of a request.
 * @throws RequestError REQUEST_INVALID, VERSION_UNSUPPORTED, POSE_INVALID
 */
export function parseRequest(parts: Parts): PolicyRequest {
  const header = parseHeader(parts[0])
  if (header.hello !== undefined) {
    const { expects } = checked(header, helloSchema)
    expectParts(parts, 1, 'a handshake has no part but the JSON')
    const { units, workspace, end_effector: endEffector, package_sha256: packageSha256 } = expects
    const where = workspace === undefined ? {} : { workspace: heightmapSpecOf(workspace) }
    return { kind: 'hello', expects: { units, endEffector, packageSha256, ...where } }
  }
  if ((header.frames === undefined) === (header.heightmap === undefined)) {
    throw invalid(
      `Expected one of hello, frames and heightmap but received ${header.frames === undefined ? 'none' : 'both'}`,
    )
  }
  return header.frames === undefined ? heightmapRequest(header, parts) : framesRequest(header, parts)
}

function heightmapRequest(header: object, parts: Parts): PolicyRequest {
  const { heightmap, ...asked } = checked(header, heightmapSchema)
  const { height: rows, width: cols, workspace, pick_cells: hasPickCells } = heightmap
  const cells = rows * cols
  if (hasPickCells && asked.understand) throw invalid('Expected "understand":false beside heightmap.pick_cells')
  const pickPart = hasPickCells ? parts.at(-1) : undefined
  const images = hasPickCells ? parts.slice(0, -1) : parts
  if (images.length !== 3 && images.length !== 4) {
    const behind = hasPickCells ? ', and 1 with pick_cells' : ''
    throw invalid(
      `Expected 2 parts behind the JSON (colour, heights), or 3 with seen cells${behind}, but received ${parts.length - 1}`,
    )
  }
  const flagsOf = (part: Uint8Array | undefined, what: string) =>
    part === undefined ? null : bytesOf(part, cells, `${what}, uint8 ${rows} x ${cols}`)
  return {
    kind: 'heightmap',
    ...questionOf(asked),
    rows,
    cols,
    color: bytesOf(images[1]!, 3 * cells, `colour, uint8 ${rows} x ${cols} x 3`),
    heightM: floatsOf(images[2]!, cells, `heights, float32 ${rows} x ${cols}`),
    seen: flagsOf(images[3], 'seen cells'),
    pickCells: flagsOf(pickPart, 'cells where a pick may be'),
    workspace: workspace === undefined ? null : heightmapSpecOf(workspace),
  }
}

function framesRequest(header: object, parts: Parts): PolicyRequest {
  const { frames, z_min_m: zMinM = null, ...asked } = checked(header, framesSchema)
  expectParts(parts, 1 + 2 * frames.length, `${frames.length} frame(s) have a part for colour and one for depth each`)
  return {
    kind: 'frames',
    ...questionOf(asked),
    frames: frames.map((frame, i) => frameOf(frame, i, parts[1 + 2 * i]!, parts[2 + 2 * i]!)),
    zMinM,
  }
}

function frameOf(frame: z.infer<typeof frameSchema>, i: number, color: Uint8Array, depth: Uint8Array): RgbdFrame {
  const { name = `frame ${i}`, width, height, intrinsics, T_base_camera, color_camera: other } = frame
  const size = other ?? { width, height }
  return {
    camera: name,
    intrinsics: { width, height, ...intrinsics },
    T_base_camera: Float64Array.from(T_base_camera.flat()),
    color: bytesOf(
      color,
      3 * size.width * size.height,
      `colour of frame ${i}, rgb8 ${size.height} x ${size.width} x 3`,
    ),
    ...(other !== undefined && {
      colorCamera: {
        intrinsics: { width: other.width, height: other.height, ...other.intrinsics },
        T_color_depth: Float64Array.from(other.T_color_depth.flat()),
        lens: other.lens,
        coefficients: other.coefficients,
      },
    }),
    depthM: depthOf(frame, i, depth),
    stampNs: 0n,
  }
}

function depthOf(
  { width, height, depth: type, depth_scale_m: scaleM }: z.infer<typeof frameSchema>,
  i: number,
  part: Uint8Array,
) {
  const pixels = width * height
  const what = `depth of frame ${i}, ${type} ${height} x ${width}`
  if (type === 'f32_m') return floatsOf(part, pixels, what)
  const steps = new Uint16Array(bytesOf(part, 2 * pixels, what).buffer)
  const depthM = new Float32Array(pixels)
  // A loop: with a function for each pixel it takes twenty times as long, on the main thread.
  for (let i = 0; i < pixels; i++) depthM[i] = steps[i]! * scaleM
  return depthM
}

function questionOf({
  goal,
  suppress,
  maps,
  understand,
}: Omit<Question, 'suppress'> & { readonly suppress: readonly z.infer<typeof suppressedSchema>[] }): Question {
  const spots = suppress.map(({ pixel, radius_m: radiusM }) => ({ pixel, radiusM }))
  return { goal, maps, understand, suppress: spots }
}

/** A copy, whose buffer is its own and begins at 0: a part may lie at any address. */
function bytesOf(part: Uint8Array, length: number, what: string): Uint8Array {
  if (part.byteLength === length) return Uint8Array.from(part)
  throw invalid(`Expected ${length} bytes (${what}) but received ${part.byteLength}`)
}

/** Little-endian, as every processor that Node runs on. */
function floatsOf(part: Uint8Array, length: number, what: string): Float32Array {
  return new Float32Array(bytesOf(part, 4 * length, what).buffer)
}

function parseHeader(part: Uint8Array | undefined): Readonly<Record<string, unknown>> {
  if (part === undefined) throw invalid('Expected at least one part but received none')
  if (part.byteLength > wireLimits.headerBytes) {
    throw invalid(`Expected at most ${wireLimits.headerBytes} bytes of JSON but received ${part.byteLength}`)
  }
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(part))
  } catch (cause) {
    throw invalid(`Expected UTF-8 JSON as the first part: ${(cause as Error).message}`)
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw invalid('Expected a JSON object as the first part')
  }
  const { version } = header as { version?: unknown }
  if (version === protocolVersion) return header as Record<string, unknown>
  throw new RequestError(
    'VERSION_UNSUPPORTED',
    `Expected "version":${protocolVersion} but received ${version === undefined ? 'none' : JSON.stringify(version).slice(0, 40)}`,
    `This server speaks version ${protocolVersion} (docs/policy-server.md)`,
  )
}

function checked<T extends z.ZodObject>(header: object, schema: T): z.infer<T> {
  const parsed = schema.safeParse(header)
  if (parsed.success) return parsed.data
  const problems = describeIssues(parsed.error, schema, cameraSynonyms).join('; ')
  if (parsed.error.issues.every(({ path }) => isPosePath(path))) {
    throw new RequestError('POSE_INVALID', problems, 'p_base = T_base_camera * p_camera, 16 numbers row-major, metres')
  }
  throw invalid(problems)
}

function expectParts(parts: Parts, count: number, why: string): void {
  if (parts.length !== count) throw invalid(`Expected ${count} part(s) but received ${parts.length}: ${why}`)
}

function invalid(message: string): RequestError {
  return new RequestError('REQUEST_INVALID', message, 'docs/policy-server.md has the messages, with examples')
}
