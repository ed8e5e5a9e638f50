// `cliport convert CHECKPOINT`: weights of the published CLIPort to a policy package.

import { dirname, resolve } from 'node:path'
import { CliportError } from '../control/errors.js'
import { makeFolder } from '../io/make-folder.js'
import { expectAbsent } from '../io/policy/convert.js'
import { loadPackage } from '../io/policy/package.js'
import { unwritable } from '../io/unwritable.js'
import { endOfPython, type PythonRun } from './python.js'

export interface CheckpointRequest extends Pick<PythonRun, 'signal' | 'tell'> {
  /** A .ckpt of the published code. */
  readonly checkpoint: string
  readonly out: string
  /** The policy's name; default: that of the folder. */
  readonly name?: string
  /** Which of the published agents it is; default: the one whose keys fit best. */
  readonly agent?: string
  /** Sizes other than the published ones, for tests: JSON with fields of models/cliport_published/sizes.py. */
  readonly sizes?: string
  readonly python?: string
}

export interface ConvertedCheckpoint {
  readonly package: string
  readonly name: string
  readonly agent: string
  /** ONNX Runtime beside PyTorch: differences of logits as shares of their range. */
  readonly parity: Readonly<Record<string, number>>
}

/** Problems that a message names; the rest is counted. */
const namedProblems = 40

/**
 * Writes the package to `out`, which must not exist; nothing is left there when anything is wrong.
 * @throws CliportError CHECKPOINT_INVALID for a file that is no checkpoint of the published code, with each key that is
 * missing, extra or wrongly shaped, and for graphs that do not decide as PyTorch does; PYTHON_ABSENT, TRAINING_FAILED,
 * INPUT_INVALID when `out` exists or cannot be written
 */
export async function convertCheckpoint(request: CheckpointRequest): Promise<ConvertedCheckpoint> {
  const out = resolve(request.out)
  await expectAbsent(out)
  try {
    await makeFolder(dirname(out))
  } catch (cause) {
    throw unwritable('the package', out, '--out', cause)
  }
  const option = (flag: string, value: string | undefined) => (value === undefined ? [] : [flag, value])
  const { code, last } = await endOfPython({
    module: 'cliport_published.convert',
    signal: request.signal,
    tell: (line) => {
      // The last line is for this program.
      if (!line.startsWith('{')) request.tell(line)
    },
    args: [
      ...['--checkpoint', resolve(request.checkpoint), '--out', out],
      ...option('--name', request.name),
      ...option('--agent', request.agent),
      ...option('--sizes', request.sizes && resolve(request.sizes)),
    ],
    ...(request.python === undefined ? {} : { python: request.python }),
  })
  const answer = parsed(last)
  if (code === 0 && answer?.package !== undefined) {
    await loadPackage(out)
    return { ...(answer as unknown as ConvertedCheckpoint), package: request.out }
  }
  if (Array.isArray(answer?.problems)) throw invalid(request.checkpoint, answer.problems as string[])
  throw new CliportError(
    'TRAINING_FAILED',
    `The conversion of ${request.checkpoint} ended with code ${code}: ${last}`,
    {
      stage: 'start',
      hint: 'Read the lines above it',
    },
  )
}

function parsed(line: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>
  } catch {
    return null
  }
}

function invalid(checkpoint: string, problems: readonly string[]): CliportError {
  const rest = problems.length - namedProblems
  const lines = [...problems.slice(0, namedProblems), ...(rest > 0 ? [`and ${rest} more`] : [])]
  return new CliportError(
    'CHECKPOINT_INVALID',
    `Expected a checkpoint of the published CLIPort but ${checkpoint} has ${problems.length} problem(s):\n  ${lines.join('\n  ')}`,
    {
      stage: 'start',
      hint: 'Use a .ckpt that the published code has written; --agent names the network when most keys differ',
    },
  )
}
