// `cliport replay`: the decisions of a recorded run, made again on what its cameras saw, and compared. On the machine that
// recorded it every number is the same bit for bit.

import { isDeepStrictEqual } from 'node:util'
import type { Violation } from '../control/check.js'
import { describeFailure, describeViolations } from '../control/conclusion.js'
import { type Budget, decideAnswer, type Failure, type History } from '../control/decide.js'
import { CliportError } from '../control/errors.js'
import { proposeFor, understandFor } from '../control/goal/ask-policy.js'
import type { PointOfView, Understanding } from '../control/goal/types.js'
import type { Heightmap, HeightmapSpec, Proposal, SuppressedSpot } from '../control/types.js'
import type { Verdict } from '../control/verify.js'
import { floatsOf } from '../io/recording/raw-image.js'
import { imageOf, jsonOf, type RecordedMessage, readRecording } from '../io/recording/reader.js'
import type { Config } from './config/schema.js'
import { withLateMaps } from './report/late-maps.js'
import { openSession, type PerceptionPorts } from './session.js'

export interface ReplayRequest {
  /** recording.mcap of a run. */
  readonly file: string
  readonly config: Config
  /** Hears one line for people at a time. */
  readonly tell: (line: string) => void
}

/** The stable JSON of `cliport replay`. */
export interface ReplayReport {
  readonly file: string
  readonly goal: string
  /** Name of the policy that decided then, and of the one that decides now. */
  readonly policy: { readonly recorded: string; readonly now: string }
  /** Decisions in the recording. */
  readonly decisions: number
  /** Of these, the ones that are the same now, every number of them. */
  readonly same: number
  readonly different: readonly Difference[]
}

/** One decision that came out otherwise. */
export interface Difference {
  /** Its number in the recording, from 1. */
  readonly decision: number
  /** The parts that differ: 'pick', 'place', 'remaining', ... */
  readonly parts: readonly string[]
  readonly recorded: object
  readonly now: object
}

interface RecordedRunHead {
  readonly goal: string
  readonly policy: string
  readonly workspace: HeightmapSpec
  readonly pointOfView?: PointOfView
  readonly budget: Budget
}

type RecordedProposal = Omit<Proposal, 'maps'> & {
  readonly sentence: string
  readonly suppress: readonly SuppressedSpot[]
  readonly decision: unknown
}

/**
 * @throws CliportError INPUT_INVALID for a file that is no run's recording, RECORDING_CORRUPT; those of `openPolicy`
 */
export async function replay({ file, config, tell }: ReplayRequest): Promise<ReplayReport> {
  const { messages } = await readRecording(file, { salvage: true })
  const head = messages.find(({ topic }) => topic === '/run')
  if (head === undefined) throw noRun(file)
  const session = await openSession(config, { frames: 'given', tell })
  try {
    const run = jsonOf(head) as RecordedRunHead
    const replayed = new Replay(run, session.ports)
    for (const message of messages) await replayed.take(message)
    const { decisions, different } = replayed
    return {
      file,
      goal: run.goal,
      policy: { recorded: run.policy, now: session.ports.policy.info.name },
      decisions,
      same: decisions - different.length,
      different,
    }
  } finally {
    await session.close()
  }
}

/** Walks through a recording as the cycle walked through its run. */
class Replay {
  readonly different: Difference[] = []
  decisions = 0
  #heightM: RecordedMessage | null = null
  #color: RecordedMessage | null = null
  #understanding: Understanding | null = null
  #sentence = ''
  #history: Omit<History, 'suppressed'> = { steps: 0, placed: 0, placedForSentence: 0, failures: [] }
  readonly #policy: PerceptionPorts['policy']

  constructor(
    private readonly run: RecordedRunHead,
    { policy }: PerceptionPorts,
  ) {
    // As in a run: who shows maps asks for them afterwards.
    this.#policy = withLateMaps(policy).policy
  }

  async take(message: RecordedMessage): Promise<void> {
    switch (message.topic) {
      case '/heightmap/height':
        this.#heightM = message
        return
      case '/heightmap/color':
        this.#color = message
        return
      case '/understanding':
        this.#understand(jsonOf(message) as { sentence: string; asked: string; placed: number })
        return
      case '/proposal':
        await this.#propose(jsonOf(message) as RecordedProposal)
        return
      case '/verdict':
        this.#judge(jsonOf(message) as Verdict)
        return
      case '/refused':
        this.#fail({ kind: 'refused', reason: describeViolations(jsonOf(message) as readonly Violation[]) })
        return
      default: // of no importance to a decision
    }
  }

  #understand({ sentence, asked, placed }: { sentence: string; asked: string; placed: number }): void {
    if (sentence !== this.#sentence) this.#history = { ...this.#history, placedForSentence: 0 }
    this.#sentence = sentence
    const { pointOfView } = this.run
    const options = { underWay: placed > 0, ...(pointOfView === undefined ? {} : { pointOfView }) }
    this.#understanding = understandFor(this.#policy, this.#heightmap(), asked, options)
  }

  async #propose(recorded: RecordedProposal): Promise<void> {
    this.decisions += 1
    const { sentence, suppress, decision, timingMs: _, ...proposed } = recorded
    const heightmap = this.#heightmap()
    const understanding = this.#understanding
    const proposal = await proposeFor(this.#policy, heightmap, sentence, understanding, { suppress, maps: false })
    if (proposal === null) {
      this.#differs(['understanding'], { sentence }, understanding ?? {})
      return
    }
    const { timingMs: __, maps: ___, ...now } = proposal
    const history = { ...this.#history, suppressed: suppress.length }
    const { thresholds } = this.#policy.info
    const decided = decideAnswer({ understanding, proposal }, history, thresholds, this.run.budget)
    const before = { ...proposed, decision }
    const after = JSON.parse(JSON.stringify({ ...now, decision: decided })) as Record<string, unknown>
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    const parts = keys.filter((key) => !isDeepStrictEqual((before as Record<string, unknown>)[key], after[key]))
    if (parts.length > 0) this.#differs(parts, before, after)
  }

  #judge(verdict: Verdict): void {
    const { steps, placed, placedForSentence } = this.#history
    this.#history = { ...this.#history, steps: steps + 1 }
    if (verdict.result !== 'placed') {
      this.#fail({ kind: verdict.result, reason: describeFailure(verdict) })
      return
    }
    this.#history = {
      steps: steps + 1,
      placed: placed + 1,
      placedForSentence: placedForSentence + 1,
      failures: [],
    }
  }

  #fail(failure: Failure): void {
    this.#history = { ...this.#history, failures: [...this.#history.failures, failure] }
  }

  #differs(parts: readonly string[], recorded: object, now: object): void {
    this.different.push({ decision: this.decisions, parts, recorded, now })
  }

  #heightmap(): Heightmap {
    const height = imageOf(this.#heightM!)
    const { width: cols, height: rows, stampNs } = height
    const color = Uint8Array.from(imageOf(this.#color!).data)
    return { spec: this.run.workspace, rows, cols, heightM: floatsOf(height), color, stampNs }
  }
}

function noRun(file: string): CliportError {
  return new CliportError(
    'INPUT_INVALID',
    `The file ${file} holds no run: it has no message on the topic /run, which says what was asked of which policy`,
    {
      stage: 'start',
      hint: "Give the recording.mcap of a run's folder (cliport run, or a goal of the service). Episodes of cliport record, and recordings that version 0.3 made, do not say it: make the run again",
    },
  )
}
