// Goals from the queue to their end on the simulated cell, and what a person does meanwhile.

import { execFile } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { faultOf } from '../../src/io/recording/check-episode.js'
import { readEpisode } from '../../src/io/recording/dataset.js'
import { readRecording } from '../../src/io/recording/reader.js'
import { mergeConfig } from '../../src/runtime/config/load.js'
import { replay } from '../../src/runtime/replay.js'
import type { Goal, ServiceEvent } from '../../src/service/api.js'
import type { Truth } from '../../src/sim/api.js'
import { eventsUntil, sceneSentence, send, startService, type TestService } from '../fixtures/service.js'

let service: TestService
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.remove())
/** Each test begins on a fresh scene, disarmed, with nothing queued. */
afterEach(async () => {
  await send(service.url, 'POST', '/api/stop', {})
  await service.client.clear()
  for (const { id } of (await service.client.goals()).unfinished) await service.client.cancel(id)
  await service.client.resume()
  await service.client.scene({ seed: 3, sentence: sceneSentence })
})

/** The goal when it is in this state. */
async function untilState(id: string, state: Goal['state']): Promise<Goal> {
  const reached = await service.client.goal(id)
  if (reached.state === state) return reached
  const isIt = (event: ServiceEvent) =>
    (event.event === 'goal' && event.data.id === id && event.data.state === state) ||
    (event.event === 'state' &&
      [...event.data.queue, ...event.data.history].some((goal) => goal.id === id && goal.state === state))
  await eventsUntil(service.client, isIt)
  return service.client.goal(id)
}

/** Until the session is so. */
const untilMode = (mode: string) =>
  eventsUntil(service.client, ({ event, data }) =>
    event === 'session' ? data.mode === mode : event === 'state' && data.session.mode === mode,
  )

/** Until the arm moves for the goal. */
const untilMoving = (id: string) =>
  eventsUntil(service.client, ({ event, data }) => event === 'robot' && data.mode === 'moving' && id !== '')

test('a goal that is added before a person arms runs when they do, and is achieved; nothing that happens is left out', async () => {
  const all = eventsUntil(service.client, ({ event, data }) => event === 'goal' && data.state === 'done')
  const { id } = await service.client.add(sceneSentence)
  expect(await service.client.goal(id)).toMatchObject({ state: 'queued' })
  await service.client.arm()
  const reasons: string[] = []
  const goal = await service.client.ended(id, undefined, (reason) => reasons.push(reason))
  expect(goal).toMatchObject({ state: 'done', outcome: 'achieved', starts: 1, report: { truth: { achieved: true } } })
  for (const file of ['run.json', 'index.html', 'recording.mcap'])
    expect(existsSync(join(goal.folder!, file))).toBe(true)
  const config = mergeConfig(null, {}, {})
  const again = await replay({ file: join(goal.folder!, 'recording.mcap'), config, tell: () => {} })
  expect(again).toMatchObject({ goal: sceneSentence, decisions: 2, same: 2, different: [] })
  const recorded = new Set(
    (await readRecording(join(goal.folder!, 'recording.mcap'))).messages.map(({ topic }) => topic),
  )
  for (const topic of ['/robot', '/affordance/pick', '/plan', '/camera/front/color', '/heightmap/height'])
    expect(recorded).toContain(topic)
  const told = (await all).filter(({ event }) => event !== 'robot' && event !== 'cameras')
  expect(told.map(({ sequence }) => sequence)).toEqual(told.map((_, i) => told[0]!.sequence + i))
  const turns = told.filter(({ event }) => event === 'turn')
  expect(turns.at(-1)!.data).toMatchObject({ goal_id: id, step: 1, verdict: 'placed' })
  expect((turns.at(-1)!.data as { stages_ms: object }).stages_ms).toMatchObject({
    capture: expect.any(Number),
    execute: expect.any(Number),
  })
  const headers = { authorization: `Bearer ${service.token}` }
  const { body } = await send(service.url, 'GET', `/api/goals/${id}/files/run.json`, headers)
  expect(body).toEqual(JSON.parse(readFileSync(join(goal.folder!, 'run.json'), 'utf8')))
  expect((await send(service.url, 'GET', `/api/goals/${id}/files/..%2Frun.json`, headers)).status).toBe(400)
})

