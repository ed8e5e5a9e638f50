// The settings cannot be used: what is wrong with them, an editor, and nothing that moves.

import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { z } from 'zod'
import type { settingsProblemsSchema } from '../../service/api-settings.js'
import { act } from '../requests.js'
import { facts, link } from '../store.js'

type Problems = z.infer<typeof settingsProblemsSchema>

const file = signal<string | null>(null)
const text = signal<string | null>(null)
/** Of the text as it was checked last; null: those that the service began with. */
const problems = signal<readonly string[] | null>(null)
const isSaved = signal(false)

let checking: ReturnType<typeof setTimeout> | undefined
/** After the last key. */
const checkAfterMs = 400

function edit(next: string): void {
  text.value = next
  isSaved.value = false
  clearTimeout(checking)
  checking = setTimeout(() => void check(), checkAfterMs)
}

async function check(): Promise<void> {
  const found = await act<Problems>('The text was not checked', 'POST', '/api/settings/check', { text: text.peek() })
  if (found !== null) problems.value = found.problems
}

async function write(): Promise<void> {
  const found = await act<Problems>('The settings were not written', 'PUT', '/api/settings/text', { text: text.peek() })
  if (found === null) return
  problems.value = found.problems
  isSaved.value = true
}

export function SafeMode() {
  const isOpen = link.value === 'open'
  useEffect(() => {
    if (!isOpen || text.peek() !== null) return
    void act<Problems>('The settings file could not be read', 'GET', '/api/settings/text').then((found) => {
      if (found === null) return
      file.value = found.file
      text.value = found.text
    })
  }, [isOpen])
  const list = problems.value ?? facts.value?.problems ?? []
  return (
    <main class="settings safe">
      <h1>Safe mode</h1>
      <p class="lead">
        The settings cannot be used. Nothing moves, and neither arm nor cameras are open, until they are corrected.
      </p>
      <section aria-label="Problems" aria-live="polite">
        {list.length === 0 ? (
          <p class="line">
            <span class="word good">No problem left</span>{' '}
            {isSaved.value ? 'Written; the service starts again.' : 'Write them to start the service.'}
          </p>
        ) : (
          <ol class="problems">
            {list.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ol>
        )}
      </section>
      {text.value !== null && (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            void write()
          }}
        >
          <label for="settings-text">{file.value ?? 'Settings'}</label>
          <textarea
            id="settings-text"
            spellcheck={false}
            rows={20}
            value={text.value}
            onInput={({ currentTarget }) => edit(currentTarget.value)}
          />
          <button type="submit" class="main" disabled={list.length > 0 || isSaved.value}>
            Write and start
          </button>
        </form>
      )}
    </main>
  )
}
