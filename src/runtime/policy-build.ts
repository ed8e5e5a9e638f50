// `cliport policy build`: TensorRT's engines of a package, ahead of time. A first build takes minutes; in a run nobody
// would know what it waits for, so a run only uses engines that are there.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CliportError } from '../control/errors.js'
import { buildEngine } from '../io/policy/build-engine.js'
import {
  defaultEngines,
  type EngineKey,
  type EngineRecord,
  engineFolders,
  findEngine,
  readRecords,
  recordEngine,
} from '../io/policy/engine-store.js'
import { type GpuDevice, gpuDevice } from '../io/policy/gpu-device.js'
import { decidingGraphs } from '../io/policy/graph-opening.js'
import type { GraphName } from '../io/policy/manifest.js'
import { engineKey, providerSettings } from '../io/policy/open-runner.js'
import { loadPackage, type PolicyPackage } from '../io/policy/package.js'
import { cudaOptions, tensorRtOptions } from '../io/policy/provider-settings.js'
import { isOptionRefused, plainReason, runnerError } from '../io/policy/runner-failure.js'
import { turnOffTelemetry } from '../io/policy/telemetry.js'
import { createEngine, type NativeLibrary, whyProviderDoesNotLoad } from '../native/engine.js'
import { shippedOnnxRuntime } from '../native/paths.js'
import type { Config } from './config/schema.js'
import { packageOf, policyFolder, runnerOptions } from './policy.js'

export interface BuiltEngine {
  readonly graph: GraphName
  /** `ready`: it was there already. */
  readonly state: 'built' | 'ready'
  readonly folder: string
  readonly build_s: number
  readonly bytes: number
}

/** The stable JSON of `cliport policy build`. */
export interface PolicyBuildReport {
  readonly policy: string
  readonly device: string
  readonly onnxruntime: string
  readonly tensorrt: string
  readonly precision: string
  readonly engines: readonly BuiltEngine[]
}

/** Where a build stands. */
export interface BuildProgress {
  readonly graph: GraphName
  /** From 1. */
  readonly index: number
  readonly of: number
  readonly elapsedS: number
  /** From the last build of the same graph, on this device if there is one; null: it was never built. */
  readonly expectedS: number | null
}

export interface PolicyBuildRequest {
  readonly config: Config
  readonly signal: AbortSignal
  /** Heard at the start of each build and every five seconds. */
  readonly onProgress: (progress: BuildProgress) => void
  /** How to learn which GPU this is; the real one by default. */
  readonly device?: () => Promise<GpuDevice>
}

/**
 * Builds what is missing of a package's engines for this device, its versions and the settings' precision. One that was
 * interrupted goes on with the graphs that are left, and with the timings that TensorRT has kept.
 * @throws CliportError POLICY_*; ADDON_MISSING without TensorRT, with the reason; CONFIG_INVALID for an option that it
 * refuses; the signal's reason on abort
 */
export async function buildPolicy({
  config,
  signal,
  onProgress,
  device,
}: PolicyBuildRequest): Promise<PolicyBuildReport> {
  const settings = packageOf(config)
  const policyPackage = await loadPackage(await policyFolder(settings.package))
  const options = { ...runnerOptions(settings), gpu: runnerOptions({ ...settings, provider: ['tensorrt'] }).gpu ?? {} }
  const library = await libraryOf(options.library)
  const missing = whyProviderDoesNotLoad(library.path, 'tensorrt')
  if (missing !== null) throw noTensorRt(missing)
  const gpu = await (device ?? gpuDevice)()
  const wanted = providerSettings(options)
  const root = options.engines ?? defaultEngines()
  const graphs = decidingGraphs(policyPackage.graphs)
  const engines: BuiltEngine[] = []
  for (const [at, graph] of graphs.entries()) {
    signal.throwIfAborted()
    const key = engineKey(policyPackage.manifest, graph, library, gpu, wanted)
    const folders = engineFolders(root, key)
    const found = await findEngine(root, key)
    if ('record' in found) {
      engines.push(builtEngine(graph, 'ready', folders.engine, found.record))
      continue
    }
    const expectedS = await expectedBuildS(root, key)
    // TensorRT's provider reads an engine that is there, whole or not, and builds only where there is none.
    await rm(folders.engine, { recursive: true, force: true })
    const progress = (elapsedS: number) => onProgress({ graph, index: at + 1, of: graphs.length, elapsedS, expectedS })
    const providers = [
      { name: 'tensorrt', options: tensorRtOptions(wanted, folders) },
      { name: 'cuda', options: cudaOptions(wanted) },
    ]
    const buildS = await timed(progress, () => build(policyPackage, graph, library, providers, signal))
    const record = await recordEngine(folders.engine, { key, graph, build_s: buildS })
    if (Object.keys(record.files).length === 0) {
      await rm(folders.engine, { recursive: true })
      throw noEngine(graph, `TensorRT kept none in ${folders.engine}; provider_options must leave its cache as it is`)
    }
    engines.push(builtEngine(graph, 'built', folders.engine, record))
  }
  return {
    policy: policyPackage.manifest.name,
    device: gpu.device ?? 'unknown device',
    onnxruntime: library.version,
    tensorrt: gpu.tensorrt ?? 'unknown version',
    precision: wanted.precision,
    engines,
  }
}

