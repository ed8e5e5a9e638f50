// The clearing of a latched stop, which ends in time whether or not the arm answers.

import { CliportError } from '../control/errors.js'

const timeoutMs = 30_000

export class Clearing {
  readonly #abort = new AbortController()

  /** @throws CliportError LINK_PEER_LOST when it was given up or took too long; what `work` throws */
  async run(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    // A timer of its own: what AbortSignal.any makes of AbortSignal.timeout may never fire in Node 20 (nodejs/node#54614).
    const timer = setTimeout(() => this.giveUp(`the arm has not recovered for ${timeoutMs / 1000} s`), timeoutMs)
    try {
      await work(this.#abort.signal)
    } catch (error) {
      this.#abort.signal.throwIfAborted()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  giveUp(why: string): void {
    this.#abort.abort(notCleared(why))
  }
}

function notCleared(why: string): CliportError {
  return new CliportError('LINK_PEER_LOST', `The stop could not be cleared: ${why}`, {
    stage: 'serve',
    hint: 'Wait until the arm is reached again (cliport status), then clear once more',
    retryable: true,
  })
}
