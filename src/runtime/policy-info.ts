// `cliport policy info`: what a policy says about itself, what could run it here, and whether it fits this machine.

import { CliportError } from '../control/errors.js'
import { type FitRow, fitOf, runtimeUnits } from '../control/policy-fit.js'
import type { Lexicon, PolicyInfo, PolicyUnits } from '../control/ports.js'
import type { EngineName, Execution, Provider } from '../io/policy/graph-runner.js'
import { providers } from '../io/policy/graph-runner.js'
import type { Manifest } from '../io/policy/manifest.js'
import { OnnxPolicy } from '../io/policy/onnx-policy.js'
import { chainOf, engineOf, type RunnerOptions } from '../io/policy/open-runner.js'
import { loadPackage } from '../io/policy/package.js'
import { workspaceKeysOf } from '../io/workspace-keys.js'
import type { Config } from './config/schema.js'
import { connectServer, machineOf, packageOf, policyFolder, rigOf, runnerOptions } from './policy.js'

/** One execution provider, and whether it can run this policy here. */
export interface ProviderStatus {
  readonly name: Provider
  readonly usable: boolean
  /** Why it cannot be used; empty when it can. */
  readonly reason: string
  /** Which provider computes how many nodes of each graph; null: it cannot be used, or its engine does not tell. */
  readonly nodes: NodeCounts | null
}

/** Graph -> execution provider, by ONNX Runtime's name -> number of nodes. */
export type NodeCounts = Readonly<Record<string, Readonly<Record<string, number>>>>

/** The stable JSON of `cliport policy info`. */
export interface PolicyInfoReport {
  readonly name: string
  readonly architecture: string
  /** Format and version of the package; null: it is behind a server. */
  readonly format: string | null
  readonly package_sha256: string | null
  readonly units: PolicyUnits
  readonly workspace: ReturnType<typeof workspaceKeysOf>
  readonly rotations: number
  readonly end_effectors: readonly string[] | null
  readonly lexicon: Pick<Lexicon, 'nouns' | 'colors' | 'relations' | 'tasks'> | null
  readonly thresholds: PolicyInfo['thresholds']
  /** Name -> checksum and size; null: it is behind a server. */
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>> | null
  /** null: the server's. */
  readonly provider: {
    readonly chain: readonly ProviderStatus[]
    readonly used: Provider | null
    /** What runs the graphs with these settings. */
    readonly engine: EngineName
    readonly library: Execution['library']
  } | null
  readonly scores: Readonly<Record<string, unknown>> | null
  /** How a package that is not fp32 was made, and what is known of its decisions; null: it is fp32, or behind a server. */
  readonly precision: NonNullable<Manifest['precision']> | null
  /** The package's folder, or the server's address. */
  readonly source: string
  /** Whether it fits the machine that the settings describe, property by property. */
  readonly fit: readonly FitRow[]
}

/**
 * Looks at the policy of the settings: a package is opened once with each execution provider.
 * @throws CliportError POLICY_*; a policy that does not fit is no error here, the table says so
 */
export async function describePolicyOf(config: Config, signal: AbortSignal): Promise<PolicyInfoReport> {
  if (config.policy.kind === 'server') {
    const policy = await connectServer(config.policy)
    await policy.close()
    return {
      ...commonOf(policy.info, config),
      ...{ format: null, files: null, provider: null, scores: null, precision: null, source: config.policy.server },
    }
  }
  const settings = packageOf(config)
  const folder = await policyFolder(settings.package)
  const { manifest, sha256, graphs } = await loadPackage(folder)
  const chain: ProviderStatus[] = []
  const options = runnerOptions(settings)
  let opened: Opened | null = null
  for (const name of providers) {
    signal.throwIfAborted()
    // The own engine tells which provider computes which node; both engines run the same graphs on the same providers.
    const tried = await tryProvider(folder, { engine: 'native', ...options, require: 'any', providers: [name] })
    if ('reason' in tried) chain.push({ name, usable: false, reason: tried.reason, nodes: null })
    else chain.push({ name, usable: true, reason: '', nodes: nodeCounts(tried.execution) })
    if ('info' in tried) opened ??= tried
  }
  const used = chainOf(options).find((wanted) => chain.some(({ name, usable }) => name === wanted && usable)) ?? null
  if (opened === null) throw unusable(folder, chain)
  const { info, execution } = opened
  return {
    ...commonOf(info, config),
    format: `${manifest.format} ${manifest.version}`,
    package_sha256: sha256,
    files: manifest.files,
    provider: { chain, used, engine: engineOf(options, graphs), library: execution.library },
    scores: manifest.scores,
    precision: manifest.precision ?? null,
    source: settings.package,
  }
}

function commonOf(info: PolicyInfo, config: Config) {
  const { name, architecture, units = runtimeUnits, workspace, rotations, thresholds, lexicon, endEffectors } = info
  return {
    ...{ name, architecture, units, rotations, thresholds },
    package_sha256: info.packageSha256 ?? null,
    workspace: workspaceKeysOf(workspace),
    end_effectors: endEffectors ?? null,
    lexicon: lexicon ?? null,
    fit: fitOf(info, machineOf(config, rigOf(config))),
  }
}

interface Opened {
  readonly info: PolicyInfo
  readonly execution: Execution
}

async function tryProvider(folder: string, options: RunnerOptions): Promise<Opened | { readonly reason: string }> {
  try {
    const policy = await OnnxPolicy.load(folder, options)
    await policy.close()
    return { info: policy.info, execution: policy.execution }
  } catch (error) {
    if (!(error instanceof CliportError) || error.code !== 'ADDON_MISSING') throw error
    return { reason: error.message }
  }
}

function nodeCounts({ nodes }: Execution): NodeCounts | null {
  if (nodes === null) return null
  const total = (operators: Readonly<Record<string, number>>) => Object.values(operators).reduce((sum, n) => sum + n, 0)
  return Object.fromEntries(
    Object.entries(nodes).map(([graph, byProvider]) => [
      graph,
      Object.fromEntries(Object.entries(byProvider).map(([provider, operators]) => [provider, total(operators)])),
    ]),
  )
}

function unusable(folder: string, chain: readonly ProviderStatus[]): CliportError {
  const why = chain.map(({ name, reason }) => `${name}: ${reason}`).join('; ')
  return new CliportError('ADDON_MISSING', `No execution provider can run the package ${folder}: ${why}`, {
    stage: 'start',
    hint: 'Run make setup; cliport doctor reports what does not load and why',
  })
}
