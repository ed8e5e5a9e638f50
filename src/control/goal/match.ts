// Which things in view a phrase means.

import { distance, familyOf, type Lab, labOf, nameDistance, nearestColor, paletteOf, rgbOfHex } from './color.js'
import { shapeKinds } from './scene.js'
import type { ColorWord, SceneObject, SceneView, Side, ThingPhrase } from './types.js'
import type { Vocabulary } from './vocabulary.js'

/** What a phrase means in the scene. */
export interface Match {
  readonly objects: readonly SceneObject[]
  /** For each colour that was said, the scene's colours that it stands for; [] where none fits. */
  readonly colors: ReadonlyMap<ColorWord, readonly string[]>
}

export interface MatchContext {
  readonly scene: SceneView
  readonly vocabulary: Vocabulary
  readonly pointOfView: 'robot' | 'person'
  readonly note: (line: string) => void
}

/** Kinds that things are put into; nothing of these is picked unless it is named. */
export const containerKinds: ReadonlySet<string> = new Set(['bowl', 'box', 'plate', 'cup'])

export function isContainer({ kinds }: SceneObject): boolean {
  return containerKinds.has(kinds[0] ?? '')
}

/** Below this CIE76 distance a lit thing may be called by the name of a basic colour, though another one is nearer. */
const lightToleranceLab = 15
/** Of other names of colours: how far what they mean may be, and how much farther than the palette's nearest. */
const namedToleranceLab = 45
const namedMarginLab = 10
/** From middle to middle. */
const nextToM = 0.16
const besideM = 0.02

/** @param role a thing to pick, or the place of one: what a phrase without a noun means */
export function match(phrase: ThingPhrase, role: 'pick' | 'place', context: MatchContext): Match {
  const alike = ofKind(phrase, role, context.scene)
  const colors = new Map(phrase.colors.map((word) => [word, colorsFor(word, alike, context)] as const))
  const names = [...colors.values()].flat()
  let objects = phrase.colors.length === 0 ? alike : alike.filter(({ color }) => names.includes(color))
  for (const other of phrase.except) {
    const left = new Set(match(inheritNoun(other, phrase), role, context).objects)
    objects = objects.filter((object) => !left.has(object))
  }
  objects = ofSize(objects, phrase)
  if (phrase.relation !== null) objects = related(objects, phrase.relation, context)
  if (phrase.superlative !== null) objects = superlative(objects, phrase, context)
  return { objects, colors }
}

/** "all blocks but the red one": the red block. */
function inheritNoun(phrase: ThingPhrase, from: ThingPhrase): ThingPhrase {
  return phrase.noun === null ? { ...phrase, noun: from.noun, kinds: from.kinds } : phrase
}

function ofKind({ kinds, noun }: ThingPhrase, role: 'pick' | 'place', { objects }: SceneView): readonly SceneObject[] {
  if (kinds?.some((kind) => !shapeKinds.has(kind))) return objects
  if (kinds !== null) return objects.filter((object) => object.kinds.some((kind) => kinds.includes(kind)))
  const wanted = objects.filter((object) => isContainer(object) === (role === 'place'))
  const loose = role === 'pick' ? wanted.filter((object) => object.kinds[0] !== 'stand') : wanted
  return loose.length > 0 || noun === null ? loose : objects
}

/** Colours of the scene that a colour word may stand for, among these things. */
function colorsFor(
  word: ColorWord,
  objects: readonly SceneObject[],
  { vocabulary, note }: MatchContext,
): readonly string[] {
  const palette = paletteOf(vocabulary.lexicon)
  const value = labOf(rgbOfHex(word.value))
  const there = [...new Set(objects.map(({ color }) => color))]
  const own = palette.find(([, lab]) => distance(lab, value) < 1)?.[0]
  if (own !== undefined) {
    if (there.includes(own)) return [own]
    return [
      ...new Set(
        objects.filter(({ rgb }) => distance(labOf(rgb), value) < lightToleranceLab).map(({ color }) => color),
      ),
    ]
  }
  const far = (name: string) =>
    Math.min(
      nameDistance(palette.find(([each]) => each === name)![1], value),
      ...objects.filter(({ color }) => color === name).map(({ rgb }) => nameDistance(labOf(rgb), value)),
    )
  const least = Math.min(...palette.map(([, lab]) => nameDistance(lab, value)))
  const ranked = there.map((name) => ({ name, far: far(name) })).sort((a, b) => a.far - b.far)
  const [first] = ranked
  const family = familyOf(word.name)
  if (family !== null && there.includes(family)) {
    note(`read ${word.said} as ${family}`)
    return [family]
  }
  const within = word.name.split(' ').at(-1)!
  const chosen =
    first !== undefined && first.far <= Math.min(namedToleranceLab, least + namedMarginLab)
      ? first.name
      : there.includes(within)
        ? within
        : null
  if (chosen === null) return []
  if (chosen !== word.name) note(`read ${word.said} as ${chosen}`)
  return [chosen]
}

