// The benchmark's sentences in words that they do not use: a test list. No training sentence has one of these forms
// (models/tests holds them against models/cliport_edge/words.py, which makes those of training). Its nouns, and all but
// one in ten of its names of colours, are words that training knows.

import type { ColorName } from '../sim/colors.js'
import type { Random } from '../sim/random.js'
import { nouns } from '../sim/tasks/index.js'

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

/**
 * The sentence in another form, half of its colours and nouns by other names; null for a sentence of another kind.
 * @param own forms of the task's sentences
 */
export function paraphrased(sentence: string, own: readonly string[], random: Random): string | null {
  const parts = own.map((form) => partsOf(sentence, form)).find((found) => found !== null)
  if (parts === undefined) return null
  const { pick, preposition, place } = parts
  const renamed = (phrase: string) =>
    phrase.replace(/\w+/g, (word) => {
      const names = otherNames(word)
      return names.length > 0 && random.uniform(0, 1) < 0.5 ? random.pick(names) : word
    })
  const into = preposition === 'on' ? 'onto' : 'into'
  return random.pick(forms).replace('<pick>', renamed(pick)).replace('<place>', renamed(place)).replace('<in>', into)
}

interface Parts {
  readonly pick: string
  readonly preposition: string
  readonly place: string
}

/** What stands in a sentence for `<pick>` and `<place>` of its form; null where it has another form. */
function partsOf(sentence: string, form: string): Parts | null {
  const pattern = form.replace(/<pick> (\w+)/, '(?<pick>.+) (?<preposition>$1)').replace('<place>', '(?<place>.+)')
  const groups = new RegExp(`^${pattern}$`).exec(sentence)?.groups
  return groups === undefined ? null : (groups as unknown as Parts)
}

/** Other nouns of the tasks for a noun, in the same number; other names of a colour. */
function otherNames(word: string): readonly string[] {
  const noun = nouns.get(word)?.slice(1)
  const ofOne = nouns.get(word.replace(/s$/, ''))?.slice(1)
  return noun ?? ofOne?.map((name) => `${name}s`) ?? otherColors[word as ColorName] ?? []
}
