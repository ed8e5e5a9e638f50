// How the machine is set up to run, and what a measurement costs it: processor and GPU share, energy where the machine tells.
// What it does not tell is null.

import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Settings that change what a processor can do. */
export interface PowerMode {
  /** Of the first processor, e.g. 'performance' (cpufreq). */
  readonly governor: string | null
  /** Of the first processor, e.g. 'balance_performance'. */
  readonly energy_preference: string | null
  /** Whether the processor may exceed its base frequency. */
  readonly turbo: boolean | null
  /** Of an NVIDIA Jetson board, e.g. 'MAXN' (`nvpmodel -q`). */
  readonly board_mode: string | null
}

/** @param root of sysfs, @param queryBoard what `nvpmodel -q` prints, or null: other ones in tests */
export function powerMode(root = '/sys', queryBoard = nvpmodel): PowerMode {
  const cpu = join(root, 'devices/system/cpu')
  const noTurbo = line(join(cpu, 'intel_pstate/no_turbo'))
  const boost = line(join(cpu, 'cpufreq/boost'))
  return {
    governor: line(join(cpu, 'cpu0/cpufreq/scaling_governor')),
    energy_preference: line(join(cpu, 'cpu0/cpufreq/energy_performance_preference')),
    turbo: noTurbo !== null ? noTurbo === '0' : boost !== null ? boost === '1' : null,
    board_mode: /^NV Power Mode: *(\S.*)$/m.exec(queryBoard() ?? '')?.[1] ?? null,
  }
}

function nvpmodel(): string | null {
  const { stdout } = spawnSync('nvpmodel', ['-q'], { encoding: 'utf8', timeout: 5000 })
  return stdout ?? null // not installed: no such board
}

/** What a measurement has cost. */
export interface Usage {
  readonly seconds: number
  /** Processor time of this process and its threads over that of all cores, 0..1. */
  readonly process_cpu_share: number
  /** Mean over the measurement, 0..1; null without a GPU that tells. */
  readonly gpu_share: number | null
  readonly energy: {
    readonly joules: number
    readonly watts: number
    /** 'rapl' (processor packages), 'tegrastats' (whole board) or 'nvidia-smi' (GPU alone). */
    readonly source: 'rapl' | 'tegrastats' | 'nvidia-smi'
  } | null
}

/** Starts a measurement; the function ends it. */
export function watchUsage(root = '/sys'): () => Usage {
  const startedNs = process.hrtime.bigint()
  const cpu = process.cpuUsage()
  const counters = raplCounters(root).map((counter) => ({ ...counter, fromUj: microjoules(counter.path) }))
  const board = watchTool(tools.tegrastats)
  const gpu = watchTool(tools.nvidiaSmi)
  return () => {
    const seconds = Number(process.hrtime.bigint() - startedNs) / 1e9
    const { user, system } = process.cpuUsage(cpu)
    const [ofBoard, ofGpu] = [mean(board()), mean(gpu())]
    return {
      seconds,
      process_cpu_share: (user + system) / 1e6 / seconds / cpus().length,
      gpu_share: ofBoard?.gpuShare ?? ofGpu?.gpuShare ?? null,
      energy: energyOf(seconds, raplJoules(counters), ofBoard?.watts ?? null, ofGpu?.watts ?? null),
    }
  }
}

function energyOf(seconds: number, rapl: number | null, boardW: number | null, gpuW: number | null): Usage['energy'] {
  if (boardW !== null) return { joules: boardW * seconds, watts: boardW, source: 'tegrastats' }
  if (rapl !== null) return { joules: rapl, watts: rapl / seconds, source: 'rapl' }
  return gpuW === null ? null : { joules: gpuW * seconds, watts: gpuW, source: 'nvidia-smi' }
}

/** A counter of a processor package (Linux powercap: intel-rapl:N, on AMD too); its parts (intel-rapl:N:M) are in it. */
interface RaplCounter {
  readonly path: string
  /** At which it begins at 0 again. */
  readonly rangeUj: number
}

