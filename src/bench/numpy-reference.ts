// The heightmap's reference in NumPy (benchmarks/heightmap/reference.py), in a process of its own.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { CliportError } from '../control/errors.js'
import { shellQuote } from '../control/shell-quote.js'
import { projectPath } from '../native/paths.js'

export interface NumpyReference {
  /** Loads an .npz file of frames. @returns the version of NumPy */
  load(npzPath: string): Promise<string>
  /** Projects what was loaded. @returns milliseconds, without the way to the process */
  timeMs(): Promise<number>
  /** Projects what was loaded into an .npz file with height_m and color. */
  save(npzPath: string): Promise<void>
  close(): void
}

/** Every call throws CliportError PYTHON_ABSENT when the process cannot be started or has ended. */
export function startNumpyReference(python: string): NumpyReference {
  const child = spawn(python, [projectPath('benchmarks/heightmap/reference.py'), 'serve'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
  })
  const failed = new Promise<never>((_, reject) => child.on('error', (cause) => reject(absent(python, cause.message))))
  failed.catch(() => {})
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ask = async <T>(request: object): Promise<T> => {
    child.stdin.write(`${JSON.stringify(request)}\n`)
    const { value, done } = await Promise.race([lines.next(), failed])
    if (done) throw absent(python, 'it ended; its last words are above')
    return JSON.parse(value) as T
  }
  return {
    load: async (npzPath) => (await ask<{ numpy: string }>({ load: npzPath })).numpy,
    timeMs: async () => (await ask<{ ms: number }>({ time: true })).ms,
    save: (npzPath) => ask({ save: npzPath }),
    close: () => child.stdin.end(),
  }
}

function absent(python: string, reason: string): CliportError {
  return new CliportError(
    'PYTHON_ABSENT',
    `The comparison needs Python with NumPy 1, but ${python} cannot: ${reason}`,
    {
      stage: 'start',
      hint: `python3 -m venv VENV && VENV/bin/pip install -r ${shellQuote(projectPath('benchmarks/requirements.txt'))}, then --python VENV/bin/python`,
    },
  )
}
