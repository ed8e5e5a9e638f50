// The thread in which the policy's graphs run. onnxruntime-node computes on the thread that calls it, so that thread is
// never the main one.

import { performance } from 'node:perf_hooks'
import { parentPort, workerData } from 'node:worker_threads'
import { whyProviderDoesNotLoad } from '../../native/engine.js'
import { shippedOnnxRuntime } from '../../native/paths.js'
import { giveBackPriority } from '../worker-priority.js'
import { decidingGraphs, isLarge, memoryOf, spinning, warmUpOrder, zeroInputs } from './graph-opening.js'
import type { Provider, ProviderAttempt } from './graph-runner.js'
import { type GraphTensors, graphDifference, type TensorSpec, tensorsOf } from './graph-spec.js'
import type { GraphName } from './manifest.js'
import { env, InferenceSession, Tensor } from './onnxruntime.js'
import { Failed, graphProblem, plainReason, type RunnerFailure } from './runner-failure.js'
import { goodbye, type RunRequest, type WorkerReply, type WorkerSettings } from './worker-protocol.js'

// Before ONNX Runtime starts its own threads.
giveBackPriority()

const port = parentPort!
const { graphs, signatures, providers, threads, isInt8 } = workerData as WorkerSettings

const deciding = decidingGraphs(graphs)
const library = { version: env.versions.node ?? env.versions.common, path: shippedOnnxRuntime() }

const sessions: Partial<Record<GraphName, InferenceSession>> = {}
let provider: Provider = 'cpu'

try {
  const attempts = await openFirstThatWorks()
  await warmUp()
  if (isLarge(graphs.text!)) await closeText()
  reply({ kind: 'ready', execution: { engine: 'onnxruntime-node', library, provider, attempts, nodes: null } })
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
      for (const name of deciding) sessions[name] = await open(name, candidate)
      provider = candidate
      // Text takes little beside the rest: copying it to a GPU would take longer.
      sessions.text = await open('text', 'cpu')
      return attempts
    } catch (error) {
      if (error instanceof Failed) throw error
      const reason = plainReason(error instanceof Error ? error.message : String(error))
      // The CPU is always there: what it cannot open is no usable graph.
      if (candidate === 'cpu') throw new Failed('graph', reason)
      // The message says that a library does not load, stderr alone says why.
      const missing = whyProviderDoesNotLoad(library.path, candidate)
      const isNew = missing !== null && !reason.includes(missing)
      attempts.push({ provider: candidate, reason: isNew ? `${reason} (${missing})` : reason })
    }
  }
  const reasons = attempts.map(({ provider, reason }) => `${provider}: ${reason}`).join('; ')
  throw new Failed('provider', `no execution provider of ${providers.join(', ')} could be used (${reasons})`)
}

async function open(name: GraphName, on: Provider): Promise<InferenceSession> {
  const source = graphs[name]!
  const memory = memoryOf(name, source, isInt8)
  const options: InferenceSession.SessionOptions = {
    executionProviders: [on],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // It cannot be told to give a pool back: onnxruntime-node drops that option of a run.
    enableCpuMemArena: memory === 'kept',
    ...(isLarge(source) && { enableMemPattern: memory === 'kept' }),
    extra: {
      session: {
        force_spinning_stop: spinning.forceStop,
        intra_op: { allow_spinning: spinning.allow, spin_duration_us: spinning.durationUs },
      },
    },
  }
  const session = await (typeof source === 'string'
    ? InferenceSession.create(source, options)
    : InferenceSession.create(source, options)
  ).catch((error) => {
    throw new Error(on === 'cpu' ? graphProblem(name, error.message, library.version) : error.message)
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

async function warmUp(): Promise<void> {
  for (const graph of warmUpOrder(graphs)) await run(graph, zeroInputs(signatures[graph]!))
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
  const wanted = tensorsOf(outputRoles).map(([, { tensor }]) => tensor)
  const results = await sessions[graph].run(feeds, wanted)
  if (graph === 'text' && isLarge(graphs.text!)) await closeText()
  const outputs: Record<string, Float32Array | BigInt64Array> = {}
  for (const [role, { tensor }] of tensorsOf(outputRoles)) {
    outputs[role] = results[tensor]!.data as Float32Array | BigInt64Array
  }
  return outputs
}

/** A sentence is read once, so a large text encoder is opened for each. */
async function closeText(): Promise<void> {
  const session = sessions.text
  delete sessions.text
  await session?.release()
}

function reply(message: WorkerReply): void {
  port.postMessage(message)
}

function replyFailed(id: number | null, error: unknown, otherwise: RunnerFailure): void {
  const failure = error instanceof Failed ? error.failure : otherwise
  reply({ kind: 'failed', id, failure, message: error instanceof Error ? error.message : String(error) })
}
