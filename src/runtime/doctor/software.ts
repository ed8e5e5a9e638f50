// What this program is made of: addons, kinematics, the controller's executable, the policy.

import { access, constants } from 'node:fs/promises'
import { distanceM, translationOf } from '../../control/geometry.js'
import { voiceFiles } from '../../io/voice/files.js'
import { kinematics } from '../../native/kinematics.js'
import { controllerExecutable, loadAddon } from '../../native/paths.js'
import type { Config } from '../config/schema.js'
import { describePolicyOf } from '../policy-info.js'
import { type Finding, fail, failed, ok, skip, warn } from './check.js'

const rebuild = 'make setup; of a Debian package: apt-get install --reinstall cliport-edge'

export function checkAddon(name: string): Finding {
  try {
    loadAddon(name)
    return ok(`build/Release/${name}.node loads`)
  } catch (error) {
    const { cause } = error as Error
    return fail(cause instanceof Error ? cause.message.split('\n')[0]! : (error as Error).message, rebuild)
  }
}

/** Forward and inverse must agree: an addon of another build, or a broken one, shows here. */
export function checkKinematics(): Finding {
  const tool = { flangeToTcpM: 0.1034, flangeToTcpYawRad: -Math.PI / 4 }
  const qRad = new Float64Array(7)
  const T_base_tool = new Float64Array(16)
  if (!kinematics().inverse(0.5, 0.1, 0.2, 0.3, tool, 0.1, qRad)) {
    return fail('no joint angles for a point in the middle of the workspace', rebuild)
  }
  kinematics().forward(qRad, tool, T_base_tool)
  const errorM = distanceM(translationOf(T_base_tool), [0.5, 0.1, 0.2])
  return errorM < 1e-6 ? ok('forward and inverse agree') : fail(`forward and inverse differ by ${errorM} m`, rebuild)
}

export async function checkController(): Promise<Finding> {
  const path = controllerExecutable()
  try {
    await access(path, constants.X_OK)
    return ok(`${path} is there`)
  } catch {
    return warn(`${path} is missing; simulated cells run without it`, rebuild)
  }
}

export interface PolicyFindings {
  readonly policy: Finding
  readonly fit: Finding
  readonly provider: Finding
}

/** Checksums, fit and execution provider of the policy, which is opened and closed again. */
export async function checkPolicy(config: Config): Promise<PolicyFindings> {
  const none = skip('no policy to look at')
  try {
    const { name, architecture, fit, provider, files, source } = await describePolicyOf(
      config,
      new AbortController().signal,
    )
    const wrong = fit.filter(({ fits }) => !fits)
    return {
      policy: ok(
        files === null
          ? `${name} (${architecture}) behind ${source}`
          : `${name} (${architecture}) of ${source}: the checksums of ${Object.keys(files).length} files are right`,
      ),
      fit:
        wrong.length === 0
          ? ok(fit.map(({ property }) => property).join(', '))
          : fail(
              wrong
                .map(({ property, policy, machine }) => `${property}: the policy needs ${policy}, here is ${machine}`)
                .join('; '),
              'Set the workspace to the policy’s, or use a policy that was trained for this cell: cliport policy info',
            ),
      provider: provider === null ? skip("the server's matter") : providerFinding(provider.used, provider.chain),
    }
  } catch (error) {
    return { policy: failed(error, 'Restore the package'), fit: none, provider: none }
  }
}

function providerFinding(
  used: string | null,
  chain: readonly { readonly name: string; readonly usable: boolean; readonly reason: string }[],
): Finding {
  const others = chain.filter(({ usable }) => !usable).map(({ name }) => name)
  const rest = others.length === 0 ? '' : `; not here: ${others.join(', ')}`
  if (used !== null) return ok(`${used} runs the policy${rest}`)
  const why = chain.map(({ name, reason }) => `${name}: ${reason || 'usable'}`).join('; ')
  return fail(`none of policy.provider can run it (${why})`, 'Set policy.provider to one that can: cliport policy info')
}

/** Spoken goals are no part of a cell that works, so that what is missing fails nothing. */
export async function checkVoice({ voice }: Config): Promise<Finding> {
  const { vadFile, moonshineFolder } = await voiceFiles(voice.models)
  if (vadFile !== null && moonshineFolder !== null) return ok(`Moonshine and Silero in ${voice.models}`)
  return skip(`spoken goals: their nets are not in ${voice.models}`, 'make voice')
}