test('a stop in mid-move without a token ends the goal and latches; a restart of the arm takes clear, then arm', async () => {
  await service.client.arm()
  const { id } = await service.client.add(sceneSentence)
  await untilMoving(id)
  expect((await send(service.url, 'POST', '/api/stop', {})).status).toBe(200)
  expect(await untilState(id, 'done')).toMatchObject({ outcome: 'stopped' })
  const next = await service.client.add(sceneSentence)
  await expect(service.client.arm()).rejects.toMatchObject({ code: 'SERVICE_REFUSED' })
  await service.client.clear()
  expect(await service.client.goal(next.id)).toMatchObject({ state: 'queued', starts: 0 })
  expect((await service.client.state()).session).toMatchObject({ mode: 'disarmed' })
})

test('what the arm holds after a stop keeps everything from beginning until a person lets go of it', async () => {
  await service.client.arm()
  const { id } = await service.client.add(sceneSentence)
  await eventsUntil(service.client, ({ event, data }) => event === 'robot' && data.holding)
  await send(service.url, 'POST', '/api/stop', {})
  await untilState(id, 'done')
  await expect(service.client.release()).rejects.toMatchObject({ code: 'SERVICE_REFUSED' })
  await service.client.clear()
  const next = await service.client.add(sceneSentence)
  await expect(service.client.arm()).rejects.toMatchObject({ message: expect.stringContaining('holds something') })
  expect((await service.client.state()).robot).toMatchObject({ holding: true })
  expect(await service.client.release()).toMatchObject({ mode: 'disarmed', armed: false })
  expect((await service.client.state()).robot).toMatchObject({ holding: false })
  expect(await service.client.goal(next.id)).toMatchObject({ state: 'queued', starts: 0 })
  await service.client.arm()
  expect(await service.client.ended(next.id)).toMatchObject({ outcome: 'achieved' })
})

test('a paused run waits before its next action and goes on; a canceled one ends there', async () => {
  await service.client.arm()
  const { id } = await service.client.add(sceneSentence)
  await untilMoving(id)
  await service.client.pause()
  await untilMode('paused')
  expect((await service.client.state()).turn).toMatchObject({ goal_id: id })
  const waiting = await service.client.add('put the yellow block in the brown bowl')
  await service.client.cancel(id)
  expect(await untilState(id, 'canceled')).toMatchObject({ outcome: null, reason: 'canceled by a person' })
  expect(await service.client.goal(waiting.id)).toMatchObject({ state: 'queued', starts: 0 })
  expect((await service.client.state()).session).toMatchObject({ mode: 'paused', armed: true })
  await service.client.resume()
  expect(await service.client.ended(waiting.id)).toMatchObject({ outcome: 'achieved' })
})

test('which of several things is meant is asked, and the one that a person chooses is done', async () => {
  await service.client.scene({ seed: 5, sentence: sceneSentence })
  await service.client.arm()
  const asked = eventsUntil(service.client, ({ event, data }) => event === 'question' && data.question !== null)
  const { id } = await service.client.add('put the block in the green bowl')
  const { question } = (await asked).at(-1)!.data as Extract<ServiceEvent, { event: 'question' }>['data']
  expect(question!.candidates.length).toBeGreaterThan(1)
  expect((await service.client.state()).session.mode).toBe('asking')
  const red = question!.candidates.findIndex(({ name }) => name.includes('red'))
  await service.client.answer(question!.id, red)
  const goal = await service.client.ended(id)
  expect(goal).toMatchObject({
    outcome: 'achieved',
    report: { understood: { canonical: expect.stringContaining('red block') } },
  })
  await expect(service.client.answer(question!.id, red)).rejects.toMatchObject({ code: 'GOAL_UNKNOWN' })
})

