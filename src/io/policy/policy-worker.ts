// The thread in which the policy's graphs run. onnxruntime-node computes on the thread that calls it, so that thread is
// never the main one.

import { getPriority, setPriority } from 'node:os'
import { performance } from 'node:perf_hooks'
import { parentPort, workerData } from 'node:worker_threads'
import { type GraphTensors, graphDifference, type TensorSpec, tensorsOf } from './graph-spec.js'
import type { GraphName } from './manifest.js'
import { InferenceSession, Tensor } from './onnxruntime.js'
import {
  goodbye,
  type Provider,
  type ProviderAttempt,
  type RunRequest,
  type WorkerFailure,
  type WorkerReply,
  type WorkerSettings,
} from './worker-protocol.js'

// A thread begins with the priority of the one that starts it. What that one took for the link's sake (runtime/thread-priority.ts)
// is given back before ONNX Runtime starts its own: a decision may wait for a heartbeat, not the other way round. On
// Linux a priority is a thread's own; elsewhere it would be taken from the whole process.
if (process.platform === 'linux' && getPriority() < 0) setPriority(0)

const port = parentPort!
const { graphs, signatures, providers, threads } = workerData as WorkerSettings

class Failed extends Error {
  constructor(
    readonly failure: WorkerFailure,
    message: string,
  ) {
    super(message)
  }
}

const sessions: Partial<Record<GraphName, InferenceSession>> = {}
let provider: Provider = 'cpu'

try {
  const attempts = await openFirstThatWorks()
  await warmUp()
  reply({ kind: 'ready', provider, attempts })
} catch (error) {
  replyFailed(null, error, 'graph')
}

// Runs are served one after another: a session's threads are all busy with one run anyway.
let queue = Promise.resolve()
let leaving = false
port.on('message', (request: RunRequest | typeof goodbye) => {
  if (request === goodbye) {
    leaving = true
    queue = queue.then(() => port.close())
  } else {
    queue = queue.then(() => (leaving ? undefined : serve(request)))
  }
})

async function serve({ id, graph, inputs }: RunRequest): Promise<void> {
  try {
    const started = performance.now()
    const outputs = await run(graph, inputs)
    reply({ kind: 'result', id, outputs, durationMs: performance.now() - started })
  } catch (error) {
    replyFailed(id, error, 'graph')
  }
}

/** A provider that fails makes ONNX Runtime throw; it never takes the next one by itself. */
async function openFirstThatWorks(): Promise<ProviderAttempt[]> {
  const attempts: ProviderAttempt[] = []
  for (const candidate of providers) {
    try {
      sessions.decide = await open('decide', candidate)
      provider = candidate
      // Text is a few thousand multiplications: copying them to a GPU would take longer.
      sessions.text = await open('text', 'cpu')
      return attempts
    } catch (error) {
      if (error instanceof Failed) throw error
      const reason = error instanceof Error ? error.message : String(error)
      // The CPU is always there: what it cannot open is no usable graph.
      if (candidate === 'cpu') throw new Failed('graph', `ONNX Runtime cannot open its graphs: ${reason}`)
      attempts.push({ provider: candidate, reason })
    }
  }
  const reasons = attempts.map(({ provider, reason }) => `${provider}: ${reason}`).join('; ')
  throw new Failed('provider', `no execution provider of ${providers.join(', ')} could be used (${reasons})`)
}

async function open(name: GraphName, on: Provider): Promise<InferenceSession> {
  const session = await InferenceSession.create(graphs[name]!, {
    executionProviders: [on],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // A pool of memory is kept for ever; only decisions are made often enough to want one.
    enableCpuMemArena: name === 'decide',
    // Threads spin for a moment from one node of the graph to the next, which saves a fifth of a decision; longer, and they
    // would take a busy core from the other thread. After a decision they would take it from the controller and the cameras.
    extra: { session: { force_spinning_stop: '1', intra_op: { allow_spinning: '1', spin_duration_us: '30' } } },
  })
  const difference = graphDifference(signatures[name]!, tensorsIn(session))
  if (difference) throw new Failed('shape', `${name}.onnx: ${difference}`)
  return session
}

function tensorsIn(session: InferenceSession): GraphTensors {
  const tensors = (metadata: readonly InferenceSession.ValueMetadata[]) =>
    metadata.map((value): TensorSpec => {
      if (!value.isTensor) throw new Failed('shape', `${value.name} is not a tensor`)
      return { tensor: value.name, type: value.type as TensorSpec['type'], shape: value.shape as number[] }
    })
  return { inputs: tensors(session.inputMetadata), outputs: tensors(session.outputMetadata) }
}

/** The first runs allocate and are slow; they happen before anybody waits for them. */
async function warmUp(): Promise<void> {
  for (const graph of ['text', 'decide', 'decide'] as const) {
    const inputs = tensorsOf(signatures[graph]!.inputs)
    const zeros = inputs.map(([role, { type, shape }]) => [role, zeroData(type, shape)] as const)
    await run(graph, Object.fromEntries(zeros))
  }
}

function zeroData(type: TensorSpec['type'], shape: readonly number[]): Float32Array | Uint8Array | BigInt64Array {
  const size = shape.reduce((product, side) => product * side, 1)
  if (type === 'int64') return new BigInt64Array(size)
  return type === 'uint8' ? new Uint8Array(size) : new Float32Array(size)
}

async function run(
  graph: GraphName,
  inputs: RunRequest['inputs'],
): Promise<Record<string, Float32Array | BigInt64Array>> {
  sessions[graph] ??= await open(graph, graph === 'text' ? 'cpu' : provider)
  const { inputs: inputRoles, outputs: outputRoles } = signatures[graph]!
  const feeds: Record<string, Tensor> = {}
  for (const [role, { tensor, type, shape }] of tensorsOf(inputRoles)) {
    feeds[tensor] = new Tensor(type, inputs[role]! as Float32Array, shape)
  }
  const results = await sessions[graph].run(feeds)
  const outputs: Record<string, Float32Array | BigInt64Array> = {}
  for (const [role, { tensor }] of tensorsOf(outputRoles)) {
    outputs[role] = results[tensor]!.data as Float32Array | BigInt64Array
  }
  return outputs
}

function reply(message: WorkerReply): void {
  port.postMessage(message)
}

function replyFailed(id: number | null, error: unknown, otherwise: WorkerFailure): void {
  const failure = error instanceof Failed ? error.failure : otherwise
  reply({ kind: 'failed', id, failure, message: error instanceof Error ? error.message : String(error) })
}
