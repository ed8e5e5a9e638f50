// What watches the service reads metrics that exist; health says what is wrong.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import type { ServiceState } from '../../src/service/api.js'
import { healthOf } from '../../src/service/health.js'
import { jsonLog } from '../../src/service/log.js'
import { Metrics } from '../../src/service/metrics.js'

const textOf = async () => {
  const metrics = new Metrics('1.2.3')
  metrics.stage('propose', 12)
  metrics.goalEnded('achieved')
  metrics.request('POST', '/api/goals', 201)
  const text = await metrics.text()
  metrics.end()
  return text
}

test('the dashboard and every alert rule ask for metrics that the service exports', async () => {
  const exported = new Set([...(await textOf()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!))
  const { panels } = JSON.parse(readFileSync('packaging/grafana/cliport.json', 'utf8'))
  const { groups } = parse(readFileSync('packaging/prometheus/alerts.yml', 'utf8'))
  const asked: string[] = [
    ...panels.flatMap(({ targets }: { targets: { expr: string }[] }) => targets.map(({ expr }) => expr)),
    ...groups.flatMap(({ rules }: { rules: { expr: string }[] }) => rules.map(({ expr }) => expr)),
  ]
  expect(asked.length).toBeGreaterThan(15)
  const names = asked.flatMap((expr) => expr.match(/\b(?:cliport|process|nodejs)_\w+/g) ?? [])
  expect(names.filter((name) => !exported.has(name.replace(/_bucket$/, '')))).toEqual([])
})

test('times and sizes are in base units', async () => {
  const text = await textOf()
  expect(text).toContain('cliport_stage_duration_seconds_sum{stage="propose"} 0.012')
  expect(text).toContain('cliport_goals_total{outcome="achieved"} 1')
  expect(text).toContain('cliport_http_requests_total{method="POST",route="/api/goals",status="201"} 1')
  expect(text).not.toMatch(/^cliport_\w*(_ms|_mb)\b/m)
})

const well = {
  simulated: false,
  clock_ms: 20_000,
  session: { mode: 'disarmed', reason: null, running: null },
  cameras: [{ name: 'front', ok: true, age_ms: 500, problem: null }],
  robot: { age_ms: 4 },
  disks: [{ use: 'goals', folder: '/state', free_bytes: 5e9, total_bytes: 9e9, full: false }],
} as unknown as ServiceState

test.each([
  ['all is well', {}, true, true],
  ['a camera has stopped', { cameras: [{ name: 'front', ok: false, age_ms: 2000, problem: 'x' }] }, false, false],
  ['frames are old', { cameras: [{ name: 'front', ok: true, age_ms: 11_000, problem: null }] }, false, false],
  [
    'no camera has delivered in the first ten seconds',
    { cameras: [{ name: 'front', ok: true, age_ms: null, problem: null }] },
    false,
    false,
  ],
  [
    'the service has just started',
    { cameras: [{ name: 'front', ok: true, age_ms: null, problem: null }], clock_ms: 2000 },
    true,
    true,
  ],
  ['the arm says nothing', { robot: { age_ms: 6000 } }, false, false],
  ['no goal can be written', { disks: [{ use: 'goals', folder: '/state', full: true }] }, true, false],
  ['the arm has faulted', { session: { mode: 'fault', reason: 'x', running: null } }, true, false],
  [
    'the hardware is away, which no restart brings back',
    { session: { mode: 'lost', reason: 'x', running: null }, cameras: [], robot: null },
    true,
    false,
  ],
])('where %s, alive and ready say so', (_, change, alive, ready) => {
  expect(healthOf({ ...well, ...change } as ServiceState)).toMatchObject({ alive, ready })
})

test('a line of the log is one JSON object with time, level and message', () => {
  const lines: string[] = []
  jsonLog((line) => lines.push(line)).warn('the disk\nis full', { code: 'DISK_FULL' })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^[^\n]+\n$/)
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'warn',
    msg: 'the disk\nis full',
    code: 'DISK_FULL',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
  })
})