/** The palette's colour that a name is nearest to, for sentences without a scene. */
export function paletteName(word: ColorWord, { lexicon }: Vocabulary): string {
  const family = familyOf(word.name)
  if (family !== null && family in lexicon.colors) return family
  return nearestColor(labOf(rgbOfHex(word.value)), paletteOf(lexicon))
}

function ofSize(objects: readonly SceneObject[], { size }: ThingPhrase): readonly SceneObject[] {
  if (size === null || objects.length < 2) return objects
  const areas = objects.map(areaOf)
  const [least, most] = [Math.min(...areas), Math.max(...areas)]
  if (most < 1.25 * least) return objects
  const middle = Math.sqrt(least * most)
  return objects.filter((object) => (size === 'big' ? areaOf(object) > middle : areaOf(object) < middle))
}

const areaOf = ({ cells }: SceneObject) => cells.length

function related(
  objects: readonly SceneObject[],
  { side, of }: NonNullable<ThingPhrase['relation']>,
  context: MatchContext,
): readonly SceneObject[] {
  const others = match(of, side === 'in' ? 'place' : 'pick', context).objects
  const anchors = others.length > 0 ? others : match(of, 'place', context).objects
  const pairs = objects.flatMap((object) =>
    anchors
      .filter((anchor) => anchor !== object && isOn(side, object, anchor, context))
      .map((anchor) => ({ object, far: planDistanceM(object, anchor) })),
  )
  const isAll = side === 'in' || side === 'on' || side === 'next_to'
  if (isAll) return objects.filter((object) => pairs.some((pair) => pair.object === object))
  pairs.sort((a, b) => (side === 'farthest_from' ? b.far - a.far : a.far - b.far))
  return pairs.slice(0, 1).map(({ object }) => object)
}

/** Base axes: x away from the robot, y to its left; a person who faces it has y to the right, and x towards them. */
function isOn(
  side: Side,
  { p_base_m: at, inside }: SceneObject,
  anchor: SceneObject,
  { pointOfView }: MatchContext,
): boolean {
  const turned = pointOfView === 'robot' ? 1 : -1
  const [dx, dy] = [turned * (at[0] - anchor.p_base_m[0]), turned * (at[1] - anchor.p_base_m[1])]
  const near = Math.hypot(dx, dy)
  switch (side) {
    case 'in':
    case 'on':
      return inside === anchor.id
    case 'next_to':
      return near < Math.max(nextToM, (anchor.sizeM[0] + anchor.sizeM[1]) / 2)
    case 'left_of':
      return dy > besideM && Math.abs(dy) > Math.abs(dx)
    case 'right_of':
      return dy < -besideM && Math.abs(dy) > Math.abs(dx)
    case 'in_front_of':
      return dx < -besideM && Math.abs(dx) > Math.abs(dy)
    case 'behind':
      return dx > besideM && Math.abs(dx) > Math.abs(dy)
    case 'nearest_to':
    case 'farthest_from':
      return true
  }
}

function superlative(
  objects: readonly SceneObject[],
  { superlative: most, ordinal, plural, count }: ThingPhrase,
  { pointOfView }: MatchContext,
): readonly SceneObject[] {
  const turned = pointOfView === 'robot' ? 1 : -1
  const reach = ({ p_base_m: [x, y] }: SceneObject) => (pointOfView === 'robot' ? Math.hypot(x, y) : -x)
  const value: Record<NonNullable<ThingPhrase['superlative']>, (object: SceneObject) => number> = {
    leftmost: ({ p_base_m }) => -turned * p_base_m[1],
    rightmost: ({ p_base_m }) => turned * p_base_m[1],
    nearest: reach,
    farthest: (object) => -reach(object),
    biggest: (object) => -areaOf(object),
    smallest: areaOf,
    tallest: ({ p_base_m }) => -p_base_m[2],
    lowest: ({ p_base_m }) => p_base_m[2],
  }
  const sorted = [...objects].sort((a, b) => value[most!](a) - value[most!](b))
  const wanted = count ?? (plural ? sorted.length : 1)
  return plural && count === null ? sorted.slice(0, 1) : sorted.slice(ordinal - 1, ordinal - 1 + wanted)
}

export function planDistanceM(a: SceneObject, b: SceneObject): number {
  return Math.hypot(a.p_base_m[0] - b.p_base_m[0], a.p_base_m[1] - b.p_base_m[1])
}

export type { Lab }
