// The service's settings, from its schema: what may be changed from here as a form, the rest as a list.

import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { z } from 'zod'
import type { settingsSchema } from '../../service/api-settings.js'
import { act, type Refusal, request } from '../requests.js'
import { link } from '../store.js'

type Settings = z.infer<typeof settingsSchema>
type Setting = Settings['settings'][number]

const known = signal<Settings | null>(null)
const problem = signal<string | null>(null)
/** What was changed in the form and not saved yet. */
const changed = signal<Readonly<Record<string, unknown>>>({})

async function load(): Promise<void> {
  try {
    known.value = await request<Settings>('GET', '/api/settings')
    problem.value = null
  } catch (error) {
    problem.value = (error as Refusal).message
  }
}

async function save(): Promise<void> {
  const answer = await act<Settings>('The settings were not changed', 'PUT', '/api/settings', {
    values: changed.peek(),
  })
  if (answer === null) return
  known.value = answer
  changed.value = {}
}

export function SettingsForm() {
  const isOpen = link.value === 'open'
  useEffect(() => {
    if (isOpen) void load()
  }, [isOpen])
  if (problem.value !== null) return <p class="bad">{problem.value}</p>
  if (known.value === null) return <p class="soft">…</p>
  const { file, settings, restart_needed } = known.value
  const count = Object.keys(changed.value).length
  return (
    <form
      class="service-settings"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <p class="soft">
        {file === null
          ? 'The service was started without a settings file: nothing can be changed here.'
          : `From ${file}. Limits, paths and addresses are changed in the file only.`}
      </p>
      {restart_needed && <p class="word fair">Some changes hold after a restart of the service</p>}
      {settings
        .filter(({ editable }) => editable)
        .map((setting) => (
          <Field key={setting.path} setting={setting} isOff={file === null} />
        ))}
      <p class="acts">
        <button type="submit" class="main" disabled={count === 0 || file === null}>
          {count === 0 ? 'Save' : `Save ${count} change${count === 1 ? '' : 's'}`}
        </button>
        <button
          type="button"
          class="quiet"
          disabled={count === 0}
          onClick={() => {
            changed.value = {}
          }}
        >
          Undo
        </button>
      </p>
      <details>
        <summary>All other settings</summary>
        <table class="times">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Value</th>
              <th scope="col">From</th>
            </tr>
          </thead>
          <tbody>
            {settings
              .filter(({ editable }) => !editable)
              .map(({ path, value, origin, description }) => (
                <tr key={path}>
                  <th scope="row" title={description}>
                    {path}
                  </th>
                  <td>{JSON.stringify(value)}</td>
                  <td>{origin}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </form>
  )
}

function Field({ setting, isOff }: { readonly setting: Setting; readonly isOff: boolean }) {
  const { path, type, allowed, description, origin } = setting
  const value = path in changed.value ? changed.value[path] : setting.value
  const set = (next: unknown) => {
    const { [path]: _, ...others } = changed.peek()
    changed.value = next === setting.value ? others : { ...others, [path]: next }
  }
  return (
    <div class={path in changed.value ? 'setting changed' : 'setting'}>
      <label for={path}>{path}</label>
      {type === 'choice' ? (
        <select
          id={path}
          value={`${value}`}
          disabled={isOff}
          onChange={({ currentTarget }) => set(currentTarget.value)}
        >
          {allowed.split(', ').map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : (
        <input
          id={path}
          type="text"
          inputMode="decimal"
          value={value === null ? '' : `${value}`}
          disabled={isOff}
          onInput={({ currentTarget: { value: text } }) => set(typedValue(text, type))}
        />
      )}
      <span>
        {description}
        {allowed !== '' && type !== 'choice' && ` (${allowed})`}. From {origin}.
      </span>
    </div>
  )
}

/** As the schema wants it; what is no number is sent as it is, and the service says what it expected. */
function typedValue(text: string, type: string): unknown {
  if (text.trim() === '') return null
  const number = Number(text)
  return /number|integer/.test(type) && Number.isFinite(number) ? number : text
}
