// Starts `cliport-controller` with a simulated arm on a free port of this machine, with keys of its own.

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../build/native/cliport-controller', import.meta.url))

/** @returns address and key folder of the controller, and how to end it */
export async function startSimulatedController() {
  const keys = await mkdtemp(join(tmpdir(), 'cliport-example-'))
  // Without real-time rules the simulated robot tolerates late cycles of a busy machine.
  const args = ['--backend', 'sim', '--no-realtime', '--bind', 'tcp://127.0.0.1:*', '--keys', keys]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const address = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`${program} ended with code ${code}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { event, address: bound } = JSON.parse(line)
      if (event === 'ready') resolve(bound)
    })
  })
  return {
    address,
    keys,
    async end() {
      const ended = new Promise((resolve) => child.on('exit', resolve))
      child.kill('SIGTERM')
      await ended
      await rm(keys, { recursive: true, force: true })
    },
  }
}
