// How a verb ends: what it prints, its exit code, and what interrupts it.

import { expect, test } from 'vitest'
import { runVerb, type Verb, type VerbResult } from '../../src/cli/context.js'
import { CliportError } from '../../src/control/errors.js'
import { fakeInvocation } from '../fixtures/invocation.js'

const done: VerbResult = { exitCode: 0, json: { outcome: 'achieved' }, lines: ['achieved'] }

/** Until the verb's signal is aborted; throws its reason. */
const forEver = ({ signal }: Verb) =>
  new Promise<VerbResult>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

test('stderr that is gone changes nothing: the verb works on and its report arrives', async () => {
  const call = fakeInvocation('run', '--json')
  call.err.failure = 'EPIPE'
  await runVerb({ json: true }, async ({ tell, signal }) => {
    for (let i = 0; i < 3; i++) {
      tell('goal: ...')
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(signal.aborted).toBe(false)
    return done
  })
  expect(call.out.text).toBe('{"outcome":"achieved"}\n')
  expect(call.exitCode).toBe(0)
})

test('a streaming verb ends with exit code 0 when the reader of its output is gone', async () => {
  const call = fakeInvocation('link', 'watch', '--json')
  call.out.failure = 'EPIPE'
  await runVerb(
    { json: true },
    (verb) => {
      verb.print('{}')
      return forEver(verb)
    },
    { isStream: true },
  )
  expect(call.exitCode).toBe(0)
  expect(call.err.text).toBe('')
})

test('any other verb works on without a reader, and keeps its exit code', async () => {
  const call = fakeInvocation('run')
  call.out.failure = 'EPIPE'
  await runVerb({}, async ({ print }) => {
    print('something')
    await new Promise((resolve) => setImmediate(resolve))
    return { ...done, exitCode: 1 }
  })
  expect(call.exitCode).toBe(1)
})

test.each(['ENOSPC', 'EBADF'])('output that cannot be written for %s is told, with exit code 1', async (code) => {
  const call = fakeInvocation('heightmap', '--json')
  call.out.failure = code
  await runVerb({ json: true }, async () => done)
  expect(call.exitCode).toBe(1)
  expect(call.err.text).toContain('Could not write to standard output')
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const)(
  '%s stops the verb: exit code 130',
  async (name) => {
    const call = fakeInvocation('run', '--json')
    const ended = runVerb({ json: true }, forEver)
    call.interrupt({ kind: 'signal', name })
    await ended
    expect(call.exitCode).toBe(130)
    expect(call.out.text).toBe('{"outcome":"stopped"}\n')
  },
)

test('a second signal ends the process at once, but for the second SIGHUP of a closed terminal', async () => {
  const call = fakeInvocation('run')
  const ended = runVerb({}, forEver)
  call.interrupt({ kind: 'signal', name: 'SIGHUP' })
  call.interrupt({ kind: 'signal', name: 'SIGHUP' })
  expect(call.endedAtOnce()).toBe(0)
  call.interrupt({ kind: 'signal', name: 'SIGINT' })
  expect(call.endedAtOnce()).toBe(1)
  await ended
})

test('an error that nobody caught aborts the verb, waits until it has ended, and is reported with a code', async () => {
  const call = fakeInvocation('run', '--json')
  let closed = false
  const ended = runVerb({ json: true }, async (verb) => {
    await forEver(verb).catch(() => {})
    closed = true
    return done
  })
  call.interrupt({ kind: 'uncaught', error: new Error('boom') })
  await ended
  expect(closed).toBe(true)
  expect(JSON.parse(call.out.text)).toMatchObject({ outcome: 'error', error: { code: 'UNEXPECTED', message: 'boom' } })
  expect(call.exitCode).toBe(1)
})

test.each([
  [new CliportError('USAGE', 'wrong', { stage: 'start', hint: 'right' }), 'USAGE', 2],
  [Object.assign(new Error('ENOTDIR: not a directory'), { code: 'ENOTDIR', path: 'a/b' }), 'INPUT_INVALID', 2],
  [Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC', path: 'a' }), 'DISK_FULL', 1],
  [new TypeError('x is not a function'), 'UNEXPECTED', 1],
  ['a word', 'UNEXPECTED', 1],
])('%s ends as %s with exit code %i, without a stack trace', async (thrown, code, exitCode) => {
  const call = fakeInvocation('heightmap', '--json')
  await runVerb({ json: true }, () => Promise.reject(thrown))
  expect(JSON.parse(call.out.text)).toMatchObject({ error: { code } })
  expect(call.exitCode).toBe(exitCode)
  expect(call.err.text).not.toMatch(/^\s+at /m)
})
