// A command on a scene: what the policy is asked, or why nothing is.

import { plainCommand, type SaidCommand } from './build.js'
import { canonicalSentence, type PlainCommand } from './canonical.js'
import { containerKinds, isContainer, type Match, type MatchContext, match, paletteName } from './match.js'
import { refusal } from './refusal.js'
import { cellsOf, outlineCellsOf } from './scene.js'
import { describeThings, distinct, suggestions } from './suggest.js'
import type {
  Candidate,
  Command,
  NotUnderstood,
  PolicyQuestion,
  SceneObject,
  SceneView,
  ThingPhrase,
  Understanding,
  UnderstandOptions,
  Understood,
} from './types.js'
import type { Vocabulary } from './vocabulary.js'

/** Alternatives of "a block in a bowl" that the policy is asked at most. */
const mostQuestions = 6

export function resolve(
  said: SaidCommand,
  vocabulary: Vocabulary,
  scene: SceneView | null,
  earlier: readonly string[],
  options: UnderstandOptions,
): Understanding {
  const notes = [...earlier]
  const turned =
    said.mayBeTurned && isTurned(said)
      ? { ...said, what: said.where!.thing, where: { relation: 'to' as const, thing: said.what } }
      : said
  const blocked = impossible(turned, scene, options)
  if (blocked !== null) return { ...blocked, notes }
  const command = plainCommand(turned)!
  if (scene === null) return withoutScene(command, vocabulary, notes)
  const context: MatchContext = {
    scene,
    vocabulary,
    pointOfView: options.pointOfView ?? 'robot',
    note: (line) => notes.includes(line) || notes.push(line),
  }
  return new Resolution(command, context, notes).result()
}

/** "green bowl: red block" names the place first. */
function isTurned({ what, where }: SaidCommand): boolean {
  const isPlace = ({ kinds }: ThingPhrase) => kinds?.every((kind) => containerKinds.has(kind)) ?? false
  return where !== null && isPlace(what) && where.thing.kinds !== null && !isPlace(where.thing)
}

/** What is understood, and cannot be done whatever is in view. */
function impossible(
  said: SaidCommand,
  scene: SceneView | null,
  { placeOptional = false }: UnderstandOptions,
): NotUnderstood | null {
  const { what, where } = said
  const refuse = (kind: NotUnderstood['kind'], reason: string, words: readonly string[], part: NotUnderstood['part']) =>
    refusal(kind, reason, { words, part, suggestions: suggestions(scene) })
  if (where === null && !placeOptional) {
    return refuse('not_understood', `no place: where is the ${what.said} to go?`, [what.said], 'place')
  }
  if (what.beside !== undefined) {
    const all = [what, ...what.beside].map(({ said }) => said)
    return refuse('unsupported', `one kind of thing at a time: ${all.join(', ')} are several`, all, 'thing')
  }
  if (what.step !== null)
    return refuse(
      'not_understood',
      `"${what.said}" names a step of the stand, which cannot be picked`,
      [what.said],
      'thing',
    )
  if (where === null) return null
  if (plainCommand(said) === null) {
    const side = where.relation.replaceAll('_', ' ')
    return refuse(
      'unsupported',
      `things can be put in or on something, not yet ${side} it ("${side} the ${where.thing.said}")`,
      side.split(' '),
      'place',
    )
  }
  const places = where.thing as SaidCommand['what']
  if (places.beside !== undefined)
    return refuse(
      'unsupported',
      `one place at a time: ${[places, ...places.beside].map(({ said }) => said).join(', ')} are several`,
      [places.said],
      'place',
    )
  return null
}

/** Nothing is known of what is there: the command in the policy's words. */
function withoutScene(command: Command, vocabulary: Vocabulary, notes: string[]): Understood {
  const colorsOf = (phrase: ThingPhrase) =>
    phrase.colors.map((word) => {
      const name = paletteName(word, vocabulary)
      if (name !== word.name && word.name !== 'grey') notes.push(`read ${word.said} as ${name}`)
      return name
    })
  const sentence = canonicalSentence(
    plainly(command, colorsOf(command.what), command.where === null ? [] : colorsOf(command.where.thing)),
  )
  return {
    kind: 'command',
    command,
    questions: [{ sentence }],
    canonical: sentence,
    notes,
    count: command.what.count,
    done: false,
  }
}

function plainly(
  { what, where }: Command,
  colors: readonly string[],
  placeColors: readonly string[],
  found: { what?: SceneObject | undefined; where?: SceneObject | undefined } = {},
): PlainCommand {
  const thing = { colors, noun: nounOf(what, found.what, 'block') }
  if (where === null) return { what: thing, where: null }
  const noun = nounOf(where.thing, found.where, where.relation === 'on' || where.thing.step !== null ? 'block' : 'bowl')
  const relation =
    where.relation === 'on' && noun !== 'bowl' && noun !== 'box'
      ? 'on'
      : containerKinds.has(noun)
        ? 'in'
        : where.relation === 'in'
          ? 'in'
          : 'on'
  const named = where.thing.step !== null && placeColors.length === 0 ? ['brown'] : placeColors
  return { what: thing, where: { colors: named, noun, relation, step: where.thing.step } }
}

