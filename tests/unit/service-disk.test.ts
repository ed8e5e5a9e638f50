// A disk that is full: what the queue, its file and its clients say, on a real disk of three megabytes where this user may
// mount one.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { CliportError } from '../../src/control/errors.js'
import type { Goal, ServiceEvent } from '../../src/service/api.js'
import { Disks } from '../../src/service/disks.js'
import { GoalQueue } from '../../src/service/goal-queue.js'
import { GoalStore } from '../../src/service/goal-store.js'
import type { AsyncGoalStore } from '../../src/service/goal-store-client.js'
import { storeFailure } from '../../src/service/goal-store-failure.js'
import { Hub } from '../../src/service/hub.js'
import { mountSmallDisk, type SmallDisk } from '../fixtures/small-disk.js'

let disk: SmallDisk | null
beforeAll(() => {
  disk = mountSmallDisk()
})
afterAll(() => disk?.remove())

const given = (sentence: string) => ({ sentence, kind: 'sentence', source: 'test' }) as const
const end = { state: 'done', outcome: 'achieved', reason: 'all is done', folder: '/runs/1' } as const

/** The queue on a store of this thread. */
function openQueue(path: string) {
  const store = new GoalStore(path)
  const asAsync = new Proxy(store, {
    get:
      (target, name) =>
      async (...args: unknown[]) =>
        (target as unknown as Record<string | symbol, (...given: unknown[]) => unknown>)[name]!(...args),
  }) as unknown as AsyncGoalStore
  const hub = new Hub(() => 0)
  const told: Goal[] = []
  hub.listen(({ body }) => {
    const event = JSON.parse(body as string) as ServiceEvent
    if (event.event === 'goal') told.push(event.data)
  })
  return { store, told, queue: new GoalQueue(asAsync, hub, { unfinished: 9, finished: 9 }) }
}

test('a key that was given with another goal is refused, with that goal named; with the same one it is the same goal', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cliport-keys-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const { store, queue } = openQueue(join(folder, 'goals.db'))
  const { goal } = await queue.add({ ...given('put it there'), key: 'k' })
  expect(await queue.add({ ...given('put it there'), key: 'k' })).toEqual({ goal, isNew: false })
  const refusal = { code: 'INPUT_INVALID', message: expect.stringContaining("g1, 'put it there'") }
  await expect(queue.add({ ...given('put it here'), key: 'k' })).rejects.toMatchObject(refusal)
  store.close()
})

test('of two disks the full one lacks room, and the other one does not', async (context) => {
  if (disk === null) return context.skip('no small disk can be mounted here')
  const disks = new Disks({ goals: tmpdir(), runs: disk.folder }, () => {})
  disk.fill()
  expect([await disks.hasRoom('goals'), await disks.hasRoom('runs')]).toEqual([true, false])
  disk.empty()
  expect(await disks.hasRoom('runs')).toBe(true)
})

test('a full disk is what the error says, not what SQLite says of its transaction; what fails later is written then', async (context) => {
  if (disk === null) return context.skip('no small disk can be mounted here')
  const path = join(disk.folder, 'goals.db')
  const { store, queue, told } = openQueue(path)
  const { goal } = await queue.add(given('first'))
  await queue.add(given('second'))
  await queue.begin()
  disk.fill()
  const full = {
    code: 'DISK_FULL',
    message: expect.stringMatching(/The disk of .* is full \(\d+ bytes free of 3\.1 MB\): the goals in .*goals\.db/),
    hint: expect.not.stringContaining('damaged'),
  }
  // The log that is there already has room for some.
  const addAll = async () => {
    for (let i = 0; i < 5; i++) await queue.add(given(`${i} ${'more '.repeat(90)}`))
  }
  await expect(addAll()).rejects.toMatchObject(full)
  const ended = await queue.end(goal.id, { ...end, report: { pages: 'x'.repeat(60_000) } })
  const reason = expect.stringMatching(/^all is done \(not on the disk yet: The disk of .* is full/)
  expect(ended).toMatchObject({ state: 'done', outcome: 'achieved', reason })
  expect(told.at(-1)).toEqual(ended)
  expect(queue.unfinished.map(({ id }) => id)).not.toContain(goal.id)
  expect(queue.finished).toEqual([ended])
  expect(await queue.get(goal.id)).toEqual(ended)
  expect(await queue.list({ state: 'finished', limit: 9 })).toEqual([ended])
  expect(await queue.list({ state: 'finished', outcome: 'failed', limit: 9 })).toEqual([])
  expect((await queue.list({ state: 'unfinished', limit: 9 })).map(({ id }) => id)).not.toContain(goal.id)
  await expect(queue.cancel(goal.id)).rejects.toMatchObject({ code: 'GOAL_UNKNOWN' })
  await expect(queue.writeEnds()).rejects.toMatchObject(full)
  expect(store.get(goal.id)).toMatchObject({ state: 'running' })
  disk.empty()
  expect(await queue.areEndsWritten()).toBe(true)
  expect(store.get(goal.id)).toMatchObject({ state: 'done', reason: 'all is done', ended_at_ms: ended!.ended_at_ms })
  expect(await queue.get(goal.id)).toEqual(store.get(goal.id))
  await queue.add(given('there is room again'))
  store.close()
})

test.each([
  ['SQLITE_CORRUPT', 'STORE_FAILED', 'damaged'],
  ['SQLITE_NOTADB', 'STORE_FAILED', 'damaged'],
  ['SQLITE_READONLY', 'STORE_FAILED', 'read-only'],
  ['SQLITE_CANTOPEN', 'STORE_FAILED', 'permissions'],
  ['SQLITE_BUSY', 'STORE_FAILED', 'Another program'],
  ['SQLITE_IOERR_READ', 'STORE_FAILED', 'dmesg'],
  ['SQLITE_FULL', 'DISK_FULL', 'Make room'],
])('%s is %s, with what to do about just that', (code, expected, hint) => {
  const failure = storeFailure('/nowhere/goals.db', Object.assign(new Error('it failed'), { code }))
  expect(failure).toMatchObject({ code: expected, hint: expect.stringContaining(hint) })
  expect(failure.hint.includes('damaged')).toBe(hint === 'damaged')
  expect(failure.message).toContain('/nowhere/goals.db')
})

test('an error that has its words already keeps them', () => {
  const own = new CliportError('QUEUE_FULL', 'too many', { stage: 'serve', hint: 'Wait' })
  expect(storeFailure('/goals.db', own)).toBe(own)
})
