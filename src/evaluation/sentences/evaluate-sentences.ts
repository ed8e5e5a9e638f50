// `cliport eval --sentences`: what the program would do at its first look with sentences whose right answers are known.
// Nothing moves.

import { decideAnswerAtFirst } from '../../control/decide.js'
import type { CliportError } from '../../control/errors.js'
import { type Answer, askPolicy } from '../../control/goal/ask-policy.js'
import { parseGoal } from '../../control/goal.js'
import type { Policy } from '../../control/ports.js'
import type { Heightmap, HeightmapSpec, Pixel, Proposal } from '../../control/types.js'
import type { Config } from '../../runtime/config/schema.js'
import { type CellSession, hostClock, openSession } from '../../runtime/session.js'
import type { TrueObject } from '../../sim/api.js'
import { type Look, lookAtFrames, lookAtScene } from '../look.js'
import {
  countSentences,
  moveOf,
  type SentenceCounts,
  type SentenceMove,
  type SentenceVerdict,
  verdictOf,
} from './judge-sentence.js'
import { type Expected, invalid, type SentenceAction, type SentenceRow, type SentenceScene } from './sentence-file.js'

export interface SentencesRequest {
  /** Where the rows come from, for messages. */
  readonly file: string
  readonly rows: readonly SentenceRow[]
  /** Of real frames: its z begins below the table. */
  readonly realWorkspace: HeightmapSpec
  readonly config: Config
  /** Takes each sentence as it is judged. */
  readonly keep?: SentenceKeeper
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
}

/** Where the lines go while the evaluation runs. */
export interface SentenceKeeper {
  sentence(line: SentenceLine, scene: SentenceView): Promise<void>
}

/** What a line was judged on: enough to draw it. */
export interface SentenceView {
  readonly heightmap: Heightmap
  /** Null when nothing would move. */
  readonly proposal: Proposal | null
  /** What a question offers, each with where its things lie. */
  readonly candidates: readonly { readonly pixels: readonly Pixel[] }[]
}

/** One sentence, what was made of it, and what it is worth. */
export interface SentenceLine {
  readonly row: number
  readonly scene: string
  readonly kind: string
  readonly sentence: string
  readonly expect: Expected
  readonly action: SentenceAction
  readonly verdict: SentenceVerdict
  /** 'act', or how the runtime would end it without a move. */
  readonly outcome: string
  /** Why nothing moves; empty for a move. */
  readonly reason: string
  /** The sentence that the policy was asked; null: none. */
  readonly canonical: string | null
  /** What was read otherwise than it was said. */
  readonly notes: readonly string[]
  /** Words that the refusal names. */
  readonly words: readonly string[]
  /** What a question offers, and what a refusal proposes instead. */
  readonly candidates: readonly string[]
  readonly suggestions: readonly string[]
  /** What would move and where to, as labels with their names ('2 red block'); null: nothing. */
  readonly pick: string | null
  readonly place: readonly string[] | null
  /** What would be right, in the same form. */
  readonly right_pick: readonly string[] | null
  readonly right_place: readonly string[] | null
  readonly pick_probability: number | null
  readonly place_probability: number | null
  /** From the sentence to the decision, milliseconds. */
  readonly decision_ms: number
}

/** The stable JSON of `cliport eval --sentences`. */
export interface SentencesReport extends SentenceCounts {
  readonly policy: string
  readonly sentences: number
}

/**
 * @throws CliportError INPUT_INVALID for labels that are not in their scene, naming the row, and for a frame's folder that
 *                      cannot be read
 */
export async function evaluateSentences(
  request: SentencesRequest,
): Promise<{ report: SentencesReport; lines: readonly SentenceLine[] }> {
  const { config, rows, signal, tell, keep } = request
  const session = await openSession(config, { cell: { thread: 'worker', policy: 'package' }, tell, signal })
  const lines: SentenceLine[] = []
  try {
    for (const [scene, said] of byScene(rows)) {
      signal.throwIfAborted()
      const seen = await lookAt(session, scene, request)
      for (const row of said) {
        signal.throwIfAborted()
        expectLabels(request.file, row, seen)
        const { line, ...marks } = await lineOf(session.ports.policy, row, seen, signal)
        lines.push(line)
        await keep?.sentence(line, { heightmap: seen.heightmap, ...marks })
        if (line.verdict !== 'right') tell(describeLine(line))
      }
    }
  } finally {
    await session.close()
  }
  const { policy } = session.ports
  return { report: { policy: policy.info.name, sentences: lines.length, ...countSentences(lines) }, lines }
}

/** Each scene with its rows: a scene is built once. */
function byScene(rows: readonly SentenceRow[]): Map<SentenceScene, readonly SentenceRow[]> {
  const scenes = new Map<string, { scene: SentenceScene; rows: SentenceRow[] }>()
  for (const row of rows) {
    const key = JSON.stringify(row.scene)
    const known = scenes.get(key)
    if (known === undefined) scenes.set(key, { scene: row.scene, rows: [row] })
    else known.rows.push(row)
  }
  return new Map([...scenes.values()].map(({ scene, rows: said }) => [scene, said]))
}

