// `cliport bench heightmap`: the projection's modes and, with a Python, its NumPy reference, by turns in one run.

import { gridSize } from '../control/geometry.js'
import type { HeightmapSpec, RgbdFrame } from '../control/types.js'
import { framesOf, specOf } from '../io/heightmap-check.js'
import { readNpz } from '../io/npz.js'
import { type ProjectOptions, projectHeightmap } from '../native/heightmap.js'
import { type Durations, StageHistograms } from '../runtime/durations.js'
import { type Machine, machine, watchProcessors } from '../runtime/machine.js'
import { hostClock } from '../runtime/session.js'
import { type NumpyReference, startNumpyReference } from './numpy-reference.js'

export interface HeightmapBenchRequest {
  /** Frames as `checkHeightmap` reads them. */
  readonly npz: string
  readonly repeats: number
  /** Interpreter with NumPy 1.26.4; absent: no comparison. */
  readonly python?: string
  readonly command: string
  readonly signal: AbortSignal
}

/** The stable JSON of `cliport bench heightmap`; milliseconds through the addon, thread pool and promise included. */
export interface HeightmapBenchReport {
  readonly exact_1t: Durations
  readonly exact_2t: Durations
  readonly fast_1t: Durations
  readonly fast_2t: Durations
  readonly numpy?: Durations
  /** Of the medians: how many times longer NumPy takes. */
  readonly ratio_exact_1t?: number
  readonly ratio_fast_2t?: number
  /** Time to read depth once from memory that is in no cache, on one thread: no projection is faster. */
  readonly bandwidth_bound_ms: number
  readonly bandwidth_gb_per_s: number
  /** Cells in which fast differs from exact: in height by more than 1 um, or in colour. */
  readonly fast_cells_differ: number
  readonly frames: readonly string[]
  readonly numpy_version?: string
  readonly processors_busy: number
  readonly steal_ms: number
  readonly machine: Machine
}

const modes = {
  exact_1t: { fast: false, threads: 1 },
  exact_2t: { fast: false, threads: 2 },
  fast_1t: { fast: true, threads: 1 },
  fast_2t: { fast: true, threads: 2 },
} satisfies Record<string, ProjectOptions>
const warmUps = 3

/** @throws CliportError INPUT_INVALID for the file, PYTHON_ABSENT */
export async function benchHeightmap(request: HeightmapBenchRequest): Promise<HeightmapBenchReport> {
  const { npz: path, repeats, python, signal } = request
  const before = machine(request.command)
  const npz = readNpz(path)
  const frames = framesOf(npz, path)
  const spec = specOf(npz, path)
  const reference = python === undefined ? null : startNumpyReference(python)
  const stages = new StageHistograms()
  try {
    const version = await reference?.load(path)
    const endWatch = watchProcessors()
    for (let i = -warmUps; i < repeats; i++) {
      signal.throwIfAborted()
      await oneRound(frames, spec, reference, i < 0 ? new StageHistograms() : stages)
    }
    const { busy, steal_ms } = endWatch()
    const bytesPerMs = readBytesPerMs()
    const depthBytes = frames.reduce((sum, { depthM }) => sum + depthM.byteLength, 0)
    return {
      exact_1t: stages.of('exact_1t'),
      exact_2t: stages.of('exact_2t'),
      fast_1t: stages.of('fast_1t'),
      fast_2t: stages.of('fast_2t'),
      ...(version === undefined ? {} : comparison(stages, version)),
      bandwidth_bound_ms: rounded(depthBytes / bytesPerMs, 1000),
      bandwidth_gb_per_s: rounded(bytesPerMs / 1e6, 10),
      fast_cells_differ: await fastCellsDiffer(frames, spec),
      frames: frames.map(({ intrinsics: { width, height } }) => `${width}x${height}`),
      processors_busy: busy,
      steal_ms,
      machine: before,
    }
  } finally {
    reference?.close()
  }
}

/** NumPy first before every mode: it leaves the caches as a working runtime would, without the frames. */
async function oneRound(
  frames: readonly RgbdFrame[],
  spec: HeightmapSpec,
  reference: NumpyReference | null,
  stages: StageHistograms,
): Promise<void> {
  for (const [name, options] of Object.entries(modes)) {
    if (reference !== null) stages.observe('numpy', await reference.timeMs())
    const startNs = hostClock.nowNs()
    await project(frames, spec, options)
    stages.observe(name, Number(hostClock.nowNs() - startNs) / 1e6)
  }
}

async function project(frames: readonly RgbdFrame[], spec: HeightmapSpec, options: ProjectOptions) {
  const { rows, cols } = gridSize(spec)
  const cells = rows * cols
  const output = { heightM: new Float32Array(cells), color: new Uint8Array(3 * cells) }
  const inputs = frames.map((frame) => ({ ...frame.intrinsics, ...frame }))
  await projectHeightmap(inputs, spec, output, options)
  return output
}

async function fastCellsDiffer(frames: readonly RgbdFrame[], spec: HeightmapSpec): Promise<number> {
  const exact = await project(frames, spec, modes.exact_1t)
  const fast = await project(frames, spec, modes.fast_2t)
  return exact.heightM.reduce((count, heightM, cell) => {
    const color = [0, 1, 2].some((c) => exact.color[3 * cell + c] !== fast.color[3 * cell + c])
    return count + (color || Math.abs(heightM - fast.heightM[cell]!) > 1e-6 ? 1 : 0)
  }, 0)
}

function comparison(stages: StageHistograms, version: string) {
  const numpy = stages.of('numpy')
  return {
    numpy,
    ratio_exact_1t: rounded(numpy.p50 / stages.of('exact_1t').p50, 10),
    ratio_fast_2t: rounded(numpy.p50 / stages.of('fast_2t').p50, 10),
    numpy_version: version,
  }
}

/** Best rate at which one thread reads memory that is in no cache: a search for a byte that is not there. */
function readBytesPerMs(sizeBytes = 256 << 20, repeats = 5): number {
  const memory = Buffer.alloc(sizeBytes, 1) // written: untouched zeros would all be one page
  let bestMs = Infinity
  for (let i = 0; i < repeats; i++) {
    const startNs = hostClock.nowNs()
    memory.indexOf(2)
    bestMs = Math.min(bestMs, Number(hostClock.nowNs() - startNs) / 1e6)
  }
  return sizeBytes / bestMs
}

function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts
}