async function libraryOf(path: string | undefined): Promise<NativeLibrary> {
  turnOffTelemetry()
  const engine = createEngine(path ?? shippedOnnxRuntime())
  try {
    return await engine.library()
  } catch (cause) {
    throw new CliportError('ADDON_MISSING', `ONNX Runtime cannot be used: ${(cause as Error).message}`, {
      stage: 'start',
      hint: 'Set policy.library to the file of an ONNX Runtime library that was built with TensorRT (docs/gpu.md)',
      cause,
    })
  } finally {
    await engine.close()
  }
}

function noTensorRt(reason: string): CliportError {
  return new CliportError('ADDON_MISSING', `TensorRT cannot be used: ${reason}`, {
    stage: 'start',
    hint: 'Install what the message names (docs/gpu.md); without TensorRT nothing needs to be built',
  })
}

async function build(
  { folder, manifest }: PolicyPackage,
  graph: GraphName,
  library: NativeLibrary,
  providers: Parameters<typeof buildEngine>[0]['providers'],
  signal: AbortSignal,
): Promise<void> {
  const signature = manifest.models[graph]!
  const built = await buildEngine(
    { library: library.path, graph: join(folder, signature.file), signature, providers },
    signal,
  )
  if (!built.ok) {
    const reason = [plainReason(built.message), ...built.log].join('\n  ')
    if (isOptionRefused(built.code, built.message)) {
      const what = `ONNX Runtime ${library.version} refuses an option of tensorrt or cuda: ${reason}`
      throw runnerError(folder, 'option', what)
    }
    throw noEngine(graph, reason)
  }
  if (Object.keys(built.assignments).length > 0 && !('TensorrtExecutionProvider' in built.assignments)) {
    throw noEngine(graph, 'TensorRT took none of its nodes')
  }
}

function noEngine(graph: GraphName, reason: string): CliportError {
  return new CliportError('ADDON_MISSING', `No engine of ${graph} could be built: ${reason}`, {
    stage: 'start',
    hint: 'Mend what the message says and start it again: what was built stays',
  })
}

/** Seconds that `work` takes; `progress` hears of it every five. */
async function timed(progress: (elapsedS: number) => void, work: () => Promise<void>): Promise<number> {
  const startMs = performance.now()
  const elapsedS = () => Math.round((performance.now() - startMs) / 100) / 10
  progress(0)
  const ticking = setInterval(() => progress(elapsedS()), 5000)
  try {
    await work()
  } finally {
    clearInterval(ticking)
  }
  return elapsedS()
}

async function expectedBuildS(root: string, key: EngineKey): Promise<number | null> {
  const records = (await readRecords(root)).filter((record) => record.key.model === key.model)
  const here = records.filter((record) => record.key.device === key.device)
  const newest = (list: readonly EngineRecord[]) =>
    list.reduce<EngineRecord | null>((best, one) => (best === null || one.built_at > best.built_at ? one : best), null)
  return (newest(here) ?? newest(records))?.build_s ?? null
}

function builtEngine(
  graph: GraphName,
  state: BuiltEngine['state'],
  folder: string,
  { build_s, files }: EngineRecord,
): BuiltEngine {
  return { graph, state, folder, build_s, bytes: Object.values(files).reduce((sum, bytes) => sum + bytes, 0) }
}
