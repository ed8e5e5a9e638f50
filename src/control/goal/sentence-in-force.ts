// The sentence that a run works on now, and what has come of it: how it was understood, what a person chose where it was
// ambiguous, and how many things were placed for it.

import type { Policy } from '../ports.js'
import type { Heightmap } from '../types.js'
import { understandFor } from './ask-policy.js'
import type { NotUnderstood, PointOfView, Understanding } from './types.js'

/** The sentence that a person chose instead, or null for none. @throws the signal's reason when it is aborted */
export type Clarify = (question: NotUnderstood, signal: AbortSignal) => Promise<string | null>

export class SentenceInForce {
  /** As it was given. */
  text = ''
  /** null: not held against a scene yet, or taken as it was said. */
  understanding: Understanding | null = null
  /** Things placed since it was given. */
  placed = 0
  readonly #chosen = new Map<string, string>()

  constructor(
    private readonly policy: Pick<Policy, 'info'>,
    private readonly pointOfView: PointOfView,
    private readonly clarify: Clarify | undefined,
  ) {}

  /** What the sentence means here; where several things fit, a person is asked as long as they answer. */
  async understand(sentence: string, heightmap: Heightmap, signal: AbortSignal): Promise<Understanding | null> {
    if (sentence !== this.text) this.placed = 0
    this.text = sentence
    for (;;) {
      this.understanding = this.#meaning(heightmap)
      if (this.understanding?.kind !== 'ambiguous' || this.clarify === undefined) return this.understanding
      const chosen = await this.clarify(this.understanding, signal)
      if (chosen === null) return this.understanding
      this.#chosen.set(sentence, chosen)
    }
  }

  /** What is understood: the sentence that a person chose instead, where one was. */
  get asked(): string {
    return this.#chosen.get(this.text) ?? this.text
  }

  #meaning(heightmap: Heightmap): Understanding | null {
    return understandFor(this.policy, heightmap, this.asked, {
      pointOfView: this.pointOfView,
      underWay: this.placed > 0,
    })
  }
}
