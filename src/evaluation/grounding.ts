// What a policy would do at its first look, asked for something that is there and for something that is not: moves that
// should not be, refusals that need not be, and how far its probabilities can be believed. Nothing moves.

import { decideAnswerAtFirst } from '../control/decide.js'
import { askPolicy } from '../control/goal/ask-policy.js'
import type { Answer } from '../control/goal/types.js'
import type { Policy } from '../control/ports.js'
import type { Outcome } from '../control/types.js'
import type { Config } from '../runtime/config/schema.js'
import { type Durations, StageHistograms } from '../runtime/durations.js'
import { hostClock, openSession } from '../runtime/session.js'
import { type Belief, expectedCalibrationError, mean, wilsonInterval } from '../runtime/statistics.js'
import type { Truth } from '../sim/api.js'
import { paletteOf } from '../sim/colors.js'
import { random } from '../sim/random.js'
import { taskNamed } from '../sim/tasks/index.js'
import { askForAbsent } from './absent-questions.js'
import { labelAt } from './episode-trace.js'
import { splitOf } from './evaluate.js'
import { exchange } from './exchanged-questions.js'
import { aimOf } from './judge.js'
import { type Look, lookAtScene } from './look.js'
import { paraphrased } from './paraphrases.js'
import type { RawFolder } from './raw-folder.js'

/**
 * Scenes whose sentence names something that is there, something that is not, one question of each, the sentence in
 * other words, or the sentence with another thing of the scene in place of what is picked or where it goes.
 */
export const groundingModes = ['present', 'absent', 'both', 'paraphrased', 'exchanged'] as const
export type GroundingMode = (typeof groundingModes)[number]

export interface GroundingRequest {
  readonly task: string
  readonly grounding: GroundingMode
  readonly scenes: number
  /** Scene i is number `seed + 2i`. */
  readonly seed: number
  readonly config: Config
  readonly raw?: RawFolder
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
}

/** One decision and what would have been right; a null was not asked. */
export interface GroundingLine {
  readonly seed: number
  readonly asked: 'present' | 'absent'
  /** Of absent things: what is not there. */
  readonly missing: 'pick' | 'place' | null
  /** What it names otherwise than the scene's own sentence; absent in older results. */
  readonly exchanged?: 'pick' | 'place' | null
  readonly sentence: string
  /** 'act', or how it would end without a move. */
  readonly decision: 'act' | Outcome
  readonly pick_probability: number
  readonly pick_right: boolean | null
  readonly place_probability: number
  readonly place_right: boolean | null
  readonly found: number
  /** Whether all that the sentence names is in view. */
  readonly is_there: boolean
  readonly remaining: number
  /** Whether something is left to do; of a place that is not there, that is a matter of taste. */
  readonly remains: boolean | null
  readonly pictures: readonly string[]
}

/** The stable JSON of `cliport eval --grounding`. */
export interface GroundingReport {
  readonly task: string
  readonly grounding: GroundingMode
  readonly split: 'train' | 'val' | 'test'
  readonly policy: string
  readonly seed: number
  readonly absent: {
    readonly asked: number
    readonly false_moves: number
    readonly ci95: readonly [number, number]
  } | null
  readonly present: {
    readonly asked: number
    readonly refusals: number
    readonly ci95: readonly [number, number]
    /** Of those acted on: share that picks, and places, what is meant. */
    readonly pick_right: number
    readonly place_right: number
  } | null
  /** Of sentences that name another thing of the scene: those whose action is the right one for that thing. */
  readonly exchanged: {
    readonly asked: number
    readonly right: number
    readonly ci95: readonly [number, number]
  } | null
  /** Expected calibration error of each probability over all questions. */
  readonly calibration_error: Readonly<Record<BeliefName, number>>
  readonly decision_ms: Durations
}

export const beliefNames = ['pick', 'place', 'found', 'remaining'] as const
export type BeliefName = (typeof beliefNames)[number]

export async function evaluateGrounding(request: GroundingRequest): Promise<GroundingReport> {
  const { config, signal, raw, scenes, tell } = request
  const session = await openSession(config, { cell: { thread: 'worker', policy: 'package' }, tell, signal })
  const { policy } = session.ports
  const durations = new StageHistograms()
  const lines: GroundingLine[] = []
  try {
    for (let index = 0; index < scenes; index++) {
      const seed = request.seed + 2 * index
      const look = await lookAtScene(session, { task: request.task, seed })
      for (const question of questionsOf(request, index, look.truth)) {
        signal.throwIfAborted()
        const startNs = hostClock.nowNs()
        const answer = await askPolicy(policy, look.heightmap, question.sentence, { signal, always: true })
        const proposal = answer.proposal!
        durations.observe('propose', Number(hostClock.nowNs() - startNs) / 1e6)
        const line = lineOf(seed, question, look, answer, policy)
        const name = `${seed}-${line.asked}`
        const pictures = isWrong(line) ? ((await raw?.pictures(name, { view: look, proposal })) ?? []) : []
        lines.push({ ...line, pictures })
        await raw?.line({ ...line, pictures })
        if (isWrong(line)) tell(`scene ${seed}: ${line.decision} on "${line.sentence}" (${findingOn(line)})`)
      }
    }
  } finally {
    await session.close()
  }
  return summarize(request, policy.info.name, lines, durations.of('propose'))
}

interface Question {
  readonly sentence: string
  readonly missing?: 'pick' | 'place'
  readonly exchanged?: 'pick' | 'place'
  /** What is true with this sentence. */
  readonly truth: Truth
}

