// `cliport policy info`: what a policy says about itself, what could run it here, and whether it fits this machine.

import { CliportError } from '../control/errors.js'
import { type FitRow, fitOf, runtimeUnits } from '../control/policy-fit.js'
import type { Lexicon, PolicyInfo, PolicyUnits } from '../control/ports.js'
import { OnnxPolicy } from '../io/policy/onnx-policy.js'
import { loadPackage } from '../io/policy/package.js'
import type { Provider } from '../io/policy/worker-protocol.js'
import { workspaceKeysOf } from '../io/workspace-keys.js'
import type { Config } from './config/schema.js'
import { connectServer, machineOf, packageOf, policyFolder, rigOf } from './policy.js'

/** One execution provider, and whether it can run this policy here. */
export interface ProviderStatus {
  readonly name: Provider
  readonly usable: boolean
  /** Why it cannot be used; empty when it can. */
  readonly reason: string
}

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
  readonly provider: { readonly chain: readonly ProviderStatus[]; readonly used: Provider | null } | null
  readonly scores: Readonly<Record<string, unknown>> | null
  /** The package's folder, or the server's address. */
  readonly source: string
  /** Whether it fits the machine that the settings describe, property by property. */
  readonly fit: readonly FitRow[]
}

/** Fastest first. */
const providers: readonly Provider[] = ['tensorrt', 'cuda', 'cpu']

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
      ...{ format: null, files: null, provider: null, scores: null, source: config.policy.server },
    }
  }
  const settings = packageOf(config)
  const folder = await policyFolder(settings.package)
  const { manifest, sha256 } = await loadPackage(folder)
  const chain: ProviderStatus[] = []
  let info: PolicyInfo | null = null
  for (const name of providers) {
    signal.throwIfAborted()
    const tried = await tryProvider(folder, name, settings.threads)
    info ??= tried.info
    chain.push({ name, usable: tried.info !== null, reason: tried.reason })
  }
  const used = chain.find(({ name, usable }) => name === settings.provider && usable)?.name ?? null
  if (info === null) throw unusable(folder, chain)
  return {
    ...commonOf(info, config),
    format: `${manifest.format} ${manifest.version}`,
    package_sha256: sha256,
    files: manifest.files,
    provider: { chain, used },
    scores: manifest.scores,
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

async function tryProvider(
  folder: string,
  provider: Provider,
  threads: number,
): Promise<{ readonly info: PolicyInfo | null; readonly reason: string }> {
  try {
    const policy = await OnnxPolicy.load(folder, { providers: [provider], threads })
    await policy.close()
    return { info: policy.info, reason: '' }
  } catch (error) {
    if (!(error instanceof CliportError) || error.code !== 'ADDON_MISSING') throw error
    return { info: null, reason: error.message }
  }
}

function unusable(folder: string, chain: readonly ProviderStatus[]): CliportError {
  const why = chain.map(({ name, reason }) => `${name}: ${reason}`).join('; ')
  return new CliportError('ADDON_MISSING', `No execution provider can run the package ${folder}: ${why}`, {
    stage: 'start',
    hint: 'Run make setup; cliport doctor reports what does not load and why',
  })
}
