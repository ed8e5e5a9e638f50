// A person's own pick and place: beside the map, in place of what the policy understood.

import { answer } from '../draft.js'
import { metres } from '../format.js'
import { session } from '../store.js'
import {
  change,
  endTakeover,
  executeTakeover,
  metresOf,
  type Pixel,
  takeover,
  takePolicysProposal,
} from '../takeover.js'

export function TakeoverPanel() {
  const now = takeover.value
  if (now === null) return null
  const isReady = session.value?.mode === 'ready' || (session.value?.armed === true && session.value.running === null)
  return (
    <form
      class="takeover"
      onSubmit={(event) => {
        event.preventDefault()
        void executeTakeover()
      }}
    >
      <p class="line" role="status">
        <span class="word ask">By hand</span> <span>{instruction(now)}</span>
      </p>
      <div class="hand">
        <Spot kind="pick" pixel={now.pick} onForget={() => change({ pick: null, place: null })} />
        <Angle
          label="Grip turned"
          value={now.pickYawDeg}
          isOff={now.pick === null}
          onChange={(pickYawDeg) => change({ pickYawDeg })}
        />
        <Spot kind="place" pixel={now.place} onForget={() => change({ place: null })} />
        <Angle
          label="Thing turned"
          value={now.placeYawDeg}
          isOff={now.place === null}
          onChange={(placeYawDeg) => change({ placeYawDeg })}
        />
      </div>
      <div class="hand-acts">
        <label class="shows">
          <span>What it shows</span>
          <input
            type="text"
            value={now.sentence}
            maxLength={500}
            placeholder="a demonstration by hand"
            onInput={({ currentTarget }) => change({ sentence: currentTarget.value })}
          />
        </label>
        <button type="button" class="quiet" onClick={endTakeover}>
          Cancel
        </button>
        {answer.value?.preview.proposal != null && (
          <button type="button" class="quiet" onClick={takePolicysProposal}>
            Start from the policy's
          </button>
        )}
        <button type="submit" class="main" disabled={now.pick === null || now.place === null || !isReady}>
          {isReady ? 'Pick and place' : 'Arm first'}
        </button>
      </div>
    </form>
  )
}

function instruction({ pick, place }: { readonly pick: Pixel | null; readonly place: Pixel | null }): string {
  if (pick === null) return 'Click the thing to pick on the map.'
  if (place === null) return 'Click where it goes.'
  return 'Turn it if need be; it is planned and checked like any other action, and kept as a demonstration.'
}

interface SpotProps {
  readonly kind: 'pick' | 'place'
  readonly pixel: Pixel | null
  readonly onForget: () => void
}

function Spot({ kind, pixel, onForget }: SpotProps) {
  const at = pixel === null ? null : metresOf(pixel)
  return (
    <p class={`spot ${kind}`}>
      <b>{kind === 'pick' ? 'Pick' : 'Place'}</b>
      <span class="num">{at === null ? 'not chosen' : `x ${metres(at[0])}  y ${metres(at[1])} m`}</span>
      <button type="button" class="text" disabled={pixel === null} onClick={onForget}>
        change
      </button>
    </p>
  )
}

interface AngleProps {
  readonly label: string
  readonly value: number
  readonly isOff: boolean
  readonly onChange: (degrees: number) => void
}

function Angle({ label, value, isOff, onChange }: AngleProps) {
  return (
    <label class="angle">
      <span>{label}</span>
      <input
        type="range"
        min="-180"
        max="180"
        step="5"
        value={value}
        disabled={isOff}
        aria-valuetext={`${value} degrees`}
        onInput={({ currentTarget }) => onChange(Number(currentTarget.value))}
      />
      <output>{`${value}°`.replace('-', '−')}</output>
    </label>
  )
}
