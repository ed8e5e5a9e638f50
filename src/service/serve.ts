// `cliport serve`: folder, token, store, service and socket, opened and closed in order.

import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliportError } from '../control/errors.js'
import { lockFolder } from '../io/folder-lock.js'
import { projectPath } from '../native/paths.js'
import type { Config } from '../runtime/config/schema.js'
import { raiseThreadPriority } from '../runtime/thread-priority.js'
import { openGoalStore } from './goal-store-client.js'
import { isLoopback } from './http/guard.js'
import { createServer } from './http/server.js'
import { Service } from './service.js'
import { goalsFile, serviceFile, stateFolderOf, tokenFileName } from './state-folder.js'
import { openCertificate } from './tls.js'
import { openToken } from './token.js'
import type { SceneChoice } from './workcell.js'

export interface ServeRequest {
  readonly config: Config
  readonly scene: SceneChoice
  readonly tell: (line: string) => void
}

/** A service that listens. */
export interface Serving {
  /** Where the page is, without the token. */
  readonly url: string
  readonly tokenFile: string
  readonly service: Service
  /** Stops what moves, and closes everything. */
  close(): Promise<void>
}

/**
 * @throws CliportError FOLDER_BUSY when another service uses the folder; TOKEN_INVALID, STORE_FAILED, CONFIG_INVALID;
 * SERVICE_REFUSED when the port is taken
 */
export async function serve({ config, scene, tell }: ServeRequest): Promise<Serving> {
  raiseThreadPriority()
  const { service: settings } = config
  const folder = stateFolderOf(config)
  const lock = await lockFolder(folder, 'cliport serve')
  const opened: (() => Promise<void>)[] = [() => lock.release()]
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end().catch(() => {})
  }
  try {
    await chmod(folder, 0o700)
    const tokenFile = join(folder, tokenFileName)
    const token = await openToken(tokenFile)
    const { version } = JSON.parse(await readFile(projectPath('package.json'), 'utf8')) as { version: string }
    const store = openGoalStore(join(folder, goalsFile))
    opened.push(() => store.close())
    const service = await Service.start({ config, scene, store, version, tell })
    opened.push(() => service.close())
    const tls = isLoopback(settings.host) ? undefined : await openCertificate(folder, settings)
    const app = await createServer(service, { token, version, ...(tls === undefined ? {} : { tls }) })
    opened.push(() => app.close())
    const url = await listen(app, settings, tls !== undefined)
    await writeFile(join(folder, serviceFile), `${JSON.stringify({ url, pid: process.pid })}\n`)
    opened.push(() => rm(join(folder, serviceFile), { force: true }))
    return { url, tokenFile, service, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function listen(
  app: Awaited<ReturnType<typeof createServer>>,
  { host, port }: Config['service'],
  isSecure: boolean,
): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    throw new CliportError('SERVICE_REFUSED', `Cannot listen on ${host}:${port}: ${(cause as Error).message}`, {
      stage: 'start',
      hint: 'Choose another service.port, or end what listens there',
      cause,
    })
  }
  const address = app.server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http${isSecure ? 's' : ''}://${name}:${bound}`
}
