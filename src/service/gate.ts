// Where a run waits between two actions, and where it ends when a person cancels its goal: before a look, with nothing in
// the hand. What was seen before a pause is not acted on after it.

import { Conclusion } from '../control/conclusion.js'
import type { Clarify } from '../control/goal/sentence-in-force.js'
import type { Camera } from '../control/ports.js'

export class Gate {
  #isPaused: boolean
  #canceled: string | null = null
  readonly #cancel = new AbortController()
  #open: () => void = () => {}

  /**
   * @param onHeld     a run begins to wait
   * @param onReleased it goes on
   */
  constructor(
    isPaused: boolean,
    private readonly onHeld: () => void,
    private readonly onReleased: () => void,
  ) {
    this.#isPaused = isPaused
  }

  /** Why the goal was canceled; null: it was not. */
  get canceled(): string | null {
    return this.#canceled
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#open()
  }

  cancel(reason: string): void {
    this.#canceled = reason
    this.#cancel.abort(new Conclusion('stopped', reason))
    this.#open()
  }

  /** The same question to a person, which is over when the goal is canceled; an answer counts when the gate is open. */
  around(clarify: Clarify): Clarify {
    return async (question, signal) => {
      const answer = await clarify(question, AbortSignal.any([signal, this.#cancel.signal]))
      await this.#pass(signal)
      return answer
    }
  }

  /** The same cameras, which look when the gate is open. */
  before(camera: Camera): Camera {
    return {
      names: camera.names,
      capture: async (signal) => {
        await this.#pass(signal)
        return camera.capture(signal)
      },
      close: () => camera.close(),
    }
  }

  /** @throws Conclusion when the goal is canceled; the signal's reason */
  async #pass(signal: AbortSignal | undefined): Promise<void> {
    if (this.#isPaused && this.#canceled === null) {
      this.onHeld()
      while (this.#isPaused && this.#canceled === null && signal?.aborted !== true) {
        await new Promise<void>((resolve) => {
          this.#open = resolve
          signal?.addEventListener('abort', () => resolve(), { once: true })
        })
      }
      this.onReleased()
    }
    signal?.throwIfAborted()
    if (this.#canceled !== null) throw new Conclusion('stopped', this.#canceled)
  }
}
