// What a camera goes through between open and close. Pure: camera.ts carries the actions out.

/**
 * - absent: not connected; waited for
 * - starting: being opened
 * - streaming: frames arrive
 * - stalled: no frame for too long; being stopped
 * - resetting: stalled again and again; its firmware is being restarted
 * - back-off: waiting before the next start
 * - ended: the recording is over
 * - closed: by the caller
 */
export type CameraState =
  | 'absent'
  | 'starting'
  | 'streaming'
  | 'stalled'
  | 'resetting'
  | 'back-off'
  | 'ended'
  | 'closed'

export type LifeEvent =
  | 'started'
  | 'frame'
  | 'stalled'
  | 'stopped'
  | 'failed'
  | 'not-found'
  | 'appeared'
  | 'disappeared'
  | 'reset'
  | 'waited'
  | 'ended'
  | 'close'

export type LifeAction =
  | { readonly kind: 'none' }
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'wait'; readonly ms: number }

export interface Life {
  readonly state: CameraState
  /** Failures in a row since the last frame. */
  readonly failures: number
}

const none: LifeAction = { kind: 'none' }
const start: LifeAction = { kind: 'start' }
const stop: LifeAction = { kind: 'stop' }

const firstWaitMs = 250
const longestWaitMs = 10_000
/** The camera leaves the bus and comes back in about this time. */
const resetWaitMs = 4000
/** Hot-plug events get lost (after a reset, for one), so an absent camera is also looked for at this pace. */
const absentWaitMs = 2000
/** One restart may cure a stall; after that the firmware is restarted, once for every three failures. */
const resetEvery = 3

export function waitMs(failures: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** Math.max(0, failures - 1))
}

/** The next state and what to do. An event that means nothing in a state changes nothing. */
export function advance(life: Life, event: LifeEvent): { life: Life; action: LifeAction } {
  const { state, failures } = life
  const to = (next: CameraState, action: LifeAction, nextFailures = failures) => ({
    life: { state: next, failures: nextFailures },
    action,
  })
  const same = { life, action: none }

  if (state === 'closed') return same
  if (event === 'close') return to('closed', stop)
  if (state === 'ended') return same
  if (event === 'disappeared') return state === 'absent' ? same : to('absent', stop, 0)

  switch (state) {
    case 'absent':
      if (event === 'appeared' || event === 'waited') return to('starting', start)
      if (event === 'stopped') return to('absent', { kind: 'wait', ms: absentWaitMs })
      return same
    case 'starting':
      if (event === 'started') return to('streaming', none)
      if (event === 'not-found') return to('absent', { kind: 'wait', ms: absentWaitMs }, 0)
      if (event === 'failed') return to('back-off', { kind: 'wait', ms: waitMs(failures + 1) }, failures + 1)
      return same
    case 'streaming':
      if (event === 'frame') return failures === 0 ? same : to('streaming', none, 0)
      if (event === 'stalled') return to('stalled', stop, failures + 1)
      if (event === 'failed') return to('back-off', { kind: 'wait', ms: waitMs(failures + 1) }, failures + 1)
      if (event === 'ended') return to('ended', stop)
      return same
    case 'stalled':
      if (event !== 'stopped') return same
      return failures % resetEvery === 0
        ? to('resetting', { kind: 'reset' })
        : to('back-off', { kind: 'wait', ms: waitMs(failures) })
    case 'resetting':
      return event === 'reset' ? to('back-off', { kind: 'wait', ms: resetWaitMs }) : same
    case 'back-off':
      return event === 'waited' || event === 'appeared' ? to('starting', start) : same
  }
}
