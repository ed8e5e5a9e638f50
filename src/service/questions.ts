// A question that the runtime asks in mid-run ("which one?"), open until a person answers, its time is over, or the run ends.

import { randomUUID } from 'node:crypto'
import { CliportError } from '../control/errors.js'
import type { NotUnderstood } from '../control/goal/types.js'
import type { Goal, Question } from './api.js'
import { candidateOf } from './wire.js'

export class Questions {
  #open: { readonly question: Question; readonly settle: (sentence: string | null) => void } | null = null

  /** @param onChange hears of every question, and null when it is over */
  constructor(
    private readonly timeoutMs: number,
    private readonly onChange: (question: Question | null) => void,
  ) {}

  get open(): Question | null {
    return this.#open?.question ?? null
  }

  /** The sentence that a person chose; null: none of them, or nobody answered. @throws the signal's reason */
  async ask(goal: Goal, asked: NotUnderstood, signal: AbortSignal): Promise<string | null> {
    signal.throwIfAborted()
    const question: Question = {
      id: randomUUID(),
      goal_id: goal.id,
      sentence: goal.sentence,
      reason: asked.reason,
      candidates: asked.candidates.map(candidateOf),
      asked_at_ms: Date.now(),
    }
    let timer: NodeJS.Timeout | undefined
    let onAbort = () => {}
    try {
      return await new Promise<string | null>((resolve, reject) => {
        this.#open = { question, settle: resolve }
        timer = setTimeout(() => resolve(null), this.timeoutMs)
        onAbort = () => reject(signal.reason)
        signal.addEventListener('abort', onAbort, { once: true })
        this.onChange(question)
      })
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      this.#open = null
      this.onChange(null)
    }
  }

  /** @throws CliportError GOAL_UNKNOWN, INPUT_INVALID */
  answer(id: string, choice: number | null): void {
    if (this.#open?.question.id !== id) {
      throw new CliportError('GOAL_UNKNOWN', 'Nobody asks that any more', {
        stage: 'serve',
        hint: 'It was answered, its time is over, or its goal has ended',
      })
    }
    const { question, settle } = this.#open
    const chosen = choice === null ? null : question.candidates[choice]
    if (chosen === undefined) {
      throw new CliportError('INPUT_INVALID', `Expected 0..${question.candidates.length - 1} but received ${choice}`, {
        stage: 'serve',
        hint: 'Choose one of the candidates, or null for none of them',
      })
    }
    settle(chosen?.sentence ?? null)
  }
}
