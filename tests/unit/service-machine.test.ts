// The service's state machine: what may move the arm, after any order of events.

import { fc, test as propertyTest } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import {
  after,
  atStart,
  mayArm,
  mayBegin,
  mayClear,
  mayRelease,
  modeOf,
  reasonOf,
  type SessionEvent,
  type SessionFacts,
} from '../../src/service/session-machine.js'

const events: readonly SessionEvent[] = [
  { kind: 'opened' },
  { kind: 'lost', reason: 'gone' },
  { kind: 'armed' },
  { kind: 'disarmed' },
  { kind: 'paused' },
  { kind: 'resumed' },
  { kind: 'latched', as: 'stopped', reason: 'stop' },
  { kind: 'latched', as: 'fault', reason: 'fault' },
  { kind: 'cleared' },
  { kind: 'began', goalId: 'g1', activity: 'sentence' },
  { kind: 'began', goalId: 'g2', activity: 'takeover' },
  { kind: 'ended' },
  { kind: 'holds', holding: true },
  { kind: 'holds', holding: false },
  { kind: 'asks' },
  { kind: 'answered' },
  { kind: 'held' },
  { kind: 'released' },
]
const story = fc.array(fc.constantFrom(...events), { maxLength: 30, size: 'max' })
const play = (told: readonly SessionEvent[], from: SessionFacts = atStart) => told.reduce(after, from)

test('a service starts disarmed, and is disarmed again by whatever takes the arm away', () => {
  const armed = play([{ kind: 'opened' }, { kind: 'armed' }])
  expect(modeOf(play([{ kind: 'opened' }]))).toBe('disarmed')
  expect(modeOf(armed)).toBe('ready')
  for (const [event, mode] of [
    [{ kind: 'latched', as: 'stopped', reason: 'x' }, 'stopped'],
    [{ kind: 'latched', as: 'fault', reason: 'x' }, 'fault'],
    [{ kind: 'lost', reason: 'x' }, 'lost'],
    [{ kind: 'closing' }, 'closing'],
  ] as const) {
    expect(modeOf(after(armed, event))).toBe(mode)
    expect(after(armed, event).armed).toBe(false)
  }
})

test('after a stop, clearing leaves the arm disarmed, and arming comes after clearing', () => {
  const stopped = play([{ kind: 'opened' }, { kind: 'armed' }, { kind: 'latched', as: 'stopped', reason: 'x' }])
  expect(mayArm(stopped)).toContain('latched')
  expect(modeOf(after(stopped, { kind: 'armed' }))).toBe('stopped')
  const cleared = after(stopped, { kind: 'cleared' })
  expect(modeOf(cleared)).toBe('disarmed')
  expect(mayArm(cleared)).toBeNull()
})

test('a latch is not cleared while what it stopped has not ended', () => {
  const stopping = play([
    { kind: 'opened' },
    { kind: 'armed' },
    { kind: 'began', goalId: 'g1', activity: 'sentence' },
    { kind: 'latched', as: 'stopped', reason: 'x' },
  ])
  expect(modeOf(stopping)).toBe('stopping')
  expect(mayClear(stopping)).not.toBeNull()
  expect(modeOf(after(stopping, { kind: 'cleared' }))).toBe('stopping')
  expect(modeOf(play([{ kind: 'ended' }, { kind: 'cleared' }], stopping))).toBe('disarmed')
})

test('a fault stays a fault when a person presses stop after it', () => {
  const faulted = play([{ kind: 'opened' }, { kind: 'latched', as: 'fault', reason: 'collision' }])
  expect(after(faulted, { kind: 'latched', as: 'stopped', reason: 'x' }).latched).toEqual(faulted.latched)
})

propertyTest.prop([story])('only a person who arms makes the arm armed', (told) => {
  told.reduce((facts, event) => {
    const next = after(facts, event)
    if (next.armed && !facts.armed) expect(event.kind).toBe('armed')
    return next
  }, atStart)
})

propertyTest.prop([story])('nothing begins unless it is armed, open, not latched, and nothing else runs', (told) => {
  told.reduce((facts, event) => {
    const next = after(facts, event)
    if (next.activity !== null && facts.activity === null) {
      expect(facts).toMatchObject({ armed: true, latched: null, lost: null, activity: null, closing: false })
      expect(event.kind).toBe('began')
      if (next.activity.kind === 'sentence') expect(facts.paused).toBe(false)
    }
    return next
  }, atStart)
})

propertyTest.prop([story])(
  'whatever happens, `ready` is exactly where a sentence may begin, and every other mode says why not',
  (told) => {
    const facts = play(told)
    const mode = modeOf(facts)
    expect(mode === 'ready').toBe(mayBegin(facts, 'sentence') === null)
    if (mode !== 'ready' && mode !== 'running') expect(reasonOf(facts)).toBeTruthy()
  },
)

propertyTest.prop([story])('nothing begins and nothing arms while something is held', (told) => {
  told.reduce((facts, event) => {
    const next = after(facts, event)
    if (facts.holding && facts.activity === null) {
      expect(next.activity).toBeNull()
      expect(next.armed).toBe(false)
    }
    return next
  }, atStart)
})

test('a goal that ends with something held disarms, and so does what is found held without a goal', () => {
  const armed = play([{ kind: 'opened' }, { kind: 'armed' }])
  const ended = play(
    [{ kind: 'began', goalId: 'g1', activity: 'sentence' }, { kind: 'holds', holding: true }, { kind: 'ended' }],
    armed,
  )
  for (const facts of [ended, after(armed, { kind: 'holds', holding: true })]) {
    expect(modeOf(facts)).toBe('disarmed')
    expect(reasonOf(facts)).toContain('let go')
  }
})

test('what is held after a stop is let go of by a person, after the stop is cleared; then it may be armed', () => {
  const stopped = play([
    { kind: 'opened' },
    { kind: 'holds', holding: true },
    { kind: 'latched', as: 'stopped', reason: 'x' },
  ])
  expect(mayRelease(stopped)).toContain('clear it first')
  expect(reasonOf(stopped)).toContain('lets go of what it holds')
  const cleared = after(stopped, { kind: 'cleared' })
  expect(reasonOf(cleared)).toContain('let go')
  expect(mayArm(cleared)).toContain('holds something')
  expect(mayRelease(cleared)).toBeNull()
  expect(mayArm(after(cleared, { kind: 'holds', holding: false }))).toBeNull()
})

propertyTest.prop([story])('a latch goes only by a person who clears', (told) => {
  told.reduce((facts, event) => {
    const next = after(facts, event)
    if (facts.latched !== null && next.latched === null) expect(event.kind).toBe('cleared')
    return next
  }, atStart)
})
