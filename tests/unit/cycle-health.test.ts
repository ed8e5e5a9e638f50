// When systemd's watchdog is fed: while the service goes on, and while it rightly waits.

import { expect, test } from 'vitest'
import { CycleHealth, type Progress } from '../../src/service/cycle-health.js'

const start: Progress = { mode: 'disarmed', stages: 0, looks: 0, motionNs: null }
const stallMs = 1000

/** Whether it is well at each step: [milliseconds, what has changed by then]. */
function wellAt(steps: readonly (readonly [atMs: number, change: Partial<Progress>])[]): boolean[] {
  const health = new CycleHealth(stallMs)
  let progress = start
  return steps.map(([atMs, change]) => {
    progress = { ...progress, ...change }
    return health.isWell(progress, atMs)
  })
}

test('at rest the looks between goals are the sign of life', () => {
  expect(
    wellAt([
      [0, {}],
      [900, { looks: 1 }],
      [1800, { looks: 2 }],
    ]),
  ).toEqual([true, true, true])
  expect(
    wellAt([
      [0, {}],
      [1000, {}],
      [1001, {}],
    ]),
  ).toEqual([true, true, false])
  expect(
    wellAt([
      [0, {}],
      [1001, {}],
      [1100, { looks: 1 }],
    ]),
    'it recovers',
  ).toEqual([true, false, true])
})

test('while a goal runs only its stages and the moving arm count: looks go on beside a cycle that is stuck', () => {
  const running = { mode: 'running' } as const
  expect(
    wellAt([
      [0, running],
      [900, { stages: 1 }],
      [1800, { stages: 2 }],
    ]),
  ).toEqual([true, true, true])
  expect(
    wellAt([
      [0, running],
      [900, { motionNs: 5n }],
      [1800, { motionNs: 6n }],
    ]),
  ).toEqual([true, true, true])
  expect(
    wellAt([
      [0, running],
      [900, { looks: 1 }],
      [1001, { looks: 2 }],
    ]),
  ).toEqual([true, true, false])
  expect(
    wellAt([
      [0, running],
      [1, { motionNs: 5n }],
      [1002, {}],
    ]),
    'the arm sends nothing new',
  ).toEqual([true, true, false])
})

test.each(['asking', 'paused', 'lost', 'safe_mode', 'closing'] as const)(
  '%s is waited in, as long as it takes',
  (mode) => {
    expect(
      wellAt([
        [0, { mode }],
        [5000, {}],
        [1e9, {}],
      ]),
    ).toEqual([true, true, true])
  },
)

test('a change of mode is a sign of life', () => {
  expect(
    wellAt([
      [0, { mode: 'running' }],
      [900, { mode: 'stopping' }],
      [1800, { mode: 'stopped' }],
    ]),
  ).toEqual([true, true, true])
})
