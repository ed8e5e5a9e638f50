// `cliport serve`: folder, token, store, service and socket, opened and closed in order; safe mode where the settings
// cannot be used.

import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CliportError } from '../control/errors.js'
import { diskFull } from '../io/disk-space.js'
import { lockFolder } from '../io/folder-lock.js'
import { isFull } from '../io/recording/sink.js'
import { projectPath } from '../native/paths.js'
import { type ConfigSources, readConfig } from '../runtime/config/load.js'
import { type Config, serviceSettingsIn } from '../runtime/config/schema.js'
import { raiseThreadPriority } from '../runtime/thread-priority.js'
import { openGoalStore } from './goal-store-client.js'
import { isLoopback } from './http/guard.js'
import { closeServer, createServer } from './http/server.js'
import { expectFreePort, listen } from './listen.js'
import { type Log, lineLog, logEvents } from './log.js'
import { Metrics } from './metrics.js'
import { createSafeMode } from './safe-mode.js'
import { Service } from './service.js'
import { tellSafeMode, tellServiceManager } from './service-manager.js'
import { SettingsFile } from './settings-file.js'
import { goalsFile, serviceFile, stateFolderOf, tokenFileName, urlIn } from './state-folder.js'
import { openCertificate } from './tls.js'
import { openToken } from './token.js'
import type { SceneChoice } from './workcell.js'

export interface ServeRequest {
  readonly config: Config
  /** Where the settings came from, for the page's form; absent: nothing can be changed there. */
  readonly sources?: ConfigSources
  readonly scene: SceneChoice
  /** Stops what moves at once, and gives up what is being opened; whoever asks for it closes. */
  readonly signal?: AbortSignal
  /** Hears one line for people at a time. */
  readonly tell: (line: string) => void
  /** Hears what happens, for people and programs; absent: `tell` hears it. */
  readonly log?: Log
}

/** What listens. */
export interface Listening {
  /** Where the page is, without the token. */
  readonly url: string
  /** Its state folder: how the verbs find it. */
  readonly folder: string
  readonly tokenFile: string
  /** Stops what moves, and closes everything. */
  close(): Promise<void>
}

/** A service that listens. */
export interface Serving extends Listening {
  readonly service: Service
}

/**
 * @throws CliportError FOLDER_BUSY when another service uses the folder; SERVICE_REFUSED when the port is taken;
 * TOKEN_INVALID, DISK_FULL, STORE_FAILED, CONFIG_INVALID
 */
export async function serve({
  config,
  sources = {},
  scene,
  signal,
  tell,
  log = lineLog(tell),
}: ServeRequest): Promise<Serving> {
  raiseThreadPriority()
  return inFolder(config.service, async ({ folder, token, version, opened }) => {
    const { service: settings } = config
    await expectFreePort(settings)
    const store = openGoalStore(join(folder, goalsFile))
    opened.push(() => store.close())
    const metrics = new Metrics(version)
    let stages = 0
    opened.push(async () => metrics.end())
    const service = await Service.start({
      config,
      scene,
      store,
      version,
      ...(signal === undefined ? {} : { signal }),
      tell: (line) => log.info(line),
      onStage: (stage, durationMs) => {
        stages++
        metrics.stage(stage, durationMs)
      },
      onEnd: ({ outcome, state }) => metrics.goalEnded(outcome ?? state),
    })
    metrics.observe(service)
    opened.push(() => service.close())
    opened.push(async () => unlisten())
    const unlisten = logEvents(service.hub, log)
    const tls = isLoopback(settings.host) ? undefined : await openCertificate(folder, settings)
    const own = tls === undefined ? {} : { tls }
    const app = await createServer(service, {
      token,
      version,
      settings: new SettingsFile(sources),
      metrics,
      log,
      ...own,
    })
    opened.push(() => closeServer(app))
    const url = await listen(app, settings, tls !== undefined)
    // The arm first, whatever the clients do: one that sleeps answers no goodbye.
    opened.push(() => service.rest())
    const manager = tellServiceManager(service, () => stages, tell)
    opened.push(async () => manager.end())
    return { service, url }
  })
}

