// Spoken answers by espeak-ng (Debian), in a process of its own. Off unless the settings turn it on.

import { type ChildProcess, spawn } from 'node:child_process'

export interface Announcer {
  /** Says a line after those that are still being said; more than a few wait for nobody, and are left out. */
  say(line: string): void
  /** Whether a line is being said: what a microphone hears then is this program. */
  readonly isSpeaking: boolean
  close(): void
}

const mostWaiting = 3

/** @param log hears once where espeak-ng cannot be run: answers are on the screen too */
export function openAnnouncer(log: (line: string) => void, program = 'espeak-ng'): Announcer {
  const waiting: string[] = []
  let speaking: ChildProcess | null = null
  let isClosed = false
  const next = () => {
    speaking = null
    const line = isClosed ? undefined : waiting.shift()
    if (line === undefined) return
    const child = spawn(program, ['-v', 'en', '--', line], { stdio: 'ignore' })
    speaking = child
    child.on('error', (error) => {
      speaking = null
      log(`no spoken answers: ${program} cannot be run (${error.message}); apt-get install espeak-ng`)
      isClosed = true
    })
    child.on('close', next)
  }
  return {
    get isSpeaking() {
      return speaking !== null
    },
    say: (line) => {
      if (isClosed || waiting.length >= mostWaiting) return
      waiting.push(line)
      if (speaking === null) next()
    },
    close: () => {
      isClosed = true
      speaking?.kill()
    },
  }
}
