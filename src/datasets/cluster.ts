// Recording and evaluation on several machines: the shards of a job, run by Ray (models/cliport_cluster, optional). A shard
// depends on its number alone, so that a lost machine costs time and nothing else.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CliportError, type ErrorCode, errorCodes } from '../control/errors.js'
import { projectPath } from '../native/paths.js'
import type { Config } from '../runtime/config/schema.js'
import { endOfPython, type PythonRun } from './python.js'
import { releaseVersion } from './record-index.js'

/** What pip installs; the version that the tests were made with. */
export const rayPackage = 'ray==2.60.0'

export interface Cluster extends Pick<PythonRun, 'python' | 'signal' | 'tell'> {
  /** 'local': one for this job alone, on this machine; 'auto' or 'HOST:PORT': one that runs. */
  readonly address: string
  /** Of a local one. */
  readonly workers: number
}

export interface ClusterJob {
  readonly kind: 'record' | 'eval'
  /** Words after `cliport`, without the shard, `--out`, `--config` and `--json`. */
  readonly args: readonly string[]
  /** How many shards there are. */
  readonly shards: number
  /** Which of them are to be run, from 1. */
  readonly todo: readonly number[]
  readonly out: string
  readonly config: Config
}

/** What a shard says when it is done. */
export interface ShardAnswer {
  readonly shard: number
  readonly report: Readonly<Record<string, unknown>>
  readonly machine: string
}

/**
 * Runs shards until all are done; what they wrote lies in `out` then. A shard whose worker or machine is lost is run again.
 * @throws CliportError PYTHON_ABSENT without Python or Ray, TRAINING_FAILED for a cluster that cannot be reached, the error
 * of a shard that failed by itself; the signal's reason
 */
export async function runOnCluster(
  cluster: Cluster,
  { config, ...job }: ClusterJob,
  onShard: (answer: ShardAnswer) => void,
): Promise<void> {
  if (job.todo.length === 0) return
  const { address, workers, signal, tell, python } = cluster
  const folder = await mkdtemp(join(tmpdir(), 'cliport-cluster-'))
  const file = join(folder, 'job.json')
  const program = { node: process.execPath, script: projectPath('dist/cli/main.js'), release: releaseVersion() }
  let failure: CliportError | null = null
  try {
    const content = { ...job, ...program, out: resolve(job.out), settings: config, address, workers }
    await writeFile(file, JSON.stringify(content), { mode: 0o600 })
    const { code, last } = await endOfPython({
      module: 'cliport_cluster.run',
      packages: rayPackage,
      args: [file],
      signal,
      tell(line) {
        const answer = parsed(line)
        if (answer === null) tell(line)
        else if (answer.error !== undefined) failure = errorOf(answer)
        else onShard(answer as unknown as ShardAnswer)
      },
      ...(python === undefined ? {} : { python }),
    })
    if (failure !== null) throw failure
    if (code === 0) return
    throw new CliportError('TRAINING_FAILED', `The job on the cluster ${address} ended with code ${code}: ${last}`, {
      stage: 'start',
      hint: 'Read the lines above it; the same command goes on where it ended',
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface ShardError {
  readonly shard: number
  readonly error?: { readonly code?: string; readonly message?: string; readonly hint?: string }
}

function errorOf({ shard, error = {} }: ShardError): CliportError {
  const code = errorCodes.find((known) => known === error.code) ?? ('UNEXPECTED' satisfies ErrorCode)
  return new CliportError(code, `Shard ${shard}: ${error.message ?? 'it failed'}`, {
    stage: 'record',
    hint: error.hint ?? 'Run the shard alone (--shard) to see more',
  })
}

function parsed(line: string): ShardError | null {
  if (!line.startsWith('{"shard"')) return null
  try {
    return JSON.parse(line) as ShardError
  } catch {
    return null
  }
}
