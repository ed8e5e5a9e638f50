// The service's events: joined, read into the store, and joined again when they end.

import { batch } from '@preact/signals'
import type { EventData, EventName, Goal, PictureHeader, ServiceEvent, ServiceState } from '../service/api.js'
import { heardClock } from './clock.js'
import { Refusal, request } from './requests.js'
import * as store from './store.js'
import { tookSpoken } from './talk.js'
import { knownToken } from './token.js'

const firstRetryMs = 500
const longestRetryMs = 3000
/** Ages of cameras come twice a second. Without any message for so long, the connection is dead, even where no end of it is known. */
const silentForMs = 8000
const watchEveryMs = 1000
/** An answer that takes longer than this is none. */
const reachMs = 8000
/** How long a picture that was replaced can still be drawn. */
const replacedForMs = 1000
/** Events that do not advance the sequence. */
const newestOnly: readonly EventName[] = ['robot', 'cameras']

let retryMs = firstRetryMs
let isStarted = false

/** Joins, and stays joined as long as the page is open. */
export async function connect(): Promise<void> {
  if (isStarted) return
  isStarted = true
  for (;;) {
    if (knownToken() === null) store.link.value = 'unauthorized'
    if (store.link.value === 'unauthorized') {
      isStarted = false
      return
    }
    if (await isReachable()) {
      // In safe mode nothing happens of which there could be events.
      if (store.session.value?.mode === 'safe_mode') {
        store.link.value = 'open'
        store.heardAtMs.value = performance.now()
        retryMs = firstRetryMs
      } else await joined()
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs))
    retryMs = Math.min(longestRetryMs, retryMs * 1.6)
  }
}

/** After a person has given another token. */
export function reconnect(): void {
  store.link.value = 'connecting'
  retryMs = firstRetryMs
  void connect()
}

/** A WebSocket does not say why it was refused; a request does. */
async function isReachable(): Promise<boolean> {
  try {
    took('state', await request<ServiceState>('GET', '/api/state', undefined, AbortSignal.timeout(reachMs)))
    return true
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 401)
      store.link.value = store.facts.value === null ? 'connecting' : 'lost'
    return false
  }
}

/** Resolves when the connection has ended. */
function joined(): Promise<void> {
  return new Promise((resolve) => {
    const url = new URL('/api/events', location.href)
    url.protocol = url.protocol.replace('http', 'ws')
    const socket = new WebSocket(url, ['cliport', `cliport-token.${knownToken()}`])
    socket.binaryType = 'arraybuffer'
    let sequence: number | null = null
    let heardMs = performance.now()
    const end = () => {
      clearInterval(watch)
      if (store.link.value === 'open') store.link.value = 'lost'
      resolve()
    }
    const watch = setInterval(() => {
      if (performance.now() - heardMs < silentForMs) return
      // Without the other side, the close would end late.
      socket.close()
      end()
    }, watchEveryMs)
    socket.addEventListener('message', ({ data }) => {
      heardMs = performance.now()
      store.heardAtMs.value = heardMs
      if (typeof data !== 'string') {
        // One that cannot be read is missing, and its age says so.
        tookPicture(data as ArrayBuffer).catch(() => {})
        return
      }
      const message = JSON.parse(data) as ServiceEvent
      heardClock(message.clock_ms, sequence === null)
      if (sequence !== null && message.event !== 'state' && !newestOnly.includes(message.event)) {
        // Something is missing: the whole state again is better than a wrong one.
        if (message.sequence !== sequence + 1) socket.close()
      }
      if (sequence === null) performance.mark('cliport-usable')
      sequence = message.sequence
      store.link.value = 'open'
      retryMs = firstRetryMs
      took(message.event, message.data)
    })
    socket.addEventListener('close', end)
  })
}

const readers: { readonly [Name in EventName]: (data: EventData<Name>) => void } = {
  state: tookState,
  session: (data) => {
    store.session.value = data
  },
  goal: (data) => tookGoals([data]),
  queue: ({ ids }) => {
    store.queueIds.value = ids
  },
  question: (data) => {
    store.question.value = data.question
  },
  turn: (data) => {
    store.turn.value = data
  },
  problem: (data) => {
    store.log.value = [...store.log.value, `${data.message}. ${data.hint}`].slice(-store.logShown)
  },
  voice: tookSpoken,
  log: ({ line }) => {
    store.log.value = [...store.log.value, line].slice(-store.logShown)
  },
  robot: (data) => {
    store.robot.value = data
  },
  cameras: (data) => {
    store.cameras.value = { list: data.cameras, atMs: performance.now() }
  },
}

function took<Name extends EventName>(name: Name, data: EventData<Name>): void {
  batch(() => readers[name]?.(data))
}

function tookState(state: ServiceState): void {
  const { session, robot, cameras, question, turn, queue, history, clock_ms, voice, ...rest } = state
  heardClock(clock_ms, store.facts.value?.epoch !== rest.epoch)
  const isAnotherStart = store.facts.value !== null && store.facts.value.epoch !== rest.epoch
  if (isAnotherStart) {
    store.goals.value = new Map()
    store.pictures.value = new Map()
    store.log.value = []
  }
  store.facts.value = rest
  store.session.value = session
  store.robot.value = robot
  store.voice.value = voice
  store.cameras.value = { list: cameras, atMs: performance.now() }
  store.question.value = question
  store.turn.value = turn
  store.queueIds.value = queue.map(({ id }) => id)
  tookGoals([...history, ...queue])
}

function tookGoals(changed: readonly Goal[]): void {
  const goals = new Map(store.goals.value)
  for (const goal of changed) goals.set(goal.id, goal)
  store.goals.value = goals
}

/** 4 bytes little-endian with the length of the header, the header as JSON, the picture. */
async function tookPicture(message: ArrayBuffer): Promise<void> {
  const length = new DataView(message).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(message, 4, length))) as PictureHeader
  const key = `${header.kind}/${header.name}`
  const image = await createImageBitmap(new Blob([new Uint8Array(message, 4 + length)], { type: header.type }))
  const before = store.pictures.value.get(key)
  // Decoding may overtake.
  if (before !== undefined && before.header.clock_ms > header.clock_ms) {
    image.close()
    return
  }
  store.pictures.value = new Map(store.pictures.value).set(key, { header, image })
  // Not left to the collector, which does not see how large it is; who draws it now has a moment.
  if (before !== undefined) setTimeout(() => before.image.close(), replacedForMs)
}
