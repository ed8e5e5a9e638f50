// `cliport train`: recorded episodes to a trained checkpoint.

import { readdir, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { CliportError } from '../control/errors.js'
import { pathExists } from '../io/path-exists.js'
import { makeOutputFolder } from '../io/unwritable.js'
import { cudaDevices, type PythonRun, runPython } from './python.js'

export interface TrainRequest extends Pick<PythonRun, 'signal' | 'tell'> {
  /** Folders of `cliport record`, or caches that were made of them. */
  readonly data: readonly string[]
  /** The same of odd seeds, from which thresholds and scores come; may be empty. */
  readonly validation: readonly string[]
  readonly out: string
  readonly recipe?: string
  readonly stage: string
  /** Settings over the recipe's, 'name=value'. */
  readonly set: readonly string[]
  /** Checkpoint of pre-training to begin from. */
  readonly init?: string
  readonly resume: boolean
  /** Processes that make samples ahead. */
  readonly workers: number
  /** Processes that train together; default: one a GPU, else 1. */
  readonly processes?: number
  readonly python?: string
}

/**
 * Trains to the end and returns the run's card (data, settings, hardware, time, scores).
 * @throws CliportError PYTHON_ABSENT, TRAINING_FAILED, INPUT_INVALID for a folder that holds neither episodes nor a cache
 */
export async function train(request: TrainRequest): Promise<object> {
  const out = resolve(request.out)
  await makeOutputFolder('the run', out, '--out')
  const { signal, tell, python } = request
  const shared = { signal, tell, ...(python === undefined ? {} : { python }) }
  const caches = async (folders: readonly string[], part: string) => {
    expectDifferentNames(folders)
    const made: string[] = []
    for (const folder of folders) made.push(await cacheOf(resolve(folder), join(out, 'cache', part), shared))
    return made
  }
  const data = await caches(request.data, 'train')
  const validation = await caches(request.validation, 'validation')
  const processes = request.processes ?? Math.max(1, await cudaDevices(python, signal))
  await runPython({
    ...shared,
    module: 'cliport_edge.train',
    processes,
    args: [
      ...['--data', ...data],
      ...(validation.length > 0 ? ['--validation', ...validation] : []),
      ...['--out', out, '--stage', request.stage, '--workers', String(request.workers)],
      ...(request.recipe === undefined ? [] : ['--recipe', resolve(request.recipe)]),
      ...(request.init === undefined ? [] : ['--init', resolve(request.init)]),
      ...(request.resume ? ['--resume'] : []),
      ...(request.set.length > 0 ? ['--set', ...request.set] : []),
    ],
  })
  return JSON.parse(await readFile(join(out, 'card.json'), 'utf8')) as object
}

/** Caches are named after their folders. */
function expectDifferentNames(folders: readonly string[]): void {
  const names = folders.map((folder) => basename(resolve(folder)))
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice === undefined) return
  throw new CliportError('INPUT_INVALID', `Expected folders of different names but received two called ${twice}`, {
    stage: 'start',
    hint: 'Rename one of them',
  })
}

/** The cache of a folder: itself, or one made beside the run; an older one is used again. */
async function cacheOf(folder: string, into: string, run: Pick<PythonRun, 'signal' | 'tell' | 'python'>) {
  if (await pathExists(join(folder, 'cache.json'))) return folder
  const names = await readdir(folder).catch(() => [])
  if (!names.some((name) => name.endsWith('.mcap'))) {
    throw new CliportError('INPUT_INVALID', `Expected episodes (.mcap) or a cache in ${folder} but found neither`, {
      stage: 'start',
      hint: 'Record some: cliport record --task NAME --out FOLDER',
    })
  }
  const cache = join(into, basename(folder))
  if (await pathExists(join(cache, 'cache.json'))) return cache
  run.tell(`${folder}: ${names.length} files to arrays in ${cache}`)
  await runPython({ ...run, module: 'cliport_edge.episodes', args: [folder, '--out', cache] })
  return cache
}
