// The latency benchmark on the real path: policy, cycle, sockets, cliport-controller. What it measures depends on the machine;
// that it measures the whole of it does not.

import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { benchLatency, type LatencySource } from '../../src/bench/latency/latency.js'
import type { LatencyReport } from '../../src/bench/latency/report.js'
import { loadConfig } from '../../src/runtime/config/load.js'
import { openSession } from '../../src/runtime/session.js'
import { workspaceOf } from '../../src/runtime/settings.js'
import { cliport } from '../fixtures/cli.js'

const task = 'put-block-in-bowl-seen-colors'
const goal = 'put the red blocks in a green bowl'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cliport-latency-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function measure(source: LatencySource, sentence = goal): Promise<LatencyReport> {
  return benchLatency({
    rateHz: 4,
    passes: 4,
    deadlineMs: 60,
    goal: sentence,
    source,
    config: await loadConfig({ file: undefined, environment: {}, flags: {} }),
    command: 'a test',
    signal: new AbortController().signal,
    tell: () => {},
  })
}

/** The frames of one look of a scene, as a recording would hold them. */
async function recorded(): Promise<LatencySource> {
  const config = await loadConfig({ file: undefined, environment: {}, flags: {} })
  const session = await openSession(config, { cell: { thread: 'worker', policy: 'oracle' }, tell: () => {} })
  try {
    await session.show({ task, seed: 3, goal, clock: 'free' })
    return { kind: 'replay', frames: await session.cell.capture(), workspace: workspaceOf(config) }
  } finally {
    await session.close()
  }
}

function expectWholePath({ samples, stages, ...report }: LatencyReport): void {
  expect(report.without_command).toEqual({ n: 0, reasons: [] })
  expect(report.end_to_end.n).toBe(4)
  expect(samples.due_ms).toEqual([0, 250, 500, 750])
  samples.end_to_end_ms.forEach((endToEndMs, i) => {
    const whole = Object.entries(samples.stages_ms).filter(([name]) => !name.includes('.'))
    expect(whole.reduce((sum, [, values]) => sum + values[i]!, 0)).toBeCloseTo(endToEndMs, 1)
  })
  for (const stage of ['project', 'propose', 'propose.decide', 'decide', 'plan', 'check', 'link']) {
    expect(stages[stage]!.n).toBe(4)
    expect(stages[stage]!.max).toBeGreaterThan(0)
  }
  expect(report.provider).toBe('cpu')
  expect(report.precision).toBe('float32')
  expect(report.policy.decide_sha256).toMatch(/^[0-9a-f]{64}$/)
  expect(report.cold_start_ms).toBeGreaterThan(report.cold_start.policy_ms)
}

test('on the simulated cell a pass goes from the exposure to the first command, and every stage of it is measured', async () => {
  const report = await measure({ kind: 'cell', task, seed: 3 })
  expectWholePath(report)
  expect(Math.min(...report.samples.stages_ms.expose!)).toBeGreaterThan(0)
  expect(report.observation_age.p50).toBeGreaterThan(report.stages.propose!.p50)
  expect(report.source).toMatchObject({ kind: 'cell', content: `${task}, seed 3` })
})

test('recorded frames take the same path without an exposure', async () => {
  const report = await measure(await recorded())
  expectWholePath(report)
  expect(report.stages.expose!.max).toBe(0)
  expect(report.source.content).toMatch(/^[0-9a-f]{64}$/)
})

test('frames in which there is nothing to do have no latency, and the reason is told', async () => {
  const nothing = measure({ kind: 'cell', task, seed: 3 }, 'frobnicate the quux')
  await expect(nothing).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('No command') })
})

test('the command line writes a page and a report, which the comparison reads', async () => {
  const out = join(folder, 'latency')
  const args = ['bench', 'latency', '--rate', '8', '--passes', '20', '--out', out, '--json']
  const { exitCode, report } = await cliport(...args)
  expect(exitCode).toBe(0)
  expect(Object.keys(report)).toEqual(
    expect.arrayContaining(['rate_hz', 'end_to_end', 'stages', 'deadline_misses', 'cold_start_ms', 'provider']),
  )
  const file = join(out, 'latency.json')
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(report)
  expect(await readFile(join(out, 'latency.html'), 'utf8')).toContain('Frame to first command')
  const compared = await cliport('bench', 'compare', file, file, '--json')
  expect(compared.exitCode).toBe(0)
  expect(compared.report).toMatchObject({ differences: [] })
  const refused = await cliport('bench', 'compare', file, join(out, 'latency.html'), '--json')
  expect([refused.exitCode, refused.report.error]).toMatchObject([2, { code: 'INPUT_INVALID' }])
})

test('a measurement that is stopped ends with its process, and everything that it had started', async () => {
  const child = spawn(process.execPath, ['dist/cli/main.js', 'bench', 'latency', '--passes', '100000'])
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    const isFirst = !stderr.includes('passes at')
    stderr += chunk
    if (isFirst && stderr.includes('passes at')) child.kill('SIGTERM')
  })
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130)
})
