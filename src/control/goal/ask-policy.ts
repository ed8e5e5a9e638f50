// The one place where a sentence goes to a policy: understood first, on the scene that the policy is asked about.

import { decideAtFirst } from '../decide.js'
import { pixelAt, pointOf } from '../geometry.js'
import type { Policy, ProposeOptions } from '../ports.js'
import type { Heightmap, Proposal } from '../types.js'
import { understand } from './index.js'
import { seeScene } from './scene.js'
import type { Answer, PolicyQuestion, Understanding, UnderstandOptions } from './types.js'

export type { Answer }

/** What may be asked beside the sentence; where a pick may be is the sentence's to say. */
export type AskOptions = Omit<ProposeOptions, 'pickCells'> &
  UnderstandOptions & {
    /** Ask for a sentence that was not understood too, as it was said: to show what the policy would point at. */
    readonly always?: boolean
  }

/**
 * Understands the sentence on this heightmap, and asks the policy for what it means. The understanding decides first:
 * a proposal beside one that is no command is for people to look at.
 * @throws what `policy.propose` throws
 */
export async function askPolicy(
  policy: Policy,
  heightmap: Heightmap,
  sentence: string,
  options: AskOptions = {},
): Promise<Answer> {
  const understanding = understandFor(policy, heightmap, sentence, options)
  const meant = options.always && understanding?.kind !== 'command' ? null : understanding
  return { understanding, proposal: await proposeFor(policy, heightmap, sentence, meant, options) }
}

/** What the sentence means to this policy on this heightmap; null for a policy that has no lexicon. */
export function understandFor(
  { info: { lexicon } }: Pick<Policy, 'info'>,
  heightmap: Heightmap,
  sentence: string,
  options: UnderstandOptions = {},
): Understanding | null {
  if (lexicon === undefined) return null
  const scene = seeScene(heightmap, lexicon)
  const understanding = understand(sentence, lexicon, scene, options)
  // What was placed may hide what the sentence names, and so may colours that run into one another: the policy alone says
  // then what is there.
  const mayBeThere = (options.underWay === true || !scene.isPlain) && understanding.kind === 'not_found'
  return mayBeThere ? understand(sentence, lexicon, null, options) : understanding
}

/**
 * What the policy proposes for a sentence that was understood so; null for one that was not. Of several questions ("a
 * block in a bowl") the first on which it would act counts, else the first.
 */
export async function proposeFor(
  policy: Policy,
  heightmap: Heightmap,
  sentence: string,
  understanding: Understanding | null,
  options: ProposeOptions = {},
): Promise<Proposal | null> {
  if (understanding === null) return policy.propose(heightmap, sentence, options)
  if (understanding.kind !== 'command') return null
  let first: Proposal | null = null
  for (const question of understanding.questions) {
    const proposal = await ask(policy, heightmap, question, options)
    if (decideAtFirst(proposal, policy.info.thresholds).kind === 'act') return proposal
    first ??= proposal
  }
  return first
}

async function ask(
  policy: Policy,
  heightmap: Heightmap,
  { sentence, primitive, pickCells, placeCells }: PolicyQuestion,
  { suppress, signal, maps: wanted = false }: ProposeOptions,
): Promise<Proposal> {
  const proposed = await policy.propose(heightmap, sentence, {
    ...(suppress === undefined ? {} : { suppress }),
    ...(signal === undefined ? {} : { signal }),
    ...(pickCells === undefined ? {} : { pickCells }),
    maps: wanted || placeCells !== undefined,
  })
  const proposal = primitive === undefined ? proposed : { ...proposed, primitive }
  if (placeCells === undefined) return proposal
  const { maps, ...placed } = placedWithin(heightmap, proposal, placeCells)
  return wanted && maps !== undefined ? { ...placed, maps } : placed
}

/**
 * The proposal with its place at the best of these cells, by the policy's own map. Its probability shrinks as the map's
 * value does: to 0 for a policy without maps, which cannot say where else it would place.
 */
function placedWithin(heightmap: Heightmap, proposal: Proposal, cells: Uint8Array): Proposal {
  const map = proposal.maps?.place
  const [u, v] = proposal.place.pixel
  if (cells[u * heightmap.cols + v] === 1) return proposal
  let [best, most] = [-1, 0]
  for (let i = 0; map !== undefined && i < cells.length; i++) {
    if (cells[i] === 1 && (best < 0 || map[i]! > map[best]!)) best = i
    most = Math.max(most, map[i]!)
  }
  if (map === undefined || best < 0 || most <= 0) return { ...proposal, place: { ...proposal.place, probability: 0 } }
  const pixel = pixelAt(heightmap, best)
  const probability = proposal.place.probability * (map[best]! / most)
  return { ...proposal, place: { ...proposal.place, pixel, p_base_m: pointOf(heightmap, pixel), probability } }
}
