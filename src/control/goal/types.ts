// A sentence's meaning: a typed command, or why there is none. Nothing here knows how a sentence is read.

import type { Pixel, Primitive, Proposal, Vec3 } from '../types.js'

/** A colour as the sentence has it, and the colours of the scene or of the palette that it stands for. */
export interface ColorWord {
  readonly said: string
  /** Colour of the lexicon, for example 'light blue'; its value is sRGB, #rrggbb. */
  readonly name: string
  readonly value: string
}

/** Of the robot, or of a person who faces it across the table. */
export type PointOfView = 'robot' | 'person'

/** How one thing among several is chosen, from the robot's point of view unless the settings name the person's. */
export type Superlative =
  | 'leftmost'
  | 'rightmost'
  | 'nearest'
  | 'farthest'
  | 'biggest'
  | 'smallest'
  | 'tallest'
  | 'lowest'

/** Where a thing lies, seen from another one. */
export type Side =
  | 'next_to'
  | 'left_of'
  | 'right_of'
  | 'in_front_of'
  | 'behind'
  | 'in'
  | 'on'
  | 'nearest_to'
  | 'farthest_from'

/** A part of the sentence that names things: "the leftmost red block", "two of the cubes next to the green bowl". */
export interface ThingPhrase {
  /** As said, without the article. */
  readonly said: string
  /** Kinds of things that the noun may name; null: no noun was said ("the red one"), or it names any thing. */
  readonly kinds: readonly string[] | null
  /** The noun in its singular; null where none was said. */
  readonly noun: string | null
  readonly plural: boolean
  /** Any of these colours; empty: of every colour. */
  readonly colors: readonly ColorWord[]
  /** Everything but these, for "anything but the red block"; empty: nothing is left out. */
  readonly except: readonly ThingPhrase[]
  readonly size: 'big' | 'small' | null
  /**
   * - `the`: one that the speaker has in mind, or with a plural all of them
   * - `any`: whichever
   * - `all`: every one
   * - `none`: nothing was said ("red block green bowl")
   */
  readonly quantifier: 'the' | 'any' | 'all' | 'none'
  /** "two blocks"; null: no number was said. */
  readonly count: number | null
  readonly superlative: Superlative | null
  /** Of a superlative: the first, second, ... from that side, from 1. */
  readonly ordinal: number
  readonly relation: { readonly side: Side; readonly of: ThingPhrase } | null
  /** A step of the stand ("the lightest brown block"), in the policy's own words. */
  readonly step: 'lightest' | 'middle' | 'darkest' | null
}

/** What is to be done: pick things, and place each of them. */
export interface Command {
  /** As said, in its plain form: 'put', 'pack', 'stack', 'pick up'. */
  readonly verb: string
  readonly what: ThingPhrase
  /** null: no place was said, which is complete where the pick alone is judged. */
  readonly where: { readonly relation: 'in' | 'on' | 'to'; readonly thing: ThingPhrase } | null
}

/** What a segment of the heightmap may be, by its shape alone. Kinds are those of the lexicon. */
export interface SceneObject {
  /** From 1, in the order of their size. */
  readonly id: number
  /** Kinds of the lexicon that its shape allows. */
  readonly kinds: readonly string[]
  /** Median colour of its cells, sRGB 0..255. */
  readonly rgb: readonly [number, number, number]
  /** Name of the palette's colour that is nearest. */
  readonly color: string
  /** Middle of its bounding box in plan and its highest surface, base frame. */
  readonly p_base_m: Vec3
  /** Bounding box along base x and y, and height above the table. */
  readonly sizeM: Vec3
  readonly pixel: Pixel
  /** Indices of its cells in the heightmap, row-major. */
  readonly cells: Int32Array
  /** The container that it lies in, or the thing that it lies on; null: on the table. */
  readonly inside: number | null
}

/** What the cameras see, as far as shape and colour say it. */
export interface SceneView {
  readonly rows: number
  readonly cols: number
  /** Whether colours tell things apart here; otherwise what is not seen may be there (segments.ts). */
  readonly isPlain: boolean
  readonly objects: readonly SceneObject[]
}

/** Something that the sentence could mean, for a person to choose from. */
export interface Candidate {
  /** The sentence that means this one: say it instead. */
  readonly sentence: string
  /** "the red block" */
  readonly name: string
  readonly objects: readonly SceneObject[]
}

/** What to ask the policy: a sentence that it was trained on, and where its answer may lie. */
export interface PolicyQuestion {
  readonly sentence: string
  /** How what it asks for is moved; absent: by pick and place. */
  readonly primitive?: Primitive
  /** rows x cols, 1 where a pick may be; absent: anywhere. */
  readonly pickCells?: Uint8Array
  /** rows x cols, 1 where a place may be; absent: anywhere. */
  readonly placeCells?: Uint8Array
}

/** A sentence that is a command, whole and possible here. */
export interface Understood {
  readonly kind: 'command'
  readonly command: Command
  /** What the policy is asked; questions are alternatives, for "a block in a bowl", in the order in which to try them. */
  readonly questions: readonly [PolicyQuestion, ...PolicyQuestion[]]
  /** The first question's sentence. */
  readonly canonical: string
  /** What was read otherwise than it was said, for a person: 'read gren as green'. */
  readonly notes: readonly string[]
  /** The run has done what was asked after this many things were placed; null: when the policy sees nothing left. */
  readonly count: number | null
  /** The scene shows that nothing is left to do: all of "everything" is where it should be. */
  readonly done: boolean
}

/** A sentence that nothing is done for, why, and what would work. */
export interface NotUnderstood {
  /**
   * - `not_understood`: words, or their order, mean nothing here, or the sentence is no complete command
   * - `unsupported`: it is understood, and cannot be done: negation, questions, conditions, times
   * - `not_found`: the thing or the place is not in view
   * - `ambiguous`: several things fit; say which
   */
  readonly kind: 'not_understood' | 'unsupported' | 'not_found' | 'ambiguous'
  /** For a person, naming the words or the thing. */
  readonly reason: string
  /** The words at fault, as said. */
  readonly words: readonly string[]
  /** Which part of the sentence it is about; null: the whole. */
  readonly part: 'thing' | 'place' | null
  /** Of what is ambiguous: what to choose from. */
  readonly candidates: readonly Candidate[]
  /** Up to three sentences that would work, on this scene where one was given. */
  readonly suggestions: readonly string[]
  readonly notes: readonly string[]
}

/** What a sentence means, on the scene in view where one was given. */
export type Understanding = Understood | NotUnderstood

/** What a policy proposes for a sentence, and how the sentence was understood. */
export interface Answer {
  /** null: the policy has no lexicon, and takes the sentence as it was said. */
  readonly understanding: Understanding | null
  /** null: the sentence did not reach the policy. */
  readonly proposal: Proposal | null
}

/** How a sentence is to be understood. */
export interface UnderstandOptions {
  /** The pick alone is judged, so a sentence needs no place. Default false. */
  readonly placeOptional?: boolean
  /** Whose left and right a sentence means. Default: the robot's. */
  readonly pointOfView?: PointOfView
  /** Something was placed for this sentence already, and may hide what it names. Default false. */
  readonly underWay?: boolean
}
