// What a person asked for, made safe to show, to log and to hand to a tokenizer.

import { CliportError } from './errors.js'

export const longestGoal = 500

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const controlCharacter = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u

/**
 * A sentence with its white space normalised: trimmed, runs of blanks, tabs and line ends as one blank, Unicode NFC.
 * @throws CliportError GOAL_EMPTY, GOAL_TOO_LONG (more than 500 characters), INPUT_INVALID for invisible control
 * characters, which no one types and which can make a log or a page show something else than what was asked
 */
export function parseGoal(text: string): string {
  const goal = text.normalize('NFC').replace(/\s+/gu, ' ').trim()
  if (goal === '') {
    throw new CliportError('GOAL_EMPTY', 'Expected a sentence for the goal but received an empty one', {
      stage: 'start',
      hint: 'Say what to do, for example: cliport run "put the red blocks in a green bowl"',
    })
  }
  const length = [...goal].length
  if (length > longestGoal) {
    throw new CliportError(
      'GOAL_TOO_LONG',
      `Expected at most ${longestGoal} characters for the goal but received ${length}`,
      { stage: 'start', hint: 'One goal is one sentence about what to pick and where to place it; shorten it' },
    )
  }
  const control = controlCharacter.exec(goal)
  if (control !== null) {
    const code = control[0].codePointAt(0)!.toString(16).padStart(4, '0').toUpperCase()
    throw new CliportError(
      'INPUT_INVALID',
      `Expected printable characters for the goal but received the control character U+${code} at ${control.index}`,
      { stage: 'start', hint: 'Type the sentence again; copied text can carry invisible characters' },
    )
  }
  return goal
}
