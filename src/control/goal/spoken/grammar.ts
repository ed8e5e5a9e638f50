// The goals' grammar as it is spoken: the rules of goal.peggy with the words of a lexicon, and what people say around a goal.

import { grammarWords } from '../../gen/goal-grammar.js'
import { goalRules } from '../../gen/goal-network.js'
import type { Lexicon } from '../../ports.js'
import { basicColors, moreColors, shadeWords } from '../color.js'
import { isEnglish } from '../spelling.js'
import { pluralsOf } from '../vocabulary.js'
import * as lists from '../words.js'
import { Position } from './chart.js'
import { buildNetwork, type Expression, type Network } from './network.js'

/** Sentences that name a goal, and those that forbid one. */
export interface SpokenGrammar {
  /** Before the first word. Each call begins a chart of its own, which is freed with it. */
  start(): Position
  /** Logarithm of how much rarer a word is than others that sound alike: 0 for most, less for colours that few people name. */
  prior(word: string): number
  /** The rules with the lexicon's words in them, for engines that read grammars. */
  readonly rules: Readonly<Record<string, Expression>>
}

/** The rule of whole sentences. */
export const sentenceRule = 'Sentence'

/** In nats: "sand" has to sound that much better than "cyan". */
const rarity = -2

/** What forbids a goal. It is understood in order to be refused: a negation that a decoder cannot hear would be lost. */
const negations = ["don't", 'do not', 'never', 'you must not', "you mustn't", 'you should not', "you shouldn't"]

/** Made of a policy's lexicon, as the grammar of typed sentences is. */
export function spokenGrammar(lexicon: Lexicon): SpokenGrammar {
  const rules = rulesFor(lexicon)
  const network: Network = buildNetwork(rules)
  const rare = rareWords(lexicon)
  return { start: () => Position.start(network, sentenceRule), prior: (word) => (rare.has(word) ? rarity : 0), rules }
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
    // One list of colours, and without a noun nothing else: "the red", not "the smaller".
    PlainThing: [
      { maybe: rule('Determiner') },
      { many: rule('Selector') },
      { any: [[{ maybe: rule('Colors') }, { many: rule('Selector') }, rule('NamedHead')], rule('Colors')] },
      { many: rule('Later') },
    ],
    Selector: {
      any: [
        rule('Superlative'),
        'big',
        'large',
        'huge',
        'small',
        'little',
        'tiny',
        rule('Step'),
        rule('Number'),
        rule('Ordinal'),
      ],
    },
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

/** As people say it: "i would like" is "i'd like". */
function contracted(phrase: string): readonly string[] {
  const short = phrase.replace(/\b(i|you|we|it) would\b/g, "$1'd").replace(/\bdo not\b/g, "don't")
  return short === phrase ? [] : [short]
}

/** Words that are names of colours and nothing else, and that people say less often than the basic ones. */
function rareWords(lexicon: Lexicon): ReadonlySet<string> {
  const common = new Set([...basicColors, 'grey', ...shadeWords, ...grammarWords])
  const words = spokenColors(lexicon).flatMap((name) => name.split(' '))
  return new Set(words.filter((word) => !common.has(word)))
}
