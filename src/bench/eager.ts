// The same net in eager PyTorch, in a process of its own: one line in, one decision and its time out.

import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { CliportError } from '../control/errors.js'
import { shellQuote } from '../control/shell-quote.js'
import type { Heightmap } from '../control/types.js'
import { projectPath } from '../native/paths.js'

export interface EagerDecision {
  readonly ms: number
  readonly pick: readonly number[]
  readonly place: readonly number[]
}

export interface Eager {
  /** PyTorch's version. */
  readonly version: string
  decide(): Promise<EagerDecision>
  close(): Promise<void>
}

export interface EagerOptions {
  readonly python: string
  /** What the package was exported from; null: random weights, of which only the time means anything. */
  readonly checkpoint: string | null
  readonly threads: number
  readonly heightmap: Heightmap
  readonly goal: string
}

/** @throws CliportError PYTHON_ABSENT */
export async function startEager({ python, checkpoint, threads, heightmap, goal }: EagerOptions): Promise<Eager> {
  const folder = await mkdtemp(join(tmpdir(), 'cliport-eager-'))
  await writeFile(join(folder, 'color.raw'), heightmap.color)
  await writeFile(join(folder, 'height.raw'), new Uint8Array(heightmap.heightM.buffer))
  const { rows, cols } = heightmap
  const settings = JSON.stringify({ folder, goal, checkpoint, threads, rows, cols })
  const child = spawn(python, [projectPath('benchmarks/policy/eager.py'), settings], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Threads that spin between two decisions would slow down whoever is measured next.
    env: { ...process.env, OMP_NUM_THREADS: `${threads}`, OMP_WAIT_POLICY: 'PASSIVE' },
  })
  const failed = new Promise<never>((_, reject) => child.on('error', (cause) => reject(absent(python, cause.message))))
  failed.catch(() => {})
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async <T>(): Promise<T> => {
    const { value, done } = await Promise.race([lines.next(), failed])
    if (done) throw absent(python, 'it ended; its last words are above')
    return JSON.parse(value) as T
  }
  const close = async () => {
    child.stdin.end()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const { torch: version } = await next<{ torch: string }>()
    return {
      version,
      decide: () => {
        child.stdin.write('decide\n')
        return next<EagerDecision>()
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function absent(python: string, reason: string): CliportError {
  return new CliportError(
    'PYTHON_ABSENT',
    `The comparison needs Python with PyTorch, but ${python} cannot: ${reason}`,
    {
      stage: 'start',
      hint: `python3 -m venv VENV && VENV/bin/pip install -r ${shellQuote(projectPath('models/requirements.txt'))}, then --python VENV/bin/python`,
    },
  )
}
