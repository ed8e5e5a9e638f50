// The benchmark's sentences in words that they do not use: a test list. No training sentence has one of these forms
// (models/tests holds them against models/cliport_edge/words.py, which makes those of training). Its nouns, and all but
// one in ten of its names of colours, are words that training knows.

import type { ColorName } from '../sim/colors.js'
import type { Random } from '../sim/random.js'

const published = /^(?:put|pack all) the (.+) (in|into|on) (?:a|the) (.+)$/

/** `<pick>` and `<place>` are what the sentence names, `<in>` is its preposition. */
const forms = [
  'take the <pick> and put them <in> the <place>',
  'grab the <pick> and drop each one <in> the <place>',
  'could you please move the <pick> over <in> the <place>',
  'i would like all the <pick> <in> the <place>',
  'the <pick> should go <in> the <place>',
  'collect the <pick> and deposit them <in> that <place>',
  'the <place> is where the <pick> should be',
]

const otherNouns: Readonly<Record<string, readonly string[]>> = {
  block: ['cube', 'brick'],
  blocks: ['cubes', 'bricks'],
  bowl: ['dish'],
  box: ['crate', 'container'],
}

/** Names that people give to the palette's colours; those without one of their own keep their name. */
const otherColors: Readonly<Partial<Record<ColorName, readonly string[]>>> = {
  red: ['crimson', 'scarlet', 'tomato'],
  blue: ['denim', 'azure', 'cobalt'],
  green: ['emerald'],
  yellow: ['golden', 'mustard'],
  brown: ['mocha', 'taupe', 'coffee'],
  gray: ['grey', 'silver'],
  cyan: ['turquoise', 'teal'],
  orange: ['tangerine', 'amber'],
  purple: ['mauve'],
  white: ['snow', 'ivory'],
}

/** The sentence in another form, half of its colours and nouns by other names; null for a sentence of another kind. */
export function paraphrased(sentence: string, random: Random): string | null {
  const [, pick, preposition, place] = published.exec(sentence) ?? []
  if (pick === undefined || place === undefined || preposition === undefined) return null
  const others: Readonly<Record<string, readonly string[]>> = { ...otherNouns, ...otherColors }
  const renamed = (phrase: string) =>
    phrase.replace(/\w+/g, (word) => {
      const names = others[word]
      return names !== undefined && random.uniform(0, 1) < 0.5 ? random.pick(names) : word
    })
  const into = preposition === 'on' ? 'onto' : 'into'
  return random.pick(forms).replace('<pick>', renamed(pick)).replace('<place>', renamed(place)).replace('<in>', into)
}
