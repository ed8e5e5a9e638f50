// What both engines do alike when they open a package's graphs.

import type { GraphMemory } from '../../native/engine.js'
import type { GraphSource } from './graph-runner.js'
import { type GraphSpec, type TensorSpec, tensorsOf } from './graph-spec.js'
import type { GraphName } from './manifest.js'

type Graphs = Readonly<Partial<Record<GraphName, GraphSource>>>

/** Graphs that decide; the others are for text, and for people. */
export function decidingGraphs(graphs: Graphs): readonly GraphName[] {
  return (['decide', 'attention', 'transport'] as const).filter((name) => graphs[name] !== undefined)
}

/** A network of hundreds of megabytes, in which memory counts for more than a moment at the first decision. */
export function isLarge(source: GraphSource): boolean {
  return typeof source === 'string'
}

/**
 * How the CPU's memory for results is pooled. Without a pool the system hands out and clears memory for every result anew, a
 * third of the time of an int8 decision at official size and a seventh of an fp32 one. Only decisions are made often enough
 * to keep one from run to run: 0.3 GB of a large int8 package. That of a large fp32 package goes back after each run, so
 * that those of its graphs are never there together, and is not laid out ahead (0.5 GB more for no time).
 */
export function memoryOf(name: GraphName, source: GraphSource, isInt8: boolean): GraphMemory {
  if (name === 'text' || name === 'maps') return 'none'
  return isInt8 || !isLarge(source) ? 'kept' : 'within_run'
}

/**
 * Threads spin for a moment from one node of the graph to the next, which saves a fifth of a decision; longer, and they
 * would take a busy core from the other thread. After a decision they would take it from the controller and the cameras.
 */
export const spinning = { forceStop: '1', allow: '1', durationUs: '30' } as const

/** Graphs that are run before anybody waits for them: the first runs allocate and are slow. A large one takes seconds each time. */
export function warmUpOrder(graphs: Graphs): readonly GraphName[] {
  const deciding = decidingGraphs(graphs)
  return (['text', ...deciding, ...deciding] as const).filter((name) => !isLarge(graphs[name]!))
}

/** Zeros for every input of a graph, by role. */
export function zeroInputs({ inputs }: GraphSpec): Record<string, Float32Array | Uint8Array | BigInt64Array> {
  return Object.fromEntries(tensorsOf(inputs).map(([role, { type, shape }]) => [role, zeroData(type, shape)]))
}

function zeroData(type: TensorSpec['type'], shape: readonly number[]): Float32Array | Uint8Array | BigInt64Array {
  const size = shape.reduce((product, side) => product * side, 1)
  if (type === 'int64') return new BigInt64Array(size)
  return type === 'uint8' ? new Uint8Array(size) : new Float32Array(size)
}
