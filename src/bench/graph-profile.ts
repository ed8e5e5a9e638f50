// Where the time in a graph goes, by type of node, and how much of it is arithmetic (ONNX Runtime's own profile).

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, type Tensor } from '../io/policy/onnxruntime.js'

export interface NodeTypeShare {
  readonly type: string
  /** Nodes of this type in one run. */
  readonly nodes: number
  /** Mean of a run. */
  readonly ms: number
  /** Of the time of all nodes. */
  readonly share: number
  /** Multiplications and additions of a run, 10^9. */
  readonly gflop: number
}

export interface GraphProfile {
  readonly types: readonly NodeTypeShare[]
  readonly gflop: number
}

/** One event of the profile; times in microseconds. */
export interface ProfileEvent {
  readonly cat?: string
  readonly name?: string
  readonly ts?: number
  readonly dur?: number
  readonly args?: {
    readonly op_name?: string
    readonly input_type_shape?: readonly Readonly<Record<string, readonly number[]>>[]
    readonly output_type_shape?: readonly Readonly<Record<string, readonly number[]>>[]
  }
}

/** The first runs allocate and are slow. */
const warmUps = 3

export async function profileGraph(
  graph: Uint8Array,
  feeds: Readonly<Record<string, Tensor>>,
  threads: number,
  runs = 20,
): Promise<GraphProfile> {
  const folder = await mkdtemp(join(tmpdir(), 'cliport-profile-'))
  try {
    const session = await InferenceSession.create(graph, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
    })
    for (let i = 0; i < warmUps + runs; i++) await session.run(feeds)
    session.endProfiling()
    await session.release()
    const [name] = await readdir(folder)
    return sumUp(JSON.parse(await readFile(join(folder, name!), 'utf8')) as ProfileEvent[])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Means over the runs after the warm-ups. */
export function sumUp(events: readonly ProfileEvent[]): GraphProfile {
  const starts = events
    .filter(({ cat, name }) => cat === 'Session' && name === 'model_run')
    .map(({ ts }) => ts!)
    .sort((a, b) => a - b)
  const from = starts[warmUps] ?? Number.NEGATIVE_INFINITY
  const runs = Math.max(1, starts.length - warmUps)
  const types = new Map<string, { nodes: number; us: number; flop: number }>()
  for (const { cat, name, ts, dur, args } of events) {
    if (cat !== 'Node' || !name?.endsWith('_kernel_time') || ts! < from || args?.op_name === undefined) continue
    const sum = types.get(args.op_name) ?? { nodes: 0, us: 0, flop: 0 }
    types.set(args.op_name, { nodes: sum.nodes + 1, us: sum.us + dur!, flop: sum.flop + flopOf(args) })
  }
  const all = [...types.values()].reduce((sum, { us }) => sum + us, 0)
  const rows = [...types].map(([type, { nodes, us, flop }]) => ({
    type,
    nodes: Math.round(nodes / runs),
    ms: us / runs / 1000,
    share: us / all,
    gflop: flop / runs / 1e9,
  }))
  rows.sort((a, b) => b.ms - a.ms)
  return { types: rows, gflop: rows.reduce((sum, { gflop }) => sum + gflop, 0) }
}

/** Of convolutions and matrix products, from their shapes; of everything else 0: it moves data. */
function flopOf({
  op_name: type = '',
  input_type_shape: inputs = [],
  output_type_shape: outputs = [],
}: NonNullable<ProfileEvent['args']>): number {
  const shapes = (tensors: typeof inputs) => tensors.map((tensor) => Object.values(tensor)[0] ?? [])
  const product = (sides: readonly number[]) => sides.reduce((result, next) => result * next, 1)
  const [first = [], second = []] = shapes(inputs)
  const [result = []] = shapes(outputs)
  if (/Conv$/.test(type)) return 2 * product(result) * product(second.slice(1))
  if (/MatMul$|^Gemm$/.test(type)) return 2 * product(result) * (first.at(-1) ?? 0)
  return 0
}
