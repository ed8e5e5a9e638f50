// `cliport bench policy`: how long a decision takes, where the time goes, and how far it is from what the processor can do;
// with a Python, the same net in eager PyTorch beside it, by turns.

import { setTimeout as pause } from 'node:timers/promises'
import type { Heightmap, HeightmapSpec, Proposal } from '../control/types.js'
import type { EngineName, Provider } from '../io/policy/graph-runner.js'
import { tensorsOf } from '../io/policy/graph-spec.js'
import { OnnxPolicy } from '../io/policy/onnx-policy.js'
import { Tensor } from '../io/policy/onnxruntime.js'
import { loadPackage } from '../io/policy/package.js'
import type { Config } from '../runtime/config/schema.js'
import { type Durations, StageHistograms } from '../runtime/durations.js'
import { type Machine, machine, watchProcessors } from '../runtime/machine.js'
import { packageOf, policyFolder, runnerOptions } from '../runtime/policy.js'
import { hostClock } from '../runtime/session.js'
import { colorNames } from '../sim/index.js'
import { type Eager, startEager } from './eager.js'
import { peakGflops } from './gemm.js'
import { type NodeTypeShare, profileGraph } from './graph-profile.js'

export interface PolicyBenchRequest {
  readonly repeats: number
  /** Interpreter with PyTorch; absent: no comparison. */
  readonly python?: string
  /** What the package was exported from; null: random weights. */
  readonly checkpoint: string | null
  /** Folder of another package, which decides by turns with the first; absent: no comparison. */
  readonly against?: string
  readonly config: Config
  readonly command: string
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
}

/** The stable JSON of `cliport bench policy`. */
export interface PolicyBenchReport {
  readonly policy: string
  /** Sentence known already, as in every step of a cycle but the first: copies, the way to the thread and the graph. */
  readonly decision: Durations
  /** `text` once a sentence, `decide` the graph alone. */
  readonly stages: Readonly<Record<string, Durations>>
  /** Of the graph, on the first heightmap after loading. */
  readonly first_decide_ms: number
  readonly against?: PackageComparison
  readonly eager_same_model?: Durations
  /** Of the medians: how many times longer eager PyTorch takes. */
  readonly ratio_same_model?: number
  /** Decisions that were not the same; only with a checkpoint. */
  readonly decisions_differ?: number
  /** From one tick of a 1 ms timer of the main thread to the next, while decisions are computed. */
  readonly event_loop_ms: Durations
  /** The same just before, while nothing is computed: what the machine's other load alone does to it. */
  readonly event_loop_idle_ms: Durations
  /** Of this process: Node, ONNX Runtime and the policy, before anything is profiled. */
  readonly rss_mb: number
  /** Of the CPU; absent on a GPU, and for a package that decides in two graphs (a published CLIPort). */
  readonly graph?: {
    readonly types: readonly NodeTypeShare[]
    readonly gflop: number
    /** At the median of `decide`. */
    readonly gflops: number
    /** A matrix product of 1024 x 1024 on as many threads. */
    readonly peak_gflops: number
    readonly share_of_peak: number
  }
  readonly threads: number
  /** What ran the graphs, and on which execution provider. */
  readonly engine: EngineName
  readonly provider: Provider
  readonly onnxruntime: string
  readonly processors_busy: number
  readonly torch?: string
  readonly machine: Machine
}

/** Two packages by turns in one process: the ratio holds on a busy machine too. */
export interface PackageComparison {
  readonly policy: string
  readonly decide: Durations
  /** This package's graph over the other's: median over the pairs, and of the shortest of each. */
  readonly ratio: number
  readonly ratio_of_shortest: number
  /** On this heightmap; on recorded observations: python -m cliport_edge.agreement. */
  readonly decisions_differ: number
}

const goal = 'put the red blocks in a green bowl'
const warmUps = 5
const idleMs = 1000

