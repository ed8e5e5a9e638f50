// The data that the policy is trained on, made from seeds: `node scripts/training-data.mjs OUT [--rounds N] [--keep-episodes]`.
//
// models/data.json says how many episodes of which task there are, and in how many rounds they are made: after each round
// there is an equal share of every task, so that an unfinished data set can be trained on. Begins again where it was
// stopped. Needs CLIPORT_PYTHON for the caches (models/README.md); episodes are deleted when their cache is whole.
//
// OUT/train/TASK-ROUND and OUT/validation/TASK-ROUND are caches (models/cliport_edge/episodes.py); OUT/made.jsonl has a
// line for each: observations, minutes and bytes.

import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')
const { rounds, validation, tasks } = JSON.parse(readFileSync(join(root, 'models/data.json'), 'utf8'))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: String(rounds) },
    'keep-episodes': { type: 'boolean', default: false },
  },
})
const [out] = positionals
if (out === undefined) throw new Error('training-data: name the folder to write to')
const python = process.env.CLIPORT_PYTHON ?? 'python3'
/** As the shipped policy's data: half published and half random appearance, half clean and half noisy. */
const conditions = ['--appearance', 'mixed', '--sensor', 'mixed', '--perturb', '0.15', '--jobs', '1']

for (let round = 0; round < Number(values.rounds); round++) {
  for (const [task, episodes] of Object.entries(tasks)) {
    const first = Math.round((episodes * round) / rounds)
    const count = Math.round((episodes * (round + 1)) / rounds) - first
    make('train', { task, round, first, count })
    if (round % validation.every_rounds !== 0) continue
    make('validation', { task, round, first, count: Math.ceil(validation.share * count) })
  }
}

/** Scenes of even seeds are of training, of odd ones of validation. */
function make(part, { task, round, first, count }) {
  const name = `${task}-${String(round).padStart(2, '0')}`
  const cache = join(resolve(out), part, name)
  if (existsSync(join(cache, 'cache.json'))) return
  // Apart: everything in `part` is trained on.
  const episodes = join(resolve(out), 'episodes', part, name)
  mkdirSync(episodes, { recursive: true })
  const beganMs = performance.now()
  const seed = 2 * first + (part === 'train' ? 0 : 1)
  run('node', [
    'dist/cli/main.js',
    'record',
    '--task',
    task,
    '--episodes',
    count,
    '--seed',
    seed,
    '--out',
    episodes,
    ...conditions,
  ])
  run(python, ['-m', 'cliport_edge.episodes', episodes, '--out', cache], { PYTHONPATH: join(root, 'models') })
  const minutes = (performance.now() - beganMs) / 60_000
  const { samples } = JSON.parse(readFileSync(join(cache, 'cache.json'), 'utf8'))
  const line = { cache: `${part}/${name}`, episodes: count, observations: samples, minutes: round2(minutes) }
  const megabytes = { episodesMB: round2(bytesIn(episodes) / 1e6), cacheMB: round2(bytesIn(cache) / 1e6) }
  appendFileSync(join(resolve(out), 'made.jsonl'), `${JSON.stringify({ ...line, ...megabytes })}\n`)
  if (!values['keep-episodes']) rmSync(episodes, { recursive: true })
}

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args.map(String), {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`training-data: ${command} ${args.join(' ')} ended with ${status}`)
}

function bytesIn(folder) {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

function round2(value) {
  return Math.round(100 * value) / 100
}
