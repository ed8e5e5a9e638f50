// What the runtime makes of the sentence: understood, corrected, missing, or a question. Its height does not depend on it.

import type { ComponentChildren } from 'preact'
import type { Understood } from '../../service/api.js'
import { choose } from '../choose.js'
import { answer, dryRun, isUnderWay, previewProblem, sentence, type, understood } from '../draft.js'
import { degrees, percent } from '../format.js'
import { question, voice } from '../store.js'
import { SpokenDoubts } from './talk.js'

export function Understanding() {
  return (
    <div class={`understanding ${voice.value?.missing === null ? 'spoken' : ''}`} id="understanding" aria-live="polite">
      <SpokenDoubts />
      {content()}
    </div>
  )
}

function content() {
  if (question.value !== null) {
    const { sentence: asked, reason, candidates } = question.value
    return <Which title={`“${asked}”: which one?`} reason={reason} names={candidates.map(({ name }) => name)} isOfRun />
  }
  if (sentence.value.trim() === '') {
    return (
      <p class="soft">Say it as you would to a colleague. The map shows what it means while you type; nothing moves.</p>
    )
  }
  if (previewProblem.value !== null) return <Line tone="bad" word="No answer" text={previewProblem.value} />
  if (understood.value === null) {
    return answer.value === null ? (
      <p class="soft">…</p>
    ) : (
      <Known understood={answer.value.preview.understood} isStale />
    )
  }
  return <Known understood={understood.value} isStale={isUnderWay.value} />
}

function Known({ understood: known, isStale }: { readonly understood: Understood; readonly isStale: boolean }) {
  const { kind, canonical, corrected, reason, missing, candidates, suggestions } = known
  if (isStale && kind !== 'command' && kind !== 'as_said') return <p class="soft">…</p>
  if (kind === 'ambiguous' && candidates.length > 0) {
    return <Which title="Which one?" reason={reason ?? ''} names={candidates.map(({ name }) => name)} />
  }
  if (kind === 'command' || kind === 'as_said') {
    return (
      <div class={isStale ? 'stale' : ''}>
        <Line tone="good" word={kind === 'command' ? 'Understood' : 'As said'} text={canonical ?? sentence.value} />
        {corrected.map((note) => (
          <Line key={note} tone="fair" word="Corrected" text={note} />
        ))}
        <Confidence />
      </div>
    )
  }
  return (
    <>
      <Line
        tone="fair"
        word={missing === 'place' ? 'Where to?' : missing === 'thing' ? 'What?' : words[kind]}
        text={reason ?? ''}
      />
      {corrected.map((note) => (
        <Line key={note} tone="fair" word="Corrected" text={note} />
      ))}
      <Suggestions list={suggestions} />
    </>
  )
}

const words = {
  not_understood: 'Not understood',
  unsupported: 'Not possible',
  not_found: 'Nothing like it',
  ambiguous: 'Ambiguous',
} as const

function Line({
  tone,
  word,
  text,
}: {
  readonly tone: string
  readonly word: string
  readonly text: ComponentChildren
}) {
  return (
    <p class="line">
      <span class={`word ${tone}`}>{word}</span> <span>{text}</span>
    </p>
  )
}

function Confidence() {
  const shown = answer.value?.preview.proposal
  const plan = dryRun.value?.plan
  if (shown == null) return null
  const { pick, place, decision, reason } = shown
  if (decision === 'achieved') return <Line tone="still" word="Nothing to do" text={reason} />
  return (
    <p class="line figures">
      <span class="pick">
        pick <b>{percent(pick.probability)}</b>
      </span>
      <span class="place">
        place <b>{percent(place.probability)}</b>, turned <b>{degrees(place.yaw_rad)}</b>
      </span>
      {decision !== 'act' && <span class="doubt">would not act: {reason}</span>}
      {plan !== undefined && (
        <span class={plan.refused === null ? 'sure' : 'doubt'}>
          {plan.refused === null ? 'dry run passes every check' : `dry run refused: ${plan.refused}`}
        </span>
      )}
    </p>
  )
}

interface WhichProps {
  readonly title: string
  readonly reason: string
  readonly names: readonly string[]
  readonly isOfRun?: boolean
}

function Which({ title, reason, names, isOfRun = false }: WhichProps) {
  return (
    <>
      <Line tone="ask" word={title} text={reason} />
      <div class="answers">
        {names.map((name, index) => (
          <button type="button" class="answer" key={name} onClick={() => choose(index)}>
            <b>{index + 1}</b> {name}
          </button>
        ))}
        {isOfRun && (
          <button type="button" class="answer" onClick={() => choose(null)}>
            None of them
          </button>
        )}
        <span class="soft">or click it on the picture</span>
      </div>
    </>
  )
}

function Suggestions({ list }: { readonly list: readonly string[] }) {
  if (list.length === 0) return null
  return (
    <div class="answers">
      {list.slice(0, 3).map((suggestion) => (
        <button type="button" class="answer" key={suggestion} onClick={() => type(suggestion)}>
          {suggestion}
        </button>
      ))}
    </div>
  )
}
