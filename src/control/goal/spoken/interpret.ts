// From what was heard to a goal for the goal box: which sentence, what it means on this scene, and what is doubtful about it.
// Nothing here starts anything: a person confirms the sentence.

import type { Lexicon } from '../../ports.js'
import { understand } from '../index.js'
import { containerKinds } from '../match.js'
import type { SceneView, Understanding, UnderstandOptions } from '../types.js'
import type { HeardSentence, Hearing } from './hearing.js'
import { meaningOfUnderstanding } from './meaning.js'

/** Why a person should look twice before the goal is confirmed. */
export interface SpokenDoubt {
  /**
   * - `another`: another goal sounds nearly the same
   * - `unclear`: heard freely, it was something else
   * - `negation`: a "not" was heard that is not in the sentence
   * - `unrated`: the engine cannot say how sure it is
   * - `scene`: what sounds best is not on the table, and this is
   */
  readonly kind: 'another' | 'unclear' | 'negation' | 'unrated' | 'scene'
  /** For a person. */
  readonly reason: string
}

/** What a piece of speech asks for. */
export interface SpokenGoal {
  /** As heard, without any grammar where the engine can do that. */
  readonly heard: string
  /** The sentence for the goal box; null: what was said is no goal. */
  readonly sentence: string | null
  /** What the sentence means, exactly as if it had been typed; null: there is none. */
  readonly understanding: Understanding | null
  /** Empty: nothing is doubtful. */
  readonly doubts: readonly SpokenDoubt[]
  /** Other sentences that may have been said, the likeliest first. */
  readonly alternatives: readonly string[]
}

/**
 * How sure is sure, in nats (natural logarithms of probabilities), as tuned on the development set of benchmarks/voice.
 * - `another`: a goal of another meaning that is less likely by less than this makes a doubt
 * - `unclear`: so much less likely than what was heard freely makes a doubt
 * - `noGoal`: so much less likely than that, a token, is no goal; on the development set talk began at 1.8
 * - `leastScore`: the same for what is unlikely by itself
 * - `oddPlace`, `oddThing`, `side`: a place that is neither hollow nor a block, a container that is moved, "the right bowl" (which
 *   sounds like the white one and the red one), and how much less likely that is beforehand
 * - `freely`: a sentence outside the spoken grammar, which only the free path heard
 * - `scene`: a sentence that fits the table is taken before a likelier one that does not, up to this
 */
const nats = {
  ...{ another: 2.5, unclear: 2, noGoal: 1.2, leastScore: -2.4, scene: 6 },
  ...{ oddPlace: -6, oddThing: -3, side: -3, freely: -4 },
} as const

interface Candidate extends HeardSentence {
  /** Natural logarithm of how likely this meaning is, in all the words that it was heard in, with what is known beforehand. */
  readonly evidence: number
  readonly understanding: Understanding
  readonly meaning: string
}

const mostAlternatives = 3

export function interpret(
  hearing: Hearing,
  lexicon: Lexicon,
  scene: SceneView | null = null,
  options: UnderstandOptions = {},
): SpokenGoal {
  const heard = hearing.free?.text ?? hearing.bound[0]?.text ?? ''
  const candidates = candidatesOf(hearing, lexicon)
  const [likeliest] = candidates
  if (likeliest === undefined || (hearing.isRated && isNoGoal(likeliest, hearing.free))) return nothing(heard)
  const meaningOn = (text: string) => understand(text, lexicon, scene, options)
  const near = candidates.filter(({ evidence }) => evidence > likeliest.evidence - nats.scene)
  const onTable = near.map((candidate) => ({ ...candidate, understanding: meaningOn(candidate.text) }))
  const fitting = onTable.filter(({ understanding: { kind } }) => kind === 'command' || kind === 'ambiguous')
  const isElsewhere = onTable[0]!.understanding.kind === 'not_found' && fitting.length > 0
  const chosen = isElsewhere ? fitting[0]! : onTable[0]!
  const others = (isElsewhere ? fitting : onTable).filter(({ meaning }) => meaning !== chosen.meaning)
  // What is not on the table is not what is meant, where something else is.
  const rivals = others.filter(
    ({ understanding, evidence }) =>
      evidence > chosen.evidence - nats.another &&
      !(understanding.kind === 'not_found' && chosen.understanding.kind === 'command'),
  )
  const doubts = [
    ...(hearing.isRated ? [] : [unrated]),
    ...(hearing.free === null ? [] : [...unclear(chosen, hearing.free), ...negation(chosen, hearing.free)]),
    ...(rivals.length > 0 ? [another(rivals[0]!)] : []),
    ...(isElsewhere && chosen.meaning !== onTable[0]!.meaning ? [elsewhere(onTable[0]!)] : []),
  ]
  // Who doubts wants to choose, and then what is less near comes behind what is near.
  const further = doubts.length === 0 ? [] : candidates.filter(({ meaning }) => meaning !== chosen.meaning)
  return {
    heard,
    sentence: chosen.text,
    understanding: chosen.understanding,
    doubts,
    alternatives: distinct([...others, ...further])
      .slice(0, mostAlternatives)
      .map(({ text }) => text),
  }
}

