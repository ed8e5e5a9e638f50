// Why known words in this order are no command, told by the words that are never part of one.

import { parseWords, type Reading, withoutHarmless } from './read.js'
import { refusal } from './refusal.js'
import { distance, near } from './spelling.js'
import { suggestions } from './suggest.js'
import type { Candidate, NotUnderstood, SceneView } from './types.js'
import type { Vocabulary } from './vocabulary.js'
import { otherVerbs, refusedWords } from './words.js'

type Refused = keyof typeof refusedWords

/** What cannot be done, by the words that ask for it; in the order in which they are looked for. */
const unsupported: readonly (readonly [Refused, what: string])[] = [
  ['negation', 'what is not to be done, to be left or to be stopped cannot be said yet'],
  ['condition', 'conditions and choices cannot be said yet'],
  ['time', 'times cannot be said yet; a sentence is carried out at once'],
]

export function explain(reading: Reading, vocabulary: Vocabulary, scene: SceneView | null): NotUnderstood {
  const { notes, unknown, doubtful, words } = reading
  const usual = { notes, suggestions: suggestions(scene) }
  const rest = withoutHarmless(words)
  const says = (kind: Refused) => rest.filter((word) => refusedWords[kind].has(word))
  for (const [kind, what] of unsupported) {
    const found = says(kind)
    if (found.length > 0) return refusal('unsupported', `"${found.join('", "')}": ${what}`, { ...usual, words: found })
  }
  if (refusedWords.question.has(rest[0] ?? '')) {
    return refusal('unsupported', `"${rest[0]}": questions are not answered yet`, { ...usual, words: [rest[0]!] })
  }
  if (otherVerbs.has(rest[0] ?? '') && !vocabulary.isVerb('put', rest[0]!)) {
    const reason = `"${rest[0]}" is something else than to pick and to place`
    return refusal('unsupported', reason, { ...usual, words: [rest[0]!] })
  }
  const meant = unknown.length === 1 ? misread(words, vocabulary, usual, unknown[0]!) : null
  if (meant !== null) return meant
  if (unknown.length > 0)
    return refusal('not_understood', describeUnknown(unknown, vocabulary), { ...usual, words: unknown })
  if (doubtful.length > 0) return doubt(reading, vocabulary, scene)
  const away = says('away')
  if (away.length > 0)
    return refusal(
      'unsupported',
      `"${away.join('", "')}": taking things out of, away from or under others cannot be said yet`,
      { ...usual, words: away },
    )
  if (rest.length === 0)
    return refusal('not_understood', `"${words.join(' ')}" is no command: say what to put where`, { ...usual, words })
  return (
    misread(rest, vocabulary, usual) ??
    misread(rest, vocabulary, usual) ??
    statement(rest, vocabulary, usual) ??
    several(rest, vocabulary, usual) ??
    pronoun(rest, usual) ??
    incomplete(rest, vocabulary, usual)
  )
}

type Usual = Pick<NotUnderstood, 'notes' | 'suggestions'>

function describeUnknown(unknown: readonly string[], vocabulary: Vocabulary): string {
  const hints = unknown.map((word) => {
    const nearest = /^[a-z]+$/.test(word) ? nearestKnown(word, vocabulary) : null
    return `"${word}" is not known${nearest === null ? '' : ` (nearest word: ${nearest})`}`
  })
  return hints.join('; ')
}

/** For a person to look at only, so farther than what is taken for a typing error. */
function nearestKnown(word: string, { spellable }: Vocabulary): string | null {
  let best: { word: string; changes: number } | null = null
  for (const known of spellable) {
    if (Math.abs(known.length - word.length) > 3 || known.length < 3) continue
    const changes = distance(word, known)
    if (best === null || changes < best.changes) best = { word: known, changes }
  }
  return best !== null && best.changes <= Math.max(2, word.length / 2) ? best.word : null
}

/**
 * A word that is one of its own, and would make a command as another one that is near: "the gren black", "the read block".
 * It is never taken for the other one without asking.
 * @param only the word that is in doubt; absent: any may be
 */
