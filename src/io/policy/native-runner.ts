// The engine on ONNX Runtime's C interface: any library of version 1.17 on, all options of its providers, cancellation.

import { CliportError } from '../../control/errors.js'
import {
  createEngine,
  type NativeEngine,
  type NativeFailure,
  type NativeGraph,
  type NativeLibrary,
  type StringOptions,
  whyProviderDoesNotLoad,
} from '../../native/engine.js'
import { shippedOnnxRuntime } from '../../native/paths.js'
import { decidingGraphs, isLarge, memoryOf, spinning, warmUpOrder, zeroInputs } from './graph-opening.js'
import type {
  Execution,
  GraphRunner,
  NodeAssignments,
  Provider,
  ProviderAttempt,
  RoleInputs,
  RoleOutputs,
  RunnerSettings,
  RunOptions,
  RunResult,
} from './graph-runner.js'
import { graphDifference, type TensorSpec, tensorsOf } from './graph-spec.js'
import type { GraphName } from './manifest.js'
import { packageError } from './package.js'
import { Failed, graphProblem, isOptionRefused, plainReason, runnerError } from './runner-failure.js'
import { turnOffTelemetry } from './telemetry.js'

/** Options of a provider for a graph, and why it cannot be used all the same; decided when the library is known. */
export type OptionsOf = (
  provider: Exclude<Provider, 'cpu'>,
  graph: GraphName,
  library: NativeLibrary,
) => Promise<{ readonly options: StringOptions; readonly reason?: string }>

export interface NativeRunnerSettings extends RunnerSettings {
  /** File of ONNX Runtime's library; absent: the one that onnxruntime-node ships. */
  readonly library?: string
  readonly optionsOf: OptionsOf
  readonly log?: (line: string) => void
}

/** What tells TensorRT and CUDA from each other in the graph's assignments. */
const nameOf: Readonly<Record<Provider, string>> = {
  tensorrt: 'TensorrtExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  cpu: 'CPUExecutionProvider',
}

export class NativeRunner implements GraphRunner {
  readonly #folder: string
  readonly #settings: NativeRunnerSettings
  readonly #engine: NativeEngine
  readonly #library: NativeLibrary
  readonly #open = new Set<GraphName>()
  readonly #nodes: Partial<Record<GraphName, NodeAssignments>> = {}
  readonly #attempts: ProviderAttempt[] = []
  #provider: Provider = 'cpu'
  #nextId = 1
  #closed: Error | null = null

  private constructor(folder: string, settings: NativeRunnerSettings, engine: NativeEngine, library: NativeLibrary) {
    this.#folder = folder
    this.#settings = settings
    this.#engine = engine
    this.#library = library
  }

  /**
   * Loads the library, opens the graphs on the first provider that works, and warms them up.
   * @throws CliportError POLICY_SHAPE, POLICY_INVALID; ADDON_MISSING when the library or every provider cannot be used;
   * CONFIG_INVALID for a provider's option that the library refuses
   */
  static async start(folder: string, settings: NativeRunnerSettings): Promise<NativeRunner> {
    turnOffTelemetry()
    const engine = engineOn(settings.library ?? shippedOnnxRuntime())
    try {
      const library = await engine.library().catch((error: NativeFailure) => {
        throw new Failed('library', `ONNX Runtime cannot be used: ${error.message}`)
      })
      const runner = new NativeRunner(folder, settings, engine, library)
      await runner.#openFirstThatWorks()
      for (const graph of warmUpOrder(settings.graphs)) await runner.run(graph, zeroInputs(settings.signatures[graph]!))
      if (isLarge(settings.graphs.text!)) await runner.#release('text')
      return runner
    } catch (error) {
      await engine.close()
      throw error instanceof Failed ? runnerError(folder, error.failure, error.message) : error
    }
  }

