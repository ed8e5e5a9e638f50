// What the map shows, and the switch to a person's own picks.

import { base, layersShown } from '../map-view.js'
import { beginTakeover, endTakeover, takeover } from '../takeover.js'
import { Choice } from './choice.js'

const grounds = [
  ['color', 'Colour'],
  ['height', 'Height'],
] as const

export function MapControls() {
  return (
    <div class="bar">
      <h2>From above</h2>
      <Choice
        legend="Picture"
        name="ground"
        value={base.value}
        options={grounds}
        onChange={(value) => {
          base.value = value
        }}
      />
      <Layer kind="pick" label="Pick" />
      <Layer kind="place" label="Place" />
      <button
        type="button"
        class="quiet push"
        aria-pressed={takeover.value !== null}
        onClick={() => (takeover.value === null ? beginTakeover() : endTakeover())}
      >
        {takeover.value === null ? 'Take over by hand' : 'Back to the policy'}
      </button>
    </div>
  )
}

function Layer({ kind, label }: { readonly kind: 'pick' | 'place'; readonly label: string }) {
  return (
    <label class={`layer ${kind}`}>
      <input
        type="checkbox"
        checked={layersShown.value[kind]}
        onChange={({ currentTarget }) => {
          layersShown.value = { ...layersShown.value, [kind]: currentTarget.checked }
        }}
      />
      <span>{label}</span>
    </label>
  )
}
