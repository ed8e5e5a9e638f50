// Starts `cliport-controller` with a simulated arm on a free port of this machine, with keys of its own.

import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../build/native/cliport-controller', import.meta.url))

/** @returns address and key folder of the controller, and how to end it */
export async function startSimulatedController() {
  const keys = await mkdtemp(join(tmpdir(), 'cliport-example-'))
  // A simulated arm may wait for a busy machine: late cycles are tolerated, and heartbeats may stay away for 5 s instead
  // of the 0.1 s after which a real arm is stopped.
  const limits = join(keys, 'limits.txt')
  await writeFile(limits, 'watchdog_s: 5\nlease_timeout_s: 10\n')
  const args = ['--backend', 'sim', '--no-realtime', '--bind', 'tcp://127.0.0.1:*', '--keys', keys, '--limits', limits]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const address = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`${program} ended with code ${code}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { event, address: bound } = JSON.parse(line)
      if (event === 'ready') resolve(bound)
    })
  })
  // From here on it keeps no program alive.
  child.unref()
  child.stdout.unref()
  return {
    address,
    keys,
    /** At once, for a program that ends by an error. */
    kill: () => child.kill('SIGKILL'),
    async end() {
      child.ref()
      const ended = new Promise((resolve) => child.on('exit', resolve))
      child.kill('SIGTERM')
      await ended
      await rm(keys, { recursive: true, force: true })
    },
  }
}
