// The goals' file: what was acknowledged is there, nothing runs by itself or twice, the order is a person's.

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fc, test as propertyTest } from '@fast-check/vitest'
import { afterAll, expect, test } from 'vitest'
import { GoalStore, type NewGoal } from '../../src/service/goal-store.js'

const folder = mkdtempSync(join(tmpdir(), 'cliport-goals-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
const newFile = () => join(folder, `goals-${files++}.db`)
const given = (sentence: string, more: Partial<NewGoal> = {}): NewGoal => ({
  sentence,
  kind: 'sentence',
  source: 'test',
  atMs: 1,
  most: 100,
  ...more,
})
const done = { state: 'done', atMs: 2, outcome: 'achieved', reason: 'done' } as const

test("the file is its user's alone", () => {
  const path = newFile()
  new GoalStore(path).close()
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('after a restart every unfinished goal is paused, a finished one is not, and each keeps its place', () => {
  const path = newFile()
  const before = new GoalStore(path)
  for (const sentence of ['first', 'second', 'third']) before.add(given(sentence))
  before.begin(1)
  before.end('g1', done)
  before.begin(1)
  // As after kill -9: nobody closes it.
  const store = new GoalStore(path)
  expect(store.pauseUnfinished('restart')).toBe(2)
  expect(store.begin(5)).toBeNull()
  expect(store.queue().map(({ id, state, starts }) => [id, state, starts])).toEqual([
    ['g2', 'paused', 1],
    ['g3', 'paused', 0],
  ])
  expect(store.get('g1')).toMatchObject({ state: 'done', outcome: 'achieved' })
  store.resumeAll()
  expect(store.begin(6)).toMatchObject({ id: 'g2', state: 'running', starts: 2 })
  store.close()
  before.close()
})

test('what a person had clicked is canceled by a restart, never resumed: the policy would run it instead', () => {
  const path = newFile()
  const before = new GoalStore(path)
  before.add(given('by hand', { kind: 'takeover' }))
  before.add(given('said'))
  before.begin(7)
  before.close()
  const store = new GoalStore(path)
  expect(store.pauseUnfinished('restart')).toBe(1)
  expect(store.get('g1')).toMatchObject({ state: 'canceled', ended_at_ms: 7 })
  expect(store.resume('g1')).toBeNull()
  expect(store.resumeAll().map(({ id }) => id)).toEqual(['g2'])
  store.close()
})

test('the same key means the same goal, after a restart too', () => {
  const path = newFile()
  const before = new GoalStore(path)
  const first = before.add(given('a', { key: 'k' }))
  before.close()
  const store = new GoalStore(path)
  expect(store.add(given('another', { key: 'k' }))).toEqual({ goal: first.goal, isNew: false })
  expect(store.queue()).toHaveLength(1)
  store.close()
})

test('a goal that has ended is not begun, ended or resumed again', () => {
  const store = new GoalStore(newFile())
  store.add(given('a'))
  store.begin(1)
  store.end('g1', done)
  expect(store.begin(2)).toBeNull()
  expect(store.begin(2, 'g1')).toBeNull()
  expect(store.resume('g1')).toBeNull()
  expect(store.end('g1', { ...done, outcome: 'failed' })).toBeNull()
  expect(store.get('g1')).toMatchObject({ outcome: 'achieved', starts: 1 })
  store.close()
})

test('a queue that is full says so, and a finished goal makes room', () => {
  const store = new GoalStore(newFile())
  store.add(given('a', { most: 1 }))
  expect(() => store.add(given('b', { most: 1 }))).toThrowError(expect.objectContaining({ code: 'QUEUE_FULL' }))
  store.begin(1)
  store.end('g1', done)
  expect(store.add(given('b', { most: 1 })).isNew).toBe(true)
  store.close()
})

test('of finished goals the newest are kept', () => {
  const store = new GoalStore(newFile())
  for (let i = 0; i < 5; i++) {
    store.add(given(`${i}`))
    store.begin(i)
    if (i < 4) store.end(`g${i + 1}`, done)
  }
  store.prune(2)
  expect(store.list({ state: 'all', limit: 10 }).map(({ id }) => id)).toEqual(['g5', 'g4', 'g3'])
  store.close()
})

propertyTest.prop(
  [
    fc.array(fc.tuple(fc.nat(5), fc.option(fc.nat(5))), { maxLength: 12 }),
    fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  ],
  { numRuns: 8 },
)('goals run in the order that people gave them, however they were moved', (moves, fronts) => {
  const store = new GoalStore(newFile())
  let order: string[] = []
  for (const front of fronts) {
    const { id } = store.add(given('a', { front })).goal
    order = front ? [id, ...order] : [...order, id]
  }
  for (const [what, where] of moves) {
    const [id, before] = [`g${what + 1}`, where === null ? null : `g${where + 1}`]
    const isMoved = store.move(id, before)
    expect(isMoved).toBe(id !== before)
    if (!isMoved) continue
    const rest = order.filter((one) => one !== id)
    rest.splice(before === null ? rest.length : rest.indexOf(before), 0, id)
    order = rest
  }
  const ran: string[] = []
  for (let goal = store.begin(1); goal !== null; goal = store.begin(1)) {
    ran.push(goal.id)
    store.end(goal.id, done)
  }
  expect(ran).toEqual(order)
  store.close()
})

test('a damaged file is named, with what to do', () => {
  const path = newFile()
  writeFileSync(path, 'this is no database, and long enough that it is looked at as one. '.repeat(40))
  expect(() => new GoalStore(path)).toThrowError(
    expect.objectContaining({ code: 'STORE_FAILED', message: expect.stringContaining(path) }),
  )
})
