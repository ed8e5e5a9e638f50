// The decoder's search: a beam over tokens that continue a sentence of the goals' grammar, and beside it, as one more row of
// the same steps, the free path, which takes the likeliest token whatever the grammar says.

import type { Position } from '../../../control/goal/spoken/chart.js'
import type { SpokenGrammar } from '../../../control/goal/spoken/grammar.js'
import type { HeardSentence } from '../../../control/goal/spoken/hearing.js'
import { beginToken, endToken, type MoonshineTokenizer } from './tokenizer.js'

/** Continues sentences by a token each; see MoonshineDecoding.step. */
export type Step = (tokens: readonly number[], parents: readonly number[]) => Promise<Float32Array>

export interface SearchOptions {
  /** Sentences of the grammar that are followed at a time. */
  readonly width: number
  /** Of those, how many begin with a word of one sense: a first word that was hardly heard is not given up for one that was not said. */
  readonly alike: number
  /** Of those, how many are of one sense so far: "put a" and "place the" say the same, and would take the place of what does not. */
  readonly same: number
  /** How much less likely than the best one a sentence may become before it is given up, in nats. */
  readonly widestGap: number
  /** Tokens that a sentence has at most: 6.5 for a second of speech, as the model's makers have it, and no fewer than 12. */
  readonly longest: number
}

export interface SearchResult {
  readonly free: HeardSentence
  /** The likeliest first by their mean; none where the grammar has nothing like it. */
  readonly bound: readonly HeardSentence[]
}

/** Words that may come next, letter group by letter group. */
interface Branch {
  readonly tokens: Map<number, Branch>
  /** The word that ends here. */
  word: string | null
}

interface Path {
  readonly tokens: readonly number[]
  readonly logProbability: number
  readonly prior: number
  /** Behind the last whole word. */
  readonly position: Position
  /** Inside a word; null: between two. */
  readonly branch: Branch | null
  readonly words: readonly string[]
  /** Senses of the words, and the tokens behind the last of them. */
  readonly sense: string
  /** The full stop was said. */
  readonly isClosed: boolean
}

/** A path and a token that continues it. */
interface Grown {
  readonly path: Path
  readonly parent: number
  readonly token: number
  readonly branch: Branch | null
  readonly logProbability: number
  /** With what is known beforehand: by this paths are compared. */
  readonly total: number
  readonly sense: string
}

const closing = ['.', '!', '?']

export async function search(
  step: Step,
  tokenizer: MoonshineTokenizer,
  grammar: Pick<SpokenGrammar, 'start' | 'prior' | 'sense'> | null,
  options: SearchOptions,
): Promise<SearchResult> {
  const { width, widestGap, longest } = options
  const marks = closing.flatMap((mark) => tokenizer.encode(mark))
  const branches = new Map<Position, Branch>()
  const free: { tokens: number[]; logProbability: number; isDone: boolean } = {
    tokens: [],
    logProbability: 0,
    isDone: false,
  }
  let paths: readonly Path[] = grammar === null ? [] : [pathFrom(grammar.start())]
  const prior = (word: string, isFirst: boolean) => grammar?.prior(word, isFirst) ?? 0
  let parents: readonly number[] = [0]
  let tokens: readonly number[] = [beginToken]
  const done: HeardSentence[] = []
  for (let length = 0; length <= longest; length++) {
    const logits = await step(tokens, parents)
    const size = logits.length / tokens.length
    const rowOf = (row: number) => logits.subarray(row * size, (row + 1) * size)
    const hasFree = !free.isDone
    if (hasFree) extendFree(free, rowOf(0))
    const offset = length > 0 && hasFree ? 1 : 0
    const grown: Grown[] = []
    for (const [i, path] of paths.entries()) {
      const scores = rowOf(i + offset)
      const shift = logSumExp(scores)
      if (path.isClosed || (path.branch === null && path.position.isComplete)) {
        done.push(ended(path, scores[endToken]! - shift))
      }
      for (const [token, branch] of continuations(path, branches, tokenizer, marks)) {
        const logProbability = path.logProbability + scores[token]! - shift
        const sense = senseOf(path, token, branch, (word) => grammar!.sense(word))
        grown.push({
          path,
          parent: i + offset,
          token,
          branch,
          logProbability,
          total: logProbability + path.prior,
          sense,
        })
      }
    }
    const kept = likeliest(grown, options)
      .flatMap((each) => extended(each, prior))
      .slice(0, width)
    paths = isSettled(done, kept, widestGap) ? [] : kept.map(({ path }) => path)
    const rows = [
      ...(free.isDone ? [] : [{ token: free.tokens.at(-1)!, parent: 0 }]),
      ...paths.map(({ tokens }, i) => ({ token: tokens.at(-1)!, parent: kept[i]!.parent })),
    ]
    if (rows.length === 0) break
    tokens = rows.map(({ token }) => token)
    parents = rows.map(({ parent }) => parent)
  }
  const count = free.tokens.length + 1
  const bound = done.sort((a, b) => b.score - a.score)
  return {
    free: {
      text: tokenizer.decode(free.tokens),
      logProbability: free.logProbability,
      prior: 0,
      tokens: count,
      score: free.logProbability / count,
    },
    bound: unique(bound).slice(0, width),
  }
}

