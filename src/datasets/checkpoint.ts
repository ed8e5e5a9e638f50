// `cliport convert CHECKPOINT`: weights of the published CLIPort to a policy package.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { CliportError } from '../control/errors.js'
import type { HeightmapSpec } from '../control/types.js'
import { makeFolder } from '../io/make-folder.js'
import { expectAbsent } from '../io/policy/convert.js'
import type { Manifest } from '../io/policy/manifest.js'
import { loadPackage } from '../io/policy/package.js'
import { unwritable } from '../io/unwritable.js'
import type { Config } from '../runtime/config/schema.js'
import { writeCalibrationFrames } from './calibration-frames.js'
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
  /** Networks in int8, their ranges taken from frames; absent: fp32. */
  readonly int8?: Int8Request
}

export interface Int8Request {
  /** Frames of the user's own cell: an .npz with color, height and goals. Absent: scenes of the simulated cell. */
  readonly frames?: string
  readonly scenes: number
  readonly config: Config
}

export interface ConvertedCheckpoint {
  readonly package: string
  readonly name: string
  readonly agent: string
  /** ONNX Runtime beside PyTorch: differences of logits as shares of their range. */
  readonly parity: Readonly<Record<string, number>>
  /** How an int8 package was calibrated, and how it decides beside its fp32 form; absent for fp32. */
  readonly precision?: NonNullable<Manifest['precision']>
}

/** Problems that a message names; the rest is counted. */
const namedProblems = 40

/**
 * Writes the package to `out`, which must not exist; nothing is left there when anything is wrong.
 * @throws CliportError CHECKPOINT_INVALID for a file that is no checkpoint of the published code, with each key that is
 * missing, extra or wrongly shaped, for graphs that do not decide as PyTorch does, and for frames of another size;
 * PYTHON_ABSENT, TRAINING_FAILED, INPUT_INVALID when `out` exists or cannot be written, or `sizes` cannot be read; those of
 * `writeCalibrationFrames`
 */
export async function convertCheckpoint(request: CheckpointRequest): Promise<ConvertedCheckpoint> {
  const out = resolve(request.out)
  await expectAbsent(out)
  try {
    await makeFolder(dirname(out))
  } catch (cause) {
    throw unwritable('the package', out, '--out', cause)
  }
  const scratch = request.int8 === undefined ? null : await mkdtemp(join(tmpdir(), 'cliport-calibration-'))
  try {
    const frames = scratch === null ? undefined : await calibrationOf(request, request.int8!, scratch)
    return await converted(request, out, frames)
  } finally {
    if (scratch !== null) await rm(scratch, { recursive: true, force: true })
  }
}

/** Where the frames are that int8 is calibrated on. */
async function calibrationOf(request: CheckpointRequest, int8: Int8Request, scratch: string): Promise<string> {
  const { sizes, signal, tell } = request
  const { frames, scenes, config } = int8
  if (frames !== undefined) return resolve(frames)
  tell(`looking at ${scenes} scenes of the simulated cell`)
  const workspace = sizes === undefined ? publishedWorkspace : await workspaceOfSizes(sizes)
  await writeCalibrationFrames(scratch, { config, workspace, scenes, signal, tell })
  return scratch
}

const publishedWorkspace: HeightmapSpec = {
  ...{ xMinM: 0.25, xMaxM: 0.75, yMinM: -0.5, yMaxM: 0.5, zMinM: 0, zMaxM: 0.28, pixelM: 0.003125 },
}

/** The published corner and resolution, as models/cliport_published/convert.py writes them. @throws CliportError INPUT_INVALID */
async function workspaceOfSizes(file: string): Promise<HeightmapSpec> {
  try {
    const { rows = 320, cols = 160 } = JSON.parse(await readFile(file, 'utf8')) as { rows?: number; cols?: number }
    const { xMinM, yMinM, pixelM } = publishedWorkspace
    return { ...publishedWorkspace, xMaxM: xMinM + cols * pixelM, yMaxM: yMinM + rows * pixelM }
  } catch (cause) {
    throw new CliportError('INPUT_INVALID', `Could not read the sizes in ${file}: ${(cause as Error).message}`, {
      stage: 'start',
      hint: 'Expected JSON with fields of models/cliport_published/sizes.py',
      cause,
    })
  }
}

/** @param frames to calibrate int8 on; absent: fp32 */
async function converted(request: CheckpointRequest, out: string, frames?: string): Promise<ConvertedCheckpoint> {
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
      ...option('--int8', frames),
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