test('a goal that is canceled while it asks ends there; one that is paused meanwhile waits with its answer', async () => {
  await service.client.scene({ seed: 5, sentence: sceneSentence })
  await service.client.arm()
  const asks = async (sentence: string) => {
    const { id } = await service.client.add(sentence)
    await untilMode('asking')
    return id
  }
  const canceled = await asks('put the block in the green bowl')
  await service.client.cancel(canceled)
  expect(await untilState(canceled, 'canceled')).toMatchObject({ outcome: null })
  const paused = await asks('put the block in the green bowl')
  await service.client.pause()
  const { question } = await service.client.state()
  await service.client.answer(question!.id, 0)
  await untilMode('paused')
  expect((await service.client.state()).robot).toMatchObject({ mode: 'armed' })
  await service.client.cancel(paused)
  expect(await untilState(paused, 'canceled')).toMatchObject({ report: { steps: 0 } })
})

test('a person picks and places by two points: checked like any plan, executed, verified', async () => {
  const { proposal } = await service.client.preview(sceneSentence)
  const takeover = {
    pick: { pixel: proposal!.pick.pixel },
    place: { p_base_m: [0.5, 0.1, 0] as [number, number, number] },
    pick_yaw_rad: 0,
    place_yaw_rad: 0.4,
    sentence: 'put the red block here',
  }
  await expect(service.client.takeover(takeover)).rejects.toMatchObject({ code: 'SERVICE_REFUSED' })
  await service.client.arm()
  await expect(service.client.takeover({ ...takeover, place: { p_base_m: [3, 0, 0] } })).rejects.toMatchObject({
    code: 'INPUT_INVALID',
  })
  const { id } = await service.client.takeover(takeover)
  const ended = await service.client.ended(id)
  expect(ended).toMatchObject({ kind: 'takeover', outcome: 'achieved', report: { steps: 1 } })
  expect(ended.reason).toContain('a person')
  // Kept as an episode that training reads: what was seen, done, and seen after it.
  const kept = await readEpisode(join(ended.folder!, 'episode.mcap'))
  expect(faultOf(kept)).toBeNull()
  expect(kept.meta).toMatchObject({ goal: takeover.sentence, seed: 3 })
  expect(kept.actions).toMatchObject([{ pick: { pixel: takeover.pick.pixel }, place: { yawRad: 0.4 }, holding: true }])
  const [before, after] = kept.observations.map(({ truth }) => truth as unknown as Truth)
  expect(before).toMatchObject({
    goal: takeover.sentence,
    remaining: true,
    validPlaces: [{ p_base_m: expect.any(Array) }],
  })
  expect(before!.objects.find(({ label }) => label === before!.validPicks[0])).toMatchObject({
    kind: 'block',
    color: 'red',
  })
  expect(after).toMatchObject({ remaining: false, validPicks: [] })
  const next = await service.client.preview('put the red block in a green bowl')
  expect(next.proposal!.pick.p_base_m[1]).toBeCloseTo(0.1, 1)
})

test('a service that ends in mid-run leaves the goal paused, comes back disarmed, and runs it when a person says so', async () => {
  await service.client.arm()
  const { id } = await service.client.add(sceneSentence)
  const next = await service.client.add('put the yellow block in the brown bowl')
  await untilMoving(id)
  service = await service.restart()
  const { session, queue } = await service.client.state()
  expect(session).toMatchObject({ mode: 'disarmed', armed: false })
  expect(queue.map((goal) => [goal.id, goal.state])).toEqual([
    [id, 'paused'],
    [next.id, 'paused'],
  ])
  await service.client.arm()
  expect(await service.client.goal(id)).toMatchObject({ state: 'paused', starts: 1 })
  await service.client.resumeGoal(id)
  expect(await service.client.ended(id)).toMatchObject({ outcome: 'achieved', starts: 2 })
  expect(await service.client.goal(next.id)).toMatchObject({ state: 'paused', starts: 0 })
})

test('the Python example gives a goal and waits for its end', async () => {
  await service.client.arm()
  // Where it looks for the service of this user.
  symlinkSync(service.folder, join(service.folder, 'cliport'))
  const env = { ...process.env, XDG_STATE_HOME: service.folder }
  const { stdout } = await promisify(execFile)('python3', ['examples/service.py', sceneSentence], { env })
  expect(stdout).toMatch(/^g\d+ (queued|running): /)
  expect(stdout).toContain('achieved: ')
})
