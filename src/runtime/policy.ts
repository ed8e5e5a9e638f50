// The policy that the settings name, opened for this cell.

import { resolve } from 'node:path'
import { CliportError } from '../control/errors.js'
import type { Policy, PolicyInfo } from '../control/ports.js'
import { withPossiblePicks } from '../control/possible-pick.js'
import type { EndEffectorKind } from '../control/types.js'
import { pathExists } from '../io/path-exists.js'
import { OnnxPolicy } from '../io/policy/onnx-policy.js'
import type { RunnerOptions } from '../io/policy/open-runner.js'
import type { StringOptions } from '../native/engine.js'
import { projectPath } from '../native/paths.js'
import type { PackageSettings } from './config/policy.js'
import type { Config } from './config/schema.js'
import { withOwnHeights } from './policy-workspace.js'

/** What is mounted on every cell that this release runs. */
const mounted: EndEffectorKind = 'suction_cup'

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
    `The settings name the policy server ${policy.server}, but this release has no client for policy servers`,
    { stage: 'start', hint: 'Set policy.package to the folder of a policy package instead, for example models/edge' },
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
 * The policy of these settings, whose picks are on something.
 * @throws CliportError POLICY_INVALID, POLICY_CHECKSUM, POLICY_SHAPE; POLICY_UNAVAILABLE for a server;
 * POLICY_END_EFFECTOR for a package whose grasps are for another end effector
 */
export async function openPolicy(config: Config, log: (line: string) => void): Promise<Policy> {
  const settings = packageOf(config)
  const policy = await OnnxPolicy.load(await policyFolder(settings.package), { ...runnerOptions(settings), log })
  try {
    expectServes(policy.info, mounted)
  } catch (error) {
    await policy.close()
    throw error
  }
  return withPossiblePicks(withOwnHeights(policy), config.planning.table_z_m)
}

/** @throws CliportError POLICY_END_EFFECTOR */
function expectServes({ name, endEffectors }: PolicyInfo, endEffector: EndEffectorKind): void {
  if (endEffectors === undefined || endEffectors.includes(endEffector)) return
  throw new CliportError(
    'POLICY_END_EFFECTOR',
    `Expected a policy for the end effector ${endEffector} but ${name} serves ${endEffectors.join(', ')}`,
    {
      stage: 'start',
      hint: 'Use a package whose manifest lists it under end_effectors, or mount what the policy serves',
    },
  )
}