function likeliest(grown: readonly Grown[], { width, alike, same, widestGap }: SearchOptions): readonly Grown[] {
  const sorted = [...grown].sort((a, b) => b.total - a.total)
  const least = (sorted[0]?.total ?? 0) - widestGap
  const [begins, senses] = [new Map<string, number>(), new Map<string, number>()]
  const kept: Grown[] = []
  for (const each of sorted) {
    if (kept.length === width || each.total < least) break
    const first = each.sense.split(separator)[0]!
    const [count, equal] = [begins.get(first) ?? 0, senses.get(each.sense) ?? 0]
    if (count === alike || equal === same) continue
    begins.set(first, count + 1)
    senses.set(each.sense, equal + 1)
    kept.push(each)
  }
  return kept
}

/** Behind each word of a path's sense. */
const separator = '|'

function senseOf(path: Path, token: number, branch: Branch | null, sense: (word: string) => string): string {
  const word = branch?.word ?? null
  return word === null
    ? `${path.sense}+${token}`
    : `${path.sense.slice(0, path.sense.lastIndexOf(separator) + 1)}${sense(word)}${separator}`
}

function pathFrom(position: Position): Path {
  return { tokens: [], logProbability: 0, prior: 0, position, branch: null, words: [], sense: '', isClosed: false }
}

/** Whether what is still followed can no longer be among the best: each token more only makes it less likely. */
function isSettled(
  done: readonly HeardSentence[],
  kept: readonly { readonly path: Path }[],
  widestGap: number,
): boolean {
  const best = Math.max(...done.map(({ logProbability, prior }) => logProbability + prior))
  return kept.every(({ path }) => path.logProbability + path.prior < best - widestGap)
}

function extendFree(free: { tokens: number[]; logProbability: number; isDone: boolean }, scores: Float32Array): void {
  let best = 0
  for (let token = 1; token < scores.length; token++) if (scores[token]! > scores[best]!) best = token
  free.logProbability += scores[best]! - logSumExp(scores)
  if (best === endToken) free.isDone = true
  else free.tokens.push(best)
}

/** Tokens that may come next, and where in a word they lead to; null: the full stop. */
function continuations(
  path: Path,
  branches: Map<Position, Branch>,
  tokenizer: MoonshineTokenizer,
  marks: readonly number[],
): readonly (readonly [token: number, branch: Branch | null])[] {
  if (path.isClosed) return []
  if (path.branch !== null) return [...path.branch.tokens]
  const next = branchOf(path, branches, tokenizer).tokens
  return path.position.isComplete ? [...next, ...marks.map((token) => [token, null] as const)] : [...next]
}

/** A path with one token more: inside a word, at its end, or both where a longer word begins with it. */
function extended(
  { path, parent, token, branch, logProbability, sense }: Grown,
  prior: (word: string, isFirst: boolean) => number,
): readonly { path: Path; parent: number }[] {
  const grown = { ...path, tokens: [...path.tokens, token], logProbability }
  if (branch === null) return [{ parent, path: { ...grown, isClosed: true } }]
  const rest = branch.word === null ? sense : `${path.sense}+${token}`
  const inside = branch.tokens.size > 0 ? [{ parent, path: { ...grown, branch, sense: rest } }] : []
  if (branch.word === null) return inside
  const position = path.position.after(branch.word)!
  const words = [...path.words, branch.word]
  const known = path.prior + prior(branch.word, path.words.length === 0)
  const whole = { ...grown, prior: known, branch: null, position, words, sense }
  return [{ parent, path: whole }, ...inside]
}

/** The words that may come next, as a tree of their tokens. */
function branchOf({ position, words }: Path, branches: Map<Position, Branch>, tokenizer: MoonshineTokenizer): Branch {
  const known = branches.get(position)
  if (known !== undefined) return known
  const root: Branch = { tokens: new Map(), word: null }
  for (const word of position.words) {
    for (const spelling of spellings[word] ?? [word]) {
      const tokens = spelling
        .split(' ')
        .flatMap((part, i) => tokenizer.encode(written(part, words.length === 0 && i === 0)))
      if (tokens.length > 0) branchFor(root, tokens).word = word
    }
  }
  branches.set(position, root)
  return root
}

function branchFor(root: Branch, tokens: readonly number[]): Branch {
  let at = root
  for (const token of tokens) {
    const deeper = at.tokens.get(token) ?? { tokens: new Map(), word: null }
    at.tokens.set(token, deeper)
    at = deeper
  }
  return at
}

/** How the model writes words that it may write in several ways. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  ...{ leftmost: ['leftmost', 'left most'], rightmost: ['rightmost', 'right most'] },
  ...{ two: ['two', '2'], three: ['three', '3'], four: ['four', '4'], five: ['five', '5'], six: ['six', '6'] },
}

/** As the model writes it: a capital at the beginning of a sentence. */
function written(word: string, isFirst: boolean): string {
  return isFirst || /^i('|$)/.test(word) ? word[0]!.toUpperCase() + word.slice(1) : word
}

function ended({ words, tokens, logProbability, prior }: Path, end: number): HeardSentence {
  const total = logProbability + end
  const count = tokens.length + 1
  return {
    text: words.join(' ').replaceAll(' ,', ','),
    logProbability: total,
    prior,
    tokens: count,
    score: (total + prior) / count,
  }
}

/** Each sentence once, with its best ending. */
function unique(sentences: readonly HeardSentence[]): readonly HeardSentence[] {
  const seen = new Set<string>()
  return sentences.filter(({ text }) => !seen.has(text) && seen.add(text))
}

function logSumExp(logits: Float32Array): number {
  // By index: an iterator takes three times as long, and this is a third of the search.
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < logits.length; i++) if (logits[i]! > most) most = logits[i]!
  let sum = 0
  // Far below the likeliest token a term no longer counts, and nearly all are.
  for (let i = 0; i < logits.length; i++) if (logits[i]! > most - 18) sum += Math.exp(logits[i]! - most)
  return most + Math.log(sum)
}
