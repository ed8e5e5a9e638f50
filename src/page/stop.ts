// Stop: at once, without a token, a question or a dialog; sent again until the service says that it has it.

import { signal } from '@preact/signals'
import { type Session, session } from './store.js'

/** failed: the service has not answered yet; a person must stop the arm otherwise. It is sent on all the same. */
export const stopState = signal<'idle' | 'sending' | 'failed'>('idle')

const tryEveryMs = 500
/** One try that hangs holds up the next one no longer than this. */
const tryMs = 1000
const failedAfterMs = 3000

export async function stop(): Promise<void> {
  if (stopState.value !== 'idle') return
  stopState.value = 'sending'
  const late = setTimeout(() => {
    stopState.value = 'failed'
  }, failedAfterMs)
  for (;;) {
    const begunMs = performance.now()
    const confirmed = await sendStop()
    if (confirmed !== null) {
      clearTimeout(late)
      session.value = confirmed
      stopState.value = 'idle'
      return
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, tryEveryMs - (performance.now() - begunMs))))
  }
}

/** @returns null: not confirmed */
async function sendStop(): Promise<Session | null> {
  try {
    const response = await fetch('/api/stop', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ reason: 'Stop on the page' }),
      keepalive: true,
      signal: AbortSignal.timeout(tryMs),
    })
    return response.ok ? ((await response.json()) as Session) : null
  } catch {
    return null
  }
}

/** Escape stops from everywhere on the page, while somebody types too. */
export function listenForStopKey(): void {
  window.addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Escape') return
      event.preventDefault()
      if (!event.repeat) void stop()
    },
    { capture: true },
  )
}