function raplCounters(root: string): RaplCounter[] {
  const folder = join(root, 'class/powercap')
  let names: string[]
  try {
    names = readdirSync(folder).filter((name) => /^intel-rapl:\d+$/.test(name))
  } catch {
    return [] // no such machine
  }
  return names.map((name) => ({
    path: join(folder, name, 'energy_uj'),
    rangeUj: microjoules(join(folder, name, 'max_energy_range_uj')) ?? Number.NaN,
  }))
}

/** Null where nothing is counted, or where only root may read it (the default of Linux since 5.10). */
function raplJoules(counters: readonly (RaplCounter & { readonly fromUj: number | null })[]): number | null {
  if (counters.length === 0) return null
  let joules = 0
  for (const { path, rangeUj, fromUj } of counters) {
    const toUj = microjoules(path)
    if (fromUj === null || toUj === null) return null
    const spentUj = toUj - fromUj
    joules += (spentUj < 0 ? spentUj + rangeUj : spentUj) / 1e6
  }
  return Number.isFinite(joules) ? joules : null
}

function microjoules(path: string): number | null {
  const text = line(path)
  return text === null || !/^\d+$/.test(text) ? null : Number(text)
}

function line(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}

/** One line of a tool that reports power. */
export interface PowerSample {
  readonly watts: number | null
  readonly gpuShare: number | null
}

interface Tool {
  readonly command: string
  readonly parameters: readonly string[]
  readonly read: (text: string) => PowerSample
}

/** `tegrastats` of NVIDIA Jetson boards: "... GR3D_FREQ 45% ... VDD_IN 4940mW/4900mW ..." (older boards: POM_5V_IN). */
export function readTegrastats(text: string): PowerSample {
  const gpu = /\bGR3D_FREQ (\d+)%/.exec(text)?.[1]
  const power = /\b(?:VDD_IN|POM_5V_IN|VIN_SYS_5V0) (\d+)(?:mW)?\//.exec(text)?.[1]
  return {
    watts: power === undefined ? null : Number(power) / 1e3,
    gpuShare: gpu === undefined ? null : Number(gpu) / 100,
  }
}

/** A row of `nvidia-smi --query-gpu=utilization.gpu,power.draw`: "45, 71.32"; "[N/A]" for what the GPU does not tell. */
export function readNvidiaSmi(text: string): PowerSample {
  const [share, watts] = text.split(',').map((part) => Number(part.trim()))
  return {
    watts: Number.isFinite(watts) ? watts! : null,
    gpuShare: Number.isFinite(share) && text.trim() !== '' ? share! / 100 : null,
  }
}

const tools = {
  tegrastats: { command: 'tegrastats', parameters: ['--interval', '500'], read: readTegrastats },
  nvidiaSmi: {
    command: 'nvidia-smi',
    parameters: ['--query-gpu=utilization.gpu,power.draw', '--format=csv,noheader,nounits', '-lms', '500'],
    read: readNvidiaSmi,
  },
} as const satisfies Record<string, Tool>

/** Samples of a tool until the function is called; none where the tool is not there. */
function watchTool({ command, parameters, read }: Tool): () => readonly PowerSample[] {
  const samples: PowerSample[] = []
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'ignore'] })
  child.on('error', () => {}) // not installed: no such machine
  createInterface(child.stdout).on('line', (text) => samples.push(read(text)))
  child.unref()
  return () => {
    child.kill()
    return samples
  }
}

function mean(samples: readonly PowerSample[]): PowerSample | null {
  const meanOf = (values: readonly (number | null)[]) => {
    const told = values.filter((value) => value !== null)
    return told.length === 0 ? null : told.reduce((sum, value) => sum + value, 0) / told.length
  }
  if (samples.length === 0) return null
  return { watts: meanOf(samples.map(({ watts }) => watts)), gpuShare: meanOf(samples.map(({ gpuShare }) => gpuShare)) }
}