/** The kind's own name: a cube is a block. A word for any thing is what it was found to be. */
function nounOf({ kinds, noun }: ThingPhrase, found: SceneObject | undefined, otherwise: string): string {
  if (kinds === null) return found?.kinds[0] ?? otherwise
  const kind = found === undefined ? kinds[0]! : (found.kinds.find((each) => kinds.includes(each)) ?? kinds[0]!)
  return kind === 'stand' || kind === 'carton' ? noun! : kind
}

/** One command on one scene. */
class Resolution {
  constructor(
    private readonly command: Command,
    private readonly context: MatchContext,
    private readonly notes: readonly string[],
  ) {}

  result(): Understanding {
    const { what, where } = this.command
    const things = match(what, 'pick', this.context)
    const missing = this.#missing('thing', what, things)
    if (missing !== null) return missing
    // Steps of the stand, and blocks that are named together, are the policy's to find.
    const isNamed =
      where === null || where.thing.step !== null || (where.relation === 'on' && where.thing.colors.length > 1)
    const places = isNamed ? null : this.#places(where.thing, where.relation)
    if (places !== null) {
      const noPlace = this.#missing('place', where!.thing, places)
      if (noPlace !== null) return noPlace
    }
    const apart =
      places === null
        ? things
        : {
            ...things,
            objects: things.objects.filter((object) => !places.objects.includes(object) || places.objects.length > 1),
          }
    const doubt = this.#ambiguous(apart, places)
    if (doubt !== null) return doubt
    return this.#understood(apart, places)
  }

