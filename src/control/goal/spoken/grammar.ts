// The goals' grammar as it is spoken: the rules of goal.peggy with the words of a lexicon, and what people say around a goal.

import { goalRules } from '../../gen/goal-network.js'
import type { Lexicon } from '../../ports.js'
import { basicColors, moreColors, shadeWords } from '../color.js'
import { containerKinds } from '../match.js'
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
  /** The same for words that ask for the same: verbs of putting, articles, names of one kind of thing. */
  sense(word: string): string
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
const nats = { lessCommonWord: -1, rareWord: -3, rareColor: -3.5, rareBeginning: -2.5 } as const

const commonWords: ReadonlySet<string> = new Set(
  `put place move drop pack stack take grab pick up get bring fill with from
  the a all any every each of two three everything anything but
  red green blue yellow brown gray grey cyan orange purple pink white black
  block blocks cube cubes brick bricks bowl dish box
  in into on onto inside to top and it them next leftmost rightmost nearest farthest biggest smallest tallest
  lightest middle darkest please could you can would i i'd want like robot do not don't never
  goes go should be`.split(/\s+/),
)

/** Said in fewer goals, and short: noise sounds like them. */
const lessCommonWords: ReadonlySet<string> = new Set(
  'one first second left right small big large tray cup cups ball can now ,'.split(' '),
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
  const colors = new Set(lessCommonColors)
  const priorOf = (word: string) => {
    if (colors.has(word)) return nats.rareColor
    if (commonWords.has(word)) return 0
    return lessCommonWords.has(word) ? nats.lessCommonWord : nats.rareWord
  }
  const prior = (word: string, isFirst: boolean) =>
    priorOf(word) + (isFirst && !firstWords.has(word) ? nats.rareBeginning : 0)
  const senses = sensesOf(lexicon)
  const sense = (word: string) => senses.get(word) ?? word
  return { start: () => Position.start(network, sentenceRule), prior, sense, rules }
}

/** Word -> sense, of words that have one sense only. */
function sensesOf({ nouns }: Lexicon): ReadonlyMap<string, string> {
  const groups: readonly (readonly [sense: string, words: Iterable<string>])[] = [
    ['put', [...lists.putVerbs, ...lists.packVerbs, ...lists.stackVerbs]],
    ['take', lists.takeVerbs],
    ['fill', lists.fillVerbs],
    ['the', ['the', 'a', 'an']],
    ['in', ['in', 'into', 'inside', 'within']],
    ['gray', ['gray', 'grey']],
    ...Object.entries(nouns).map(([kind, names]) => [`1 ${kind}`, names] as const),
    ...Object.entries(nouns).map(([kind, names]) => [`2 ${kind}`, names.flatMap(pluralsOf)] as const),
  ]
  const senses = new Map<string, string>()
  for (const [sense, words] of groups) {
    for (const word of words) senses.set(word, senses.has(word) ? word : sense)
  }
  return senses
}

/** Names of colours that people say to such a machine; any other is understood where it is heard freely. */
export function spokenColors({ colors }: Pick<Lexicon, 'colors'>): readonly string[] {
  const shaded = [...shadeWords].flatMap((shade) => basicColors.map((color) => `${shade} ${color}`))
  const known = new Set(Object.keys({ ...moreColors, ...colors }))
  return [...basicColors, ...['grey', ...lessCommonColors, ...shaded].filter((name) => known.has(name))]
}

const lessCommonColors = (
  'beige cream crimson gold golden indigo khaki lavender lilac lime magenta maroon mint navy olive peach ' +
  'salmon scarlet silver tan teal turquoise violet'
).split(' ')

function rulesFor(lexicon: Lexicon): Record<string, Expression> {
  const anyOf = (words: Iterable<string>): Expression => ({ any: [...new Set(words)] })
  const rule = (name: string): Expression => ({ rule: name })
  const nouns = Object.values(lexicon.nouns).flat()
  const hollow = Object.entries(lexicon.nouns).flatMap(([kind, names]) => (containerKinds.has(kind) ? names : []))
  const places = [...hollow, ...(lexicon.nouns.block ?? []), ...(lexicon.nouns.stand ?? [])]
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
    // Things are put into what is hollow or on blocks: "to the blue ball" was "to the blue bowl".
    Place: renamed(goalRules.Place!, 'PlainThing', 'PlaceThing'),
    PlaceThing: thingOf('PlaceHead', 'PlaceLook'),
    PlaceLook: { any: [rule('Look'), rule('Step')] },
    PlaceHead: { any: [anyOf([...places, ...places.flatMap(pluralsOf)]), 'one', 'ones'] },
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

/** With one rule in the place of another. */
function renamed(expression: Expression, from: string, to: string): Expression {
  const inside = (each: Expression) => renamed(each, from, to)
  if (typeof expression === 'string') return expression
  if (Array.isArray(expression)) return (expression as readonly Expression[]).map(inside)
  if ('any' in expression) return { any: expression.any.map(inside) }
  if ('maybe' in expression) return { maybe: inside(expression.maybe) }
  if ('many' in expression) return { many: inside(expression.many) }
  if ('some' in expression) return { some: inside((expression as { some: Expression }).some) }
  return { rule: (expression as { rule: string }).rule === from ? to : (expression as { rule: string }).rule }
}

/** As people say it: "i would like" is "i'd like". */
function contracted(phrase: string): readonly string[] {
  const short = phrase.replace(/\b(i|you|we|it) would\b/g, "$1'd").replace(/\bdo not\b/g, "don't")
  return short === phrase ? [] : [short]
}
