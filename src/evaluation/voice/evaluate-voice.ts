// Spoken sentences through an engine to goals, and how many came out right.

import { interpret, type SpokenGoal } from '../../control/goal/spoken/interpret.js'
import type { Lexicon } from '../../control/ports.js'
import type { Speech } from '../../io/voice/speech.js'
import { readWav, sampleRateHz } from '../../io/voice/wav.js'
import { type Durations, StageHistograms } from '../../runtime/durations.js'
import { judgeSpoken, type SpokenVerdict } from './judge-spoken.js'
import type { SpokenRow } from './voice-folder.js'

/** The stable JSON of `cliport voice eval`. */
export interface VoiceReport {
  readonly engine: string
  /** Sentences that are goals, or forbid one. */
  readonly sentences: number
  /** Word error rate over those. */
  readonly wer: number
  readonly goals_right: number
  /** Goals offered with a doubt, right ones too. */
  readonly doubted: number
  /** Another goal offered than was said, and no doubt with it. */
  readonly wrong_without_doubt: number
  /** Sentences that forbid a goal, and those of them for which one is offered. */
  readonly negations: number
  readonly negations_lost: number
  readonly no_goal: number
  /** Of those, offered as a goal without a doubt. */
  readonly no_goal_offered: number
  /** Of those, offered as a goal at all. */
  readonly no_goal_offered_with_doubt: number
  /** From sound to goal, in seconds. */
  readonly seconds: Durations
  /** Time of decoding a second of sound, seconds. */
  readonly real_time_factor: number
}

export interface VoiceLine extends SpokenVerdict {
  readonly file: string
  readonly goal: string | null
  readonly spoken: SpokenGoal
  readonly audioS: number
  readonly tookMs: number
}

export interface VoiceEvaluation {
  readonly speech: Speech
  readonly lexicon: Lexicon
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
}

/** @throws CliportError VOICE_AUDIO_INVALID for a file of another format; the signal's reason on abort */
export async function evaluateVoice(
  rows: readonly SpokenRow[],
  { speech, lexicon, signal, tell }: VoiceEvaluation,
): Promise<{ readonly report: VoiceReport; readonly lines: readonly VoiceLine[] }> {
  const lines: VoiceLine[] = []
  for (const { path, file, goal } of rows) {
    signal.throwIfAborted()
    const audio = await readWav(path)
    const started = performance.now()
    const hearing = await speech.hear(audio, signal)
    const spoken = interpret(hearing, lexicon)
    const tookMs = performance.now() - started
    const line = {
      file,
      goal,
      spoken,
      audioS: audio.length / sampleRateHz,
      tookMs,
      ...judgeSpoken(spoken, goal, lexicon),
    }
    lines.push(line)
    if (line.verdict !== 'right') tell(`${file}: ${describe(line)}`)
  }
  return { report: reportOf(speech.engine, lines), lines }
}

/** One line for a person about a sentence that did not come out right. */
function describe({ goal, spoken, isDoubted }: VoiceLine): string {
  const offered = spoken.sentence === null ? 'no goal' : `"${spoken.sentence}"`
  return `said ${goal === null ? 'no goal' : `"${goal}"`}, heard "${spoken.heard}", offered ${offered}${isDoubted ? ' with a doubt' : ''}`
}

export function reportOf(engine: string, lines: readonly Omit<VoiceLine, 'spoken'>[]): VoiceReport {
  const goals = lines.filter(({ goal }) => goal !== null)
  const others = lines.filter(({ goal }) => goal === null)
  const offered = others.filter(({ verdict }) => verdict === 'wrong')
  const times = new StageHistograms()
  for (const { tookMs } of lines) times.observe('hear', tookMs)
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const share = (part: number, whole: number) => (whole === 0 ? 0 : Number((part / whole).toFixed(4)))
  return {
    engine,
    sentences: goals.length,
    wer: share(sum(goals.map(({ wordErrors }) => wordErrors)), sum(goals.map(({ words }) => words))),
    goals_right: goals.filter(({ verdict }) => verdict === 'right').length,
    doubted: goals.filter(({ isDoubted }) => isDoubted).length,
    wrong_without_doubt: goals.filter(({ verdict, isDoubted }) => verdict === 'wrong' && !isDoubted).length,
    negations: goals.filter(({ isNegation }) => isNegation).length,
    negations_lost: goals.filter(({ isNegationLost }) => isNegationLost).length,
    no_goal: others.length,
    no_goal_offered: offered.filter(({ isDoubted }) => !isDoubted).length,
    no_goal_offered_with_doubt: offered.filter(({ isDoubted }) => isDoubted).length,
    seconds: inSeconds(times.of('hear')),
    real_time_factor: share(sum(lines.map(({ tookMs }) => tookMs)) / 1000, sum(lines.map(({ audioS }) => audioS))),
  }
}

function inSeconds({ n, ...durations }: Durations): Durations {
  const scaled = Object.entries(durations).map(([name, ms]) => [name, Number((ms / 1000).toFixed(4))])
  return { ...(Object.fromEntries(scaled) as Omit<Durations, 'n'>), n }
}
