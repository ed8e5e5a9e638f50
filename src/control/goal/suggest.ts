// Sentences that would work: on this scene, or on any where none is in view.

import { canonicalSentence } from './canonical.js'
import { isContainer } from './match.js'
import type { SceneObject, SceneView } from './types.js'

const mostSuggestions = 3

/** Up to three sentences that this scene can do, about one of these things first, or into one of these places. */
export function suggestions(
  scene: SceneView | null,
  prefer: { readonly things?: readonly SceneObject[]; readonly places?: readonly SceneObject[] } = {},
): readonly string[] {
  if (scene === null)
    return [
      'put the red blocks in a green bowl',
      'pack all the red and blue blocks into the brown box',
      'put the green block on the lightest brown block',
    ]
  const { objects } = scene
  const all = {
    things: objects.filter(({ kinds, inside }) => kinds[0] === 'block' && inside === null),
    places: objects.filter((object) => isContainer(object) || object.kinds[0] === 'stand'),
  }
  const things = distinct(prefer.things?.length ? prefer.things : all.things)
  const places = distinct(prefer.places?.length ? prefer.places : all.places)
  const made = new Set<string>()
  for (let i = 0; i < Math.max(things.length, places.length) && made.size < mostSuggestions; i++) {
    const [thing, place] = [things[i % things.length], places[i % places.length]]
    if (thing === undefined || place === undefined) break
    if (thing !== place) made.add(sentenceFor(thing, place))
  }
  return [...made]
}

/** The sentence that puts one thing of the scene into, or onto, another one. */
export function sentenceFor(thing: SceneObject, place: SceneObject): string {
  const isStand = place.kinds[0] === 'stand'
  return canonicalSentence({
    what: { colors: [thing.color], noun: thing.kinds[0]! },
    where: {
      colors: [place.color],
      noun: isStand ? 'block' : place.kinds[0]!,
      relation: isContainer(place) ? 'in' : 'on',
      step: isStand ? 'lightest' : null,
    },
  })
}

/** One thing of each colour and kind. */
export function distinct(objects: readonly SceneObject[]): readonly SceneObject[] {
  const seen = new Set<string>()
  return objects.filter(({ color, kinds }) => {
    const look = `${color} ${kinds[0]}`
    return !seen.has(look) && seen.add(look)
  })
}

/** "red and green blocks", "a brown box": what is there, for a person. */
export function describeThings(objects: readonly SceneObject[]): string {
  const looks = distinct(objects).map(({ color, kinds }) => `${color} ${kinds[0]}`)
  return looks.length === 0 ? 'nothing' : looks.join(', ')
}
