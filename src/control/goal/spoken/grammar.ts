// The goals' grammar as it is spoken: the rules of goal.peggy with the words of a lexicon, and what people say around a goal.

import { grammarWords } from '../../gen/goal-grammar.js'
import { goalRules } from '../../gen/goal-network.js'
import type { Lexicon } from '../../ports.js'
import { basicColors, moreColors, shadeWords } from '../color.js'
import { containerKinds } from '../match.js'
import { isEnglish } from '../spelling.js'
import { pluralsOf } from '../vocabulary.js'
import * as lists from '../words.js'
import { Position } from './chart.js'
import { buildNetwork, type Expression, type Network } from './network.js'

/** Sentences that name a goal, and those that forbid one. */
export interface SpokenGrammar {
  /** Before the first word. Each call begins a chart of its own, which is freed with it. */
  start(): Position
  /** In nats, how much rarer a word is in goals than the most common ones (0), and at their beginning. */
  prior(word: string, isFirst: boolean): number
  /** The rules with the lexicon's words in them, for engines that read grammars. */
  readonly rules: Readonly<Record<string, Expression>>
}

/** The rule of whole sentences. */
export const sentenceRule = 'Sentence'

/**
 * What is expected beforehand, tuned on the development set of benchmarks/voice: a word that people seldom say in a goal has to
 * sound that much better than one that they often say. A grammar of hundreds of verbs, colours and courtesies would find
 * something in any noise.
 */
const nats = { rareWord: -2.5, rareColor: -3.5, rareBeginning: -2.5 } as const

const commonWords: ReadonlySet<string> = new Set(
  `put place move drop pack stack take grab pick up get bring fill with from
  the a all any every each of one two three everything anything but first second
  red green blue yellow brown gray grey cyan orange purple pink white black
  block blocks cube cubes brick bricks bowl dish box tray cup cups ball can
  in into on onto inside to top and it them next left right leftmost rightmost nearest farthest biggest smallest tallest
  small big large lightest middle darkest please could you can would i i'd want like now robot do not don't never
  goes go should be ,`.split(/\s+/),
)

const firstWords: ReadonlySet<string> = new Set(
  "put place move drop pack stack take grab pick get bring fill please could can would i robot do don't never".split(
    ' ',
  ),
)

/** What forbids a goal. It is understood in order to be refused: a negation that a decoder cannot hear would be lost. */
const negations = ["don't", 'do not', 'never', 'you must not', "you mustn't", 'you should not', "you shouldn't"]

/** Made of a policy's lexicon, as the grammar of typed sentences is. */
export function spokenGrammar(lexicon: Lexicon): SpokenGrammar {
  const rules = rulesFor(lexicon)
  const network: Network = buildNetwork(rules)
  const colors = rareColors(lexicon)
  const prior = (word: string, isFirst: boolean) =>
    (colors.has(word) ? nats.rareColor : commonWords.has(word) ? 0 : nats.rareWord) +
    (isFirst && !firstWords.has(word) ? nats.rareBeginning : 0)
  return { start: () => Position.start(network, sentenceRule), prior, rules }
}

/** Names of colours that are words: what a person says, not what a file calls it ("blanchedalmond"). */
export function spokenColors({ colors }: Pick<Lexicon, 'colors'>): readonly string[] {
  const names = Object.keys({ ...moreColors, ...colors })
  return names.filter((name) => basicColors.includes(name) || name.split(' ').every(isEnglish))
}

function rulesFor(lexicon: Lexicon): Record<string, Expression> {
  const anyOf = (words: Iterable<string>): Expression => ({ any: [...new Set(words)] })
  const rule = (name: string): Expression => ({ rule: name })
  const nouns = Object.values(lexicon.nouns).flat()
  const hollow = Object.entries(lexicon.nouns).flatMap(([kind, names]) => (containerKinds.has(kind) ? names : []))
  const around = [...lists.harmlessPhrases, ...lists.harmlessPhrases.flatMap(contracted)]
  return {
    ...goalRules,
    PutVerb: anyOf([...lists.putVerbs, ...lists.packVerbs, ...lists.stackVerbs]),
    TakeVerb: anyOf(lists.takeVerbs),
    FillVerb: anyOf(lists.fillVerbs),
    Noun: anyOf([...nouns, ...nouns.flatMap(pluralsOf)]),
    Number: anyOf(Object.keys(lists.numbers)),
    Ordinal: anyOf(Object.keys(lists.ordinals)),
    Color: [anyOf(spokenColors(lexicon)), { maybe: rule('ColorSuffix') }],
    Command: { any: spokenForms.map(rule) },
    Colors: [rule('Color'), { maybe: [{ any: ['and', 'or'] }, rule('Color')] }],
    // Things by their nouns: "the red" is understood where it is heard freely.
    PlainThing: thingOf('NamedHead'),
    HollowThing: thingOf('HollowHead', 'Look'),
    HollowHead: { any: [anyOf([...hollow, ...hollow.flatMap(pluralsOf)]), 'one', 'ones'] },
    // Nothing goes into what is not hollow: after "in" it was a bowl, and no ball.
    Destination: {
      any: [
        [anyOf(insides), rule('HollowThing')],
        [anyOf(['on top of', 'onto', 'on to', 'on', 'upon', 'over to', 'to', 'towards', 'at']), rule('Place')],
        [rule('Beside'), rule('Place')],
      ],
    },
    // A place is one: "three bowl" was "green bowl".
    Look: { any: [rule('Superlative'), 'big', 'large', 'huge', 'small', 'little', 'tiny', rule('Ordinal')] },
    Selector: { any: [rule('Look'), rule('Step'), rule('Number')] },
    NamedHead: { any: [rule('Noun'), 'one', 'ones'] },
    Opening: [anyOf(around), { maybe: ',' }],
    Ending: [{ maybe: ',' }, anyOf([...around, ...lists.lastWords])],
    [sentenceRule]: [
      { many: rule('Opening') },
      { maybe: anyOf(negations) },
      { many: rule('Opening') },
      rule('Command'),
      { many: rule('Ending') },
    ],
  }
}

/** A thing whose noun is one of these: one list of colours, what else selects as it comes. */
function thingOf(head: string, selector = 'Selector'): Expression {
  return [
    { maybe: { rule: 'Determiner' } },
    { many: { rule: selector } },
    { maybe: { rule: 'Colors' } },
    { many: { rule: selector } },
    { rule: head },
    { many: { rule: 'Later' } },
  ]
}

/**
 * Forms of goal.peggy that people speak. Without a place a goal is none, and without a verb nearly any noise is one; both are
 * understood where they are heard freely.
 */
const spokenForms = [
  ...['Put', 'TakeThenPut', 'Fill', 'Give', 'Turned', 'Desired', 'Let', 'NotWanted', 'Shown', 'Receives', 'Belongs'],
  'PlaceFirst',
]

const insides = ['in', 'into', 'in to', 'inside', 'inside of', 'within', 'in the middle of', 'into the middle of']

/** As people say it: "i would like" is "i'd like". */
function contracted(phrase: string): readonly string[] {
  const short = phrase.replace(/\b(i|you|we|it) would\b/g, "$1'd").replace(/\bdo not\b/g, "don't")
  return short === phrase ? [] : [short]
}

/** Words that are names of colours and nothing else, and that people say less often than the basic ones. */
function rareColors(lexicon: Lexicon): ReadonlySet<string> {
  const common = new Set([...basicColors, 'grey', ...shadeWords, ...grammarWords])
  const words = spokenColors(lexicon).flatMap((name) => name.split(' '))
  return new Set(words.filter((word) => !common.has(word)))
}
