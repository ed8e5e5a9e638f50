import { expect, test } from 'vitest'
import { Pace } from '../../src/sim/pace.js'

const stepMs = 2

function stepsAt(pace: Pace, timesMs: readonly number[], ioLagMs = 1): number[] {
  return timesMs.map((nowMs) => pace.stepsDue(nowMs, ioLagMs))
}

test('steps follow wall time, whatever the ticks', () => {
  const pace = new Pace(stepMs, 100)
  expect(stepsAt(pace, [100, 101, 102, 105, 105.5, 106])).toEqual([1, 0, 1, 1, 0, 1])
})

test('after a stall no more than 10 ms are made up for', () => {
  const pace = new Pace(stepMs, 0)
  expect(stepsAt(pace, [0, 1000, 1001, 1002])).toEqual([1, 6, 0, 1])
})

test('time stands still while the thread of the sockets is starved, and what was missed is not made up for', () => {
  const pace = new Pace(stepMs, 0)
  pace.stepsDue(0, 1)
  expect(stepsAt(pace, [50, 60, 70], 11)).toEqual([0, 0, 0])
  expect(stepsAt(pace, [71, 72, 74])).toEqual([0, 1, 1])
})
