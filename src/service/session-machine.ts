// The one state machine of the service: what may happen to the arm now. Pure; the service tells it what happened and asks
// it what may be done.

import { stillHolding } from '../control/conclusion.js'
import type { modes } from './api.js'

/** What the page shows. */
export type Mode = (typeof modes)[number]

/** Facts, each with one owner. The mode follows from them, so that no two of them can disagree. */
export interface SessionFacts {
  /** Settings that cannot be used: nothing moves, ever, in this process. */
  readonly unusable: boolean
  /** Neither arm nor cameras nor policy, or not all of them: why. */
  readonly lost: string | null
  /** A person has armed since the last start, stop, fault or loss. */
  readonly armed: boolean
  /** A person wants no next action. */
  readonly paused: boolean
  /** Latched until a person clears it. */
  readonly latched: { readonly kind: 'stopped' | 'fault'; readonly reason: string } | null
  /** What moves the arm now. */
  readonly activity: { readonly goalId: string; readonly kind: 'sentence' | 'takeover' } | null
  /** The end effector holds something, whoever picked it. */
  readonly holding: boolean
  /** The activity waits for a person's answer. */
  readonly asking: boolean
  /** The activity waits between two actions. */
  readonly held: boolean
  /** Nothing can be written of a goal now: why. */
  readonly noRoom: string | null
  readonly closing: boolean
}

export const atStart: SessionFacts = {
  unusable: false,
  lost: 'starting',
  armed: false,
  paused: false,
  latched: null,
  activity: null,
  holding: false,
  asking: false,
  held: false,
  noRoom: null,
  closing: false,
}

export type SessionEvent =
  | { readonly kind: 'opened' }
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'unusable' }
  | { readonly kind: 'armed' }
  | { readonly kind: 'disarmed' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'resumed' }
  /** A stop was asked for, or the controller says that it stopped or faulted. */
  | { readonly kind: 'latched'; readonly as: 'stopped' | 'fault'; readonly reason: string }
  | { readonly kind: 'cleared' }
  | { readonly kind: 'holds'; readonly holding: boolean }
  | { readonly kind: 'began'; readonly goalId: string; readonly activity: 'sentence' | 'takeover' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'asks' }
  | { readonly kind: 'answered' }
  | { readonly kind: 'held' }
  | { readonly kind: 'released' }
  /** The disk is full. */
  | { readonly kind: 'noRoom'; readonly reason: string }
  | { readonly kind: 'room' }
  | { readonly kind: 'closing' }

/** The facts after an event. Whatever takes the arm away disarms, and so does what is held without a goal; only `armed` arms. */
export function after(facts: SessionFacts, event: SessionEvent): SessionFacts {
  switch (event.kind) {
    case 'opened':
      return { ...facts, lost: null, armed: false }
    case 'lost':
      return { ...facts, lost: event.reason, armed: false }
    case 'unusable':
      return { ...facts, unusable: true, armed: false, lost: null }
    case 'armed':
      return mayArm(facts) === null ? { ...facts, armed: true } : facts
    case 'disarmed':
      return { ...facts, armed: false }
    case 'paused':
      return { ...facts, paused: true }
    case 'resumed':
      return { ...facts, paused: false }
    case 'latched':
      // A fault is not made a mere stop by a stop that comes after it.
      return facts.latched?.kind === 'fault'
        ? { ...facts, armed: false }
        : { ...facts, armed: false, latched: { kind: event.as, reason: event.reason } }
    case 'cleared':
      return facts.activity === null ? { ...facts, latched: null, armed: false } : facts
    case 'holds':
      return { ...facts, holding: event.holding, armed: facts.armed && !(event.holding && facts.activity === null) }
    case 'began':
      return mayBegin(facts, event.activity) === null
        ? { ...facts, activity: { goalId: event.goalId, kind: event.activity } }
        : facts
    case 'ended':
      return { ...facts, activity: null, asking: false, held: false, armed: facts.armed && !facts.holding }
    case 'asks':
      return { ...facts, asking: facts.activity !== null }
    case 'answered':
      return { ...facts, asking: false }
    case 'held':
      return { ...facts, held: facts.activity !== null }
    case 'released':
      return { ...facts, held: false }
    case 'noRoom':
      return { ...facts, noRoom: event.reason, armed: false }
    case 'room':
      return { ...facts, noRoom: null }
    case 'closing':
      return { ...facts, closing: true, armed: false }
  }
}

export function modeOf(facts: SessionFacts): Mode {
  if (facts.closing) return 'closing'
  if (facts.unusable) return 'safe_mode'
  if (facts.latched !== null) return facts.activity === null ? facts.latched.kind : 'stopping'
  if (facts.lost !== null) return 'lost'
  if (facts.activity !== null) return facts.held ? 'paused' : facts.asking ? 'asking' : 'running'
  if (!facts.armed) return 'disarmed'
  return facts.paused ? 'paused' : 'ready'
}

/** Why the arm does not begin a queued goal, for a person; null in `ready`, and while a goal runs. */
export function reasonOf(facts: SessionFacts): string | null {
  switch (modeOf(facts)) {
    case 'closing':
      return 'the service is ending'
    case 'safe_mode':
      return 'the settings cannot be used: correct them, then restart the service'
    case 'stopped':
    case 'fault':
    case 'stopping':
      return `${facts.latched!.reason}; a person looks at the arm, clears, ${facts.holding ? 'lets go of what it holds (cliport release), ' : ''}then arms`
    case 'lost':
      return facts.lost
    case 'disarmed':
      return facts.holding ? stillHolding : (facts.noRoom ?? 'a person arms it first (cliport arm)')
    case 'paused':
      return 'paused by a person'
    case 'asking':
      return 'waits for an answer'
    default:
      return null
  }
}

/** Why it may not be armed now; null: it may. */
export function mayArm(facts: SessionFacts): string | null {
  if (facts.closing || facts.unusable || facts.lost !== null) return reasonOf(facts)
  return latchedOf(facts) ?? (facts.holding ? stillHolding : facts.noRoom)
}

function latchedOf({ latched }: SessionFacts): string | null {
  return latched === null ? null : `a ${latched.kind === 'fault' ? 'fault' : 'stop'} is latched: ${latched.reason}`
}

/** Why nothing may begin now; null: it may. A takeover is a person's own act and begins while the queue is paused. */
export function mayBegin(facts: SessionFacts, activity: 'sentence' | 'takeover'): string | null {
  if (facts.activity !== null) return 'a goal runs'
  if (!facts.armed) return mayArm(facts) ?? reasonOf(facts)
  return facts.paused && activity === 'sentence' ? 'paused by a person' : null
}

/** Why the end effector may not be opened now; null: it may. */
export function mayRelease(facts: SessionFacts): string | null {
  if (facts.activity !== null) return 'a goal runs'
  if (facts.closing || facts.unusable || facts.lost !== null) return reasonOf(facts)
  return facts.latched === null ? null : `${latchedOf(facts)}; clear it first (cliport clear)`
}

/** Why a latched stop may not be cleared now; null: it may. */
export function mayClear(facts: SessionFacts): string | null {
  if (facts.activity !== null) return 'the arm is still coming to rest'
  return facts.closing || facts.unusable || facts.lost !== null ? reasonOf(facts) : null
}
