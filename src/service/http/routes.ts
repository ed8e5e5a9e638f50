// The acts and questions of the API, one route each: schema in, one call on the service, schema out.

import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { FastifyInstance, RawServerBase } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { CliportError } from '../../control/errors.js'
import { defaultTask } from '../../runtime/run.js'
import {
  errorSchema,
  expiryHeaders,
  goalFilesSchema,
  goalSchema,
  goalsSchema,
  lexiconSchema,
  listGoalsSchema,
  previewRequestSchema,
  previewSchema,
  sessionSchema,
  stateSchema,
  takeoverSchema,
} from '../api.js'
import {
  addGoalSchema,
  answerSchema,
  armSchema,
  flagGoalSchema,
  moveGoalSchema,
  releaseSchema,
  stopSchema,
} from '../api-acts.js'
import { cellFaultsOf, sceneSchema } from '../api-scene.js'
import type { Service } from '../service.js'

export type App = FastifyInstance<RawServerBase, never, never, never, ZodTypeProvider>

const problems = {
  400: errorSchema,
  401: errorSchema,
  403: errorSchema,
  404: errorSchema,
  409: errorSchema,
  413: errorSchema,
  415: errorSchema,
  429: errorSchema,
  500: errorSchema,
  503: errorSchema,
}

const id = z.object({ id: z.string().max(100) })
const headers = z.object(expiryHeaders)
const bearer = [{ token: [] }]

export const act = <Answer extends object>(summary: string, answer: Answer) => ({
  summary,
  tags: ['acts'],
  security: bearer,
  headers,
  response: { ...answer, ...problems },
})

/** @param body what is sent with it */
export const actWith = <Answer extends object, Body extends z.ZodType>(
  summary: string,
  answer: Answer,
  body: Body,
) => ({
  ...act(summary, answer),
  body,
})

export const ask = <Answer extends object>(summary: string, answer: Answer) => ({
  summary,
  tags: ['state'],
  security: bearer,
  response: { ...answer, ...problems },
})

export function addArmRoutes(app: App, service: Service): void {
  const done = { 200: sessionSchema }
  app.post('/api/arm', { schema: actWith('A person arms: queued goals begin', done, armSchema) }, async ({ body }) => {
    await service.runner.arm(body?.consent_to_motion ?? false)
    return service.runner.session
  })
  app.post('/api/disarm', { schema: act('Nothing begins any more', done) }, async () => {
    await service.runner.disarm()
    return service.runner.session
  })
  app.post(
    '/api/clear',
    { schema: act('A person has looked at the arm: clears a latched stop or fault', done) },
    async () => {
      await service.runner.clear()
      return service.runner.session
    },
  )
  app.post(
    '/api/release',
    { schema: actWith('Opens the end effector: what it holds falls; disarmed afterwards', done, releaseSchema) },
    async ({ body }) => {
      await service.runner.release(body?.consent_to_motion ?? false)
      return service.runner.session
    },
  )
  app.post('/api/pause', { schema: act('No next action; one that is under way is finished', done) }, async () => {
    service.runner.pause()
    return service.runner.session
  })
  app.post('/api/resume', { schema: act('Goes on with everything that is paused', done) }, async () => {
    await service.runner.resume()
    return service.runner.session
  })
  app.post(
    '/api/scene',
    { schema: actWith('Makes another simulated scene, disarmed', { 200: stateSchema }, sceneSchema) },
    async ({ body }) => {
      const { task = defaultTask, seed, sentence } = body
      const faults = cellFaultsOf(body.faults)
      await service.runner.reset({ task, seed, sentence, ...(faults === undefined ? {} : { faults }) })
      return service.state()
    },
  )
}

/** Whatever comes with it, a stop is a stop: its body is read if it can be. */
export function addStopRoute(app: App, service: Service): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    const summary = 'Stops the arm now; needs no token, never expires, is never refused for its number'
    const { headers: _, ...schema } = act(summary, { 200: sessionSchema })
    scope.post('/api/stop', { schema: { ...schema, security: [] }, config: { isStop: true } }, async ({ body }) => {
      await service.runner.stop(reasonIn(body))
      return service.runner.session
    })
  })
}

