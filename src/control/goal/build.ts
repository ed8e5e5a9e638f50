// Parts of a command, as the rules of goal.peggy put them together.

import { basicColors } from './color.js'
import type { ColorWord, Command, Side, ThingPhrase } from './types.js'
import type { NounMeaning, Vocabulary } from './vocabulary.js'
import { numbers, ordinals } from './words.js'

/** What the rules know of a thing; `bare` heads are no word at all. */
interface Parts extends Partial<NounMeaning> {
  readonly quantifier?: ThingPhrase['quantifier']
  readonly count?: number
  readonly size?: 'big' | 'small'
  readonly step?: ThingPhrase['step']
  readonly ordinal?: number
  readonly superlative?: ThingPhrase['superlative']
  readonly colors?: readonly string[]
  readonly notColors?: readonly string[]
  readonly bare?: boolean
  readonly later?: boolean
}

/** A phrase, and those that stand beside it with "and" and could not be made one with it. */
export interface PhraseList extends ThingPhrase {
  readonly beside?: readonly ThingPhrase[]
}

type Destination = { readonly relation: 'in' | 'on' | 'to' | Side; readonly thing: ThingPhrase }

/** A command as it was said; places beside a thing are understood, though nothing can be put there yet. */
export interface SaidCommand {
  readonly verb: string
  readonly what: PhraseList
  readonly where: Destination | null
  /** No verb was said, and the place may have been named first. */
  readonly mayBeTurned: boolean
}

/** Names of colours that name no thing. */
const aloneColors: ReadonlySet<string> = new Set([...basicColors.filter((name) => name !== 'orange'), 'grey'])

export function builderFor(vocabulary: Vocabulary) {
  const { lexicon } = vocabulary
  const colorOf = (name: string): ColorWord => ({ said: name, name, value: lexicon.colors[name]! })
  const thing = (parts: Parts, said: string): ThingPhrase => ({
    said: said.trim().replace(/^(?:the|a|an|that|this|those|these) /, ''),
    kinds: parts.kinds ?? null,
    noun: parts.noun ?? null,
    plural: parts.plural ?? false,
    colors: (parts.colors ?? []).map(colorOf),
    except: (parts.notColors ?? []).map((name) => thing({ colors: [name] }, name)),
    size: parts.size ?? null,
    quantifier: parts.quantifier ?? (parts.count === undefined ? 'none' : 'any'),
    count: parts.count ?? null,
    superlative: parts.superlative ?? null,
    ordinal: parts.ordinal ?? 1,
    relation: null,
    step: parts.step ?? null,
  })
  return {
    thing,
    /** Whether words make a thing: an article alone does not, nor do two lists of colours. */
    isThing(determiner: Parts | null, modifiers: readonly Parts[], head: Parts, later: readonly Parts[]): boolean {
      const says = (key: keyof Parts) => [...modifiers, ...later].filter((parts) => parts[key] !== undefined).length
      if (says('colors') > 1 || says('superlative') > 1 || says('size') > 1 || says('count') > 1) return false
      if (says('ordinal') > 0 && says('superlative') === 0) return false
      if (!head.bare) return true
      // "the orange" is a fruit, and so are many colours: only those that name nothing else stand for a thing.
      const colors = [...modifiers, ...later].flatMap((parts) => parts.colors ?? [])
      if (!colors.every((name) => aloneColors.has(name))) return false
      return modifiers.length > 0 || (determiner?.quantifier === 'all' && later.length > 0)
    },
    step: (step: NonNullable<ThingPhrase['step']>, said: string) =>
      thing({ ...vocabulary.nounOf('block'), quantifier: 'the', colors: ['brown'], step }, said),
    numberOf: (word: string) => numbers[word] ?? null,
    ordinalOf: (word: string) => ordinals[word] ?? null,
    related: (phrase: ThingPhrase, relation: NonNullable<ThingPhrase['relation']>): ThingPhrase => ({
      ...phrase,
      relation,
    }),
    except: (phrase: ThingPhrase, but: PhraseList): ThingPhrase => ({
      ...phrase,
      quantifier: phrase.quantifier === 'any' ? 'any' : 'all',
      except: [...phrase.except, but, ...(but.beside ?? [])],
    }),
    either: joined,
    command: (verb: string, what: PhraseList, where: Destination | null): SaidCommand => ({
      verb,
      what,
      where,
      mayBeTurned: false,
    }),
    telegram: (what: PhraseList, where: Destination, mayBeTurned: boolean): SaidCommand => ({
      verb: 'put',
      what,
      where,
      mayBeTurned,
    }),
  }
}

/** "the red block and the blue block" is one phrase of two colours; what differs in more stays beside. */
function joined(phrases: readonly ThingPhrase[]): PhraseList {
  const [first, ...rest] = phrases as readonly [ThingPhrase, ...ThingPhrase[]]
  if (rest.length === 0) return first
  const isPlain = (phrase: ThingPhrase) =>
    phrase.superlative === null &&
    phrase.relation === null &&
    phrase.except.length === 0 &&
    phrase.count === null &&
    phrase.step === null
  const noun = phrases.findLast(({ noun }) => noun !== null) ?? first
  const alike = phrases.every(
    (phrase) =>
      isPlain(phrase) &&
      phrase.colors.length > 0 &&
      phrase.size === first.size &&
      (phrase.noun === null || phrase.noun === noun.noun),
  )
  if (!alike) return { ...first, beside: rest }
  return {
    ...first,
    said: phrases.map(({ said }) => said).join(' and '),
    kinds: noun.kinds,
    noun: noun.noun,
    plural: true,
    colors: phrases.flatMap(({ colors }) => colors),
  }
}

export type Builder = ReturnType<typeof builderFor>

/** The command, where its place is one that things can be put to. */
export function plainCommand({ verb, what, where }: SaidCommand): Command | null {
  if (where === null) return { verb, what, where }
  const { relation, thing } = where
  return relation === 'in' || relation === 'on' || relation === 'to' ? { verb, what, where: { relation, thing } } : null
}