  get execution(): Execution {
    const { version, path } = this.#library
    const tells = Object.values(this.#nodes).some((providers) => Object.keys(providers).length > 0)
    return {
      engine: 'native',
      library: { version, path },
      provider: this.#provider,
      attempts: this.#attempts,
      nodes: tells ? this.#nodes : null,
    }
  }

  async run(graph: GraphName, inputs: RoleInputs, { signal }: RunOptions = {}): Promise<RunResult> {
    signal?.throwIfAborted()
    if (this.#closed) throw this.#closed
    const id = this.#nextId++
    return untilAborted(this.#run(id, graph, inputs, signal), signal, () => this.#engine.cancel(id))
  }

  async #run(id: number, graph: GraphName, inputs: RoleInputs, signal: AbortSignal | undefined): Promise<RunResult> {
    if (!this.#open.has(graph)) await this.#openLate(graph)
    signal?.throwIfAborted()
    const { inputs: inputRoles, outputs: outputRoles } = this.#settings.signatures[graph]!
    const feeds = Object.fromEntries(tensorsOf(inputRoles).map(([role, { tensor }]) => [tensor, inputs[role]!]))
    const { outputs, durationMs } = await this.#engine.run(graph, feeds, id).catch(({ message }: NativeFailure) => {
      const what = `ONNX Runtime ${this.#library.version}: ${message}`
      throw this.#closed ?? runnerError(this.#folder, 'graph', what)
    })
    if (graph === 'text' && isLarge(this.#settings.graphs.text!)) await this.#release('text')
    const byRole = tensorsOf(outputRoles).map(([role, { tensor }]) => [role, outputs[tensor]!])
    return { outputs: Object.fromEntries(byRole) as RoleOutputs, durationMs }
  }

  async close(): Promise<void> {
    this.#closed ??= packageError('POLICY_INVALID', this.#folder, 'the policy was closed', 'Load it again')
    await this.#engine.close()
  }

  async #openFirstThatWorks(): Promise<void> {
    const { graphs, providers } = this.#settings
    for (const candidate of providers) {
      try {
        for (const name of decidingGraphs(graphs)) await this.#openGraph(name, candidate)
        this.#provider = candidate
        // Text takes little beside the rest: copying it to a GPU would take longer.
        await this.#openGraph('text', 'cpu')
        return
      } catch (error) {
        if (!(error instanceof Failed) || error.failure !== 'provider' || candidate === 'cpu') throw error
        this.#attempts.push({ provider: candidate, reason: error.message })
      }
    }
    const reasons = this.#attempts.map(({ provider, reason }) => `${provider}: ${reason}`).join('; ')
    throw new Failed('provider', `no execution provider of ${providers.join(', ')} could be used (${reasons})`)
  }

  /** A graph that is not needed for a decision, or not kept. */
  async #openLate(graph: GraphName): Promise<void> {
    await this.#openGraph(graph, graph === 'text' ? 'cpu' : this.#provider).catch((error: Error) => {
      throw this.#closed ?? (error instanceof Failed ? runnerError(this.#folder, error.failure, error.message) : error)
    })
  }

  /** @throws Failed */
  async #openGraph(name: GraphName, on: Provider): Promise<void> {
    const source = this.#settings.graphs[name]!
    const settings = {
      graph: source,
      providers: await this.#choices(name, on),
      threads: this.#settings.threads,
      memory: memoryOf(name, source, this.#settings.isInt8),
      config: {
        'session.force_spinning_stop': spinning.forceStop,
        'session.intra_op.allow_spinning': spinning.allow,
        'session.intra_op.spin_duration_us': spinning.durationUs,
      },
    }
    const graph = await this.#engine.open(name, settings, this.#nextId++).catch((error: NativeFailure) => {
      throw this.#failed(name, on, error)
    })
    this.#checkGraph(name, on, graph)
    for (const line of graph.log) this.#settings.log?.(`policy: ONNX Runtime: ${line}`)
    this.#nodes[name] = graph.assignments
    this.#open.add(name)
  }

  /** TensorRT leaves to CUDA, and both to the CPU, the nodes that they do not take. */
  async #choices(graph: GraphName, on: Provider): Promise<{ name: string; options: StringOptions }[]> {
    const wanted = ({ tensorrt: ['tensorrt', 'cuda'], cuda: ['cuda'], cpu: [] } as const)[on]
    const choices = []
    for (const name of wanted) {
      const { options, reason } = await this.#settings.optionsOf(name, graph, this.#library)
      // Before anything else: an option that is misspelt must not end on another provider.
      await this.#engine.check(name, options).catch((error: NativeFailure) => {
        throw this.#failed(graph, name, error)
      })
      if (reason !== undefined) throw new Failed('provider', reason)
      choices.push({ name, options })
    }
    return choices
  }

  #failed(graph: GraphName, on: Provider, { code, message, log = [] }: NativeFailure): Failed {
    if (isOptionRefused(code, message))
      return new Failed(
        'option',
        `ONNX Runtime ${this.#library.version} refuses an option of ${on}: ${plainReason(message)}`,
      )
    if (on === 'cpu') return new Failed('graph', graphProblem(graph, message, this.#library.version))
    const missing = whyProviderDoesNotLoad(this.#library.path, on)
    return new Failed('provider', distinct([message, ...log, ...(missing === null ? [] : [missing])]).join('; '))
  }

  /** @throws Failed `shape`; `provider` when a GPU's provider took no node at all, so that the CPU would compute everything */
  #checkGraph(name: GraphName, on: Provider, { inputs, outputs, assignments }: NativeGraph): void {
    const tensors = { inputs: inputs as readonly TensorSpec[], outputs: outputs as readonly TensorSpec[] }
    const difference = graphDifference(this.#settings.signatures[name]!, tensors)
    if (difference) throw new Failed('shape', `${name}.onnx: ${difference}`)
    const known = Object.keys(assignments)
    if (on !== 'cpu' && known.length > 0 && !known.includes(nameOf[on])) {
      throw new Failed('provider', `it took none of the nodes of ${name}.onnx, which went to ${known.join(', ')}`)
    }
  }

  async #release(graph: GraphName): Promise<void> {
    this.#open.delete(graph)
    await this.#engine.release(graph)
  }
}

/**
 * Rejects at once on abort, while `work` ends by itself: a graph that is being opened is opened, a run is left by ONNX
 * Runtime at the next node.
 */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined, cancel: () => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => {
      cancel()
      reject(signal!.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    void work.then(resolve, reject).finally(() => signal?.removeEventListener('abort', abort))
  })
}

/** @throws CliportError ADDON_MISSING */
function engineOn(library: string): NativeEngine {
  try {
    return createEngine(library)
  } catch (cause) {
    throw new CliportError('ADDON_MISSING', (cause as Error).message, {
      stage: 'start',
      hint: 'Build the native code: make setup; or set policy.engine to onnxruntime-node',
      cause,
    })
  }
}

/** Lines without what ONNX Runtime says of its own sources, each once, and none that another one contains. */
function distinct(lines: readonly string[]): string[] {
  const plain = [...new Set(lines.map(plainReason))]
  return plain.filter((line) => !plain.some((other) => other !== line && other.includes(line)))
}
