// One call of the command line: its words, its streams, what may interrupt it, its exit code. `main.ts` makes one of the
// process; a test makes its own and calls the same verbs.

import { fstatSync } from 'node:fs'
import { type Interrupts, processInterrupts } from './interrupts.js'
import { Output } from './output.js'

export interface Invocation {
  /** The words behind the program's name. */
  readonly args: readonly string[]
  /** stdout gets one JSON object as its last line, whatever happens. */
  readonly asJson: boolean
  readonly stdout: Output
  readonly stderr: Output
  readonly interrupts: Interrupts
  exitCode: number
}

let current: Invocation | null = null

/** The invocation whose verb runs. One at a time in a process. */
export function currentInvocation(): Invocation {
  current ??= processInvocation()
  return current
}

/** Makes it the current one. */
export function setInvocation(invocation: Invocation): void {
  current = invocation
}

export function processInvocation(args: readonly string[] = process.argv.slice(2)): Invocation {
  const stdout = new Output(process.stdout)
  const stderr = new Output(process.stderr)
  // `2>&1 | head`: who has read enough of one has read enough of the other, which may be written to at the end only.
  stderr.onReaderGone(() => {
    if (isSameFile(1, 2)) stdout.readerGone()
  })
  return { args, asJson: wantsJson(args), stdout, stderr, interrupts: processInterrupts, exitCode: 0 }
}

/** Known before the words are parsed, so that a mistake in them is told as JSON too. */
export function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return (end < 0 ? args : args.slice(0, end)).includes('--json')
}

function isSameFile(...descriptors: readonly [number, number]): boolean {
  try {
    const [a, b] = descriptors.map((descriptor) => fstatSync(descriptor))
    return a!.dev === b!.dev && a!.ino === b!.ino
  } catch {
    return false
  }
}
