// What an engine heard, before anybody asks what it means.

/** A sentence that was heard, and how well it fits the sound. */
export interface HeardSentence {
  readonly text: string
  /** Natural logarithm of its probability, given the sound. */
  readonly logProbability: number
  /** What is known beforehand: 0 for words that people say often in a goal, less for others, in nats. */
  readonly prior: number
  /** Tokens of the model, the end included. */
  readonly tokens: number
  /** Mean of both a token: comparable between sentences of different length. */
  readonly score: number
}

/** A piece of speech, as it was heard. */
export interface Hearing {
  /** Heard without any grammar; null: the engine knows only the grammar. */
  readonly free: HeardSentence | null
  /** Sentences of the grammar, the best first. Engines that give no probability give one sentence. */
  readonly bound: readonly HeardSentence[]
  /** Whether the probabilities mean anything; where not, all that is heard is doubtful. */
  readonly isRated: boolean
}

/** Of an engine that gives no probability. */
export function unrated(text: string): HeardSentence {
  return { text, logProbability: 0, prior: 0, tokens: 1, score: 0 }
}
