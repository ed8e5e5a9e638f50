// `cliport doctor`: what a person would look at first when something does not work.

import { access, constants, rm, statfs, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { distanceM, translationOf } from '../control/geometry.js'
import { makeFolder } from '../io/make-folder.js'
import { voiceFiles } from '../io/voice/files.js'
import { kinematics } from '../native/kinematics.js'
import { loadAddon, projectPath } from '../native/paths.js'
import { cellAddons } from './addons.js'
import type { Config } from './config/schema.js'
import { comparePolicy, openPolicy, rigOf } from './policy.js'

export interface Check {
  readonly id: string
  readonly status: 'ok' | 'warn' | 'fail' | 'skip'
  readonly finding: string
  /** What to do; empty when ok. */
  readonly fix: string
}

/** The stable JSON of `cliport doctor`. */
export interface DoctorReport {
  readonly ok: boolean
  readonly checks: readonly Check[]
}

type Finding = Omit<Check, 'id'>

const ok = (finding: string): Finding => ({ status: 'ok', finding, fix: '' })
const fail = (finding: string, fix: string): Finding => ({ status: 'fail', finding, fix })
const warn = (finding: string, fix: string): Finding => ({ status: 'warn', finding, fix })

const leastFreeBytes = 1e9

export async function diagnose(config: Config): Promise<DoctorReport> {
  const checks: Check[] = []
  const run = async (id: string, check: () => Finding | Promise<Finding>) => {
    try {
      checks.push({ id, ...(await check()) })
    } catch (error) {
      checks.push({ id, ...fail((error as Error).message, 'Report this with the whole output') })
    }
  }
  await run('node', checkNode)
  for (const name of cellAddons) await run(`addon-${name}`, () => checkAddon(name))
  await run('kinematics', checkKinematics)
  await run('controller', checkController)
  await run('policy', () => checkPolicy(config))
  await run('ports', checkPorts)
  await run('runs', () => checkFolder(config.run.out))
  await run('camera-library', () => ({
    status: 'skip',
    finding: 'only a real cell needs it',
    fix: 'cliport camera check',
  }))
  await run('voice', () => checkVoice(config))
  return { ok: checks.every(({ status }) => status !== 'fail'), checks }
}

/** Spoken goals are no part of a cell that works, so that what is missing fails nothing. */
async function checkVoice({ voice }: Config): Promise<Finding> {
  const { vadFile, moonshineFolder } = await voiceFiles(voice.models)
  if (vadFile !== null && moonshineFolder !== null) return ok(`Moonshine and Silero in ${voice.models}`)
  return { status: 'skip', finding: `spoken goals: their nets are not in ${voice.models}`, fix: 'make voice' }
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const fits = major > 20 || (major === 20 && minor >= 17)
  return fits
    ? ok(`Node ${process.versions.node} on ${process.platform} ${process.arch}`)
    : fail(`Node ${process.versions.node}`, 'Install Node 20.17 or newer')
}

function checkAddon(name: string): Finding {
  try {
    loadAddon(name)
    return ok(`build/Release/${name}.node loads`)
  } catch (error) {
    const { cause } = error as Error
    return fail(cause instanceof Error ? cause.message.split('\n')[0]! : (error as Error).message, 'make setup')
  }
}

/** Forward and inverse must agree: an addon of another build, or a broken one, shows here. */
function checkKinematics(): Finding {
  const tool = { flangeToTcpM: 0.1034, flangeToTcpYawRad: -Math.PI / 4 }
  const qRad = new Float64Array(7)
  const T_base_tool = new Float64Array(16)
  if (!kinematics().inverse(0.5, 0.1, 0.2, 0.3, tool, 0.1, qRad)) {
    return fail('no joint angles for a point in the middle of the workspace', 'make setup')
  }
  kinematics().forward(qRad, tool, T_base_tool)
  const errorM = distanceM(translationOf(T_base_tool), [0.5, 0.1, 0.2])
  return errorM < 1e-6
    ? ok('forward and inverse agree')
    : fail(`forward and inverse differ by ${errorM} m`, 'make setup')
}

async function checkController(): Promise<Finding> {
  const path = projectPath('build/native/cliport-controller')
  try {
    await access(path, constants.X_OK)
    return ok('build/native/cliport-controller is there')
  } catch {
    return warn('build/native/cliport-controller is missing; simulated cells run without it', 'make setup')
  }
}

async function checkPolicy(config: Config): Promise<Finding> {
  try {
    const policy = await openPolicy(config, () => {})
    await policy.close()
    comparePolicy(policy.info, config, rigOf(config), () => {})
    const what = config.policy.kind === 'server' ? `answers at ${config.policy.server}` : 'loads and decides'
    return ok(`${policy.info.name} (${policy.info.architecture}) ${what}, and fits this machine`)
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string }
    return fail(message, hint ?? 'Restore the package')
  }
}

function checkPorts(): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', ({ message }) =>
      resolve(fail(`no port on 127.0.0.1: ${message}`, 'Allow programs to listen on loopback')),
    )
    server.listen(0, '127.0.0.1', () => server.close(() => resolve(ok('ports on 127.0.0.1 can be used'))))
  })
}

async function checkFolder(folder: string): Promise<Finding> {
  const probe = join(folder, `.doctor-${process.pid}`)
  try {
    await makeFolder(folder)
    await writeFile(probe, 'x')
    await rm(probe)
  } catch (error) {
    return fail(`${folder} cannot be written to: ${(error as Error).message}`, 'Set run.out to a folder that can')
  }
  const { bavail, bsize } = await statfs(folder)
  const freeGb = (bavail * bsize) / 1e9
  return bavail * bsize >= leastFreeBytes
    ? ok(`${folder} can be written to, ${freeGb.toFixed(1)} GB free`)
    : warn(`only ${freeGb.toFixed(1)} GB free for ${folder}`, 'Free some space: recordings stop when the disk is full')
}
