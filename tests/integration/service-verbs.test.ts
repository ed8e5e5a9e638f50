// The verbs that speak to a service, and what a second service says.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runCommandLine } from '../../src/cli/program.js'
import { RunRecorder } from '../../src/io/recording/run-recorder.js'
import { cliport, runHere } from '../fixtures/cli.js'
import { fakeInvocation } from '../fixtures/invocation.js'
import { send, startService, type TestService } from '../fixtures/service.js'

let service: TestService
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cliport-service-verbs-'))
  vi.stubEnv('CLIPORT_SERVICE_STATE', join(folder, 'nobody'))
  service = await startService()
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await service.remove()
  rmSync(folder, { recursive: true })
})

test('a service of another state folder is found by --state, and a verb that finds none says how', async () => {
  const absent = await cliport('status', '--json')
  expect(absent).toMatchObject({
    exitCode: 3,
    report: {
      error: {
        code: 'SERVICE_ABSENT',
        message: expect.stringContaining(join(folder, 'nobody')),
        hint: expect.stringMatching(/--state FOLDER.*CLIPORT_SERVICE_STATE.*--url URL --token-file FILE/),
      },
    },
  })
  const found = await cliport('status', '--state', service.folder, '--json')
  expect(found).toMatchObject({ exitCode: 0, report: { mode: 'disarmed' } })
  const disks = found.report.disks as { use: string; folder: string; free_bytes: number; full: boolean }[]
  expect(disks.map(({ use, folder: at, full }) => [use, at, full])).toEqual([
    ['goals', service.folder, false],
    ['runs', join(service.folder, 'runs'), false],
  ])
  const { report } = await cliport('doctor', '--state', service.folder, '--json')
  const checks = report.checks as { id: string; finding: string }[]
  expect(checks.find(({ id }) => id === 'service')?.finding).toMatch(/^cliport serve .* runs/)
})

test('serve says with which words the verbs find it', async () => {
  const settings = join(folder, 'bad.yaml')
  writeFileSync(settings, 'version: 1\nrun: {max_steps: many}\n')
  const state = join(folder, "a folder's")
  // With settings that cannot be used it starts at once, in safe mode.
  const invocation = fakeInvocation('serve', '--config', settings, '--port', '0', '--state', state)
  const ended = runCommandLine(invocation)
  await vi.waitFor(() => expect(invocation.err.text).toContain('problem'), { timeout: 60_000 })
  expect(invocation.err.text).toContain(`verbs    cliport status --state '${folder}/a folder'\\''s'\n`)
  expect(await cliport('status', '--state', state, '--json')).toMatchObject({ report: { mode: 'safe_mode' } })
  invocation.interrupt({ kind: 'signal', name: 'SIGTERM' })
  await ended
})

test('a sentence that is none is refused in its own words, by the verb and by the API', async () => {
  const add = (sentence: string) => cliport('goal', 'add', sentence, '--state', service.folder, '--json')
  expect(await add('')).toMatchObject({ exitCode: 2, report: { error: { code: 'GOAL_EMPTY' } } })
  expect(await add('x'.repeat(501))).toMatchObject({ exitCode: 2, report: { error: { code: 'GOAL_TOO_LONG' } } })
  const headers = { authorization: `Bearer ${service.token}`, 'content-type': 'application/json' }
  for (const sentence of ['', ' \t']) {
    const { status, body } = await send(service.url, 'POST', '/api/goals', headers, JSON.stringify({ sentence }))
    expect([status, body.error?.code]).toEqual([400, 'GOAL_EMPTY'])
  }
})

test('an address that the service does not have is said to be none', async () => {
  for (const path of ['/api/goal', '/nothing']) {
    const { status, body } = await send(service.url, 'GET', path, { authorization: `Bearer ${service.token}` })
    expect([status, body.error]).toMatchObject([404, { code: 'ROUTE_UNKNOWN', message: `There is no GET ${path}` }])
  }
})

test('a second service is refused before it looks at a policy, and is told who has the port or the folder', async () => {
  const { port } = new URL(service.url)
  const noPolicy = ['--policy', join(folder, 'no-policy'), '--json']
  const samePort = await cliport('serve', '--port', port, '--state', join(folder, 'second'), ...noPolicy)
  expect(samePort).toMatchObject({
    exitCode: 1,
    report: {
      error: {
        code: 'SERVICE_REFUSED',
        message: expect.stringMatching(`127.0.0.1:${port}: another cliport serve \\(.+\\) listens there`),
        hint: expect.stringContaining(`--port ${Number(port) + 1}`),
      },
    },
  })
  // The queue is opened before the policy.
  expect(existsSync(join(folder, 'second', 'goals.db'))).toBe(false)
  const sameFolder = await cliport('serve', '--port', '0', '--state', service.folder, ...noPolicy)
  expect(sameFolder).toMatchObject({
    exitCode: 2,
    report: {
      error: {
        code: 'FOLDER_BUSY',
        message: expect.stringMatching(`process ${process.pid}.* at ${service.url}`),
        hint: expect.stringContaining('--state FOLDER --port PORT'),
      },
    },
  })
})

test('a recording without decisions is nothing to compare, and no success', async () => {
  const file = join(folder, 'recording.mcap')
  const recorder = RunRecorder.start(file)
  const workspace = { xMinM: 0.25, xMaxM: 0.75, yMinM: -0.5, yMaxM: 0.5, zMinM: 0, zMaxM: 0.28, pixelM: 0.003125 }
  recorder.event('/run', { goal: 'put it there', policy: 'none', workspace, budget: { steps: 1, failuresInARow: 1 } })
  await recorder.close()
  const { exitCode, stdout } = await runHere(['replay', file])
  expect(stdout).toContain('nothing to compare')
  expect(exitCode).toBe(1)
  const empty = join(folder, 'empty.mcap')
  await RunRecorder.start(empty).close()
  expect(await cliport('replay', empty, '--json')).toMatchObject({
    exitCode: 2,
    report: { error: { code: 'INPUT_INVALID', message: expect.stringContaining('/run'), hint: expect.any(String) } },
  })
})
