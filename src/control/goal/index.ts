// From sentence to command: what a sentence means on this scene, in words that the policy was trained on, or why not.

import type { Lexicon } from '../ports.js'
import type { SceneView, Understanding, UnderstandOptions } from './types.js'

export type * from './types.js'

/**
 * What a sentence means.
 *
 * @param lexicon what the policy's words mean
 * @param scene   what is in view; absent: nothing is said about what is there
 */
export function understand(
  sentence: string,
  _lexicon: Lexicon,
  _scene: SceneView | null = null,
  _options: UnderstandOptions = {},
): Understanding {
  return {
    kind: 'not_understood',
    reason: `no word of "${sentence}" is understood`,
    words: sentence.split(' '),
    part: null,
    candidates: [],
    suggestions: [],
    notes: [],
  }
}
