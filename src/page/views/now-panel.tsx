// What the arm does now, why it does nothing, and how long each stage took.

import { computed } from '@preact/signals'
import { now } from '../clock.js'
import { duration, percent } from '../format.js'
import { arm, cancelGoal, clear, disarm, letGo, pause, resume } from '../requests.js'
import { facts, log, robot, runningGoal, type Session, session, turn } from '../store.js'

type Mode = Session['mode']

export const modeWords: Readonly<Record<Mode, string>> = {
  safe_mode: 'Safe mode',
  lost: 'Not connected',
  disarmed: 'Disarmed',
  ready: 'Ready',
  running: 'Running',
  asking: 'Asking',
  paused: 'Paused',
  stopping: 'Stopping',
  stopped: 'Stopped',
  fault: 'Fault',
  closing: 'Ending',
}

/** What a person does, or what the service waits for. */
const meanings: Readonly<Record<Mode, string>> = {
  safe_mode: 'The settings cannot be used, and nothing moves.',
  lost: 'The arm, a camera or the policy is not there. It is tried again every few seconds.',
  disarmed: 'Nothing moves until a person arms.',
  ready: 'The next goal begins at once.',
  running: '',
  asking: 'The run waits for your answer.',
  paused: 'No next action until a person goes on.',
  stopping: 'The arm is coming to rest.',
  stopped: 'Look at the arm, then clear, then arm.',
  fault: 'Look at the arm, then clear, then arm.',
  closing: 'The service is ending.',
}

export function NowPanel() {
  const known = session.value
  if (known === null) return null
  const { mode } = known
  const goal = runningGoal.value
  return (
    <section class="now" aria-label="Now">
      <div class="bar">
        <h2>Now</h2>
        <span class={`mode ${mode}`}>{modeWords[mode]}</span>
        <Acts mode={mode} />
      </div>
      <p class="now-goal">{goal === null ? meanings[mode] : `“${goal.sentence}”`}</p>
      <p class="soft now-why">{detail(known)}</p>
      <Stages />
      <p class="log" aria-live="off">
        {log.value.at(-1) ?? ''}
      </p>
    </section>
  )
}

function detail({ mode, reason, problem }: Session): string {
  const running = runningGoal.value
  if (running !== null) {
    const ms = Date.now() - (running.started_at_ms ?? Date.now())
    const proposal = turn.value?.goal_id === running.id ? turn.value.proposal : null
    const step = turn.value?.goal_id === running.id ? turn.value.step + 1 : 1
    const left = proposal === null ? '' : `, something left to do: ${percent(proposal.remaining)}`
    void now.value
    return `Action ${step}, for ${duration(Math.max(0, ms))}${left}${fullDisk(', ')}`
  }
  if (mode === 'disarmed' && robot.value?.holding) return reason ?? ''
  if (problem !== null && ['lost', 'safe_mode', 'disarmed'].includes(mode)) return `${problem.message}. ${problem.hint}`
  if (mode === 'stopped' || mode === 'fault' || mode === 'lost') return reason ?? ''
  return fullDisk('')
}

/** Goals are refused then, and runs are not recorded. */
function fullDisk(before: string): string {
  const full = facts.value?.disks.find((disk) => disk.full)
  if (full === undefined) return ''
  return `${before}${before === '' ? 'The' : 'the'} disk of ${full.folder} (${full.use}) is full: ${(full.free_bytes / 1e6).toFixed(1)} MB free. Make room on it`
}

function Acts({ mode }: { readonly mode: Mode }) {
  const running = runningGoal.value
  return (
    <span class="acts">
      {mode === 'disarmed' && <Armed isHolding={robot.value?.holding ?? false} />}
      {(mode === 'stopped' || mode === 'fault') && <Act label="Clear" isMain onClick={clear} />}
      {(mode === 'running' || mode === 'ready') && <Act label="Pause" onClick={pause} />}
      {mode === 'paused' && <Act label="Go on" isMain onClick={resume} />}
      {running !== null && mode !== 'stopping' && (
        <Act label="Cancel goal" onClick={async () => void (await cancelGoal(running.id))} />
      )}
      {(mode === 'ready' || (mode === 'paused' && running === null)) && <Act label="Disarm" onClick={disarm} />}
    </span>
  )
}

/** Nothing is armed while something is held. */
function Armed({ isHolding }: { readonly isHolding: boolean }) {
  if (isHolding) return <Act label="Let go" isMain onClick={() => letGo()} />
  return <Act label="Arm" isMain onClick={() => arm()} />
}

interface ActProps {
  readonly label: string
  readonly isMain?: boolean
  readonly onClick: () => Promise<void>
}

function Act({ label, isMain = false, onClick }: ActProps) {
  return (
    <button type="button" class={isMain ? 'main small' : 'quiet small'} onClick={() => void onClick()}>
      {label}
    </button>
  )
}

const stages = ['capture', 'project', 'understand', 'propose', 'decide', 'plan', 'check', 'execute', 'verify'] as const
/** Of a logarithmic scale: a hundredth of a millisecond to ten seconds. */
const shortestMs = 0.01
const longestMs = 10_000

const stageTimes = computed(() => turn.value?.stages_ms ?? {})

function Stages() {
  return (
    <dl class="stages" aria-label="Newest duration of each stage">
      {stages.map((stage) => {
        const ms = stageTimes.value[stage]
        const share =
          ms === undefined ? 0 : Math.log(Math.max(ms, shortestMs) / shortestMs) / Math.log(longestMs / shortestMs)
        return (
          <div key={stage} class={stage}>
            <dt>{stage}</dt>
            <dd>
              <i style={{ width: `${Math.min(1, share) * 100}%` }} />
              <span>{ms === undefined ? '' : duration(ms)}</span>
            </dd>
          </div>
        )
      })}
    </dl>
  )
}
