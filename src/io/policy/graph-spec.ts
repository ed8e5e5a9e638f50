// The tensors of a policy's graphs: by role, as the manifest names them, and by name, as the graph itself has them.

import type { GraphName, Manifest } from './manifest.js'

export type ElementType = 'float32' | 'int64' | 'uint8'

export interface TensorSpec {
  /** Name of the tensor in the graph. */
  readonly tensor: string
  readonly type: ElementType
  readonly shape: readonly number[]
}

/** Role -> tensor. */
export type TensorRoles = Readonly<Record<string, TensorSpec | undefined>>

export interface GraphSpec {
  readonly inputs: TensorRoles
  readonly outputs: TensorRoles
}

/** The tensors of a role map that are there, in order. */
export function tensorsOf(roles: TensorRoles): [role: string, spec: TensorSpec][] {
  return Object.entries(roles).filter((entry): entry is [string, TensorSpec] => entry[1] !== undefined)
}

type Layout = readonly [type: ElementType, shape: readonly number[]]

/**
 * Type and shape that the runtime feeds and reads for each role, for a package of this size. Which roles a graph must have
 * is the manifest's schema's to say.
 */
function layoutOf(
  { rows, cols, tokenizer }: Pick<Manifest, 'rows' | 'cols' | 'tokenizer'>,
  textSize: number,
): Readonly<Record<string, Layout>> {
  const one: Layout = ['float32', [1]]
  return {
    tokens: ['int64', [1, tokenizer.max_tokens]],
    text: ['float32', [1, textSize]],
    color: ['uint8', [1, rows, cols, 3]],
    height: ['float32', [1, rows, cols]],
    suppress: ['float32', [1, rows, cols]],
    seen: ['uint8', [1, rows, cols]],
    pick_pixel: ['int64', [2]],
    place_pixel: ['int64', [2]],
    place_rotation: ['int64', [1]],
    place_turn: one,
    pick_probability: one,
    place_probability: one,
    remaining: one,
    found: one,
    grasp_yaw: one,
    grasp_width: one,
    tilt: ['float32', [2]],
    pick_map: ['float32', [rows, cols]],
    place_map: ['float32', [rows, cols]],
  }
}

/** Every tensor of a manifest's graphs whose type or shape is another than its role's, for a person; empty when all fit. */
export function layoutProblems(manifest: Pick<Manifest, 'rows' | 'cols' | 'tokenizer' | 'models'>): string[] {
  const textSize = manifest.models.text.outputs.text.shape.at(-1) ?? 0
  const layout = layoutOf(manifest, textSize)
  return (Object.keys(manifest.models) as GraphName[]).flatMap((graph) => {
    const spec: (GraphSpec & { readonly file: string }) | undefined = manifest.models[graph]
    if (spec === undefined) return []
    return [...tensorsOf(spec.inputs), ...tensorsOf(spec.outputs)].flatMap(([role, { type, shape }]) => {
      const expected = describe(role, ...layout[role]!)
      const received = describe(role, type, shape)
      return expected === received ? [] : [`${spec.file}: expected ${expected} but received ${received}`]
    })
  })
}

/** A graph's own tensors, as ONNX Runtime lists them. */
export interface GraphTensors {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
}

/** The first difference between what a manifest says of a graph and what the graph has, for a person; null without one. */
export function graphDifference(said: GraphSpec, has: GraphTensors): string | null {
  for (const side of ['inputs', 'outputs'] as const) {
    const wanted = tensorsOf(said[side]).map(([, spec]) => spec)
    for (const want of wanted) {
      const got = has[side].find(({ tensor }) => tensor === want.tensor)
      if (got === undefined) {
        const names = has[side].map(({ tensor }) => tensor).join(', ')
        return `expected among its ${side} ${describeTensor(want)} but received ${names || 'none'}`
      }
      if (describeTensor(want) !== describeTensor(got)) {
        return `expected ${describeTensor(want)} but received ${describeTensor(got)}`
      }
    }
    const extra = has[side].find(({ tensor }) => !wanted.some((want) => want.tensor === tensor))
    if (extra !== undefined && side === 'inputs') return `expected no input ${describeTensor(extra)}`
  }
  return null
}

function describeTensor({ tensor, type, shape }: TensorSpec): string {
  return describe(tensor, type, shape)
}

function describe(name: string, type: string, shape: readonly number[]): string {
  return `${name}: ${type} [${shape.join(', ')}]`
}
