// "Stop", while it is said: two looks at the end of the sound that agree. A convenience for a person who has no hand free;
// it is never the emergency stop.

/** What the end of the sound says, heard without any grammar. */
export interface StopFrame {
  readonly text: string
  /** Mean of the log-probability a token. */
  readonly score: number
  /** The sentence ended by itself, so nothing more was said. */
  readonly isWhole: boolean
  /** How much less likely the nearest of `stopSentences` is, in nats. */
  readonly gap: number
}

/** Frames of voice activity (32 ms) from one look to the next; where the second one came after two, "drop me" was a stop. */
export const framesBetweenLooks = 5
/** What a look hears at most; more would be slower, and say nothing more about its end. */
export const longestLookS = 1.2

/** What a person may say, and nothing more. */
export const stopSentences: readonly string[] = [
  ...['stop', 'stop stop', 'stop stop stop', 'stop it', 'stop now', 'stop please', 'stop robot'],
  ...['no stop', 'no no stop', 'no, stop', 'please stop', 'robot stop', 'hey stop', 'oh stop', 'wait stop'],
]

/** "Step." is taken for "stop" where that is less likely by less than this: better a stop too many. */
const widestGap = 1.6

/** Less likely than this, and it was something else. */
const leastScore = -0.7

/** "Stop", "no, stop!", "stop it": what ends in stop. "stopping", "a stop sign" do not. */
export function saysStop({ text, score, isWhole, gap }: StopFrame): boolean {
  if (isWhole && gap <= widestGap) return true
  const words = text
    .toLowerCase()
    .replace(/[^a-z' ]/g, ' ')
    .trim()
    .split(/\s+/)
  const last =
    words.at(-1) === 'it' || words.at(-1) === 'please' || words.at(-1) === 'robot' ? words.at(-2) : words.at(-1)
  return isWhole && last === 'stop' && score >= leastScore
}

/** Two looks in a row that both heard it, once for each piece of speech. */
export class StopSpotter {
  #agreed = 0
  #isSpotted = false

  /** A new piece of speech begins. */
  reset(): void {
    this.#agreed = 0
    this.#isSpotted = false
  }

  /** Whether this look makes it certain. */
  look(frame: StopFrame): boolean {
    this.#agreed = saysStop(frame) ? this.#agreed + 1 : 0
    if (this.#agreed < 2 || this.#isSpotted) return false
    this.#isSpotted = true
    return true
  }
}
