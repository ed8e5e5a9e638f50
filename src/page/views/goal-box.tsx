// The sentence: typed, completed, understood, then done. What it would do is on the map before anything moves.

import { completion, dryRun, isUnderWay, runDry, sentence, type, understood } from '../draft.js'
import { addGoal } from '../requests.js'
import { link, session } from '../store.js'
import { heard, isSpoken, spoken } from '../talk.js'
import { TalkButton, TalkLine } from './talk.js'

const kindNow = () => understood.value?.kind
/** What was spoken is confirmed only when it is understood; what was typed may be meant for another table. */
const canDo = () =>
  sentence.value.trim() !== '' &&
  link.value === 'open' &&
  (!isSpoken() || ['command', 'as_said', 'ambiguous'].includes(kindNow() ?? ''))

let isAdding = false

async function doIt(): Promise<void> {
  // A double click is one goal.
  if (!canDo() || isAdding) return
  const said = sentence.peek()
  isAdding = true
  const goal = await addGoal(said.trim(), isSpoken() ? 'voice' : 'page')
  isAdding = false
  // What was typed meanwhile stays.
  if (goal === null || sentence.peek() !== said) return
  type('')
  spoken.value = null
  heard.value = null
}

export function GoalBox() {
  const kind = kindNow()
  const isWhole = !isUnderWay.value && (kind === 'command' || kind === 'as_said')
  return (
    <form
      class="goal"
      onSubmit={(event) => {
        event.preventDefault()
        void doIt()
      }}
    >
      <div class="goal-head">
        <label for="goal">What shall be done?</label>
        <TalkLine />
      </div>
      <div class="goal-line">
        <div class="goal-text">
          <div class="ghost" aria-hidden="true">
            <span>{sentence.value}</span>
            {completion.value}
            {sentence.value === '' && 'put the red blocks in a green bowl'}
          </div>
          <input
            id="goal"
            type="text"
            value={sentence.value}
            maxLength={500}
            autoComplete="off"
            autoCapitalize="off"
            spellcheck={false}
            enterKeyHint="go"
            aria-describedby="understanding"
            onInput={({ currentTarget }) => type(currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Tab' || event.shiftKey || completion.value === '') return
              event.preventDefault()
              type(sentence.value + completion.value)
            }}
          />
        </div>
        <div class="goal-acts">
          <TalkButton />
          <button type="button" class="quiet" disabled={!canDo() || !isWhole} onClick={() => void runDry()}>
            Dry run
          </button>
          <button type="submit" class="main" disabled={!canDo()}>
            {session.value?.mode === 'ready' ? 'Do it' : 'Queue it'}
          </button>
        </div>
      </div>
      <DryRunResult />
    </form>
  )
}

/** Said to those who do not see the motion. */
function DryRunResult() {
  const plan = dryRun.value?.plan
  return (
    <p class="unseen" role="status">
      {plan === undefined
        ? ''
        : plan.refused === null
          ? 'Dry run: the plan passes every check.'
          : `Dry run: refused, ${plan.refused}`}
    </p>
  )
}
