// One engine of TensorRT, built in a process of its own: with what went wrong, whatever way it ends.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { workerUrl } from '../../native/paths.js'
import type { EngineBuild, EngineBuilt } from './engine-builder.js'

/** Lines of stderr that are kept for the reason. */
const keptLines = 12

/**
 * Builds, which takes from seconds to many minutes.
 * @returns what the builder answered; `ok: false` with the signal's name or exit code when it ended without an answer
 * @throws the abort signal's reason; the builder is then ended
 */
export async function buildEngine(build: EngineBuild, signal: AbortSignal): Promise<EngineBuilt> {
  signal.throwIfAborted()
  const child = spawn(process.execPath, [fileURLToPath(workerUrl('io/policy/engine-builder'))], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const stop = () => child.kill('SIGKILL')
  signal.addEventListener('abort', stop, { once: true })
  try {
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
    const [answer, complaints] = [text(child.stdout), text(child.stderr)]
    // A builder that has died reads nothing, which its end says better.
    child.stdin.on('error', () => {})
    child.stdin.end(JSON.stringify(build))
    const [code, killedBy] = await ended
    signal.throwIfAborted()
    const log = (await complaints).split('\n').filter((line) => line.trim() !== '')
    const last = (await answer).trimEnd().split('\n').at(-1)
    const built = last?.startsWith('{') ? (JSON.parse(last) as EngineBuilt) : null
    if (built?.ok) return built
    if (built !== null) return { ...built, log: [...built.log, ...log].slice(-keptLines) }
    return { ok: false, code: 'ENDED', message: whyEnded(code, killedBy), log: log.slice(-keptLines) }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function whyEnded(code: number | null, killedBy: NodeJS.Signals | null): string {
  if (killedBy === 'SIGKILL') {
    return 'its process was killed, most likely for want of memory: close other programs, or lower policy.workspace_mb'
  }
  return killedBy === null ? `its process ended with exit code ${code}` : `its process was ended by ${killedBy}`
}
