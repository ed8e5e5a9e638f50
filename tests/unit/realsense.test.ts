// The parts of @cliport/realsense that need neither a camera nor its library: clocks, matching, the life cycle.

import { fc, test as propertyTest } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { ClockFit, RecordingClock } from '../../packages/realsense/src/clock.js'
import { advance, type Life, type LifeEvent, waitMs } from '../../packages/realsense/src/lifecycle.js'
import { FrameMatcher } from '../../packages/realsense/src/matcher.js'

const periodMs = 1000 / 30
const second = 1_000_000_000n

/** Frames of a camera whose clock runs `ppm` fast, and whose frames take 8 ms and a random bit more to arrive. */
function* cameraFrames(count: number, ppm: number, startMs: number, extraMs: (i: number) => number) {
  for (let i = 0; i < count; i++) {
    const trueMs = i * periodMs
    const counter = startMs + trueMs * (1 + ppm * 1e-6)
    const takenNs = 5n * second + BigInt(Math.round(trueMs * 1e6))
    const arrivalNs = takenNs + BigInt(Math.round((8 + extraMs(i)) * 1e6))
    yield { rawMs: counter % (2 ** 32 / 1000), takenNs, arrivalNs }
  }
}

/** A repeatable number from 0 to 1. */
const noise = (i: number) => Math.abs(Math.sin(i * 12.9898) * 43758.5453) % 1

describe('the fitted clock', () => {
  for (const ppm of [-80, 0, 35, 150]) {
    test(`finds a drift of ${ppm} ppm under delays of up to 20 ms, and stamps to 0.3 ms`, () => {
      const clock = new ClockFit()
      let worstMs = 0
      let drift = 0
      let i = 0
      for (const { rawMs, takenNs, arrivalNs } of cameraFrames(3000, ppm, 1000, (k) => 20 * noise(k) ** 2)) {
        const reading = clock.observe(rawMs, 'hardware', arrivalNs)
        drift = reading.driftPpm
        // The constant 8 ms cannot be seen from here.
        if (i++ > 900) worstMs = Math.max(worstMs, Math.abs(Number(reading.stampNs - takenNs) / 1e6 - 8))
      }
      // A fast camera clock lets the delay seem to shrink.
      expect(drift).toBeCloseTo(-ppm, -0.5)
      expect(worstMs).toBeLessThan(0.3)
    })
  }

  test('goes on where the 32-bit microsecond counter starts again', () => {
    const clock = new ClockFit()
    const wrapMs = 2 ** 32 / 1000
    let restarts = 0
    let previousNs = 0n
    let previousTakenNs = 0n
    for (const { rawMs, takenNs, arrivalNs } of cameraFrames(600, 0, wrapMs - 10_000, () => 0)) {
      const reading = clock.observe(rawMs, 'hardware', arrivalNs)
      restarts += reading.restarted ? 1 : 0
      if (previousNs !== 0n) {
        expect(Math.abs(Number(reading.stampNs - previousNs - (takenNs - previousTakenNs)))).toBeLessThan(2000)
      }
      previousNs = reading.stampNs
      previousTakenNs = takenNs
    }
    expect(restarts).toBe(1) // the first frame
  })

  test('is fitted anew when the camera was reset, and when the stamps change their clock', () => {
    const clock = new ClockFit()
    expect(clock.observe(90_000, 'hardware', 10n * second).restarted).toBe(true)
    expect(clock.observe(90_033, 'hardware', 10n * second + 33_000_000n).restarted).toBe(false)
    expect(clock.observe(12, 'hardware', 20n * second)).toMatchObject({ restarted: true, stampNs: 20n * second })
    expect(clock.observe(1.7e12, 'system', 21n * second).restarted).toBe(true)
  })

  propertyTest.prop([
    fc.array(fc.tuple(fc.double({ min: -1e7, max: 1e7, noNaN: true }), fc.integer({ min: 0, max: 1e9 }))),
  ])(
    'gives strictly increasing stamps whatever the camera says, never after the arrival but to keep order',
    (steps) => {
      const clock = new ClockFit()
      let arrivalNs = 1n
      let previous = 0n
      for (const [rawMs, stepNs] of steps) {
        arrivalNs += BigInt(stepNs)
        const { stampNs } = clock.observe(rawMs, 'hardware', arrivalNs)
        expect(stampNs).toBeGreaterThan(previous)
        expect(stampNs <= arrivalNs || stampNs === previous + 1n).toBe(true)
        previous = stampNs
      }
    },
  )

  test("keeps a recording's own distances, however fast it is played", () => {
    const clock = new RecordingClock()
    const first = clock.observe(500, 'hardware', 100n).stampNs
    expect(clock.observe(533, 'hardware', 101n).stampNs - first).toBe(33_000_000n)
  })
})

