// What was done: filters, a list, one run in detail, or two side by side.

import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Goal } from '../../service/api.js'
import { duration, outcomeWords, timeOfDay, toneOf } from '../format.js'
import { route, runsAddress } from '../route.js'
import {
  addressOf,
  filesOf,
  filters,
  followFilters,
  hasMore,
  listOlderRuns,
  listProblem,
  runOf,
  runs,
} from '../runs.js'
import { goals, link } from '../store.js'
import { RunDetail } from './run-detail.js'

export function RunsView() {
  useEffect(() => followFilters(), [])
  const ids = route.value.view === 'runs' ? route.value.ids : []
  return (
    <main class={`runs ${ids.length === 2 ? 'comparing' : ids.length === 1 ? 'reading' : ''}`}>
      <section class="runs-list" aria-label="Runs">
        <h1>History</h1>
        <Filters />
        {listProblem.value !== null && <p class="bad">{listProblem.value}</p>}
        <ul>
          {runs.value.map((goal) => (
            <Row key={goal.id} goal={goal} chosen={ids} />
          ))}
        </ul>
        {runs.value.length === 0 && listProblem.value === null && <p class="soft">No run matches.</p>}
        {hasMore.value && (
          <button type="button" class="quiet" onClick={() => void listOlderRuns()}>
            Older runs
          </button>
        )}
      </section>
      <div class="details">
        {ids.length === 0 && (
          <p class="soft hint">Choose a run to see what it did. “Compare” puts a second one beside it.</p>
        )}
        {ids.map((id) => (
          <Detail key={id} id={id} isOneOfTwo={ids.length === 2} other={ids.find((one) => one !== id)} />
        ))}
      </div>
    </main>
  )
}

function Filters() {
  const set = (change: Partial<typeof filters.value>) => {
    filters.value = { ...filters.peek(), ...change }
  }
  return (
    <div class="filters">
      <label>
        <span>Sentence</span>
        <input
          type="text"
          value={filters.value.text}
          onInput={({ currentTarget }) => set({ text: currentTarget.value })}
        />
      </label>
      <Choice
        label="Outcome"
        value={filters.value.outcome}
        options={Object.entries(outcomeWords)}
        onChange={(outcome) => set({ outcome })}
      />
      <Choice
        label="Flag"
        value={filters.value.flag}
        options={[
          ['good', 'Good'],
          ['bad', 'Bad'],
          ['none', 'Not judged'],
        ]}
        onChange={(flag) => set({ flag })}
      />
      <Choice
        label="Who"
        value={filters.value.kind}
        options={[
          ['sentence', 'Policy'],
          ['takeover', 'By hand'],
        ]}
        onChange={(kind) => set({ kind })}
      />
    </div>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly options: readonly (readonly [string, string])[]
  readonly onChange: (value: string) => void
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label>
      <span>{label}</span>
      <select value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        <option value="">all</option>
        {options.map(([name, words]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
      </select>
    </label>
  )
}

function Row({ goal, chosen }: { readonly goal: Goal; readonly chosen: readonly string[] }) {
  const { id, sentence, outcome, state, ended_at_ms, started_at_ms, flag, kind } = goal
  const isChosen = chosen.includes(id)
  const took = ended_at_ms !== null && started_at_ms !== null ? duration(ended_at_ms - started_at_ms) : ''
  return (
    <li class={isChosen ? 'chosen' : ''}>
      <a href={runsAddress([id])} aria-current={isChosen ? 'true' : undefined}>
        <Thumbnail goal={goal} />
        <span class="said">{sentence}</span>
        <span class="line">
          <span class={`word ${toneOf(outcome)}`}>
            {state === 'canceled' ? 'Canceled' : outcome === null ? state : outcomeWords[outcome]}
          </span>
          {kind === 'takeover' && <span class="word still">By hand</span>}
          {flag !== null && <span class={`word ${flag}`}>{flag === 'good' ? 'Good' : 'Bad'}</span>}
          <span class="soft num">
            {ended_at_ms === null ? '' : timeOfDay(ended_at_ms)}
            {took === '' ? '' : `, ${took}`}
          </span>
        </span>
      </a>
      {chosen.length > 0 && !isChosen && (
        <a class="compare" href={runsAddress([chosen[0]!, id])} aria-label={`Compare with ${sentence}`}>
          Compare
        </a>
      )}
    </li>
  )
}

function Thumbnail({ goal }: { readonly goal: Goal }) {
  const address = useSignal<string | null>(null)
  useEffect(() => {
    filesOf(goal)
      .then(
        (names) => names.find((name) => name.startsWith('after-')) ?? names.find((name) => name.startsWith('before-')),
      )
      .then((name) => (name === undefined ? null : addressOf(goal.id, name)))
      .then((found) => {
        address.value = found
      })
      .catch(() => {})
  }, [goal.id, goal.folder])
  return (
    <span class="thumb">{address.value !== null && <img src={address.value} alt="" width="96" height="72" />}</span>
  )
}

interface DetailProps {
  readonly id: string
  readonly isOneOfTwo: boolean
  readonly other: string | undefined
}

function Detail({ id, isOneOfTwo, other }: DetailProps) {
  const asked = useSignal<Goal | null>(null)
  const isOpen = link.value === 'open'
  useEffect(() => {
    if (isOpen && goals.peek().get(id) === undefined) {
      void runOf(id).then((goal) => {
        asked.value = goal
      })
    }
  }, [id, isOpen])
  const goal = goals.value.get(id) ?? runs.value.find((one) => one.id === id) ?? asked.value
  if (goal === null || goal === undefined) return <article class="detail soft">…</article>
  return <RunDetail goal={goal} closeAddress={runsAddress(isOneOfTwo && other !== undefined ? [other] : [])} />
}
