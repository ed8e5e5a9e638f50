// Jobs on a cluster, with a shell script in place of Python: what it is told, and what is made of its lines.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClusterJob, runOnCluster, type ShardAnswer } from '../../src/datasets/cluster.js'
import { parseShard, shardIndices } from '../../src/evaluation/shard.js'
import { loadConfig } from '../../src/runtime/config/load.js'
import { StageHistograms } from '../../src/runtime/durations.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cliport-cluster-test-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** An "interpreter" that keeps the job that it is given, and prints `lines`. */
function python(lines: string, code = 0): string {
  const path = join(folder, 'python')
  writeFileSync(path, `#!/bin/sh\ncp "$3" ${folder}/job.json\ncat <<'END'\n${lines}\nEND\nexit ${code}\n`)
  chmodSync(path, 0o755)
  return path
}

const job = async (): Promise<ClusterJob> => ({
  ...{ kind: 'record', args: ['record', '--episodes', '25'], shards: 3, todo: [1, 3], out: 'somewhere' },
  config: await loadConfig({}),
})
const cluster = (interpreter: string) => ({
  ...{ address: 'local', workers: 4, python: interpreter, tell: () => {} },
  signal: new AbortController().signal,
})

test('the job goes to Python in one file, and its shards come back as they end', async () => {
  const answers: ShardAnswer[] = []
  const lines =
    '{"shard": 3, "report": {"recorded": 8}, "machine": "a"}\nRay says something\n{"shard": 1, "report": {}, "machine": "b"}'
  await runOnCluster(cluster(python(lines)), await job(), (answer) => answers.push(answer))
  expect(answers).toMatchObject([
    { shard: 3, report: { recorded: 8 }, machine: 'a' },
    { shard: 1, machine: 'b' },
  ])
  expect(JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8'))).toMatchObject({
    ...{ kind: 'record', args: ['record', '--episodes', '25'], shards: 3, todo: [1, 3], workers: 4, address: 'local' },
    ...{
      release: expect.stringMatching(/^\d/),
      out: expect.stringMatching(/^\/.*somewhere$/),
      settings: { version: 1 },
    },
  })
})

test('a shard that fails ends the job with its own error', async () => {
  const line = '{"shard": 2, "error": {"code": "DISK_FULL", "message": "No room", "hint": "Free some"}}'
  await expect(runOnCluster(cluster(python(line, 1)), await job(), () => {})).rejects.toMatchObject({
    ...{ code: 'DISK_FULL', message: 'Shard 2: No room', hint: 'Free some' },
  })
})

test('without Ray the error names what to install', async () => {
  const line = "ModuleNotFoundError: No module named 'ray'"
  await expect(runOnCluster(cluster(python(line, 1)), await job(), () => {})).rejects.toMatchObject({
    ...{ code: 'PYTHON_ABSENT', hint: expect.stringContaining('pip install ray==') },
  })
})

test('every episode belongs to one shard', () => {
  const all = [1, 2, 3].flatMap((index) => shardIndices(20, { index, of: 3 }))
  expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i))
  expect(shardIndices(20, parseShard('2/3'))).toEqual([1, 4, 7, 10, 13, 16, 19])
  for (const text of ['0/3', '4/3', '1', '1/0', 'a/b', '-1/3']) expect(() => parseShard(text), text).toThrow('2/4')
})

test('durations of two processes add up', () => {
  const [one, other, both] = [new StageHistograms(), new StageHistograms(), new StageHistograms()]
  for (let ms = 1; ms <= 50; ms++) {
    one.observe('propose', ms)
    other.observe('propose', 100 + ms)
    both.observe('propose', ms)
    both.observe('propose', 100 + ms)
  }
  const sum = new StageHistograms()
  sum.add('propose', one.encoded('propose'))
  sum.add('propose', other.encoded('propose'))
  sum.add('propose', new StageHistograms().encoded('propose'))
  expect(sum.of('propose')).toEqual(both.of('propose'))
})
