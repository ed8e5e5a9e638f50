// The service's part of `cliport doctor`: its folder, its port, and whether it runs.

import { stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Config } from '../runtime/config/schema.js'
import { type Check, Checks, type Finding, fail, ok, skip, warn } from '../runtime/doctor/check.js'
import { ServiceClient } from './client/client.js'
import { stateFolderOf, tokenFileName } from './state-folder.js'

/** Looks at the service of these settings, and changes nothing. */
export async function diagnoseService(config: Config): Promise<readonly Check[]> {
  const checks = new Checks()
  const folder = stateFolderOf(config)
  const state = await stateOf(folder)
  await checks.run('state-folder', () => checkStateFolder(folder))
  await checks.run('service', () => state.finding)
  await checks.run('service-port', () => (state.isRunning ? skip('the service has it') : checkPort(config)))
  return checks.report.checks
}

/** Queue and token are secrets of the service's user. */
async function checkStateFolder(folder: string): Promise<Finding> {
  const of = async (path: string) => (await stat(path)).mode & 0o777
  let mode: number
  try {
    mode = await of(folder)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return skip(`${folder} is not there: the first start of cliport serve makes it`)
    return fail(`${folder}: ${message}`, 'Use the account of the service: sudo -u cliport cliport doctor')
  }
  if ((mode & 0o077) !== 0) return fail(`${folder} is open to others (mode ${mode.toString(8)})`, `chmod 700 ${folder}`)
  const token = join(folder, tokenFileName)
  const tokenMode = await of(token).catch(() => null)
  return tokenMode !== null && (tokenMode & 0o077) !== 0
    ? fail(
        `${token} can be read by others: whoever has read it may move the arm`,
        `rm ${token}, then restart the service`,
      )
    : ok(`${folder} is its user's alone`)
}

async function stateOf(folder: string): Promise<{ readonly isRunning: boolean; readonly finding: Finding }> {
  try {
    const client = await ServiceClient.connect({ stateFolder: folder })
    const { session, version, disks } = await client.state()
    const words = `cliport serve ${version} runs: ${session.reason ?? session.mode}`
    const full = disks.find((disk) => disk.full)
    const isTroubled = full !== undefined || ['lost', 'fault', 'safe_mode'].includes(session.mode)
    const room =
      full === undefined ? 'cliport status says what it waits for' : `Make room on the disk of ${full.folder}`
    const fix = session.problem?.hint ?? room
    return { isRunning: true, finding: isTroubled ? warn(words, fix) : ok(words) }
  } catch (error) {
    const { code, message, hint } = error as Error & { code?: string; hint?: string }
    const finding =
      code === 'SERVICE_ABSENT'
        ? skip(message, `systemctl start cliport, or: ${hint}`)
        : fail(message, hint ?? 'systemctl status cliport')
    return { isRunning: false, finding }
  }
}

function checkPort({ service: { host, port } }: Config): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', ({ message }) =>
      resolve(
        fail(
          `${host}:${port} cannot be listened on: ${message}`,
          'Choose another service.host or service.port, or end what listens there',
        ),
      ),
    )
    server.listen(port, host, () => server.close(() => resolve(ok(`${host}:${port} is free`))))
  })
}
