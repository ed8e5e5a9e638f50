// Goals that wait, in the order in which they will run.

import type { Goal } from '../../service/api.js'
import { cancelGoal, moveGoal, resumeGoal } from '../requests.js'
import { queue, session } from '../store.js'

export function Queue() {
  const waiting = queue.value.filter(({ state }) => state !== 'running')
  const why = session.value?.mode === 'disarmed' ? 'waits: disarmed' : ''
  return (
    <section class="queue" aria-label="Queue">
      <div class="bar">
        <h2>Queue</h2>
        <span class="soft">{waiting.length === 0 ? 'empty' : why}</span>
      </div>
      <ol>
        {waiting.map((goal, index) => (
          <Waiting
            key={goal.id}
            goal={goal}
            before={waiting[index - 1]}
            afterNext={waiting[index + 2]}
            isLast={index === waiting.length - 1}
          />
        ))}
      </ol>
    </section>
  )
}

interface WaitingProps {
  readonly goal: Goal
  readonly before: Goal | undefined
  /** The goal before which this one stands when it has moved down by one. */
  readonly afterNext: Goal | undefined
  readonly isLast: boolean
}

function Waiting({ goal, before, afterNext, isLast }: WaitingProps) {
  const { id, sentence, state } = goal
  return (
    <li>
      <span class="said">{sentence}</span>
      <span class="soft">{state === 'paused' ? 'paused' : ''}</span>
      <span class="acts">
        {state === 'paused' && <Act label="Go on" name={`Go on with ${sentence}`} onClick={() => resumeGoal(id)} />}
        <Act
          label="↑"
          name={`Earlier: ${sentence}`}
          isOff={before === undefined}
          onClick={() => moveGoal(id, before!.id)}
        />
        <Act label="↓" name={`Later: ${sentence}`} isOff={isLast} onClick={() => moveGoal(id, afterNext?.id ?? null)} />
        <Act label="×" name={`Cancel ${sentence}`} onClick={() => cancelGoal(id)} />
      </span>
    </li>
  )
}

interface ActProps {
  readonly label: string
  readonly name: string
  readonly isOff?: boolean
  readonly onClick: () => Promise<unknown>
}

function Act({ label, name, isOff = false, onClick }: ActProps) {
  return (
    <button type="button" class="text" aria-label={name} title={name} disabled={isOff} onClick={() => void onClick()}>
      {label}
    </button>
  )
}
