// Training and export are Python, and this is what starts them. (`cliport bench` compares with processes of its own.)

import { spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import { CliportError } from '../control/errors.js'
import { shellQuote } from '../control/shell-quote.js'
import { projectPath } from '../native/paths.js'

export interface PythonRun {
  /** Interpreter; default: CLIPORT_PYTHON, else python3. */
  readonly python?: string
  /** Module of models/, e.g. 'cliport_edge.train'. */
  readonly module: string
  readonly args: readonly string[]
  /** What pip installs for it, e.g. 'ray==2.60.0'; absent: models/requirements.txt. */
  readonly packages?: string
  /** Processes that torchrun starts; default 1: no torchrun. */
  readonly processes?: number
  readonly signal: AbortSignal
  /** Hears every line that the module prints. */
  readonly tell: (line: string) => void
}

/** The interpreter that is used when none is named. */
function pythonOf(named: string | undefined): string {
  return named ?? process.env.CLIPORT_PYTHON ?? 'python3'
}

/**
 * Runs a module of models/ to its end.
 * @throws CliportError PYTHON_ABSENT when there is no such interpreter or it lacks what training needs, TRAINING_FAILED
 * with the module's last line when it ends with another code than 0; the signal's reason on abort
 */
export async function runPython(run: PythonRun): Promise<void> {
  const { code, last } = await endOfPython(run)
  if (code === 0) return
  throw new CliportError('TRAINING_FAILED', `${run.module} ended with code ${code}: ${last}`, {
    stage: 'start',
    hint: 'Read the lines above it; --resume continues an interrupted training',
  })
}

/** How a module ended. */
export interface PythonEnd {
  readonly code: number | null
  /** The last line that it printed. */
  readonly last: string
}

/**
 * Runs a module of models/ to its end, whatever that is.
 * @throws CliportError PYTHON_ABSENT when there is no such interpreter or it lacks a library; the signal's reason on abort
 */
export async function endOfPython(run: PythonRun): Promise<PythonEnd> {
  const python = pythonOf(run.python)
  const { processes = 1 } = run
  const launcher = processes > 1 ? ['-m', 'torch.distributed.run', `--nproc-per-node=${processes}`, '--standalone'] : []
  const { code, lines } = await started(python, [...launcher, '-m', run.module, ...run.args], run)
  run.signal.throwIfAborted()
  const last = lines.findLast((line) => line.trim() !== '') ?? `it ended with code ${code}`
  if (code !== 0 && /^(ModuleNotFoundError|ImportError)/.test(last)) throw absent(python, last, run.packages)
  return { code, last }
}

/** CUDA devices that PyTorch sees. @throws CliportError PYTHON_ABSENT */
export async function cudaDevices(python: string | undefined, signal: AbortSignal): Promise<number> {
  const program = 'import torch; print(torch.cuda.device_count())'
  const { code, lines } = await started(pythonOf(python), ['-c', program], { signal, tell: () => {} })
  if (code !== 0) throw absent(pythonOf(python), lines.findLast((line) => line.trim() !== '') ?? 'it does not run')
  return Number(lines[0])
}

async function started(
  python: string,
  args: readonly string[],
  { signal, tell, packages }: Pick<PythonRun, 'signal' | 'tell' | 'packages'>,
): Promise<{ readonly code: number | null; readonly lines: readonly string[] }> {
  const { PYTHONPATH } = process.env
  const path = [projectPath('models'), ...(PYTHONPATH === undefined ? [] : [PYTHONPATH])].join(delimiter)
  const child = spawn(python, args, {
    env: { ...process.env, PYTHONPATH: path, PYTHONUNBUFFERED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = () => {
    if (child.pid !== undefined) child.kill('SIGINT') // else it never began, and its number would be any
  }
  signal.addEventListener('abort', stop, { once: true })
  const lines: string[] = []
  const hear = (rest: string, chunk: string): string => {
    const parts = (rest + chunk).split('\n')
    for (const line of parts.slice(0, -1)) {
      lines.push(line)
      if (lines.length > 200) lines.shift()
      tell(line)
    }
    return parts.at(-1)!
  }
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      rest = hear(rest, chunk)
    })
    stream.on('end', () => {
      if (rest !== '') hear(rest, '\n')
    })
  }
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', (cause: Error) => reject(absent(python, cause.message, packages)))
      child.on('close', resolve)
    })
    return { code, lines }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function absent(python: string, reason: string, packages?: string): CliportError {
  const needs = packages === undefined ? 'Training needs Python with PyTorch' : `This needs Python with ${packages}`
  const install = packages ?? `-r ${shellQuote(projectPath('models/requirements.txt'))}`
  return new CliportError('PYTHON_ABSENT', `${needs}, but ${python} cannot: ${reason}`, {
    stage: 'start',
    hint: `python3 -m venv VENV && VENV/bin/pip install ${install}, then --python VENV/bin/python`,
  })
}
