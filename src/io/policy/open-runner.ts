// The engine that a policy's graphs run on, as its options ask.

import { CliportError } from '../../control/errors.js'
import type { NativeLibrary } from '../../native/engine.js'
import { defaultEngines, type EngineKey, engineFolders, findEngine } from './engine-store.js'
import { type GpuDevice, gpuDevice } from './gpu-device.js'
import { isLarge } from './graph-opening.js'
import type { EngineName, GraphRunner, Provider } from './graph-runner.js'
import type { GraphName, Manifest } from './manifest.js'
import { NativeRunner, type OptionsOf } from './native-runner.js'
import type { PolicyPackage } from './package.js'
import { PolicyThread } from './policy-thread.js'
import { cudaOptions, type ProviderSettings, tensorRtOptions } from './provider-settings.js'

export interface RunnerOptions {
  /** Tried in this order; the first that works is used. With one entry it is required. Default: cpu alone. */
  readonly providers?: readonly Provider[]
  /** `gpu`: never on the CPU, whatever the providers name. Default `any`. */
  readonly require?: 'any' | 'gpu'
  /** Threads that compute one decision on the CPU. Default 2. */
  readonly threads?: number
  /** Default: onnxruntime-node, but the own engine for large graphs, and where an option below, or TensorRT, needs it. */
  readonly engine?: EngineName
  /** File of an ONNX Runtime library; absent: the one that onnxruntime-node ships. */
  readonly library?: string
  /** Of the GPU providers. */
  readonly gpu?: Partial<ProviderSettings>
  /** Folder of TensorRT's engines; default below the user's cache folder. */
  readonly engines?: string
  /** Hears of every provider that was tried and not used. */
  readonly log?: (line: string) => void
  /** How to learn which GPU this is; the real one by default. */
  readonly device?: () => Promise<GpuDevice>
}

const defaults: ProviderSettings = { precision: 'fp32', workspaceMb: 1024, options: {} }

export function providerSettings({ gpu }: RunnerOptions): ProviderSettings {
  return { ...defaults, ...gpu }
}

/** The engine of these options. @param graphs absent: those of a package that is not large */
export function engineOf(
  { engine, providers = ['cpu'], library, gpu = {} }: RunnerOptions,
  graphs: PolicyPackage['graphs'] = {},
): EngineName {
  if (engine !== undefined) return engine
  const needsOwn = library !== undefined || Object.keys(gpu).length > 0 || providers.includes('tensorrt')
  return needsOwn || Object.values(graphs).some(isLarge) ? 'native' : 'onnxruntime-node'
}

/** The providers that may be used. @throws CliportError CONFIG_INVALID when a GPU is required and none is named */
export function chainOf({ providers = ['cpu'], require = 'any' }: RunnerOptions): readonly Provider[] {
  const chain = require === 'gpu' ? providers.filter((provider) => provider !== 'cpu') : providers
  if (chain.length > 0) return chain
  throw new CliportError(
    'CONFIG_INVALID',
    'Expected a provider of tensorrt, cuda where a GPU is required but received cpu alone',
    { stage: 'config', hint: 'Set policy.provider to [tensorrt, cuda], or policy.require to any' },
  )
}

/**
 * Opens a package's graphs and warms them up.
 * @throws CliportError POLICY_SHAPE, POLICY_INVALID; ADDON_MISSING when no provider, or no library, can be used;
 * CONFIG_INVALID for an option that the library refuses
 */
export async function openRunner(policyPackage: PolicyPackage, options: RunnerOptions): Promise<GraphRunner> {
  const { folder, graphs, manifest } = policyPackage
  const settings = {
    graphs,
    signatures: manifest.models,
    providers: chainOf(options),
    threads: options.threads ?? 2,
    isInt8: manifest.precision !== undefined,
  }
  if (engineOf(options, graphs) === 'onnxruntime-node') return PolicyThread.start(folder, settings)
  return NativeRunner.start(folder, {
    ...settings,
    ...(options.library !== undefined && { library: options.library }),
    ...(options.log && { log: options.log }),
    optionsOf: optionsFor(manifest, options),
  })
}

/** CUDA's options; TensorRT's where its engine is built, since building takes minutes in which nothing is said. */
function optionsFor(manifest: Manifest, options: RunnerOptions): OptionsOf {
  const settings = providerSettings(options)
  return async (provider, graph, library) => {
    if (provider === 'cuda') return { options: cudaOptions(settings) }
    const root = options.engines ?? defaultEngines()
    const key = engineKey(manifest, graph, library, await (options.device ?? gpuDevice)(), settings)
    const state = await findEngine(root, key)
    return {
      options: tensorRtOptions(settings, engineFolders(root, key)),
      ...('missing' in state && { reason: `${graph}: ${state.missing}; cliport policy build builds it` }),
    }
  }
}

/** What an engine of a graph depends on. */
export function engineKey(
  { files, models }: Manifest,
  graph: GraphName,
  library: Pick<NativeLibrary, 'version'>,
  gpu: GpuDevice,
  settings: ProviderSettings,
): EngineKey {
  const { file, weights } = models[graph] as { readonly file: string; readonly weights?: string }
  const sums = [file, ...(weights === undefined ? [] : [weights])].map((name) => files[name]!.sha256)
  return {
    model: sums.join('+'),
    device: gpu.device ?? 'unknown device',
    onnxruntime: library.version,
    tensorrt: gpu.tensorrt ?? 'unknown version',
    precision: settings.precision,
    options: { trt_max_workspace_size: `${settings.workspaceMb * 1_000_000}`, ...settings.options.tensorrt },
  }
}