function reasonIn(body: unknown): string {
  const stop = stopSchema.safeParse(typeof body === 'string' ? parsed(body) : {})
  return stop.data?.reason ?? 'a person asked for it'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

export function addGoalRoutes(app: App, service: Service): void {
  const one = { 200: goalSchema }
  app.get(
    '/api/goals',
    { schema: { ...ask('Goals, newest first', { 200: goalsSchema }), querystring: listGoalsSchema } },
    async ({ query }) => {
      const { outcome, text, before, ...rest } = query
      const goals = await service.queue.list({
        ...rest,
        ...(outcome === undefined ? {} : { outcome }),
        ...(text === undefined ? {} : { text }),
        ...(before === undefined ? {} : { before }),
      })
      return { goals }
    },
  )
  app.post(
    '/api/goals',
    {
      schema: actWith(
        'Adds a goal; it is on the disk when this is answered',
        { ...one, 201: goalSchema },
        addGoalSchema,
      ),
    },
    async ({ body }, reply) => {
      const { sentence, source, front, idempotency_key: key } = body
      const { goal, isNew } = await service.add({ sentence, source, front, ...(key === undefined ? {} : { key }) })
      return reply.status(isNew ? 201 : 200).send(goal)
    },
  )
  app.get('/api/goals/:id', { schema: { ...ask('One goal', one), params: id } }, async ({ params }) =>
    service.queue.get(params.id),
  )
  app.delete(
    '/api/goals/:id',
    { schema: { ...act('Cancels a goal; one that runs ends before its next action', one), params: id } },
    async ({ params }) => service.runner.cancel(params.id),
  )
  app.post(
    '/api/goals/:id/resume',
    { schema: { ...act('Queues a paused goal again', one), params: id } },
    async ({ params }) => service.resume(params.id),
  )
  app.post(
    '/api/goals/:id/move',
    { schema: { ...actWith('Moves a goal within the queue', one, moveGoalSchema), params: id } },
    async ({ params, body }) => service.queue.move(params.id, body.before),
  )
  app.post(
    '/api/goals/:id/flag',
    { schema: { ...actWith('Keeps what a person thinks of a run', one, flagGoalSchema), params: id } },
    async ({ params, body }) => service.queue.flag(params.id, body.flag, body.note),
  )
  app.post(
    '/api/takeover',
    { schema: actWith('A person picks and places instead of the policy, now', { 202: goalSchema }, takeoverSchema) },
    async ({ body }, reply) => reply.status(202).send(await service.runner.takeover(body)),
  )
  app.post(
    '/api/questions/:id/answer',
    { schema: { ...actWith('Answers the question of a run', { 200: sessionSchema }, answerSchema), params: id } },
    async ({ params, body }) => {
      service.answer(params.id, body.choice)
      return service.runner.session
    },
  )
}

export function addStateRoutes(app: App, service: Service): void {
  app.get('/api/state', { schema: ask('Everything that the page shows', { 200: stateSchema }) }, async () => {
    await service.voiceDesk.look()
    return service.state()
  })
  app.get('/api/lexicon', { schema: ask('Words that the policy knows', { 200: lexiconSchema }) }, async () =>
    service.lexicon(),
  )
  app.post(
    '/api/preview',
    {
      schema: {
        ...actWith('What a sentence would do; nothing moves', { 200: previewSchema }, previewRequestSchema),
        tags: ['state'],
      },
    },
    async ({ body }) => service.preview(body),
  )
  const picture = z.object({ kind: z.string().max(20), name: z.string().max(100) })
  app.get(
    '/api/pictures/:kind/:name',
    { schema: { ...ask('The newest picture, as `/api/events` sends it', { 200: z.any() }), params: picture } },
    async ({ params }, reply) => {
      const message = service.hub.pictureOf(params.kind, params.name)
      if (message === null) throw absent(`a picture ${params.kind}/${params.name}`)
      return reply.type('application/octet-stream').send(Buffer.from(message))
    },
  )
  app.get(
    '/api/goals/:id/files',
    { schema: { ...ask("Names of the files of a run's folder", { 200: goalFilesSchema }), params: id } },
    async ({ params }) => {
      const { folder } = await service.queue.get(params.id)
      const names = folder === null ? [] : await readdir(folder).catch(() => [])
      return { files: names.filter((name) => fileTypes[extname(name)] !== undefined).sort() }
    },
  )
  const file = z.object({ id: z.string().max(100), file: z.string().regex(/^[\w-][\w.-]{0,120}$/) })
  app.get(
    '/api/goals/:id/files/:file',
    { schema: { ...ask("A file of a run's folder", { 200: z.any() }), params: file } },
    async ({ params }, reply) => {
      const { folder } = await service.queue.get(params.id)
      const type = fileTypes[extname(params.file)]
      const bytes =
        folder === null || type === undefined ? null : await readFile(join(folder, params.file)).catch(() => null)
      if (bytes === null) throw absent(`a file ${params.file} of ${params.id}`)
      return reply.type(type!).send(bytes)
    },
  )
}

const fileTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.json': 'application/json',
  '.webp': 'image/webp',
  '.png': 'image/png',
  '.mcap': 'application/octet-stream',
}

function absent(what: string): CliportError {
  return new CliportError('GOAL_UNKNOWN', `There is no ${what.replace(/^an? /, '')}`, {
    stage: 'serve',
    hint: 'cliport goal list',
  })
}