export async function benchPolicy(request: PolicyBenchRequest): Promise<PolicyBenchReport> {
  const { config, repeats, signal, python, checkpoint } = request
  signal.throwIfAborted()
  const before = machine(request.command)
  const endWatch = watchProcessors()
  const settings = packageOf(config)
  const { threads } = settings
  const folder = await policyFolder(settings.package)
  const load = (from: string) => OnnxPolicy.load(from, { ...runnerOptions(settings), log: request.tell })
  const policy = await load(folder)
  const { rows, cols, models } = policy.manifest
  const { engine, provider, library } = policy.execution
  const parts = models.decide === undefined ? ['attention', 'transport'] : ['decide']
  const heightmap = aTable(policy.info.workspace, rows, cols)
  const first = await policy.propose(heightmap, goal)
  const eager = python === undefined ? null : await startEager({ python, checkpoint, threads, heightmap, goal })
  const other = request.against === undefined ? null : new Rival(request.against, await load(request.against))
  const stages = new StageHistograms()
  let differ = 0
  let endTicks = watchEventLoop(stages, 'event_loop_idle')
  try {
    await pause(idleMs, undefined, { signal })
    endTicks()
    endTicks = watchEventLoop(stages, 'event_loop')
    for (let i = -warmUps; i < repeats; i++) {
      signal.throwIfAborted()
      const startNs = hostClock.nowNs()
      const proposal = await policy.propose(heightmap, goal)
      const tookMs = Number(hostClock.nowNs() - startNs) / 1e6
      const rival = await other?.policy.propose(heightmap, goal)
      const torch = await eager?.decide()
      if (i < 0) continue
      stages.observe('decision', tookMs)
      for (const part of parts) stages.observe(part, proposal.timingMs[part]!)
      if (rival !== undefined) other!.observe(proposal, rival)
      if (torch === undefined) continue
      stages.observe('eager', torch.ms)
      const same =
        JSON.stringify([proposal.pick.pixel, proposal.place.pixel]) === JSON.stringify([torch.pick, torch.place])
      if (!same) differ++
    }
    endTicks()
    await readSentences(policy, heightmap, stages)
  } finally {
    endTicks()
    await eager?.close()
    await other?.policy.close()
    await policy.close()
  }
  const busy = endWatch().busy
  const rssMb = Math.round(process.memoryUsage.rss() / 1e6)
  return {
    policy: policy.info.name,
    decision: stages.of('decision'),
    stages: Object.fromEntries(['text', ...parts].map((part) => [part, stages.of(part)])),
    first_decide_ms: decideMs(first),
    ...(other === null ? {} : { against: other.comparison() }),
    ...(eager === null ? {} : comparison(eager, stages, checkpoint === null ? null : differ)),
    event_loop_ms: stages.of('event_loop'),
    event_loop_idle_ms: stages.of('event_loop_idle'),
    rss_mb: rssMb,
    ...(models.decide &&
      provider === 'cpu' && { graph: await profile(folder, heightmap, policy, stages.of('decide'), request) }),
    threads,
    engine,
    provider,
    onnxruntime: library.version,
    processors_busy: busy,
    machine: before,
  }
}

/** Milliseconds in the graphs that decide: one, or two one after the other. */
function decideMs({ timingMs }: Proposal): number {
  return ['decide', 'attention', 'transport'].reduce((sum, part) => sum + (timingMs[part] ?? 0), 0)
}

/** Observes the time from one tick of a 1 ms timer of this thread to the next: longer ones, when the thread is not free. */
function watchEventLoop(stages: StageHistograms, name: string): () => void {
  let lastNs = hostClock.nowNs()
  const timer = setInterval(() => {
    const nowNs = hostClock.nowNs()
    stages.observe(name, Number(nowNs - lastNs) / 1e6)
    lastNs = nowNs
  }, 1)
  return () => clearInterval(timer)
}

/** The other package of a comparison, and what was seen of both. */
class Rival {
  readonly #stages = new StageHistograms()
  readonly #pairs: { readonly ours: number; readonly theirs: number }[] = []
  #differ = 0

  constructor(
    readonly folder: string,
    readonly policy: OnnxPolicy,
  ) {}

  observe(ours: Proposal, theirs: Proposal): void {
    this.#stages.observe('decide', decideMs(theirs))
    this.#pairs.push({ ours: decideMs(ours), theirs: decideMs(theirs) })
    const told = ({ pick, place }: Proposal) => JSON.stringify([pick.pixel, place.pixel, place.yawRad.toFixed(3)])
    if (told(ours) !== told(theirs)) this.#differ++
  }