describe('matching', () => {
  propertyTest.prop([
    fc.integer({ min: 2, max: 4 }),
    fc.integer(),
    fc.array(fc.boolean(), { minLength: 120, maxLength: 120 }),
  ])('gives frames within half a period of the first camera, in order, none twice', (cameras, seed, lost) => {
    const half = (periodMs / 2) * 1e6
    const matcher = new FrameMatcher<bigint>(cameras, half)
    const phaseMs = Array.from({ length: cameras }, (_, c) => noise(seed + c) * periodMs)
    const last = Array.from({ length: cameras }, () => -1n)
    let matches = 0
    for (let i = 0; i < 120; i++) {
      const camera = i % cameras
      if (lost[i] && i % 5 === 0) continue
      const stampNs = BigInt(Math.round((Math.floor(i / cameras) * periodMs + phaseMs[camera]!) * 1e6))
      const match = matcher.push(camera, stampNs, stampNs)
      if (!match) continue
      matches++
      match.items.forEach((stamp, c) => {
        expect(Math.abs(Number(stamp - match.items[0]!))).toBeLessThanOrEqual(half)
        expect(stamp).toBeGreaterThan(last[c]!)
        last[c] = stamp
      })
      const sorted = [...match.items].sort((a, b) => Number(a - b))
      expect(match.skewNs).toBe(Number(sorted.at(-1)! - sorted[0]!))
    }
    if (cameras === 2) expect(matches).toBeGreaterThan(15)
  })
})

describe('the life cycle', () => {
  const follow = (events: LifeEvent[], from: Life = { state: 'starting', failures: 0 }) =>
    events.reduce(({ life }, event) => advance(life, event), { life: from, action: { kind: 'none' } } as ReturnType<
      typeof advance
    >)

  test('a stall stops the camera, waits, and starts it again', () => {
    const stalled = follow(['started', 'frame', 'stalled'])
    expect(stalled).toEqual({ life: { state: 'stalled', failures: 1 }, action: { kind: 'stop' } })
    const waiting = advance(stalled.life, 'stopped')
    expect(waiting).toEqual({ life: { state: 'back-off', failures: 1 }, action: { kind: 'wait', ms: 250 } })
    expect(advance(waiting.life, 'waited')).toMatchObject({ life: { state: 'starting' }, action: { kind: 'start' } })
  })

  test('three stalls without a frame restart the firmware', () => {
    const once: LifeEvent[] = ['started', 'stalled', 'stopped', 'waited']
    const { life, action } = follow([...once, ...once, 'started', 'stalled', 'stopped'])
    expect([life.state, action.kind]).toEqual(['resetting', 'reset'])
    expect(advance(life, 'reset').life.state).toBe('back-off')
  })

  test('a frame forgets earlier failures', () => {
    expect(follow(['failed', 'waited', 'started', 'frame']).life).toEqual({ state: 'streaming', failures: 0 })
  })

  test('a pulled cable makes it absent from any state, and plugging in starts it', () => {
    const { life, action } = follow(['started', 'disappeared'])
    expect([life.state, action.kind]).toEqual(['absent', 'stop'])
    expect(advance(life, 'appeared').action.kind).toBe('start')
  })

  test('waits double up to ten seconds', () => {
    expect([1, 2, 3, 20].map(waitMs)).toEqual([250, 500, 1000, 10_000])
  })

  const events: LifeEvent[] = [
    'started',
    'frame',
    'stalled',
    'stopped',
    'failed',
    'not-found',
    'appeared',
    'disappeared',
    'reset',
    'waited',
    'ended',
  ]
  propertyTest.prop([fc.array(fc.constantFrom(...events), { maxLength: 60 })])(
    'never starts a camera that may still be open, and is closed for good',
    (sequence) => {
      let life: Life = { state: 'starting', failures: 0 }
      let open = true // from start until stop, an end, or an error that left nothing open
      for (const event of sequence) {
        const next = advance(life, event)
        if (event === 'failed' || event === 'not-found') open = false // the driver closes before it says so
        if (next.action.kind === 'stop') open = false
        if (next.action.kind === 'start') {
          expect(open).toBe(false)
          open = true
        }
        life = next.life
      }
      const closed = advance(life, 'close').life
      for (const event of events) expect(advance(closed, event)).toEqual({ life: closed, action: { kind: 'none' } })
    },
  )
})
