// Acts and questions of a person, as HTTP requests.

import { signal } from '@preact/signals'
import type { Goal, Preview, ServiceState, Takeover } from '../service/api.js'
import { serviceClockMs } from './clock.js'
import { facts, link, session } from './store.js'
import { knownToken } from './token.js'

/** An act that arrives later than this is refused: who clicked did not mean that time any more. */
const actValidMs = 2000

/** What the service said instead of an answer, or that it said nothing. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
    readonly status: number,
  ) {
    super(message)
  }
}

export interface Notice {
  readonly title: string
  readonly text: string
  readonly hint: string
  /** Of the service's error. */
  readonly code?: string
  /** What the person may say to it. */
  readonly answer?: { readonly label: string; readonly act: () => Promise<void> }
}

/** What a person is told of an act that did not work. */
export const notice = signal<Notice | null>(null)

/** @throws Refusal */
export async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(method, path, body, signal)
  return (await response.json()) as T
}

/** A file as it is. @throws Refusal */
export async function requestBlob(path: string): Promise<Blob> {
  return (await send('GET', path)).blob()
}

async function send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const isAct = method !== 'GET'
  const epoch = facts.peek()?.epoch
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers: {
        Authorization: `Bearer ${knownToken() ?? ''}`,
        ...(isAct ? { 'Cliport-Expires': `${serviceClockMs() + actValidMs}` } : {}),
        ...(isAct && epoch !== undefined ? { 'Cliport-Epoch': epoch } : {}),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new Refusal('LINK_LOST', 'The service does not answer', 'Look whether it runs: cliport status', 0)
  }
  if (response.ok) return response
  const { error } = (await response.json().catch(() => ({}))) as {
    error?: { code: string; message: string; hint: string }
  }
  if (response.status === 401) link.value = 'unauthorized'
  throw new Refusal(
    error?.code ?? `HTTP ${response.status}`,
    error?.message ?? response.statusText,
    error?.hint ?? '',
    response.status,
  )
}

/** Carries out an act; what the service has against it is shown to the person. @returns null when it was refused */
export async function act<T>(title: string, method: string, path: string, body?: unknown): Promise<T | null> {
  try {
    const answer = await request<T>(method, path, method === 'GET' ? undefined : (body ?? {}))
    notice.value = null
    return answer
  } catch (error) {
    const { code, message, hint } = error as Refusal
    notice.value = { title, text: message, hint: hint ?? '', code }
    return null
  }
}

const sessionAct = async (title: string, path: string, body?: unknown): Promise<void> => {
  const changed = await act<ServiceState['session']>(title, 'POST', path, body)
  if (changed !== null) session.value = changed
}

/** An act that a person is asked about first where the arm is a real one. @param failure title of a refusal */
function consented(failure: string, path: string, ask: Readonly<Record<'title' | 'text' | 'yes', string>>) {
  return async function act(isConsentGiven = false): Promise<void> {
    await sessionAct(failure, path, { consent_to_motion: isConsentGiven })
    if (notice.peek()?.code !== 'CONSENT_REQUIRED') return
    const { title, text, yes } = ask
    notice.value = { title, text, hint: '', answer: { label: yes, act: () => act(true) } }
  }
}

export const arm = consented('It could not be armed', '/api/arm', {
  title: 'A real arm will move',
  text: 'Is its area clear, the emergency stop in your hand?',
  yes: 'Yes, arm',
})
/** What the arm holds falls. */
export const letGo = consented('It did not let go', '/api/release', {
  title: 'What the arm holds will fall',
  text: 'Is a hand or a box under it?',
  yes: 'Yes, let go',
})
export const disarm = () => sessionAct('It could not be disarmed', '/api/disarm')
export const clear = () => sessionAct('It could not be cleared', '/api/clear')
export const pause = () => sessionAct('It could not be paused', '/api/pause')
export const resume = () => sessionAct('It could not go on', '/api/resume')

export const addGoal = (sentence: string, source: 'page' | 'voice') =>
  act<Goal>('The goal was not taken', 'POST', '/api/goals', { sentence, source, idempotency_key: uniqueKey() })
export const cancelGoal = (id: string) => act<Goal>('The goal was not canceled', 'DELETE', `/api/goals/${id}`)
export const resumeGoal = (id: string) => act<Goal>('The goal does not go on', 'POST', `/api/goals/${id}/resume`)
export const moveGoal = (id: string, before: string | null) =>
  act<Goal>('The goal was not moved', 'POST', `/api/goals/${id}/move`, { before })
export const flagGoal = (id: string, flag: Goal['flag'], note: string) =>
  act<Goal>('The flag was not kept', 'POST', `/api/goals/${id}/flag`, { flag, note })
export const takeOver = (takeover: Takeover) => act<Goal>('Nothing was done', 'POST', '/api/takeover', takeover)
export const answerQuestion = (id: string, choice: number | null) =>
  act('The answer was not taken', 'POST', `/api/questions/${id}/answer`, { choice })
export const makeScene = (scene: { seed: number; sentence: string; task?: string }) =>
  act<ServiceState>('The scene was not made', 'POST', '/api/scene', scene)
/** @throws Refusal, and what `signal` says */
export const preview = (sentence: string, options: { heat: boolean; plan: boolean }, signal?: AbortSignal) =>
  request<Preview>('POST', '/api/preview', { sentence, ...options }, signal)

/** Where the page is opened without TLS beyond this machine, browsers have no randomUUID. */
function uniqueKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