/** Sentences that mean something here, the likeliest first; what was heard freely is one where it is a goal by itself. */
function candidatesOf({ free, bound }: Hearing, lexicon: Lexicon): readonly Candidate[] {
  const seen = new Set<string>()
  const sentences = free === null ? bound : [...bound, { ...free, text: plain(free.text), prior: nats.freely }]
  const candidates = sentences.flatMap((sentence): Candidate[] => {
    const text = plain(sentence.text)
    if (text === '' || seen.has(text)) return []
    seen.add(text)
    const understanding = understand(text, lexicon)
    // A grammar of words allows more than the parser does; what that refuses was hardly said.
    const isMeant = understanding.kind === 'command' || isForbidden(understanding)
    // A word that was corrected was typed wrongly, perhaps; it was not said.
    if (!isMeant || understanding.notes.some((note) => /^took |^read /.test(note))) return []
    const evidence = sentence.logProbability + sentence.prior + plausibility(understanding)
    const score = evidence / sentence.tokens
    return [{ ...sentence, text, evidence, score, understanding, meaning: meaningOfUnderstanding(understanding) }]
  })
  return ofMeanings(candidates).sort((a, b) => b.score - a.score)
}

/** The likeliest wording of each meaning stands for all of them: "the bowl" and "a bowl", "gray" and "grey" do not compete. */
function ofMeanings(candidates: readonly Candidate[]): Candidate[] {
  return candidates.map((candidate) => {
    const alike = candidates.filter(({ meaning }) => meaning === candidate.meaning).map(({ evidence }) => evidence)
    if (candidate.evidence < Math.max(...alike)) return candidate
    const all = alike.reduce((total, each) => total + Math.exp(each - candidate.evidence), 0)
    const evidence = candidate.evidence + Math.log(all)
    return { ...candidate, evidence, score: evidence / candidate.tokens }
  })
}

/** In nats: how much less likely a goal is beforehand for what it moves and where to. Said so clearly, it is heard all the same. */
function plausibility(understanding: Understanding): number {
  if (understanding.kind !== 'command') return 0
  const { what, where } = understanding.command
  const kinds = where?.thing.kinds ?? null
  const isPlace =
    kinds === null || kinds.some((kind) => containerKinds.has(kind) || kind === 'block' || kind === 'stand')
  const isMoved = !(what.kinds ?? []).some((kind) => containerKinds.has(kind) && kind !== 'cup')
  const byHand = [what, where?.thing].filter(
    (thing) => thing != null && /\b(?:left|right) (?!of\b|hand\b|most\b)\w/.test(thing.said),
  )
  return (isPlace ? 0 : nats.oddPlace) + (isMoved ? 0 : nats.oddThing) + byHand.length * nats.side
}

/** Understood, and not to be done: "do not put ...". */
function isForbidden({ kind, words }: Understanding & { words?: readonly string[] }): boolean {
  return kind === 'unsupported' && (words ?? []).some((word) => word === 'not' || word === 'never')
}

/** Without the marks that a model writes and nobody says. */
function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[.!?]+$/, '')
    .trim()
}

function isNoGoal({ score, logProbability, tokens }: Candidate, free: HeardSentence | null): boolean {
  if (free === null) return false
  return score < nats.leastScore || (free.logProbability - logProbability) / tokens > nats.noGoal
}

function nothing(heard: string): SpokenGoal {
  return { heard, sentence: null, understanding: null, doubts: [], alternatives: [] }
}

const unrated: SpokenDoubt = {
  kind: 'unrated',
  reason: 'this engine cannot say how sure it is',
}

function unclear({ logProbability, text }: Candidate, free: HeardSentence): readonly SpokenDoubt[] {
  if (free.logProbability - logProbability < nats.unclear || plain(free.text) === text) return []
  return [{ kind: 'unclear', reason: `it sounded like "${free.text}"` }]
}

/** Also inside another word: "cannot", "don't". */
const negations = /\b(?:no|never|cannot|without|except)\b|not\b|n't\b/g

function negation({ text }: Candidate, free: HeardSentence): readonly SpokenDoubt[] {
  // By their number: "everything except" in the sentence does not stand for a "do not" before it.
  const count = (words: string) => [...words.matchAll(negations)].length
  if (count(plain(free.text)) <= count(text)) return []
  return [{ kind: 'negation', reason: `a negation was heard: "${free.text}"` }]
}

function another({ text }: Candidate): SpokenDoubt {
  return { kind: 'another', reason: `it may have been "${text}"` }
}

function elsewhere({ text, understanding }: Candidate): SpokenDoubt {
  const why = understanding.kind === 'not_found' ? `, but ${understanding.reason}` : ''
  return { kind: 'scene', reason: `it sounded more like "${text}"${why}` }
}

/** One sentence of each meaning. */
function distinct(candidates: readonly Candidate[]): readonly Candidate[] {
  const seen = new Set<string>()
  return candidates.filter(({ meaning }) => !seen.has(meaning) && seen.add(meaning))
}