function misread(words: readonly string[], vocabulary: Vocabulary, usual: Usual, only?: string): NotUnderstood | null {
  const candidates = words.flatMap((word, i): Candidate[] =>
    word.length < 4 || (only !== undefined && word !== only)
      ? []
      : near(word, vocabulary.spellable)
          .filter(
            ({ word: other }) =>
              other !== word && vocabulary.nounOf(other)?.noun !== (vocabulary.nounOf(word)?.noun ?? null),
          )
          .map(({ word: other }) => ({ said: [...words.slice(0, i), other, ...words.slice(i + 1)], other }))
          .filter(({ said }) => parseWords(said, vocabulary) !== null)
          .slice(0, 3)
          .map(({ said, other }) => ({ sentence: said.join(' '), name: other, objects: [] })),
  )
  const least = Math.min(...candidates.map(({ name }) => vocabulary.rankOf(name)))
  const likely = candidates.filter(({ name }) => vocabulary.rankOf(name) === least)
  if (likely.length === 0) return null
  const at = words.findIndex((word, i) => word !== likely[0]!.sentence.split(' ')[i])
  const names = likely.map(({ name }) => name)
  return refusal('ambiguous', `"${words[at]}" makes no sense here: is ${names.join(' or ')} meant?`, {
    ...usual,
    words: [words[at]!],
    candidates: likely,
  })
}

/** A misspelt word that could be two others: a person says which. */
function doubt({ doubtful, words, notes }: Reading, vocabulary: Vocabulary, scene: SceneView | null): NotUnderstood {
  const [first] = doubtful as readonly [Reading['doubtful'][number]]
  const sentences = first.readings.map((reading) => words.map((word) => (word === first.said ? reading : word)))
  const fitting = sentences.filter((each) => doubtful.length > 1 || parseWords(each, vocabulary) !== null)
  const candidates = (fitting.length > 0 ? fitting : sentences).map(
    (each, i): Candidate => ({
      sentence: each.join(' '),
      name: first.readings[sentences.indexOf(each)] ?? `${i}`,
      objects: [],
    }),
  )
  const names = candidates.map(({ name }) => name)
  return refusal('ambiguous', `"${first.said}" is not known: is it ${names.join(' or ')}?`, {
    words: [first.said],
    candidates,
    notes,
    suggestions: suggestions(scene),
  })
}

/** "the red block is in the green bowl" says how things are, or how they should be: nobody knows. */
function statement(words: readonly string[], vocabulary: Vocabulary, usual: Usual): NotUnderstood | null {
  const at = words.findIndex(
    (word) => word === 'is' || word === 'are' || word === 'was' || word === 'were' || word === 'lies' || word === 'has',
  )
  if (at < 1) return null
  const meant = [...words.slice(0, at), 'goes', ...words.slice(at + 1)]
  const canBe = parseWords(meant, vocabulary) !== null
  return refusal(
    'unsupported',
    `"${words.slice(0, at + 1).join(' ')} ..." is a statement, no command${canBe ? `; to have it done say "${meant.join(' ')}"` : ''}`,
    { ...usual, words: [words[at]!] },
  )
}

/** Two commands in a sentence, or a command and something else. */
function several(words: readonly string[], vocabulary: Vocabulary, usual: Usual): NotUnderstood | null {
  for (let at = words.length - 1; at > 1; at--) {
    if (!['and', 'then', ','].includes(words[at]!)) continue
    const head = withoutHarmless(words.slice(0, at))
    if (parseWords(head, vocabulary)?.where == null) continue
    const tail = withoutHarmless(words.slice(at + 1).filter((word) => word !== 'then'))
    const other = tail.length > 0 && parseWords(tail, vocabulary) !== null ? [tail.join(' ')] : []
    const said = tail.join(' ')
    return refusal('unsupported', `one thing after the other: first "${head.join(' ')}", then "${said}"`, {
      ...usual,
      words: tail,
      suggestions: [head.join(' '), ...other],
    })
  }
  return null
}

function pronoun(words: readonly string[], usual: Usual): NotUnderstood | null {
  const said = words.find((word) => ['it', 'them', 'they', 'this', 'that', 'these', 'those'].includes(word))
  return said === undefined
    ? null
    : refusal('not_understood', `what is "${said}"? Name the thing`, { ...usual, words: [said], part: 'thing' })
}

function incomplete(words: readonly string[], vocabulary: Vocabulary, usual: Usual): NotUnderstood {
  const verb = words.some((word) =>
    (['put', 'pack', 'stack', 'take', 'fill'] as const).some((kind) => vocabulary.isVerb(kind, word)),
  )
  const what = verb ? 'these words are known, but not in this order' : 'this does not say what to do'
  return refusal('not_understood', `"${words.join(' ')}": ${what}`, { ...usual, words })
}
