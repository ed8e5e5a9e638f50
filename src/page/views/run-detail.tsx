// One run: before and after, every action, where the time went, and what a person thinks of it.

import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Goal } from '../../service/api.js'
import { type as draft } from '../draft.js'
import { duration, outcomeWords, timeOfDay, toneOf } from '../format.js'
import { flagGoal } from '../requests.js'
import { addressOf, filesOf, save } from '../runs.js'
import { Choice } from './choice.js'

export function RunDetail({ goal, closeAddress }: { readonly goal: Goal; readonly closeAddress: string }) {
  const files = useSignal<readonly string[]>([])
  useEffect(() => {
    void filesOf(goal).then((names) => {
      files.value = names
    })
  }, [goal.id, goal.folder])
  const { sentence, outcome, state, reason } = goal
  return (
    <article class="detail" aria-label={`Run ${goal.id}`}>
      <header>
        <h2>“{sentence}”</h2>
        <a class="close" href={closeAddress}>
          Close
        </a>
      </header>
      <p class="line">
        <span class={`word ${toneOf(outcome)}`}>
          {state === 'canceled' ? 'Canceled' : outcome === null ? state : outcomeWords[outcome]}
        </span>
        <span>{reason}</span>
      </p>
      <Facts goal={goal} />
      <BeforeAfter goal={goal} files={files.value} />
      <Actions goal={goal} files={files.value} />
      <StageTimes goal={goal} />
      <Judgement key={goal.id} goal={goal} />
      <p class="acts">
        {goal.kind === 'sentence' && (
          <button
            type="button"
            class="quiet"
            onClick={() => {
              draft(sentence)
              location.hash = '#/'
            }}
          >
            Use this sentence again
          </button>
        )}
        {files.value.includes('recording.mcap') && (
          <button type="button" class="quiet" onClick={() => void save(goal.id, 'recording.mcap')}>
            Save the recording
          </button>
        )}
      </p>
    </article>
  )
}

interface Report {
  readonly steps?: number
  readonly retries?: number
  readonly stages?: Readonly<Record<string, { readonly p50: number; readonly max: number; readonly n: number }>>
}

const reportOf = (goal: Goal) => (goal.report ?? {}) as Report

function Facts({ goal }: { readonly goal: Goal }) {
  const { started_at_ms, ended_at_ms, source, kind } = goal
  const { steps, retries } = reportOf(goal)
  const facts: [string, string][] = []
  if (started_at_ms !== null) facts.push(['Began', timeOfDay(started_at_ms)])
  if (started_at_ms !== null && ended_at_ms !== null) facts.push(['Took', duration(ended_at_ms - started_at_ms)])
  if (steps !== undefined) facts.push(['Actions', `${steps}`])
  if (retries !== undefined) facts.push(['Retries', `${retries}`])
  facts.push(['By', kind === 'takeover' ? 'a person' : `policy, from ${source}`])
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

interface FilesProps {
  readonly goal: Goal
  readonly files: readonly string[]
}

function BeforeAfter({ goal, files }: FilesProps) {
  const cameras = files.flatMap((name) => /^before-(.+)\.webp$/.exec(name)?.[1] ?? [])
  const camera = useSignal('')
  if (cameras.length === 0) return null
  const chosen = cameras.includes(camera.value) ? camera.value : cameras[0]!
  return (
    <>
      <div class="bar">
        <h3>Before and after</h3>
        <Choice
          class="push"
          legend="Camera"
          name={`camera-${goal.id}`}
          value={chosen}
          options={cameras.map((name) => [name, name])}
          onChange={(name) => {
            camera.value = name
          }}
        />
      </div>
      <div class="pair">
        {['before', 'after'].map((when) => (
          <Shot key={when} goal={goal} files={files} name={`${when}-${chosen}.webp`} caption={when} ratio="4 / 3" />
        ))}
      </div>
    </>
  )
}

function Actions({ goal, files }: FilesProps) {
  const steps = files
    .flatMap((name) => /^step-(\d+)-view\.png$/.exec(name)?.[1] ?? [])
    .sort((a, b) => Number(a) - Number(b))
  if (steps.length === 0) return null
  return (
    <>
      <h3>Looks and actions</h3>
      <div class="steps">
        {steps.map((step) => (
          <div class="pair" key={step}>
            <Shot goal={goal} files={files} name={`step-${step}-pick.png`} caption={`${step}: pick`} ratio="2 / 1" />
            <Shot goal={goal} files={files} name={`step-${step}-place.png`} caption="place" ratio="2 / 1" />
          </div>
        ))}
      </div>
    </>
  )
}

interface ShotProps extends FilesProps {
  readonly name: string
  readonly caption: string
  readonly ratio: string
}

function Shot({ goal, files, name, caption, ratio }: ShotProps) {
  const address = useSignal<string | null>(null)
  const isThere = files.includes(name)
  useEffect(() => {
    address.value = null
    if (!isThere) return
    let isGone = false
    addressOf(goal.id, name).then(
      (found) => {
        if (!isGone) address.value = found
      },
      () => {},
    )
    return () => {
      isGone = true
    }
  }, [goal.id, name, isThere])
  return (
    <figure class="shot" style={{ aspectRatio: ratio }}>
      {address.value !== null && <img src={address.value} alt={`${goal.sentence}, ${caption}`} />}
      <figcaption>{caption}</figcaption>
    </figure>
  )
}

function StageTimes({ goal }: { readonly goal: Goal }) {
  const stages = Object.entries(reportOf(goal).stages ?? {}).filter(([name]) => !name.includes('.'))
  if (stages.length === 0) return null
  return (
    <>
      <h3>Where the time went</h3>
      <table class="times">
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col">Median</th>
            <th scope="col">Longest</th>
            <th scope="col">Times</th>
          </tr>
        </thead>
        <tbody>
          {stages.map(([name, { p50, max, n }]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{duration(p50)}</td>
              <td>{duration(max)}</td>
              <td>{n}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

const flags = [
  ['good', 'Good'],
  ['bad', 'Bad'],
  [null, 'None'],
] as const

/** Flag and note; the flag is kept at once, the note when the field is left. */
function Judgement({ goal }: { readonly goal: Goal }) {
  const note = useSignal(goal.note)
  const set = (flag: Goal['flag']) => void flagGoal(goal.id, flag, note.peek())
  return (
    <div class="judgement">
      <Choice
        legend="Your judgement"
        isLegendUnseen={false}
        name={`flag-${goal.id}`}
        value={goal.flag}
        options={flags}
        onChange={set}
      />
      <label class="note">
        <span>Note</span>
        <input
          type="text"
          maxLength={2000}
          value={note.value}
          onInput={({ currentTarget }) => {
            note.value = currentTarget.value
          }}
          onChange={() => set(goal.flag)}
        />
      </label>
    </div>
  )
}
