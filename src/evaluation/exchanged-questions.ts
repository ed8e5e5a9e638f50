// The same scene, asked for something else that is there: a policy that listens answers with another action.

import type { TrueObject, Truth } from '../sim/api.js'
import type { Random } from '../sim/random.js'
import { phraseOf, withColors } from './colored-phrases.js'

export interface ExchangedQuestion {
  readonly sentence: string
  /** What it names otherwise than the scene's own sentence. */
  readonly exchanged: 'pick' | 'place'
  /** The scene's truth as it would be with this sentence. */
  readonly truth: Truth
}

/**
 * The scene's sentence with the colour, or the noun where things have no colour of their own, of another thing that is
 * there. Null where no other thing could be meant.
 */
export function exchange(exchanged: 'pick' | 'place', truth: Truth, random: Random): ExchangedQuestion | null {
  const named = exchanged === 'pick' ? truth.named?.picks : truth.named?.places
  const thing = truth.objects.find(({ label }) => label === named?.[0])
  if (named === undefined || thing === undefined) return null
  const others = truth.objects.filter(({ label }) => !named.includes(label))
  const other = truth.colored[exchanged].includes(thing.kind)
    ? ofOtherColor(exchanged, thing.kind, others, truth, random)
    : exchanged === 'pick'
      ? ofOtherKind(thing, others, truth, random)
      : null
  if (other === null) return null
  const { sentence, labels } = other
  return { sentence, exchanged, truth: { ...truth, goal: sentence, ...answersOf(exchanged, labels, truth) } }
}

interface OtherThings {
  readonly sentence: string
  readonly labels: readonly number[]
}

function ofOtherColor(
  exchanged: 'pick' | 'place',
  kind: string,
  others: readonly TrueObject[],
  { goal, colored }: Truth,
  random: Random,
): OtherThings | null {
  const phrase = phraseOf(goal, exchanged, colored)
  if (phrase === null || phrase.kind !== kind) return null
  const there = others.filter((object) => object.kind === kind && !phrase.colors.includes(object.color))
  const pool = [...new Set(there.map(({ color }) => color))]
  if (pool.length === 0) return null
  const colors = random.sample(pool, Math.min(phrase.colors.length, pool.length))
  const labels = there.filter(({ color }) => colors.includes(color)).map(({ label }) => label)
  return { sentence: withColors(goal, phrase, colors), labels }
}

function ofOtherKind(
  { kind }: TrueObject,
  others: readonly TrueObject[],
  { goal, names, named }: Truth,
  random: Random,
): OtherThings | null {
  const spoken = names[kind]?.find((name) => goal.includes(name))
  const kinds = others
    .filter((object) => object.kind !== kind && !named!.places.includes(object.label))
    .flatMap((object) => (names[object.kind] === undefined ? [] : [object.kind]))
  if (spoken === undefined || kinds.length === 0) return null
  const wanted = random.pick([...new Set(kinds)])
  const labels = others.filter((object) => object.kind === wanted).map(({ label }) => label)
  return { sentence: goal.replace(spoken, names[wanted]![0]!), labels }
}

function answersOf(
  exchanged: 'pick' | 'place',
  labels: readonly number[],
  { validPicks, validPlaces, objects }: Truth,
): Pick<Truth, 'validPicks' | 'validPlaces'> {
  if (exchanged === 'pick') {
    return { validPicks: labels, validPlaces: labels.flatMap((object) => validPlaces.map((at) => ({ ...at, object }))) }
  }
  const targets = objects.filter(({ label }) => labels.includes(label))
  return {
    validPicks,
    validPlaces: validPicks.flatMap((object) =>
      targets.map(({ label: target, p_base_m }) => ({ object, target, p_base_m, yawRad: 0, symmetryRad: 0 })),
    ),
  }
}