/** Sentences about one scene; none where the scene allows no such question. */
function questionsOf({ grounding, seed: first, task }: GroundingRequest, index: number, truth: Truth): Question[] {
  const { goal, objects } = truth
  const seed = first + 2 * index
  const questions: Question[] = []
  const { task: asked, variant } = taskNamed(task)
  if (grounding === 'present' || grounding === 'both') questions.push({ sentence: goal, truth })
  if (grounding === 'paraphrased') {
    const sentence = paraphrased(goal, asked.forms, random(seed, 'paraphrase'))
    if (sentence !== null) questions.push({ sentence, truth })
  }
  // By turns, where the sentence names a place by its colour.
  const kinds = index % 2 === 0 ? (['pick', 'place'] as const) : (['place', 'pick'] as const)
  if (grounding === 'exchanged') {
    const ask = (kind: 'pick' | 'place') => exchange(kind, truth, random(seed, 'exchanged'))
    const question = ask(kinds[0]) ?? ask(kinds[1])
    if (question !== null) questions.push(question)
  }
  if (grounding === 'absent' || grounding === 'both') {
    const ask = (kind: 'pick' | 'place') =>
      askForAbsent(goal, kind, asked, objects, paletteOf(variant.split, seed), random(seed, 'absent'))
    const question = ask(kinds[0]) ?? ask(kinds[1])
    if (question !== null) questions.push({ ...question, truth })
  }
  return questions
}

function lineOf(
  seed: number,
  question: Question,
  { map }: Look,
  answer: Answer,
  { info }: Policy,
): Omit<GroundingLine, 'pictures'> {
  const { sentence, truth } = question
  const [missing, exchanged] = [question.missing ?? null, question.exchanged ?? null]
  const decision = decideAnswerAtFirst(answer, info.thresholds)
  const proposal = answer.proposal!
  const aim = aimOf(proposal, labelAt(map, proposal.pick.pixel), truth)
  return {
    seed,
    asked: missing === null ? 'present' : 'absent',
    missing,
    exchanged,
    sentence,
    decision: decision.kind === 'conclude' ? decision.outcome : 'act',
    pick_probability: proposal.pick.probability,
    pick_right: missing === 'pick' ? false : missing === 'place' ? null : aim.pickRight,
    place_probability: proposal.place.probability,
    place_right: missing === 'place' ? false : missing === 'pick' ? null : aim.placeRight,
    found: proposal.found,
    is_there: missing === null,
    remaining: proposal.remaining,
    remains: missing === null ? true : missing === 'pick' ? false : null,
  }
}

/** A move for something that is not there, none for something that is, or one at the wrong thing. */
function isWrong({ asked, decision, pick_right: pick, place_right: place }: Omit<GroundingLine, 'pictures'>): boolean {
  return asked === 'absent' ? decision === 'act' : decision !== 'act' || !pick || !place
}

function findingOn({ asked, decision, pick_right: pick }: Omit<GroundingLine, 'pictures'>): string {
  return asked === 'absent'
    ? 'it is not there'
    : decision !== 'act'
      ? 'it is there'
      : pick
        ? 'wrong place'
        : 'wrong pick'
}

/** It acts, and what the sentence names otherwise is what it picks, or where it places. */
function isAnswered({ decision, exchanged, pick_right: pick, place_right: place }: GroundingLine): boolean {
  return decision === 'act' && (exchanged === 'place' ? place : pick) === true
}

/** Each probability that a decision states, beside whether it was so. */
export function beliefsOf(lines: readonly GroundingLine[]): Record<BeliefName, Belief[]> {
  const beliefs = (of: (line: GroundingLine) => [probability: number, isTrue: boolean | null]) =>
    lines.flatMap((line) => {
      const [probability, isTrue] = of(line)
      return isTrue === null ? [] : [{ probability, isTrue }]
    })
  return {
    pick: beliefs((line) => [line.pick_probability, line.pick_right]),
    place: beliefs((line) => [line.place_probability, line.place_right]),
    found: beliefs((line) => [line.found, line.is_there]),
    remaining: beliefs((line) => [line.remaining, line.remains]),
  }
}

function summarize(
  { task, seed, grounding }: GroundingRequest,
  policy: string,
  lines: readonly GroundingLine[],
  decision_ms: Durations,
): GroundingReport {
  const absent = lines.filter(({ asked }) => asked === 'absent').map(({ decision }) => (decision === 'act' ? 1 : 0))
  const present = lines.filter(({ asked }) => asked === 'present')
  const refused = present.map(({ decision }): number => (decision === 'act' ? 0 : 1))
  const acted = present.filter(({ decision }) => decision === 'act')
  const count = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
  const share = (of: (line: GroundingLine) => boolean | null) => mean(acted.map((line) => (of(line) ? 1 : 0)))
  const beliefs = beliefsOf(lines)
  const exchanged = lines.flatMap((line) => ((line.exchanged ?? null) === null ? [] : [isAnswered(line) ? 1 : 0]))
  return {
    task,
    grounding,
    split: splitOf(seed),
    policy,
    seed,
    absent:
      absent.length === 0 ? null : { asked: absent.length, false_moves: count(absent), ci95: wilsonInterval(absent) },
    present:
      present.length === 0
        ? null
        : {
            asked: present.length,
            refusals: count(refused),
            ci95: wilsonInterval(refused),
            pick_right: share(({ pick_right }) => pick_right),
            place_right: share(({ place_right }) => place_right),
          },
    exchanged:
      exchanged.length === 0
        ? null
        : { asked: exchanged.length, right: count(exchanged), ci95: wilsonInterval(exchanged) },
    calibration_error: Object.fromEntries(
      beliefNames.map((name) => [name, expectedCalibrationError(beliefs[name])]),
    ) as Record<BeliefName, number>,
    decision_ms,
  }
}
