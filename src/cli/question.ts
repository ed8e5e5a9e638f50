// Questions to the person at the terminal.

import { createInterface } from 'node:readline/promises'
import { choose } from '../control/goal/choose.js'
import type { Candidate } from '../control/goal/types.js'

/** Whether somebody can be asked: neither the question nor the answer goes into a file or a pipe. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY
}

/**
 * The candidate that a person chooses by its number, or by words that only it has; null for none: an empty line, or a
 * terminal that closes. An answer that fits none or several is asked for again.
 * @throws the signal's reason when it is aborted before the answer
 */
export async function askWhich(
  reason: string,
  candidates: readonly Candidate[],
  signal: AbortSignal,
  terminal: Terminal = ownTerminal,
): Promise<Candidate | null> {
  const list = candidates.map(({ name }, i) => `  ${i + 1}  ${name}`).join('\n')
  for (let text = `${reason}\n${list}\n`; ; text = '') {
    const answer = await ask(`${text}Which one (1 to ${candidates.length})? `, signal, terminal)
    if (answer === '') return null
    const chosen = choose(answer, candidates)
    if (chosen !== null) return chosen
  }
}

/** Before a real arm moves. */
export function realArmQuestion(backend: string): string {
  return `The controller moves a real arm (${backend}). Is the area clear, the emergency stop in your hand?`
}

/** Before what the end effector of a real arm holds is let go of. */
export function letGoQuestion(backend: string): string {
  return `What the end effector of a real arm (${backend}) holds will fall. Is a hand or a box under it?`
}

/** Where a question goes, and where its answer comes from. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  /** What Ctrl-C at the question does: the terminal then sends no signal of its own. */
  readonly interrupt: () => void
}

const ownTerminal: Terminal = {
  input: process.stdin,
  output: process.stderr,
  interrupt: () => process.kill(process.pid, 'SIGINT'),
}

/**
 * True only for the whole word yes; a terminal that closes says no.
 * @throws the signal's reason when it is aborted before the answer
 */
export async function isAnsweredYes(
  question: string,
  signal: AbortSignal,
  terminal: Terminal = ownTerminal,
): Promise<boolean> {
  return (await ask(`${question} Type yes: `, signal, terminal)) === 'yes'
}

/** The answer, trimmed; '' from a terminal that closes. */
async function ask(question: string, signal: AbortSignal, { input, output, interrupt }: Terminal): Promise<string> {
  signal.throwIfAborted()
  const prompt = createInterface({ input, output, terminal: true })
  prompt.on('SIGINT', interrupt)
  const closed = new Promise<string>((resolve) => prompt.once('close', () => resolve('')))
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  try {
    return (await Promise.race([prompt.question(question), closed, ended])).trim()
  } finally {
    prompt.close()
  }
}
