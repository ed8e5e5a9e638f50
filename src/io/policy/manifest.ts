// The manifest of a policy package: what a folder must say about itself before anything in it is run.

import { z } from 'zod'

/** The format and version that this runtime reads. */
export const packageFormat = 'cliport-policy'
export const packageVersion = 1

const probability = z.number().min(0).max(1)
const file = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().positive() })
const tensor = z.object({
  name: z.string(),
  type: z.enum(['float32', 'int64', 'uint8']),
  shape: z.array(z.int().positive()),
})
const graph = z.object({ inputs: z.array(tensor), outputs: z.array(tensor) })

export const manifestSchema = z.object({
  format: z.literal(packageFormat),
  version: z.literal(packageVersion),
  name: z.string().min(1),
  architecture: z.string().min(1),
  /** Metres, base frame; the heightmap that the policy was trained on. */
  workspace: z.object({
    xMinM: z.number(),
    xMaxM: z.number(),
    yMinM: z.number(),
    yMaxM: z.number(),
    zMinM: z.number(),
    zMaxM: z.number(),
    pixelM: z.number().positive(),
  }),
  rows: z.int().positive(),
  cols: z.int().positive(),
  rotations: z.int().positive(),
  tokenizer: z.object({ file: z.string(), maxTokens: z.int().positive() }),
  thresholds: z.object({ pick: probability, place: probability, remaining: probability, found: probability }),
  files: z.record(z.string().regex(/^[\w.-]+$/, 'a file name without folders'), file),
  models: z.object({ text: graph, decide: graph, maps: graph.optional() }),
  training: z.record(z.string(), z.unknown()),
  scores: z.record(z.string(), z.unknown()),
})

export type Manifest = z.infer<typeof manifestSchema>
export type TensorSpec = z.infer<typeof tensor>
export type GraphSpec = z.infer<typeof graph>
export type GraphName = 'text' | 'decide' | 'maps'

/** The tensors that the runtime feeds and reads, for a package of this size. */
export function requiredGraphs(
  rows: number,
  cols: number,
  maxTokens: number,
  textSize: number,
): Record<GraphName, GraphSpec> {
  const scene: TensorSpec[] = [
    { name: 'color', type: 'uint8', shape: [1, rows, cols, 3] },
    { name: 'height', type: 'float32', shape: [1, rows, cols] },
    { name: 'text', type: 'float32', shape: [1, textSize] },
    { name: 'suppress', type: 'float32', shape: [1, rows, cols] },
  ]
  const one = (name: string): TensorSpec => ({ name, type: 'float32', shape: [1] })
  return {
    text: {
      inputs: [{ name: 'tokens', type: 'int64', shape: [1, maxTokens] }],
      outputs: [{ name: 'text', type: 'float32', shape: [1, textSize] }],
    },
    decide: {
      inputs: scene,
      outputs: [
        { name: 'pick_pixel', type: 'int64', shape: [2] },
        { name: 'place_pixel', type: 'int64', shape: [2] },
        { name: 'place_rotation', type: 'int64', shape: [1] },
        one('pick_probability'),
        one('place_probability'),
        one('remaining'),
        one('found'),
      ],
    },
    maps: {
      inputs: scene,
      outputs: [
        { name: 'pick_map', type: 'float32', shape: [rows, cols] },
        { name: 'place_map', type: 'float32', shape: [rows, cols] },
      ],
    },
  }
}

/** The first difference between two signatures, for a person; null when there is none. Order does not matter. */
export function graphDifference(expected: GraphSpec, received: GraphSpec): string | null {
  for (const side of ['inputs', 'outputs'] as const) {
    for (const want of expected[side]) {
      const got = received[side].find((tensor) => tensor.name === want.name)
      if (got === undefined) {
        const names = received[side].map((tensor) => tensor.name).join(', ')
        return `expected among its ${side} ${describeTensor(want)} but received ${names || 'none'}`
      }
      if (describeTensor(want) !== describeTensor(got)) {
        return `expected ${describeTensor(want)} but received ${describeTensor(got)}`
      }
    }
    const extra = received[side].find((tensor) => !expected[side].some((want) => want.name === tensor.name))
    if (extra !== undefined && side === 'inputs') return `expected no input ${describeTensor(extra)}`
  }
  return null
}

function describeTensor({ name, type, shape }: TensorSpec): string {
  return `${name}: ${type} [${shape.join(', ')}]`
}