/** A service that may be in safe mode, and leave it. */
export interface ServingSettings extends Listening {
  /** Null in safe mode. */
  readonly service: Service | null
  /** Problems of the settings, in safe mode. */
  readonly problems: readonly string[]
}

/**
 * The service of these settings; while they cannot be used, safe mode on loopback, which becomes the service when a person
 * has corrected them.
 * @param request.onServing hears of the service that follows safe mode
 * @param request.onFailed hears that it did not start: nothing listens any more, and the process should end
 * @throws as `serve`
 */
export async function serveSettings(
  request: Omit<ServeRequest, 'config' | 'sources'> & {
    readonly sources: ConfigSources
    readonly onServing: (serving: Serving) => void
    readonly onFailed: (error: Error) => void
  },
): Promise<ServingSettings> {
  const { sources, onServing, onFailed, ...rest } = request
  const { config, problems, given } = await readConfig(sources)
  if (config !== null) return { ...(await serve({ config, sources, ...rest })), problems }
  const settings = { ...serviceSettingsIn(given.service), host: '127.0.0.1' }
  const file = new SettingsFile(sources)
  let now: Listening
  let change: Promise<void> = Promise.resolve()
  let isLeaving = false
  const onFixed = () => {
    if (isLeaving) return
    isLeaving = true
    // After the answer to whoever has fixed it.
    change = new Promise((resolve) => setTimeout(resolve, goodbyeMs)).then(async () => {
      const fixed = await file.config()
      if (fixed === null) {
        isLeaving = false
        return
      }
      await now.close()
      const serving = await serve({ config: fixed, sources, ...rest })
      manager.end()
      now = serving
      onServing(serving)
    })
    change.catch(onFailed)
  }
  now = await inFolder(settings, async ({ token, version, opened }) => {
    const app = await createSafeMode(file, settings, { token, version }, onFixed)
    opened.push(() => closeServer(app))
    return { url: await listen(app, settings, false) }
  })
  const manager = tellSafeMode(rest.tell)
  return {
    url: now.url,
    folder: now.folder,
    tokenFile: now.tokenFile,
    service: null,
    problems,
    async close() {
      await change.catch(() => {})
      manager.end()
      await now.close()
    },
  }
}

const goodbyeMs = 200

interface Opening {
  readonly folder: string
  readonly token: string
  readonly version: string
  /** What is closed at the end, the newest first. */
  readonly opened: (() => Promise<void>)[]
}

/** Opens what lives in the service's folder, and says there where it listens. */
async function inFolder<T extends { readonly url: string }>(
  service: Config['service'],
  open: (opening: Opening) => Promise<T>,
): Promise<T & Listening> {
  const folder = stateFolderOf({ service })
  const lock = await lockFolder(folder, 'cliport serve').catch(async (error) => {
    throw await reachable(error, folder)
  })
  const opened: (() => Promise<void>)[] = [() => lock.release()]
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end().catch(() => {})
  }
  try {
    await chmod(folder, 0o700)
    const tokenFile = join(folder, tokenFileName)
    const token = await openToken(tokenFile)
    const { version } = JSON.parse(await readFile(projectPath('package.json'), 'utf8')) as { version: string }
    const listening = await open({ folder, token, version, opened })
    opened.push(() => rm(join(folder, serviceFile), { force: true }))
    await writeFile(join(folder, serviceFile), `${JSON.stringify({ url: listening.url, pid: process.pid })}\n`)
    return { ...listening, folder: resolve(folder), tokenFile: resolve(tokenFile), close }
  } catch (error) {
    await close()
    if (!isFull(error)) throw error
    throw diskFull('the state of the service', folder, 'start', 'Make room on that disk, then start it again', error)
  }
}

/** Of a folder that another service uses: where that one is. */
async function reachable(error: unknown, folder: string): Promise<unknown> {
  if (!(error instanceof CliportError) || error.code !== 'FOLDER_BUSY') return error
  const url = await urlIn(folder).catch(() => null)
  return new CliportError('FOLDER_BUSY', `${error.message}${url === null ? '' : `, at ${url}`}`, {
    stage: 'start',
    hint: 'cliport status asks that one. Another service beside it needs a folder and a port of its own: cliport serve --state FOLDER --port PORT',
    retryable: true,
    cause: error,
  })
}
