// Spoken goals beside the goal box: the button to hold, the level, and what was heard.

import { session, voice } from '../store.js'
import { beginTalk, chooseSpoken, endTalk, heard, isSpoken, level, spoken, talk } from '../talk.js'

/** Softer is silence in any room. */
const softestDb = -70
const keys: readonly string[] = [' ', 'Enter']

const canTalk = () => voice.value !== null && voice.value.missing === null && session.value?.mode !== 'closing'

/** Mouse, touch and keyboard hold it; what can only click, presses and lets go by turns. */
export function TalkButton() {
  if (!canTalk()) return null
  const onKey = (event: KeyboardEvent, act: () => void) => {
    if (!keys.includes(event.key)) return
    event.preventDefault()
    if (!event.repeat) act()
  }
  return (
    <button
      type="button"
      class="quiet talk"
      aria-pressed={talk.value !== 'idle'}
      data-talk={talk.value}
      title="Hold it while you speak; with the keyboard: hold Space"
      onPointerDown={(event) => {
        if (event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        void beginTalk()
      }}
      onPointerUp={endTalk}
      onPointerCancel={endTalk}
      onKeyDown={(event) => onKey(event, () => void beginTalk())}
      onKeyUp={(event) => onKey(event, endTalk)}
      onBlur={endTalk}
      onContextMenu={(event) => event.preventDefault()}
      onClick={({ detail }) => {
        if (detail === 0) talk.value === 'idle' ? void beginTalk() : endTalk()
      }}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M8 1.5a2.3 2.3 0 0 0-2.3 2.3v4a2.3 2.3 0 0 0 4.6 0v-4A2.3 2.3 0 0 0 8 1.5zM3.4 7.6a4.6 4.6 0 0 0 9.2 0M8 12.3v2.2" />
      </svg>
      Hold to talk
    </button>
  )
}

/** One line, whose place is kept: what is missing, the level, or what was heard. */
export function TalkLine() {
  return (
    <p class="talk-line" role="status" data-talk={talk.value}>
      {lineNow()}
    </p>
  )
}

function lineNow() {
  const known = voice.value
  if (known === null) return ''
  if (known.missing !== null) return <span class="soft">No spoken goals: {known.missing}</span>
  if (heard.value?.tone === 'good') return <span class="good">{heard.value.text}</span>
  if (talk.value === 'opening') return <span class="soft">Opening the microphone</span>
  if (talk.value === 'deciding') return <span class="soft">What was that?</span>
  if (talk.value === 'listening') return <Meter />
  if (heard.value !== null) return <span class={heard.value.tone}>{heard.value.text}</span>
  const { microphone } = known
  if (microphone === null) return ''
  if (microphone.problem !== null) return <span class="bad">{microphone.problem}</span>
  return (
    <span class="soft">
      {microphone.push_to_talk ? "The robot's microphone: hold its button" : "The robot's microphone listens"}
    </span>
  )
}

function Meter() {
  const { db, isSpeech } = level.value
  const share = Math.max(0, Math.min(1, 1 - db / softestDb))
  return (
    <>
      <span class="soft">{isSpeech ? 'Hears you' : 'Listens'}</span>
      <i class={`meter ${isSpeech ? 'speech' : ''}`} data-level-db={db}>
        <b style={{ width: `${share * 100}%` }} />
      </i>
    </>
  )
}

/** What is doubtful about what was heard, and what it may have been instead. */
export function SpokenDoubts() {
  const said = spoken.value
  if (said === null || said.doubts.length + said.alternatives.length === 0) return null
  const isOffered = said.alternatives.includes(said.sentence)
  if (!isSpoken() && !isOffered) return null
  return (
    <div class="line doubts">
      {isOffered || said.doubts.length === 0 ? (
        <span class="word still">{isOffered ? 'Heard' : 'Or'}</span>
      ) : (
        <span class="word fair">Doubtful</span>
      )}
      {said.doubts.length > 0 && <span>{said.doubts.join('; ')}</span>}
      {said.alternatives.map((which) => (
        <button type="button" class="answer" key={which} onClick={() => chooseSpoken(which)}>
          {which}
        </button>
      ))}
    </div>
  )
}
