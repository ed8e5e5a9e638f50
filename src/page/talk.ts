// Hold to talk: sound to the service while a button is held, what it heard into the goal box. Nothing moves because of it; "stop"
// is acted on by the service, at once.

import { signal } from '@preact/signals'
import type { SpokenEvent } from '../service/api-voice.js'
import { sentence, type } from './draft.js'
import { listen, type Piece } from './microphone.js'
import { knownToken } from './token.js'

export type Talk = 'idle' | 'opening' | 'listening' | 'deciding'
export const talk = signal<Talk>('idle')
/** Loudness of what the service hears, decibels against full scale, and whether it is speech. */
export const level = signal<{ readonly db: number; readonly isSpeech: boolean }>({ db: -100, isSpeech: false })

/** What became of the newest piece of speech, for a person. */
export const heard = signal<{ readonly tone: 'soft' | 'bad' | 'good'; readonly text: string } | null>(null)

/** The sentence that was spoken last, as it stands in the goal box, or is offered beside what somebody types. */
export interface Spoken {
  readonly sentence: string
  readonly doubts: readonly string[]
  readonly alternatives: readonly string[]
}
export const spoken = signal<Spoken | null>(null)

/** Whether what stands in the goal box was spoken, not typed. */
export const isSpoken = () => spoken.value !== null && spoken.value.sentence === sentence.value

/** The last word is still on its way through the machine when the button is let go. */
const tailMs = 300

interface Turn {
  readonly socket: WebSocket
  /** What was said before the connection stood. */
  readonly waiting: (Piece | string)[]
  unlisten: () => void
  isHeld: boolean
  hasStopped: boolean
}
let turn: Turn | null = null

/** The button is pressed. */
export async function beginTalk(): Promise<void> {
  if (turn !== null) return
  talk.value = 'opening'
  heard.value = null
  level.value = { db: -100, isSpeech: false }
  const mine: Turn = { socket: connect(), waiting: [], unlisten: () => {}, isHeld: true, hasStopped: false }
  turn = mine
  follow(mine)
  send(mine, JSON.stringify({ hold: true }))
  try {
    const unlisten = await listen((piece) => send(mine, piece))
    if (turn !== mine) return unlisten()
    mine.unlisten = unlisten
    // What is said from here on is heard, if need be a little later: the service may still be opening its engine.
    talk.value = 'listening'
  } catch (error) {
    end(mine, { tone: 'bad', text: (error as Error).message })
  }
}

/** The button is let go. */
export function endTalk(): void {
  const mine = turn
  if (mine === null || !mine.isHeld) return
  mine.isHeld = false
  if (talk.value === 'opening') {
    end(mine, { tone: 'soft', text: 'Hold the button while you speak' })
    return
  }
  talk.value = 'deciding'
  setTimeout(() => {
    if (turn !== mine) return
    mine.unlisten()
    send(mine, JSON.stringify({ hold: false }))
  }, tailMs)
}

/** What was heard, here or through the robot's own microphone. */
export function tookSpoken(event: SpokenEvent): void {
  switch (event.kind) {
    case 'goal':
      offer(event)
      heard.value = { tone: 'soft', text: `Heard “${event.heard}”` }
      return
    case 'no_goal':
      heard.value = { tone: 'soft', text: `Heard “${event.heard}”, which is no goal` }
      return
    case 'silence': {
      const text = event.reason === 'closed' ? 'No sound comes: the microphone is closed or muted' : 'Nothing was said'
      heard.value = { tone: event.reason === 'closed' ? 'bad' : 'soft', text }
      return
    }
    case 'stop':
      heard.value = { tone: 'good', text: '“Stop” was heard' }
      return
    case 'failed':
    case 'ended':
      heard.value = { tone: 'bad', text: `${event.message}. ${event.hint}` }
      return
    default: // of the connection that it came by
  }
}

/** Fills the goal box, but does not write over what somebody types. */
function offer({ sentence: found, doubts, alternatives }: Extract<SpokenEvent, { readonly kind: 'goal' }>): void {
  const isFree = sentence.peek().trim() === '' || isSpoken()
  spoken.value = { sentence: found, doubts, alternatives: isFree ? alternatives : [found, ...alternatives] }
  if (isFree) type(found)
}

/** A person says which one it was. */
export function chooseSpoken(which: string): void {
  spoken.value = { sentence: which, doubts: [], alternatives: [] }
  type(which)
}

function connect(): WebSocket {
  const url = new URL('/api/voice', location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  const socket = new WebSocket(url, ['cliport', `cliport-token.${knownToken()}`])
  socket.binaryType = 'arraybuffer'
  return socket
}

function follow(mine: Turn): void {
  const { socket, waiting } = mine
  socket.addEventListener('open', () => {
    for (const message of waiting.splice(0)) socket.send(message)
  })
  socket.addEventListener('message', ({ data }) => took(mine, (JSON.parse(data) as { data: SpokenEvent }).data))
  socket.addEventListener('close', () => end(mine, { tone: 'bad', text: 'The service does not listen any more' }))
}

function took(mine: Turn, event: SpokenEvent): void {
  if (turn !== mine) return
  if (event.kind === 'level') {
    level.value = { db: event.level_db, isSpeech: event.is_speech }
    return
  }
  if (event.kind === 'listening' || event.kind === 'listening_ended') return
  // "Stop" is no goal either, which is no news beside what it did.
  if (!(mine.hasStopped && event.kind !== 'failed')) tookSpoken(event)
  if (event.kind === 'stop') mine.hasStopped = true
  else if (!mine.isHeld || event.kind === 'ended') end(mine, null)
}

function send({ socket, waiting }: Turn, message: Piece | string): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(message)
  else if (socket.readyState === WebSocket.CONNECTING) waiting.push(message)
}

/** @param word what became of it; null: that was said already */
function end(mine: Turn, word: typeof heard.value): void {
  if (turn !== mine) return
  turn = null
  mine.unlisten()
  mine.socket.close()
  talk.value = 'idle'
  if (word !== null) heard.value = word
}