  #places(phrase: ThingPhrase, relation: 'in' | 'on' | 'to'): Match {
    const found = match(phrase, 'place', this.context)
    const holding = found.objects.filter(isContainer)
    // Nothing goes into what is not hollow; "to the box" may mean a closed one.
    return relation === 'in' || (relation === 'to' && holding.length > 0) ? { ...found, objects: holding } : found
  }

  #missing(part: 'thing' | 'place', phrase: ThingPhrase, { objects }: Match): NotUnderstood | null {
    const { scene } = this.context
    const wanted = phrase.count ?? 1
    if (objects.length >= wanted) return null
    const role = part === 'thing' ? 'pick' : 'place'
    const others = match(
      { ...phrase, colors: [], relation: null, superlative: null, size: null, except: [], count: null },
      role,
      this.context,
    ).objects
    const there = others.length > 0 ? `here: ${describeThings(others)}` : `in view: ${describeThings(scene.objects)}`
    const reason =
      objects.length > 0
        ? `only ${objects.length} of ${wanted}: ${phrase.said}`
        : `no ${phrase.said} is in view (${there})`
    return this.#refuse('not_found', reason, [phrase.said], part, {
      [part === 'thing' ? 'things' : 'places']: others.filter((object) => role === 'pick' || isContainer(object)),
    })
  }

  #refuse(
    kind: NotUnderstood['kind'],
    reason: string,
    words: readonly string[],
    part: NotUnderstood['part'],
    prefer: Parameters<typeof suggestions>[1],
    candidates: readonly Candidate[] = [],
  ): NotUnderstood {
    return refusal(kind, reason, {
      words,
      part,
      candidates,
      notes: this.notes,
      suggestions: suggestions(this.context.scene, prefer),
    })
  }

  /** "the block", where blocks differ in colour; among those that are alike it may be any. */
  #ambiguous(things: Match, places: Match | null): NotUnderstood | null {
    const { what, where } = this.command
    const choice = looksToChoose(what, things.objects)
    if (choice !== null)
      return this.#ask('thing', what.said, choice, (object) =>
        this.#sentence([object], places?.objects ?? [], { what: [object.color] }),
      )
    const placeChoice = where === null || places === null ? null : looksToChoose(where.thing, places.objects)
    if (placeChoice === null) return null
    return this.#ask('place', where!.thing.said, placeChoice, (object) =>
      this.#sentence(things.objects, [object], { where: [object.color] }),
    )
  }

  #ask(
    part: 'thing' | 'place',
    said: string,
    choice: readonly SceneObject[],
    sentenceOf: (object: SceneObject) => string,
  ): NotUnderstood {
    const { objects } = this.context.scene
    const candidates = choice.map((object): Candidate => {
      const alike = objects.filter(({ color, kinds }) => color === object.color && kinds[0] === object.kinds[0])
      return { sentence: sentenceOf(object), name: `the ${object.color} ${object.kinds[0]}`, objects: alike }
    })
    const names = candidates.map(({ name }) => name)
    const reason = `which ${said}? ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
    return this.#refuse(
      'ambiguous',
      reason,
      [said],
      part,
      part === 'thing' ? { things: choice } : { places: choice },
      candidates,
    )
  }

  /** A plain sentence for a person to choose: as said, but for the colours that were chosen. */
  #sentence(
    things: readonly SceneObject[],
    places: readonly SceneObject[],
    chosen: { what?: readonly string[]; where?: readonly string[] },
  ): string {
    const { what, where } = this.command
    const article = what.quantifier === 'all' ? 'all the' : what.quantifier === 'any' ? 'a' : 'the'
    const thing = phraseOf(what, things[0], chosen.what)
    if (where === null) return `pick up ${article} ${thing}`
    const into = where.relation === 'to' ? 'in' : where.relation
    return `put ${article} ${thing} ${into} ${where.thing.quantifier === 'any' ? 'a' : 'the'} ${phraseOf(where.thing, places[0], chosen.where)}`
  }

  #understood(things: Match, places: Match | null): Understood {
    const { what } = this.command
    const isAll = what.quantifier === 'all' || (what.plural && what.quantifier !== 'any')
    const inside = new Set((places?.objects ?? []).map(({ id }) => id))
    const outside = things.objects.filter((object) => object.inside === null || !inside.has(object.inside))
    const isEach = what.colors.length === 0
    const done = isEach && isAll && outside.length === 0
    const left = isEach && outside.length > 0 ? outside : things.objects
    const questions = this.#questions(left, things, places)
    const single = what.plural || what.quantifier === 'all' ? null : things.objects.length > 1 ? 1 : null
    return {
      kind: 'command',
      command: this.command,
      questions,
      canonical: questions[0].sentence,
      notes: this.notes,
      count: what.count ?? single,
      done,
    }
  }

  #questions(left: readonly SceneObject[], things: Match, places: Match | null): Understood['questions'] {
    const { what, where } = this.command
    const groups =
      what.colors.length > 0
        ? [{ colors: [...new Set([...things.colors.values()].flat())], objects: left }]
        : byColor(left)
    const placeGroups =
      places === null || where === null
        ? [{ colors: where?.thing.colors.map((word) => paletteNameOrSame(word.name, this.context)) ?? [], objects: [] }]
        : where.thing.colors.length > 0
          ? [{ colors: [...new Set([...places.colors.values()].flat())], objects: places.objects }]
          : byColor(places.objects)
    const questions = groups.flatMap((group) => placeGroups.map((place) => this.#question(group, place)))
    return questions.slice(0, mostQuestions) as unknown as Understood['questions']
  }

  #question(group: Group, place: Group): PolicyQuestion {
    const { scene } = this.context
    const sentence = canonicalSentence(
      plainly(this.command, group.colors, place.colors, { what: group.objects[0], where: place.objects[0] }),
    )
    const pick = this.#restricts(this.command.what, group) ? { pickCells: cellsOf(scene, group.objects) } : {}
    const where = this.command.where
    const put =
      where !== null && place.objects.length > 0 && this.#restricts(where.thing, place)
        ? { placeCells: outlineCellsOf(scene, place.objects) }
        : {}
    return { sentence, ...pick, ...put }
  }

  /** Whether colour and kind alone would let the policy choose others. */
  #restricts(phrase: ThingPhrase, { objects, colors }: Group): boolean {
    const isSelected =
      phrase.relation !== null || phrase.superlative !== null || phrase.size !== null || phrase.except.length > 0
    if (!isSelected) return false
    const kind = objects[0]?.kinds[0]
    const alike = this.context.scene.objects.filter(
      (other) => other.kinds[0] === kind && (colors.length === 0 || colors.includes(other.color)),
    )
    return alike.some((other) => !objects.includes(other))
  }
}

interface Group {
  readonly colors: readonly string[]
  readonly objects: readonly SceneObject[]
}

function byColor(objects: readonly SceneObject[]): readonly Group[] {
  return [...new Set(objects.map(({ color }) => color))].map((color) => ({
    colors: [color],
    objects: objects.filter((object) => object.color === color),
  }))
}

function paletteNameOrSame(name: string, { vocabulary }: MatchContext): string {
  return paletteName({ said: name, name, value: vocabulary.lexicon.colors[name]! }, vocabulary)
}

/** One of each look, where a definite phrase fits several looks; null where it is clear, or may be any. */
function looksToChoose(phrase: ThingPhrase, objects: readonly SceneObject[]): readonly SceneObject[] | null {
  const isOne = (phrase.quantifier === 'the' || phrase.quantifier === 'none') && !phrase.plural && phrase.count === null
  const isFew = phrase.quantifier === 'the' && phrase.count !== null && objects.length > phrase.count
  const isSettled = phrase.colors.length > 1 || (phrase.superlative !== null && !isFew)
  if (!(isOne || isFew) || isSettled) return null
  const looks = distinct(objects)
  return looks.length > 1 ? looks : null
}

function phraseOf(phrase: ThingPhrase, object: SceneObject | undefined, colors: readonly string[] | undefined): string {
  if (colors === undefined) return phrase.said
  const noun = phrase.noun ?? object?.kinds[0] ?? 'one'
  return `${colors.join(' and ')} ${noun}`
}
