// The service's one socket: API, events, page, metrics, health.

import { existsSync } from 'node:fs'
import rateLimit from '@fastify/rate-limit'
import staticFiles from '@fastify/static'
import swagger from '@fastify/swagger'
import websocket from '@fastify/websocket'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod'
import { CliportError } from '../../control/errors.js'
import { projectPath } from '../../native/paths.js'
import type { Config } from '../../runtime/config/schema.js'
import { FoxgloveFeed, foxgloveProtocol } from '../foxglove.js'
import { healthOf } from '../health.js'
import type { Log } from '../log.js'
import type { Metrics } from '../metrics.js'
import type { Service } from '../service.js'
import type { SettingsFile } from '../settings-file.js'
import { serveEvents } from './events.js'
import { sendError } from './failure.js'
import {
  expectHost,
  expectInTime,
  expectOrigin,
  expectToken,
  expectTokenInQuery,
  type GuardOptions,
  protocol,
} from './guard.js'
import { type App, addArmRoutes, addGoalRoutes, addStateRoutes, addStopRoute } from './routes.js'
import { addSettingsRoutes } from './settings-routes.js'
import { serveVoice } from './voice.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Needs no token and is never refused for its number. */
    readonly isStop?: boolean
    /** Says nothing that a stranger may not know. */
    readonly isOpen?: boolean
  }
}

export interface ServerOptions {
  readonly token: string
  readonly version: string
  /** PEM; absent: no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** The settings file; absent: no routes to it. */
  readonly settings?: SettingsFile
  readonly metrics?: Metrics
  /** Hears of every act that was asked for, carried out or not. */
  readonly log?: Log
}

/** For how long clients may answer a goodbye. */
const goodbyeMs = 2000
const bodyLimitBytes = 64 * 1024
/** A client that sends its request more slowly is no client. */
const requestTimeoutMs = 20_000

/** The service's socket, not listening yet. */
export async function createServer(service: Service, options: ServerOptions): Promise<App> {
  const { epoch } = service
  const app = await createApp({ epoch, clockMs: () => service.clockMs }, service.workcell.config.service, options)
  addRoutes(app, service, options)
  return app
}

/** Says goodbye to every client, and cuts off those that do not answer: asleep, gone, or in the middle of a request. */
export async function closeServer(app: App): Promise<void> {
  const timer = setTimeout(() => {
    for (const client of app.websocketServer.clients) client.terminate()
    if ('closeAllConnections' in app.server) app.server.closeAllConnections()
  }, goodbyeMs)
  await app.close().finally(() => clearTimeout(timer))
}

/** What every request passes before a route: guard, rate limit, JSON only; and the page. */
export async function createApp(
  clock: Pick<GuardOptions, 'epoch' | 'clockMs'>,
  { names, requests_per_s: max }: Config['service'],
  options: ServerOptions,
): Promise<App> {
  const guard: GuardOptions = { token: options.token, names, ...clock }
  const app = fastify({
    logger: false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    // As long as Node takes a request's head: what is too long is refused by the schemas, in the service's own words.
    routerOptions: { maxParamLength: 16_384 },
    ...(options.tls === undefined ? {} : { https: options.tls }),
  } as object) as unknown as App
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler((error, _request, reply) => sendError(reply, error))
  app.setNotFoundHandler((request, reply) =>
    sendError(
      reply,
      new CliportError('ROUTE_UNKNOWN', `There is no ${request.method} ${request.url}`, {
        stage: 'serve',
        hint: 'GET /api/openapi.json lists the routes; with settings that cannot be used there are only those of safe mode',
      }),
    ),
  )
  // JSON only: what a form of a foreign page can send is not taken.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(body as string))
    } catch (error) {
      done(Object.assign(error as Error, { statusCode: 400 }), undefined)
    }
  })
  app.addHook('onRequest', async (request) => expectAllowed(request, guard))
  app.addHook('onResponse', async (request, reply) => {
    told(request, reply, options)
    endRefusedUpgrade(request)
  })
  app.addHook('onSend', async (_request, reply) => void reply.headers(securityHeaders))
  await app.register(rateLimit, {
    max,
    timeWindow: 1000,
    allowList: ({ routeOptions }: FastifyRequest) => routeOptions.config.isStop === true,
    errorResponseBuilder: () =>
      new CliportError('RATE_LIMITED', `More than ${max} requests in a second`, {
        stage: 'serve',
        hint: 'Ask less often, or raise service.requests_per_s',
        retryable: true,
      }),
  } as object)
  await app.register(swagger, {
    openapi: openapiOf(options.version),
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  })
  await app.register(websocket, {
    options: { maxPayload: 4096, handleProtocols },
  })
  const page = projectPath('dist/page')
  if (existsSync(page)) app.register(staticFiles, { root: page, wildcard: false })
  return app
}

