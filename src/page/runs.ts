// Goals that ended: asked of the service page by page, with the files of their runs.

import { computed, effect, signal } from '@preact/signals'
import type { Goal } from '../service/api.js'
import { act, type Refusal, request, requestBlob } from './requests.js'
import { finished, link } from './store.js'

const pageSize = 30

export const filters = signal({ text: '', outcome: '', flag: '', kind: '' })
const listed = signal<readonly Goal[]>([])
export const hasMore = signal(false)
export const listProblem = signal<string | null>(null)

/** What matches, newest first; goals that ended since the list was asked for stand before it. */
export const runs = computed((): readonly Goal[] => {
  const { text, outcome, flag, kind } = filters.value
  const told = new Map(finished.value.map((goal) => [goal.id, goal]))
  const newestListed = listed.value[0]?.ended_at_ms ?? 0
  const newer = finished.value.filter(
    (goal) => goal.ended_at_ms! > newestListed && goal.sentence.toLowerCase().includes(text.toLowerCase()),
  )
  return [...newer, ...listed.value.map((goal) => told.get(goal.id) ?? goal)]
    .filter((goal) => (outcome === '' || goal.outcome === outcome) && (kind === '' || goal.kind === kind))
    .filter((goal) => flag === '' || (flag === 'none' ? goal.flag === null : goal.flag === flag))
})

let asked = 0

async function listRuns(before?: string): Promise<void> {
  const mine = ++asked
  const { text, outcome } = filters.peek()
  const query = new URLSearchParams({ state: 'finished', limit: `${pageSize}` })
  if (text.trim() !== '') query.set('text', text.trim())
  if (outcome !== '') query.set('outcome', outcome)
  if (before !== undefined) query.set('before', before)
  try {
    const { goals } = await request<{ goals: Goal[] }>('GET', `/api/goals?${query}`)
    if (mine !== asked) return
    listed.value = before === undefined ? goals : [...listed.peek(), ...goals]
    hasMore.value = goals.length === pageSize
    listProblem.value = null
  } catch (error) {
    if (mine === asked) listProblem.value = (error as Refusal).message
  }
}

/** What stands after everything that was listed, whatever the filters leave of it. */
export const listOlderRuns = () => listRuns(listed.peek().at(-1)?.id)

/** Asks anew whenever the filters that the service knows change. @returns a function that ends it */
export function followFilters(): () => void {
  let before: string | null = null
  return effect(() => {
    const { text, outcome } = filters.value
    const key = `${text}\n${outcome}\n${link.value}`
    if (link.value !== 'open' || key === before) return
    before = key
    void listRuns()
  })
}

const fileNames = new Map<string, Promise<readonly string[]>>()
const blobs = new Map<string, Promise<string>>()
/** Pictures that are kept ready; the oldest go first. */
const mostBlobs = 120

/** Names of the files of a run's folder. */
export function filesOf(goal: Goal): Promise<readonly string[]> {
  if (goal.folder === null) return Promise.resolve([])
  const known = fileNames.get(goal.id)
  if (known !== undefined) return known
  const names = request<{ files: string[] }>('GET', `/api/goals/${goal.id}/files`).then(
    ({ files }) => files,
    () => {
      fileNames.delete(goal.id)
      return []
    },
  )
  fileNames.set(goal.id, names)
  return names
}

/** Address of a file for this browser alone. */
export function addressOf(goalId: string, file: string): Promise<string> {
  const key = `/api/goals/${goalId}/files/${file}`
  const known = blobs.get(key)
  if (known !== undefined) return known
  const address = requestBlob(key).then((blob) => URL.createObjectURL(blob))
  blobs.set(key, address)
  address.catch(() => blobs.delete(key))
  for (const [oldest, url] of blobs) {
    if (blobs.size <= mostBlobs) break
    blobs.delete(oldest)
    url.then(URL.revokeObjectURL, () => {})
  }
  return address
}

/** Saves a file of a run on this machine. */
export async function save(goalId: string, file: string): Promise<void> {
  const address = await addressOf(goalId, file)
  const anchor = document.createElement('a')
  anchor.href = address
  anchor.download = `${goalId}-${file}`
  anchor.click()
}

/** One run, for an address that names it. */
export function runOf(id: string): Promise<Goal | null> {
  return act<Goal>('There is no such run', 'GET', `/api/goals/${id}`)
}
