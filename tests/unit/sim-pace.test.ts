import { describe, expect, test } from 'vitest'
import { Pace } from '../../src/sim/pace.js'

const stepMs = 2

function stepsAt(pace: Pace, timesMs: readonly number[], { ioLagMs = 1, unheardMs = 0 } = {}): number[] {
  return timesMs.map((nowMs) => pace.stepsDue(nowMs, { ioLagMs, unheardMs }))
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
  stepsAt(pace, [0])
  expect(stepsAt(pace, [50, 60, 70], { ioLagMs: 11 })).toEqual([0, 0, 0])
  expect(stepsAt(pace, [71, 72, 74])).toEqual([0, 1, 1])
})

describe('a lease holder that is late', () => {
  /** Ticks of 1 ms, in which simulated time passes as the pace says; heartbeats come at these times. */
  function longestGapMs(pace: Pace, endMs: number, heartbeatsMs: readonly number[]): number {
    let [simulatedMs, heardMs, longestMs] = [0, 0, 0]
    for (let nowMs = 0; nowMs < endMs; nowMs++) {
      if (heartbeatsMs.includes(nowMs)) heardMs = simulatedMs
      simulatedMs += stepMs * pace.stepsDue(nowMs, { ioLagMs: 1, unheardMs: simulatedMs - heardMs })
      longestMs = Math.max(longestMs, simulatedMs - heardMs)
    }
    return longestMs
  }

  test('is waited for: the watchdog does not see a heartbeat time-out', () => {
    const pace = new Pace(stepMs, 0)
    expect(longestGapMs(pace, 6000, [0, 20, 3000, 3020])).toBeLessThan(100)
    expect(pace.longestWaitMs).toBeGreaterThan(2500)
  })

  test('is not waited for for ever: the watchdog finds out that it has died', () => {
    expect(longestGapMs(new Pace(stepMs, 0), 6000, [0, 20])).toBeGreaterThan(100)
  })

  test('that sends its heartbeats in time is not waited for at all', () => {
    const pace = new Pace(stepMs, 0)
    longestGapMs(
      pace,
      1000,
      Array.from({ length: 50 }, (_, i) => 20 * i),
    )
    expect(pace.longestWaitMs).toBe(0)
  })

  test('is not counted as dead for what was a stall of the cell itself', () => {
    const pace = new Pace(stepMs, 0)
    stepsAt(pace, [0])
    expect(stepsAt(pace, [10_000, 20_000, 30_000], { unheardMs: 60 })).toEqual([0, 0, 0])
  })
})
