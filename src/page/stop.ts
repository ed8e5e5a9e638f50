// Stop: at once, without a token, a question or a dialog; sent again until the service says that it has it.

import { signal } from '@preact/signals'
import type { ServiceState } from '../service/api.js'
import { session } from './store.js'

/** failed: the service has not answered; a person must stop the arm otherwise. */
export const stopState = signal<'idle' | 'sending' | 'failed'>('idle')

const tries = 6
const tryMs = 500

export async function stop(): Promise<void> {
  if (stopState.value === 'sending') return
  stopState.value = 'sending'
  for (let attempt = 0; attempt < tries; attempt++) {
    const begun = performance.now()
    try {
      const response = await fetch('/api/stop', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ reason: 'Stop on the page' }),
        keepalive: true,
        signal: AbortSignal.timeout(tryMs * 2),
      })
      if (response.ok) {
        session.value = (await response.json()) as ServiceState['session']
        stopState.value = 'idle'
        return
      }
    } catch {
      // Tried again; said below when it was in vain.
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, tryMs - (performance.now() - begun))))
  }
  stopState.value = 'failed'
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
