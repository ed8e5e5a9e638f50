// The policy that the settings name, opened for this cell.

import { resolve } from 'node:path'
import { CliportError } from '../control/errors.js'
import { expectFit, type FitRow, fitLines, fitOf, type Machine, runtimeUnits } from '../control/policy-fit.js'
import type { Lexicon, Policy, PolicyInfo } from '../control/ports.js'
import { withPossiblePicks } from '../control/possible-pick.js'
import { pathExists } from '../io/path-exists.js'
import { OnnxPolicy } from '../io/policy/onnx-policy.js'
import type { RunnerOptions } from '../io/policy/open-runner.js'
import { loadPackage } from '../io/policy/package.js'
import { ServerPolicy } from '../io/policy-server/client.js'
import { clientKeys } from '../io/policy-server/keys.js'
import type { StringOptions } from '../native/engine.js'
import { projectPath } from '../native/paths.js'
import type { PackageSettings, ServerSettings } from './config/policy.js'
import type { Config } from './config/schema.js'
import { withOwnHeights } from './policy-workspace.js'
import { workspaceOf } from './settings.js'

/** What a policy works with beside the settings: who looks, and what grasps. What is absent is not compared. */
export type Rig = Pick<Machine, 'cameras' | 'endEffector'>

/** The simulated cell's own. */
export const simulatedRig: Rig = { cameras: ["the simulated cell's"], endEffector: 'suction_cup' }

/** Folder of a policy package: as given, or inside the project, so that the default works from anywhere. */
export async function policyFolder(name: string): Promise<string> {
  const here = resolve(name)
  if (await pathExists(here)) return here
  const shipped = projectPath(name)
  return (await pathExists(shipped)) ? shipped : here
}

/** The package of these settings. @throws CliportError POLICY_UNAVAILABLE when they name a server */
export function packageOf({ policy }: Config): PackageSettings {
  if (policy.kind === 'package') return policy
  throw new CliportError(
    'POLICY_UNAVAILABLE',
    `Expected a policy package but the settings name the policy server ${policy.server}, whose package is elsewhere`,
    { stage: 'start', hint: 'Set policy.package to the folder of a package, or run this where the server runs' },
  )
}

/** The package's folder, or the server's address, as the settings have it. */
export function describePolicy({ policy }: Config): string {
  return policy.kind === 'package' ? policy.package : policy.server
}

/** How the package of these settings is run. */
export function runnerOptions(settings: PackageSettings): RunnerOptions {
  const { provider, require, threads, engine, library, engines, precision, workspace_mb: workspaceMb } = settings
  const options = settings.provider_options as Readonly<Partial<Record<'tensorrt' | 'cuda', StringOptions>>>
  const hasOptions = Object.keys(options).length > 0 || precision !== 'fp32'
  return {
    providers: provider,
    require,
    threads,
    ...(engine !== 'auto' && { engine }),
    ...(library !== null && { library: resolve(library) }),
    ...(engines !== null && { engines: resolve(engines) }),
    ...((hasOptions || provider.includes('tensorrt')) && { gpu: { precision, workspaceMb, options } }),
  }
}

/**
 * The policy of the settings, whose picks are on something.
 * @throws CliportError POLICY_INVALID, POLICY_CHECKSUM, POLICY_SHAPE; POLICY_UNAVAILABLE, POLICY_AUTH_FAILED,
 * POLICY_PROTOCOL, POLICY_KEYS_INVALID for a server
 */
export async function openPolicy(config: Config, log: (line: string) => void): Promise<Policy> {
  const policy = config.policy.kind === 'server' ? await connectServer(config.policy) : await loadPackageOf(config, log)
  return withPossiblePicks(withOwnHeights(policy), config.planning.table_z_m)
}

/** What the policy's words mean, without its graphs; null: it has no lexicon. @throws as `openPolicy` */
export async function policyLexicon(config: Config): Promise<Lexicon | null> {
  if (config.policy.kind === 'package') {
    const { manifest } = await loadPackage(await policyFolder(config.policy.package))
    return manifest.lexicon ?? null
  }
  const policy = await connectServer(config.policy)
  await policy.close()
  return policy.info.lexicon ?? null
}

/**
 * Compares a policy with the machine that it is to work with, before anything moves. What does not fit is told as the
 * whole table.
 * @throws CliportError POLICY_END_EFFECTOR and others for what does not fit (`expectFit`)
 */
export function comparePolicy(
  info: PolicyInfo,
  config: Config,
  rig: Rig,
  tell: (line: string) => void,
): readonly FitRow[] {
  const rows = fitOf(info, machineOf(config, rig))
  if (!rows.every(({ fits }) => fits)) fitLines(rows).forEach(tell)
  expectFit(info.name, rows)
  return rows
}

/** What the settings say of who looks and what grasps: cameras that they list look at a real cell. */
export function rigOf({ cameras }: Config): Rig {
  return cameras.length === 0 ? simulatedRig : { cameras: cameras.map(({ name }) => name), endEffector: null }
}

/** The machine that a policy is to work with. */
export function machineOf(config: Config, rig: Rig): Machine {
  const { policy } = config
  return {
    units: runtimeUnits,
    workspace: workspaceOf(config),
    ...rig,
    ...(policy.kind === 'server' && policy.package_sha256 !== null && { packageSha256: policy.package_sha256 }),
  }
}

async function loadPackageOf(config: Config, log: (line: string) => void): Promise<Policy> {
  const settings = packageOf(config)
  return OnnxPolicy.load(await policyFolder(settings.package), { ...runnerOptions(settings), log })
}

/**
 * Connects to a policy server: beyond loopback with keys, always; on loopback when the settings name some.
 * @throws CliportError POLICY_UNAVAILABLE, POLICY_AUTH_FAILED, POLICY_PROTOCOL, POLICY_KEYS_INVALID
 */
export async function connectServer({ server, keys, timeout_s }: ServerSettings): Promise<Policy> {
  const isLoopback = /^tcp:\/\/(127(\.\d+){3}|localhost):/.test(server)
  const own = keys === null && isLoopback ? null : await clientKeys(keys ?? undefined)
  return ServerPolicy.connect({ address: server, keys: own, timeoutMs: 1000 * timeout_s })
}
