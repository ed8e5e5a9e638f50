// "Which one?": a person's choice answers the run that asks, or completes the sentence that is typed.

import { type, understood } from './draft.js'
import { answerQuestion } from './requests.js'
import { question } from './store.js'

/** @param index of the candidate; null: none of them */
export function choose(index: number | null): void {
  const open = question.peek()
  if (open !== null) {
    void answerQuestion(open.id, index)
    return
  }
  const candidate = index === null ? undefined : understood.peek()?.candidates[index]
  if (candidate !== undefined) type(candidate.sentence)
}
