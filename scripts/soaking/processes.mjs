// The two processes of a soak: the service as `cliport serve`, and cliport-controller. Each is started, ended by a signal,
// and stays so only when the soak itself ended it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ServiceClient } from '../../dist/service/client/client.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A process that lives longer than this after SIGTERM hangs: ten times what systemd gives it. */
const hangMs = 300_000

class Process {
  #child
  #isExpectedToEnd = false

  /** @param onSurprise hears of an end that nobody asked for */
  constructor(name, child, onSurprise) {
    this.name = name
    this.#child = child
    child.once('exit', (code, signal) => {
      if (!this.#isExpectedToEnd) onSurprise(`${name} ended by itself: ${signal ?? `exit code ${code}`}`)
    })
  }

  get pid() {
    return this.#child.pid
  }

  get isAlive() {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  signal(name) {
    this.#child.kill(name)
  }

  /** @returns how long it took, ms, and whether it had to be killed although it was asked to end */
  async end(signal) {
    this.#isExpectedToEnd = true
    const sinceMs = performance.now()
    if (!this.isAlive) return { tookMs: 0, hung: false }
    // With what it has printed.
    const ended = once(this.#child, 'close')
    this.#child.kill(signal)
    let hung = false
    const timer = setTimeout(() => {
      hung = true
      this.#child.kill('SIGKILL')
    }, hangMs)
    await ended
    clearTimeout(timer)
    return { tookMs: performance.now() - sinceMs, hung }
  }
}

/** The first line that a child prints, and a list that gets every line. @throws Error when it ends before */
async function firstLine(name, child) {
  const lines = []
  const read = createInterface({ input: child.stdout })
  read.on('line', (line) => lines.push(line))
  await new Promise((resolve, reject) => {
    read.once('line', resolve)
    child.once('exit', (code, signal) => reject(new Error(`${name} ended at its start: ${signal ?? code}`)))
  })
  return lines
}

function run(name, command, args, { folder, env }) {
  // Of a group of its own: Ctrl-C is for the soak, which ends them in order.
  const options = { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env }, detached: true }
  const child = spawn(command, args, options)
  child.stderr.pipe(createWriteStream(join(folder, `${name}.log`), { flags: 'a' }))
  return child
}

/**
 * @param port of 127.0.0.1, the first of four; null: any
 * @param isRealTime whether it asks for the priority and the memory that a robot's has
 */
export async function startController({ folder, port, isRealTime = false, onSurprise }) {
  const name = 'cliport-controller'
  const bind = `tcp://127.0.0.1:${port ?? '*'}`
  const args = ['--backend', 'sim', '--bind', bind, '--keys', join(folder, 'keys')]
  if (!isRealTime) args.push('--no-realtime')
  const child = run(name, join(root, 'build/native/cliport-controller'), args, { folder, env: {} })
  const lines = await firstLine(name, child)
  return Object.assign(new Process(name, child, onSurprise), { address: JSON.parse(lines[0]).address, lines })
}

/**
 * @param disk folder of queue and recordings
 * @param robot address of a controller; null: the cell's own
 * @param recordingsGb how much of the disk recordings may take
 */
export async function startService({ folder, disk, robot, scene, recordingsGb, onSurprise }) {
  const name = 'cliport-serve'
  const state = join(disk, 'state')
  const args = ['serve', '--json', '--log', 'json', '--port', '0', '--state', state, '--out', join(disk, 'runs')]
  args.push('--seed', `${scene.seed}`, '--scene', scene.sentence)
  if (robot !== null) args.push('--robot', robot)
  const env = {
    CLIPORT_ROBOT_KEYS: join(folder, 'keys'),
    CLIPORT_SERVICE_REQUESTS_PER_S: '10000',
    CLIPORT_SERVICE_HISTORY_MAX: '1000000',
    CLIPORT_SERVICE_RECORDINGS_GB: `${recordingsGb}`,
    CLIPORT_SERVICE_DISK_FREE_GB: '0',
  }
  const child = run(name, process.execPath, [join(root, 'dist/cli/main.js'), ...args], { folder, env })
  const { url } = JSON.parse((await firstLine(name, child))[0])
  const service = new Process(name, child, onSurprise)
  try {
    return Object.assign(service, { url, state, client: await ServiceClient.connect({ stateFolder: state, url }) })
  } catch (error) {
    await service.end('SIGTERM')
    throw error
  }
}