  comparison(): PackageComparison {
    const rounded = (ratio: number) => Math.round(1000 * ratio) / 1000
    const ratios = this.#pairs.map(({ ours, theirs }) => ours / theirs).sort((a, b) => a - b)
    const shortest = (of: 'ours' | 'theirs') => Math.min(...this.#pairs.map((pair) => pair[of]))
    return {
      policy: this.folder,
      decide: this.#stages.of('decide'),
      ratio: rounded(ratios[Math.floor(ratios.length / 2)]!),
      ratio_of_shortest: rounded(shortest('ours') / shortest('theirs')),
      decisions_differ: this.#differ,
    }
  }
}

async function profile(
  folder: string,
  heightmap: Heightmap,
  policy: OnnxPolicy,
  decide: Durations,
  { tell, config }: PolicyBenchRequest,
): Promise<NonNullable<PolicyBenchReport['graph']>> {
  const { threads } = packageOf(config)
  tell('profiling the graph')
  const { types, gflop } = await profileGraph(await decideGraph(folder), feedsOf(heightmap, policy), threads)
  const peak = await peakGflops(threads)
  const gflops = (1000 * gflop) / decide.p50
  return { types, gflop, gflops, peak_gflops: peak, share_of_peak: gflops / peak }
}

function comparison({ version }: Eager, stages: StageHistograms, differ: number | null) {
  const eager = stages.of('eager')
  return {
    eager_same_model: eager,
    ratio_same_model: Math.round((100 * eager.p50) / stages.of('decision').p50) / 100,
    ...(differ === null ? {} : { decisions_differ: differ }),
    torch: version,
  }
}

/** A sentence is read once and remembered, so each of these is new. */
async function readSentences(policy: OnnxPolicy, heightmap: Heightmap, stages: StageHistograms): Promise<void> {
  for (const block of colorNames) {
    const { timingMs } = await policy.propose(heightmap, `move every ${block} block to a white bowl`)
    if (timingMs.text !== undefined) stages.observe('text', timingMs.text)
  }
}

async function decideGraph(folder: string): Promise<Uint8Array> {
  return (await loadPackage(folder)).graphs.decide as Uint8Array
}

/** Any sentence will do: time does not depend on it. */
function feedsOf({ color, heightM }: Heightmap, { manifest }: OnnxPolicy): Record<string, Tensor> {
  const data: Record<string, Uint8Array | Float32Array> = { color, height: heightM }
  const size = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1)
  const zeros = (type: string, shape: readonly number[]) =>
    new (type === 'uint8' ? Uint8Array : Float32Array)(size(shape))
  return Object.fromEntries(
    tensorsOf(manifest.models.decide!.inputs).map(([role, { tensor, type, shape }]) => [
      tensor,
      new Tensor(type, data[role] ?? zeros(type, shape), shape),
    ]),
  )
}

/** A dark table with two red blocks, a blue one, a green bowl and a yellow one. */
function aTable(spec: HeightmapSpec, rows: number, cols: number): Heightmap {
  const heightM = new Float32Array(rows * cols)
  const color = new Uint8Array(3 * rows * cols).fill(51)
  const put = (u0: number, v0: number, radius: number, rgb: number[], heightAt: (r: number) => number | null) => {
    for (let u = u0 - radius; u <= u0 + radius; u++) {
      for (let v = v0 - radius; v <= v0 + radius; v++) {
        const zM = heightAt(Math.hypot(u - u0, v - v0))
        if (zM === null) continue
        heightM[u * cols + v] = zM
        color.set(rgb, 3 * (u * cols + v))
      }
    }
  }
  const block = () => 0.04
  const bowl = (r: number) => (r > 22 ? null : r > 18 ? 0.05 : 0.01)
  put(60, 60, 6, [255, 87, 89], block)
  put(120, 110, 6, [255, 87, 89], block)
  put(100, 40, 6, [78, 121, 167], block)
  put(200, 70, 24, [89, 169, 79], bowl)
  put(260, 100, 24, [237, 201, 72], bowl)
  return { spec, rows, cols, heightM, color, stampNs: 1n }
}
