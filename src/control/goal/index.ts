// From sentence to command: what a sentence means on this scene, in words that the policy was trained on, or why not.

import type { Lexicon } from '../ports.js'
import { explain } from './explain.js'
import { read } from './read.js'
import { resolve } from './resolve.js'
import { saidForm } from './said-form.js'
import type { SceneView, Understanding, UnderstandOptions } from './types.js'
import { vocabularyOf } from './vocabulary.js'

export { seeScene } from './scene.js'
export type * from './types.js'
export { withNouns } from './vocabulary.js'

/**
 * What a sentence means. Every word of it is understood, harmless, or named in the reason why there is no command.
 *
 * @param sentence of `parseGoal`
 * @param lexicon  what the policy's words mean
 * @param scene    what is in view; absent: nothing is said about what is there
 */
export function understand(
  sentence: string,
  lexicon: Lexicon,
  scene: SceneView | null = null,
  options: UnderstandOptions = {},
): Understanding {
  const vocabulary = vocabularyOf(lexicon)
  const beyondGrammar = saidForm(sentence, vocabulary, true)
  if (beyondGrammar !== null) return beyondGrammar
  const reading = read(sentence, vocabulary)
  if (reading.command === null) return saidForm(sentence, vocabulary, false) ?? explain(reading, vocabulary, scene)
  return resolve(reading.command, vocabulary, scene, reading.notes, options)
}