function addRoutes(app: App, service: Service, { metrics, settings }: ServerOptions): void {
  app.after(() => {
    addStopRoute(app, service)
    addArmRoutes(app, service)
    addGoalRoutes(app, service)
    addStateRoutes(app, service)
    if (settings !== undefined) addSettingsRoutes(app, settings, service.workcell.config)
    app.get(
      '/api/events',
      { websocket: true, schema: { hide: true } } as object,
      ((socket: Parameters<typeof serveEvents>[0]) => serveEvents(socket, service)) as never,
    )
    app.get(
      '/api/voice',
      { websocket: true, schema: { hide: true } } as object,
      ((socket: Parameters<typeof serveVoice>[0]) => serveVoice(socket, service.voiceDesk)) as never,
    )
    const foxglove = new FoxgloveFeed(service)
    app.get(
      '/foxglove',
      { websocket: true, schema: { hide: true } } as object,
      ((socket: Parameters<typeof serveEvents>[0]) => foxglove.serve(socket)) as never,
    )
    app.get('/api/openapi.json', { schema: { hide: true }, config: { isOpen: true } } as object, async () =>
      app.swagger(),
    )
    const health = { schema: { hide: true }, config: { isOpen: true } } as object
    app.get('/healthz', health, async (_request, reply) => sendHealth(reply, 'alive'))
    app.get('/readyz', health, async (_request, reply) => sendHealth(reply, 'ready'))
    const sendHealth = (reply: FastifyReply, what: 'alive' | 'ready') => {
      const found = healthOf(service.state())
      return reply.status(found[what] ? 200 : 503).send(found)
    }
    if (metrics === undefined) return
    app.get('/metrics', { schema: { hide: true } } as object, async (_request, reply) =>
      reply.type('text/plain; version=0.0.4').send(await metrics.text()),
    )
  })
}

function handleProtocols(offered: Set<string>): string | false {
  return [protocol, foxgloveProtocol].find((one) => offered.has(one)) ?? false
}

function expectAllowed(request: FastifyRequest, guard: GuardOptions): void {
  expectHost(request, guard.names)
  const { method, routeOptions } = request
  // The route that answers, not the text of the address: `/%61pi/arm` and `http://HOST/api/arm` are `/api/arm` too.
  const route = routeOptions.url ?? request.url
  if (route === '/foxglove') {
    // Foxglove's own page or program connects, which can send no header: the token shows that a person wants it.
    expectTokenInQuery(request, guard)
    return
  }
  if (!route.startsWith('/api/') && route !== '/metrics') return
  expectOrigin(request)
  const { isStop = false, isOpen = false } = routeOptions.config ?? {}
  if (isStop || isOpen) return
  expectToken(request, guard)
  if (method !== 'GET' && method !== 'HEAD') expectInTime(request, guard)
}

/**
 * A WebSocket that the guard refused: Node has handed its socket out, and neither reads nor closes it any more. It would stay
 * open for ever, and hold up the end of the service.
 */
function endRefusedUpgrade({ headers, ws, raw }: FastifyRequest): void {
  if (headers.upgrade !== undefined && ws !== true) raw.socket.destroySoon()
}

function told(
  { method, routeOptions, ip }: FastifyRequest,
  { statusCode: status }: FastifyReply,
  { metrics, log }: ServerOptions,
): void {
  const route = routeOptions.url ?? 'none'
  metrics?.request(method, route, status)
  if (method === 'GET' || method === 'HEAD' || route === '/api/preview') return
  log?.info(`${method} ${route} ${status}`, { event: 'act', method, route, status, remote: ip })
}

function openapiOf(version: string): object {
  return {
    openapi: '3.1.0',
    info: { title: 'cliport-edge', version, description: 'A sentence becomes closed-loop pick and place.' },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  }
}

/** The page's own files only; no frame of a stranger's page shows it, so that nobody is made to click in it. */
const securityHeaders = {
  'content-security-policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(self)',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}
