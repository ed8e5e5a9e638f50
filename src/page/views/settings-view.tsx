// What this browser and the simulated cell can be set to, and what the service is.

import type { ComponentChildren } from 'preact'
import { makeScene } from '../requests.js'
import { facts, link, session } from '../store.js'
import { type Theme, theme } from '../theme.js'
import { forgetToken } from '../token.js'
import { Choice } from './choice.js'
import { SettingsForm } from './settings-form.js'

export function SettingsView() {
  return (
    <main class="settings">
      <h1>Settings</h1>
      <Look />
      {facts.value?.scene != null && <SceneForm {...facts.value.scene} />}
      <Part title="Service">
        <SettingsForm />
      </Part>
      <About />
    </main>
  )
}

function Part({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section class="part">
      <h2>{title}</h2>
      <div>{children}</div>
    </section>
  )
}

const themes: readonly (readonly [Theme, string])[] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
]

function Look() {
  return (
    <Part title="Look">
      <Choice
        legend="Light or dark"
        name="theme"
        value={theme.value}
        options={themes}
        onChange={(value) => {
          theme.value = value
        }}
      />
    </Part>
  )
}

function SceneForm({
  task,
  seed,
  sentence,
}: {
  readonly task: string
  readonly seed: number
  readonly sentence: string
}) {
  return (
    <Part title="Simulated scene">
      <p class="soft">Lays the simulated table anew. Its arm is disarmed afterwards.</p>
      <form
        key={`${task} ${seed} ${sentence}`}
        class="fields"
        onSubmit={(event) => {
          event.preventDefault()
          const form = new FormData(event.currentTarget)
          const text = (name: string) => `${form.get(name)}`.trim()
          void makeScene({ task: text('task'), seed: Number(text('seed')), sentence: text('sentence') })
        }}
      >
        <label>
          <span>Task</span>
          <input type="text" name="task" defaultValue={task} required />
        </label>
        <label>
          <span>Seed</span>
          <input type="number" name="seed" min="0" max="1000000" defaultValue={`${seed}`} required />
        </label>
        <label class="wide">
          <span>Sentence that it must make sense of</span>
          <input type="text" name="sentence" defaultValue={sentence} maxLength={500} required />
        </label>
        <button type="submit" class="quiet" disabled={session.value?.running != null}>
          Make the scene
        </button>
      </form>
    </Part>
  )
}

function About() {
  const known = facts.value
  if (known === null) return null
  const rows: [string, string][] = [
    ['Version', `${known.version} (interface ${known.api})`],
    ['Running since', new Date(known.started_at_ms).toLocaleString()],
    ['Arm', known.simulated ? 'simulated cell' : (known.backend ?? 'not connected')],
    ['Policy', known.policy ?? 'not loaded'],
    [
      'Map',
      `${known.workspace.rows} x ${known.workspace.cols} cells of ${(known.workspace.pixel_m * 1000).toFixed(3)} mm`,
    ],
  ]
  return (
    <Part title="This service">
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <button
        type="button"
        class="quiet"
        onClick={() => {
          forgetToken()
          link.value = 'unauthorized'
        }}
      >
        Forget the token in this browser
      </button>
    </Part>
  )
}
