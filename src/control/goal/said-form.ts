// Sentences that a policy was trained on as they are: forms of its lexicon. They ask for what the grammar has no words for, a
// part of a thing or another motion than pick and place, and go to the policy as they were said.

import type { Lexicon } from '../ports.js'
import type { Primitive } from '../types.js'
import { shapeKinds } from './scene.js'
import type { ThingPhrase, Understood } from './types.js'
import { pluralsOf, type Vocabulary } from './vocabulary.js'

interface Form {
  readonly pattern: RegExp
  readonly primitive: Primitive
}

interface Forms {
  readonly forms: readonly Form[]
  /** Words that may stand for `<pick>` and `<place>`. */
  readonly sayable: ReadonlySet<string>
  /** Whether a phrase names what the grammar and the shapes in view do not know: a part, another kind, a compound name. */
  isBeyond(phrase: string): boolean
}

const made = new WeakMap<Lexicon, Forms>()

/**
 * The sentence as a command, where it is word for word one of the lexicon's forms; null where it is not.
 * @param onlyBeyond only where it asks for what the grammar does not know; otherwise any form
 */
export function saidForm(sentence: string, { lexicon }: Vocabulary, onlyBeyond: boolean): Understood | null {
  if (lexicon.forms === undefined) return null
  const { forms, sayable, isBeyond } = formsOf(lexicon)
  const said = (sentence.toLowerCase().match(/[a-z]+/g) ?? []).filter((word) => word !== 'please').join(' ')
  for (const { pattern, primitive } of forms) {
    const found = pattern.exec(said)
    if (found === null) continue
    // A sentence without placeholders is taken as a whole.
    const { pick, place } = found.groups ?? {}
    const phrases = [pick, place].filter((phrase) => phrase !== undefined)
    if (!phrases.every((phrase) => phrase.split(' ').every((word) => sayable.has(word)))) continue
    if (onlyBeyond && primitive === 'pick_place' && !phrases.some(isBeyond)) continue
    return command(said, pick ?? said, place ?? said, primitive)
  }
  return null
}

function command(sentence: string, pick: string, place: string, primitive: Primitive): Understood {
  const [verb = ''] = sentence.split(' ')
  return {
    kind: 'command',
    command: { verb, what: phrase(pick), where: { relation: 'to', thing: phrase(place) } },
    questions: [{ sentence, ...(primitive === 'pick_place' ? {} : { primitive }) }],
    canonical: sentence,
    notes: [],
    count: null,
    done: false,
  }
}

/** Nothing of it is held against the scene. */
function phrase(said: string): ThingPhrase {
  const nothing = { kinds: null, noun: null, colors: [], except: [], size: null, count: null, superlative: null }
  return { said, ...nothing, plural: false, quantifier: 'none', ordinal: 1, relation: null, step: null }
}

function formsOf(lexicon: Lexicon): Forms {
  let found = made.get(lexicon)
  if (found === undefined) {
    found = makeForms(lexicon)
    made.set(lexicon, found)
  }
  return found
}

function makeForms({ forms = [], nouns, colors, parts = [] }: Lexicon): Forms {
  const wordsIn = (texts: readonly string[]) => texts.flatMap((text) => text.toLowerCase().split(' '))
  const spoken = (names: readonly string[]) => wordsIn(names.flatMap((name) => [name, ...pluralsOf(name)]))
  const kinds = Object.entries(nouns)
  const told = new Set(
    kinds.flatMap(([kind, names]) => (shapeKinds.has(kind) || kind === 'anything' ? spoken(names) : [])),
  )
  const other = [...kinds.flatMap(([, names]) => spoken(names)), ...wordsIn(parts)]
  const plain = [...wordsIn(Object.keys(colors)), 'and', 'the', 'a', 'of', ...steps]
  const beyond = new Set(other.filter((word) => !told.has(word) && !plain.includes(word)))
  const compounds = kinds.flatMap(([, names]) => names).filter((name) => name.includes(' '))
  return {
    forms: forms.map(({ form, primitive }) => ({ pattern: patternOf(form), primitive })),
    sayable: new Set([...told, ...other, ...plain]),
    isBeyond: (phrase) =>
      phrase.split(' ').some((word) => beyond.has(word)) ||
      compounds.some((name) => ` ${phrase} `.includes(` ${name} `)),
  }
}

/** Of the stand, which the grammar knows. */
const steps = ['lightest', 'middle', 'darkest']

function patternOf(form: string): RegExp {
  const escaped = form.toLowerCase().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replace('<pick>', '(?<pick>.+?)').replace('<place>', '(?<place>.+)')}$`)
}
