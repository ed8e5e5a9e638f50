// The sentence that is being typed, and what the service makes of it. Nothing moves.

import { batch, computed, effect, signal } from '@preact/signals'
import type { Preview } from '../service/api.js'
import { preview, type Refusal, request } from './requests.js'
import { facts, link, runningGoal, session } from './store.js'

type Lexicon = { nouns: string[]; colors: Record<string, string>; relations: string[] }

export const sentence = signal('')
export const lexicon = signal<Lexicon>({ nouns: [], colors: {}, relations: [] })

/** An answer with its layers decoded, ready to be drawn. */
export interface Answer {
  readonly asked: string
  readonly preview: Preview
  readonly heat: { readonly pick: HTMLImageElement; readonly place: HTMLImageElement } | null
}
/** Of the newest sentence that was answered; kept while the next one is on its way. */
export const answer = signal<Answer | null>(null)
export const previewProblem = signal<string | null>(null)
/** A dry run that somebody asked for: its plan is shown as motion. */
export const dryRun = signal<{ readonly plan: NonNullable<Preview['plan']>; readonly number: number } | null>(null)

/** Words of goals that are in no list of nouns and colours. */
const otherWords = [
  'put',
  'place',
  'pick',
  'move',
  'drop',
  'push',
  'pack',
  'stack',
  'bring',
  'the',
  'all',
  'every',
  'each',
  'and',
  'then',
  'into',
  'onto',
  'from',
  'left',
  'right',
  'front',
  'back',
  'behind',
  'nearest',
  'closest',
  'farthest',
  'leftmost',
  'rightmost',
  'largest',
  'smallest',
  'one',
  'two',
  'three',
  'not',
  'except',
  'up',
  'of',
  'it',
]

const words = computed(() => {
  const { nouns, colors, relations } = lexicon.value
  const all = [...otherWords, ...nouns, ...Object.keys(colors), ...relations].flatMap((word) => word.split(' '))
  return [...new Set(all)].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
})

/** The word under way at the end: what would complete it, '' when nothing would. Plurals are complete words too. */
export function completionOf(text: string): string {
  const begun = /(?:^|\s)([a-z]{2,})$/.exec(text.toLowerCase())?.[1]
  if (begun === undefined || words.value.includes(begun) || words.value.includes(begun.replace(/e?s$/, ''))) return ''
  return words.value.find((word) => word.startsWith(begun))?.slice(begun.length) ?? ''
}

export const completion = computed(() => completionOf(sentence.value))

/** What can be asked: without a word that is only begun. */
function askable(text: string): string {
  const trimmed = text.trim()
  const isBegun = completionOf(text) !== '' || /(?:^|\s)[a-z]$/i.test(text)
  return isBegun ? trimmed.replace(/\S+$/, '').trim() : trimmed
}

/** The answer, when it is one to what is typed now. */
export const understood = computed(() =>
  answer.value !== null && answer.value.asked === askable(sentence.value) ? answer.value.preview.understood : null,
)
/** What is said against an unfinished sentence is no news to who is typing it. */
export const isUnderWay = computed(() => completion.value !== '' || /(?:^|\s)[a-z]$/i.test(sentence.value))

let lastKeyMs = 0
let asked: AbortController | null = null

export function type(text: string): void {
  lastKeyMs = performance.now()
  dryRun.value = null
  sentence.value = text
  void ask()
}

/** Asks again on what the cameras see now: after a run, another scene, another connection. */
export function askAgain(): void {
  answer.value = null
  lastKeyMs = performance.now()
  void ask()
}

async function ask(): Promise<void> {
  asked?.abort()
  const text = askable(sentence.peek())
  if (text === '') {
    batch(() => {
      answer.value = null
      previewProblem.value = null
    })
    return
  }
  if (answer.peek()?.asked === text) return
  const mine = new AbortController()
  asked = mine
  const keyMs = lastKeyMs
  try {
    const found = await preview(text, { heat: true, plan: false }, mine.signal)
    if (mine.signal.aborted) return
    // Somebody asked in another browser meanwhile.
    if (found.superseded) return await ask()
    const heat = found.heat && (await decoded(found.heat))
    if (mine.signal.aborted) return
    batch(() => {
      answer.value = { asked: text, preview: found, heat }
      previewProblem.value = null
    })
    if (heat !== null) requestAnimationFrame(() => drawn(text, keyMs))
  } catch (error) {
    if (mine.signal.aborted) return
    batch(() => {
      answer.value = null
      previewProblem.value = (error as Refusal).message
    })
  }
}

/** The frame with the heat is about to be shown: from the last key to here. */
function drawn(text: string, keyMs: number): void {
  performance.measure('cliport-heat', { start: keyMs, end: performance.now(), detail: text })
}

/** Plans and checks, and shows the motion; nothing moves. */
export async function runDry(): Promise<void> {
  const text = sentence.peek().trim()
  try {
    const found = await preview(text, { heat: false, plan: true })
    if (found.plan === null) return
    dryRun.value = { plan: found.plan, number: (dryRun.peek()?.number ?? 0) + 1 }
  } catch (error) {
    previewProblem.value = (error as Refusal).message
  }
}

async function decoded(urls: NonNullable<Preview['heat']>): Promise<NonNullable<Answer['heat']>> {
  const [pick, place] = await Promise.all([imageOf(urls.pick), imageOf(urls.place)])
  return { pick, place }
}

async function imageOf(url: string): Promise<HTMLImageElement> {
  const image = new Image()
  image.src = url
  await image.decode()
  return image
}

/** The words once for each start of the service, and the draft again whenever the table may look otherwise. */
export function followService(): void {
  let epoch: string | null = null
  let before: unknown = null
  effect(() => {
    const known = facts.value
    if (known === null || link.value !== 'open' || known.epoch === epoch || session.value?.mode === 'safe_mode') return
    epoch = known.epoch
    request<Lexicon>('GET', '/api/lexicon').then(
      (found) => {
        lexicon.value = found
      },
      () => {
        epoch = null
      },
    )
  })
  effect(() => {
    const changed = `${facts.value?.scene?.task} ${facts.value?.scene?.seed} ${runningGoal.value?.id} ${link.value}`
    if (before !== null && before !== changed) askAgain()
    before = changed
  })
}