interface Seen extends Look {
  /** Of the simulated cell; none for a real frame. */
  readonly objects: readonly TrueObject[]
  readonly isReal: boolean
}

/** As published, whatever the settings say of sensor and appearance: the answers were written for these pictures. */
async function lookAt(session: CellSession, scene: SentenceScene, { realWorkspace }: SentencesRequest): Promise<Seen> {
  if (scene.kind === 'frames') {
    const look = await lookAtFrames(scene.folder, realWorkspace, session.ports.projector)
    return { ...look, objects: [], isReal: true }
  }
  const { task, seed } = scene
  const { truth, ...look } = await lookAtScene(session, { task, seed, sensor: 'clean', appearance: 'published' })
  return { ...look, objects: truth.objects, isReal: false }
}

/** @throws CliportError INPUT_INVALID for a label that no object of the scene has */
function expectLabels(file: string, { row, expect, sceneName }: SentenceRow, { objects, isReal, map }: Seen): void {
  const known = isReal ? new Set(map.labels) : new Set(objects.map(({ label }) => label))
  for (const key of ['pick', 'place'] as const) {
    const stranger = expect[key]?.find((label) => !known.has(label))
    if (stranger === undefined) continue
    const there = [...known].filter((label) => label > 0 && label < 255).sort((a, b) => a - b)
    throw invalid(file, `row ${row}: expect.${key}: no object of ${sceneName} has the label ${stranger} (${there})`)
  }
}

async function lineOf(
  policy: Policy,
  row: SentenceRow,
  { heightmap, map, objects }: Seen,
  signal: AbortSignal,
): Promise<{ line: SentenceLine } & Pick<SentenceView, 'proposal' | 'candidates'>> {
  const { sentence, expect } = row
  const startNs = hostClock.nowNs()
  const { answer, outcome, reason } = await answerOf(policy, heightmap, sentence, signal)
  const decisionMs = Number(hostClock.nowNs() - startNs) / 1e6
  const { understanding, proposal } = answer
  const action: SentenceAction = outcome === 'act' ? 'move' : outcome === 'ambiguous' ? 'ask' : 'refuse'
  const move: SentenceMove | null = proposal !== null && action === 'move' ? moveOf(proposal, map, objects) : null
  const command = understanding?.kind === 'command' ? understanding : null
  const refusal = understanding === null || understanding.kind === 'command' ? null : understanding
  const named = (labels: readonly number[] | undefined) => labels?.map((label) => nameOf(label, objects)) ?? null
  const line: SentenceLine = {
    row: row.row,
    scene: row.sceneName,
    kind: row.kind,
    sentence,
    expect,
    action,
    verdict: verdictOf(expect, action, move),
    outcome,
    reason,
    canonical: command?.canonical ?? (proposal === null ? null : sentence),
    notes: understanding?.notes ?? [],
    words: refusal?.words ?? [],
    candidates: refusal?.candidates.map(({ name }) => name) ?? [],
    suggestions: refusal?.suggestions ?? [],
    pick: move === null ? null : nameOf(move.pick, objects),
    place: named(move?.places),
    right_pick: named(expect.pick),
    right_place: named(expect.place),
    pick_probability: proposal?.pick.probability ?? null,
    place_probability: proposal?.place.probability ?? null,
    decision_ms: decisionMs,
  }
  const candidates = refusal?.candidates.map(({ objects }) => ({ pixels: objects.map(({ pixel }) => pixel) })) ?? []
  return { line, proposal: move === null ? null : proposal, candidates }
}

/** What the runtime would do at its first look. A sentence that is none is refused as it would be. */
async function answerOf(
  policy: Policy,
  heightmap: Heightmap,
  sentence: string,
  signal: AbortSignal,
): Promise<{ answer: Answer; outcome: string; reason: string }> {
  let goal: string
  try {
    goal = parseGoal(sentence)
  } catch (error) {
    const { message } = error as CliportError
    return { answer: { understanding: null, proposal: null }, outcome: 'not_understood', reason: message }
  }
  const answer = await askPolicy(policy, heightmap, goal, { signal })
  const decision = decideAnswerAtFirst(answer, policy.info.thresholds)
  return decision.kind === 'conclude'
    ? { answer, outcome: decision.outcome, reason: decision.reason }
    : { answer, outcome: 'act', reason: '' }
}

/** '2 red block'; of a real frame the number alone. */
function nameOf(label: number, objects: readonly TrueObject[]): string {
  const object = objects.find((candidate) => candidate.label === label)
  if (object !== undefined) return `${label} ${object.color} ${object.kind}`
  return label === 0 ? 'the table' : `${label}`
}

export function describeVerdict(verdict: SentenceVerdict): string {
  return verdict.replaceAll('_', ' ')
}

function describeLine({ row, verdict, sentence, pick, place, outcome, reason }: SentenceLine): string {
  const did = pick === null ? `${outcome}: ${reason}` : `${pick} to ${place?.join(', ') || 'the table'}`
  return `row ${row}, ${describeVerdict(verdict)}: "${sentence}" (${did})`
}
