// Questions to the person at the terminal.

import { createInterface } from 'node:readline/promises'

/** Whether somebody can be asked: neither the question nor the answer goes into a file or a pipe. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY
}

/** Before a real arm moves. */
export function realArmQuestion(backend: string): string {
  return `The controller moves a real arm (${backend}). Is the area clear, the emergency stop in your hand?`
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
  { input, output, interrupt }: Terminal = ownTerminal,
): Promise<boolean> {
  signal.throwIfAborted()
  const prompt = createInterface({ input, output, terminal: true })
  prompt.on('SIGINT', interrupt)
  const closed = new Promise<string>((resolve) => prompt.once('close', () => resolve('')))
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  try {
    const answer = await Promise.race([prompt.question(`${question} Type yes: `), closed, ended])
    return answer.trim() === 'yes'
  } finally {
    prompt.close()
  }
}
