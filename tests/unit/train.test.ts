// `cliport train` with interpreters that are shell scripts: what it passes on, and what it makes of their ends.

import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runPython } from '../../src/datasets/python.js'
import { type TrainRequest, train } from '../../src/datasets/train.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cliport-train-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** An "interpreter" that writes its arguments down, a line a call, and then does `body`. */
async function interpreter(body: string): Promise<string> {
  const path = join(folder, 'python')
  await writeFile(path, `#!/bin/sh\necho "$@" >> ${folder}/calls\n${body}\n`)
  await chmod(path, 0o755)
  return path
}

const calls = async () => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n')

async function request(changes: Partial<TrainRequest>): Promise<TrainRequest> {
  const data = join(folder, 'data')
  await mkdir(data, { recursive: true })
  await writeFile(join(data, '000000-0.mcap'), '')
  return {
    data: [data],
    validation: [],
    out: join(folder, 'run'),
    stage: 'train',
    set: [],
    resume: false,
    workers: 0,
    signal: new AbortController().signal,
    tell: () => {},
    ...changes,
  }
}

test('episodes become arrays, arrays a checkpoint, and the card is what comes back', async () => {
  const python = await interpreter(`case "$*" in
    *device_count*) echo 0;;
    *cliport_edge.train*) echo '{"parameters": 7}' > ${folder}/run/card.json;;
  esac`)
  expect(await train(await request({ python, set: ['samples=8'], resume: true }))).toEqual({ parameters: 7 })
  const [episodes, , training] = await calls()
  expect(episodes).toContain(`-m cliport_edge.episodes ${folder}/data --out ${folder}/run/cache/train/data`)
  expect(training).toContain(`--data ${folder}/run/cache/train/data --out ${folder}/run --stage train`)
  expect(training).toContain('--resume --set samples=8')
  expect(training).not.toContain('torch.distributed')
})

test('training and validation data of the same name are kept apart; two folders of one name are refused', async () => {
  const python = await interpreter(`case "$*" in
    *device_count*) echo 0;;
    *cliport_edge.train*) echo '{}' > ${folder}/run/card.json;;
  esac`)
  const other = join(folder, 'other', 'data')
  await mkdir(other, { recursive: true })
  await writeFile(join(other, '000000-1.mcap'), '')
  await train(await request({ python, validation: [other] }))
  expect((await calls()).at(-1)).toContain(`--validation ${folder}/run/cache/validation/data`)
  const { data } = await request({})
  const twice = train(await request({ python, data: [...data, other] }))
  await expect(twice).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('called data') })
})

test('with two GPUs two processes train together', async () => {
  const python = await interpreter(`case "$*" in
    *device_count*) echo 2;;
    *cliport_edge.train*) echo '{}' > ${folder}/run/card.json;;
  esac`)
  await train(await request({ python }))
  expect((await calls()).at(-1)).toContain('-m torch.distributed.run --nproc-per-node=2')
})

test('no interpreter, and one without PyTorch, are named with what to do', async () => {
  const missing = train(await request({ python: join(folder, 'nothing') }))
  await expect(missing).rejects.toMatchObject({ code: 'PYTHON_ABSENT', hint: expect.stringContaining('pip install') })
  const python = await interpreter(`echo "ModuleNotFoundError: No module named 'torch'" >&2; exit 1`)
  await expect(train(await request({ python }))).rejects.toMatchObject({
    code: 'PYTHON_ABSENT',
    message: expect.stringContaining("No module named 'torch'"),
  })
})

test('a training that fails says its last line', async () => {
  const python = await interpreter('echo train: the loss is nan at step 3 >&2; exit 1')
  const { signal } = new AbortController()
  const run = runPython({ python, module: 'cliport_edge.train', args: [], signal, tell: () => {} })
  await expect(run).rejects.toMatchObject({
    code: 'TRAINING_FAILED',
    message: expect.stringContaining('the loss is nan at step 3'),
  })
})

test('a folder without episodes is refused before anything starts', async () => {
  const empty = join(folder, 'empty')
  await mkdir(empty)
  const python = await interpreter('exit 0')
  await expect(train(await request({ python, data: [empty] }))).rejects.toMatchObject({ code: 'INPUT_INVALID' })
  await expect(calls()).rejects.toThrow()
})

test('an abort ends the interpreter', async () => {
  const python = await interpreter('exec sleep 60')
  const abort = new AbortController()
  const run = runPython({ python, module: 'x', args: [], signal: abort.signal, tell: () => {} })
  setTimeout(() => abort.abort(new Error('enough')), 200)
  await expect(run).rejects.toThrow('enough')
})
