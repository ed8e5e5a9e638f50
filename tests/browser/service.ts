// A service of its own for the tests of the page: `cliport serve` on the simulated cell, in a process of its own.

import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { projectPath } from '../../src/native/paths.js'
import type { ServiceState } from '../../src/service/api.js'

export interface RunningService {
  readonly url: string
  readonly token: string
  state(): Promise<ServiceState>
  /** An act or a question with the token. @throws when it is refused */
  ask<T>(method: string, path: string, body?: unknown): Promise<T>
  stop(): Promise<void>
  /** It answers nothing more, and its connections stay open, as when the network is gone. `thaw` before `stop`. */
  freeze(): void
  thaw(): void
}

const endsWithinMs = 60_000

/** @param options of `cliport serve` besides its folders and port */
export async function startService(...options: string[]): Promise<RunningService> {
  const folder = await mkdtemp(join(tmpdir(), 'cliport-page-'))
  const args = ['--port', '0', '--state', join(folder, 'state'), '--out', join(folder, 'runs')]
  const child = spawn(process.execPath, [projectPath('dist/cli/main.js'), 'serve', '--json', ...args, ...options], {
    // The log of a service is long; what is wrong shows on the page, or in its state.
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const { url, token_file } = await new Promise<{ url: string; token_file: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = JSON.parse(line)
      if (message.event === 'ready' || message.event === 'safe_mode') resolve(message)
    })
    child.once('exit', (code) => reject(new Error(`cliport serve ended with exit code ${code}`)))
  })
  const token = (await readFile(token_file, 'utf8')).trim()
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(method === 'GET' ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  return {
    url,
    token,
    ask,
    state: () => ask<ServiceState>('GET', '/api/state'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async stop() {
      // One that does not end at the first word is ended; no test leaves a process behind.
      const timer = setTimeout(() => child.kill('SIGKILL'), endsWithinMs)
      child.kill('SIGTERM')
      await ended
      clearTimeout(timer)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
