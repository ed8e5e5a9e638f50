// The lowest edge of every view: what the link says on the left, Stop on the right, nothing else to click in between.

import { now } from '../clock.js'
import { metres } from '../format.js'
import { stop, stopState } from '../stop.js'
import { heardAtMs, link, robot, session } from '../store.js'
import { modeWords } from './now-panel.js'

/** Longer than this without any message: what is shown may not be true any more. */
const silentAfterMs = 2500

export function StopBar() {
  return (
    <footer class="stop-bar">
      <div class="facts" role="status">
        <p class="head">{headline()}</p>
        <p class="soft">{toolLine()}</p>
      </div>
      <div class="stop-zone">
        <p class="soft">
          Key <kbd>Esc</kbd>, also while typing.
          <br />
          Not an emergency stop.
        </p>
        <button
          type="button"
          class="stop"
          // At once, with the first touch; a click comes only when the finger is lifted.
          onPointerDown={() => void stop()}
          onClick={() => void stop()}
        >
          {stopState.value === 'sending' ? 'Stopping' : 'Stop'}
        </button>
      </div>
      {stopState.value === 'failed' && (
        <p class="stop-failed" role="alert">
          The service has not confirmed the stop. Use the emergency stop of the cell.
        </p>
      )}
    </footer>
  )
}

function headline(): string {
  if (link.value === 'connecting') return 'Connecting'
  if (link.value !== 'open') return 'No connection to the service: what is shown is old'
  const silentMs = now.value - heardAtMs.value
  if (silentMs > silentAfterMs) return `No news from the service for ${Math.floor(silentMs / 1000)} s`
  return session.value === null ? '' : modeWords[session.value.mode]
}

function toolLine(): string {
  const arm = robot.value
  if (arm === null || link.value !== 'open') return ' '
  const [x, y, z] = arm.p_base_tool_m
  return `tool ${metres(x)}, ${metres(y)}, ${metres(z)} m${arm.holding ? ', holding' : ''}`
}
