// What the service does with the arm where the arm, or the disk, does not do its part. Workcell, queue and run are stand-ins.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CliportError } from '../../src/control/errors.js'
import type { RunReport } from '../../src/runtime/run.js'
import type { Goal } from '../../src/service/api.js'
import { endOf } from '../../src/service/goal-end.js'
import type { GoalQueue } from '../../src/service/goal-queue.js'
import { Hub } from '../../src/service/hub.js'
import { Runner, type RunnerOptions } from '../../src/service/runner.js'
import type { Workcell } from '../../src/service/workcell.js'

vi.mock('../../src/service/goal-run.js', () => ({
  runGoalOfQueue: async () => ({ outcome: 'achieved', reason: 'done', folder: '/runs/one' }),
}))
beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/**
 * @param clear how the arm answers a clear
 * @param hasRoom of the disks
 */
function createRunner(
  queue: object,
  clear: (signal: AbortSignal) => Promise<void> = async () => {},
  hasRoom: RunnerOptions['hasRoom'] = async () => true,
) {
  const link = { stop: async () => {} }
  const none = async () => {}
  // Of a real arm, without a person's consent.
  const release = async () => {
    throw new CliportError('CONSENT_REQUIRED', 'a real arm', { stage: 'serve', hint: 'Look' })
  }
  const workcell = { open: none, close: none, arm: none, disarm: none, release, clear, link, ports: { link } }
  const done: string[] = []
  const runner = new Runner({
    queue: {
      inOrder: <T>(work: () => Promise<T>) => work(),
      begin: async () => null,
      writeEnds: none,
      areEndsWritten: async () => {
        const { writeEnds = none } = queue as { writeEnds?: () => Promise<void> }
        return writeEnds().then(
          () => true,
          () => false,
        )
      },
      ...queue,
    } as unknown as GoalQueue,
    workcell: workcell as unknown as Workcell,
    live: {} as never,
    hub: new Hub(() => 0),
    clarify: async () => null,
    onTurn: () => {},
    onStage: () => {},
    onEnd: ({ id }) => done.push(id),
    hasRoom,
    onOpened: () => {},
    tell: () => {},
  })
  return { runner, done }
}

const never = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

test.each([
  ['the arm is lost', 'nobody there', (runner: Runner) => runner.lost('nobody there')],
  ['its time is over', '30 s', () => vi.advanceTimersByTimeAsync(30_000)],
  ['the service ends', 'is ending', (runner: Runner) => void runner.close()],
])('a clear that the arm never answers ends when %s', async (_name, why, happen) => {
  const { runner } = createRunner({}, never)
  await runner.open()
  runner.latched('stopped', 'a person asked for it')
  const cleared = expect(runner.clear()).rejects.toMatchObject({
    code: 'LINK_PEER_LOST',
    message: expect.stringContaining(why),
  })
  await vi.advanceTimersByTimeAsync(1)
  await happen(runner)
  await cleared
  expect(runner.session.mode).not.toBe('disarmed')
})

test('a stop keeps its first reason when the controller tells what followed from it, but a fault is told', async () => {
  const { runner } = createRunner({})
  await runner.open()
  await runner.stop('"stop" was said')
  runner.latched('stopped', 'stop_requested: the caller gave up')
  expect(runner.session).toMatchObject({ mode: 'stopped', reason: expect.stringContaining('"stop" was said') })
  await runner.stop('a second one')
  expect(runner.session.reason).toContain('a second one')
  runner.latched('fault', 'unexpected_contact')
  expect(runner.session).toMatchObject({ mode: 'fault', reason: expect.stringContaining('unexpected_contact') })
})

test('a full disk disarms, is said with its reason, and nothing begins until there is room and a person arms', async () => {
  const did: string[] = []
  let isDiskFull = false
  let hasEnds = false
  const full = () => new CliportError('DISK_FULL', 'the disk of /state is full', { stage: 'serve', hint: 'Make room' })
  const queue = {
    begin: async () => {
      did.push('begin')
      isDiskFull = true
      return { id: 'g1', kind: 'sentence', sentence: 'put it there' } as Goal
    },
    end: async (id: string) => {
      hasEnds = true
      return { id } as Goal
    },
    writeEnds: async () => {
      if (isDiskFull) throw full()
      if (hasEnds) did.push('end written')
      hasEnds = false
    },
  }
  // The disk of the runs is another one, and full all the time.
  const { runner, done } = createRunner(queue, undefined, async (use) => use === 'goals' && !isDiskFull)
  await runner.open()
  await runner.arm(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(done).toEqual(['g1'])
  const reason = expect.stringContaining('the disk of /state is full')
  expect(runner.session).toMatchObject({ mode: 'disarmed', reason, problem: { code: 'DISK_FULL' } })
  await expect(runner.arm(false)).rejects.toMatchObject({ code: 'SERVICE_REFUSED', message: reason })
  await vi.advanceTimersByTimeAsync(5000)
  expect(did).toEqual(['begin'])
  isDiskFull = false
  await vi.advanceTimersByTimeAsync(2000)
  expect(did).toEqual(['begin', 'end written'])
  expect(runner.session).toMatchObject({ mode: 'disarmed', reason: expect.stringContaining('arm'), problem: null })
  await runner.arm(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(did.slice(2)).toEqual(['begin'])
})

test('a goal whose arm was stopped says why it was, not that it was told to end', () => {
  const stopped = { outcome: 'stopped', reason: 'stopped by the caller', folder: '/runs/one' } as RunReport
  const goal = { kind: 'sentence' } as Goal
  expect(endOf(goal, stopped, null, 'watchdog: heartbeat time-out', false)).toMatchObject({
    outcome: 'stopped',
    reason: 'watchdog: heartbeat time-out',
  })
  expect(endOf(goal, stopped, 'canceled by a person', null, false)).toMatchObject({ state: 'canceled' })
  expect(endOf(goal, stopped, null, 'the service is ending', true)).toMatchObject({ state: 'paused' })
})

test('a release without the consent that it needs changes nothing: an armed arm stays armed', async () => {
  const { runner } = createRunner({})
  await runner.open()
  await runner.arm(false)
  await expect(runner.release(false)).rejects.toMatchObject({ code: 'CONSENT_REQUIRED' })
  expect(runner.session).toMatchObject({ mode: 'ready', armed: true })
})
