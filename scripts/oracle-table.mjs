// The oracle on every task of the published table: docs/oracle.md, and one file a row in benchmarks/oracle. An
// interrupted run goes on where it was: rows that are written down are kept, and of a row the parts that this very code
// has made (runs/oracle). Remove a row's file to measure it again.
//
//   node scripts/oracle-table.mjs                    100 scenes a row from seed 10001, one process a core
//   node scripts/oracle-table.mjs --episodes 20 --jobs 1 align-rope separating-piles-seen-colors
//   node scripts/oracle-table.mjs --verify           runs the rows again beside busy cores and compares them, bit for bit
//   node scripts/oracle-table.mjs --verify --episodes 10 --busy 0
//                                                    the first scenes of each row, beside what the machine does anyway

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { mean, wilsonInterval } from '../dist/runtime/statistics.js'
import { publishedPercent, taskNames } from '../dist/sim/tasks/index.js'

const root = new URL('..', import.meta.url).pathname
const folder = join(root, 'benchmarks/oracle')
const verifiedFile = join(root, 'benchmarks/oracle-verified.json')
/** Scenes that one process runs: so much is lost when it is interrupted. */
const scenesAPart = 10

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    episodes: { type: 'string', default: '100' },
    seed: { type: 'string', default: '10001' },
    jobs: { type: 'string', default: `${availableParallelism()}` },
    verify: { type: 'boolean', default: false },
    busy: { type: 'string', default: `${cpus().length}` },
  },
})
const [episodes, firstSeed, jobs] = [Number(values.episodes), Number(values.seed), Number(values.jobs)]
if (values.verify && episodes % scenesAPart !== 0) {
  throw new Error(
    `Expected a multiple of ${scenesAPart} for --episodes, in which rows are compared, but received ${episodes}`,
  )
}
const isPublished = (name) => publishedPercent(name) !== null && !name.endsWith('-as-published')
const rows = positionals.length > 0 ? positionals : taskNames.filter(isPublished)

const sha256 = (data) => createHash('sha256').update(data).digest('hex')

/** Digest of what decides a result: parts made by other code are not taken up. */
async function codeDigest() {
  const hash = createHash('sha256')
  for (const base of ['dist', 'build/Release']) {
    const files = await readdir(join(root, base), { recursive: true })
    for (const file of files.filter((name) => /\.(js|node)$/.test(name)).sort()) {
      hash.update(file).update(await readFile(join(root, base, file)))
    }
  }
  return hash.digest('hex').slice(0, 16)
}

const parts = join(root, 'runs/oracle', await codeDigest())

function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${args.join(' ')} ended with ${code}`))))
  })
}

async function jsonOf(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}

/** Some scenes of a row. @returns their lines, which hold nothing but what was decided and done, and the minutes that they took */
async function runPart(task, seed, count) {
  const out = await mkdtemp(join(tmpdir(), 'cliport-oracle-'))
  try {
    const args = ['dist/cli/main.js', 'eval', '--policy', 'oracle', '--task', task, '--out', out]
    await run([...args, '--episodes', `${count}`, '--seed', `${seed}`])
    const { report } = JSON.parse(await readFile(join(out, 'report.json'), 'utf8'))
    const lines = (await readFile(join(out, 'lines.jsonl'), 'utf8')).trimEnd().split('\n')
    return { lines: lines.map((line) => JSON.parse(line)), minutes: count / report.episodes_per_minute }
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

async function part(task, index) {
  const count = Math.min(scenesAPart, episodes - index * scenesAPart)
  const seed = firstSeed + 2 * index * scenesAPart
  const file = join(parts, task, `${seed}-${count}.json`)
  const kept = values.verify ? null : await jsonOf(file)
  if (kept !== null) return kept
  const made = await runPart(task, seed, count)
  if (!values.verify) {
    await mkdir(join(parts, task), { recursive: true })
    await writeFile(file, JSON.stringify(made))
  }
  return made
}

/** A row in full: its figures, and digests by which another run of it is compared. */
async function measure(task) {
  const lines = []
  let minutes = 0
  for (let index = 0; index * scenesAPart < episodes; index++) {
    const made = await part(task, index)
    lines.push(...made.lines.map((line, i) => ({ ...line, index: index * scenesAPart + i })))
    minutes += made.minutes
  }
  const text = (some) => some.map((line) => `${JSON.stringify(line)}\n`).join('')
  const count = (names) => Object.fromEntries([...new Set(names)].map((n) => [n, names.filter((m) => m === n).length]))
  const scores = lines.map(({ score }) => score)
  return {
    task,
    policy: 'oracle',
    episodes: lines.length,
    seed: firstSeed,
    mean_score: mean(scores),
    ci95: wilsonInterval(scores),
    success_rate: mean(lines.map(({ achieved }) => (achieved ? 1 : 0))),
    steps_mean: mean(lines.map(({ steps }) => steps)),
    outcomes: count(lines.map(({ outcome }) => outcome)),
    episodes_per_minute: lines.length / minutes,
    jobs,
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length },
    lines_sha256: sha256(text(lines)),
    parts_sha256: Array.from({ length: Math.ceil(lines.length / scenesAPart) }, (_, i) =>
      sha256(text(lines.slice(i * scenesAPart, (i + 1) * scenesAPart))),
    ),
  }
}

const fileOf = (task) => join(folder, `${task}.json`)

async function row(task) {
  const before = await jsonOf(fileOf(task))
  if (values.verify) return verify(task, before)
  if (before !== null) return
  const report = await measure(task)
  console.log(
    `${task}: score ${report.mean_score.toFixed(3)}, ${report.episodes_per_minute.toFixed(1)} scenes a minute`,
  )
  await writeFile(fileOf(task), `${JSON.stringify(report, null, 1)}\n`)
}

/** The first scenes of a row, or all of them, against what is written down. */
async function verify(task, before) {
  if (before === null) return console.log(`${task}: nothing is written down`)
  const report = await measure(task)
  const isSame =
    report.episodes === before.episodes
      ? report.lines_sha256 === before.lines_sha256
      : report.parts_sha256.every((digest, i) => digest === before.parts_sha256?.[i])
  console.log(
    `${task}: ${report.episodes} scenes ${isSame ? 'are the same to the last bit' : 'DIFFER from what is written down'}`,
  )
  if (!isSame) process.exitCode = 1
  verified[task] = { scenes: report.episodes, same: isSame }
}

/** What `--verify` has found of the rows that are there. */
function verifiedText(reports) {
  const same = reports.filter(({ task }) => verified[task]?.same).map(({ task }) => verified[task])
  if (same.length === 0) return ''
  const range = (values) => [...new Set([Math.min(...values), Math.max(...values)])].join(' to ')
  const scenes = range(same.map((one) => one.scenes))
  return ` When last run, the first ${scenes} scenes of ${same.length} of the ${reports.length} rows were the same to the last bit beside other work (benchmarks/oracle-verified.json).`
}

/** Where the rows were measured. */
function machinesOf(reports) {
  return [...new Set(reports.map(({ machine: { cpu, cores } }) => `${cores} cores of ${cpu}`))].join(', and ')
}

async function writePage() {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort()
  const reports = await Promise.all(files.map((file) => jsonOf(join(folder, file))))
  const percent = (share) => (100 * share).toFixed(1)
  const lines = reports.map((report) => {
    const published = publishedPercent(report.task)
    const cells = [
      report.task,
      `${report.seed}, ${report.seed + 2}, ... (${report.episodes})`,
      percent(report.mean_score),
      report.ci95.map(percent).join(' to '),
      percent(report.success_rate),
      report.steps_mean.toFixed(2),
      report.episodes_per_minute.toFixed(1),
      published === null ? '-' : published.toFixed(1),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const page = `# The oracle on every task

Made by \`node scripts/oracle-table.mjs\` from benchmarks/oracle. The oracle knows the truth and acts through the same plans, checks, controller and physics as a policy, so its score bounds what a policy can reach here. Score and success in per cent; *scenes a minute* of one process, with other programs beside it (a lower bound), on ${machinesOf(reports)}; *published*: best published policy at 100 demonstrations a task, in the publication's own simulator. \`node scripts/oracle-table.mjs --verify\` runs the rows again beside busy cores and compares them bit for bit; after a change of scenes, planner or controller a row is to be measured again.${verifiedText(reports)}

| task | seeds (scenes) | score | 95 % | success | steps | scenes a minute | published |
|---|---|---|---|---|---|---|---|
${lines.join('\n')}
`
  await writeFile(join(root, 'docs/oracle.md'), page)
}

/** Something else for cores to do; it ends with this process, however that ends. @returns its end */
function keepBusy() {
  const threads = Array.from({ length: Number(values.busy) }, () => new Worker('for (;;);', { eval: true }))
  return () => Promise.all(threads.map((thread) => thread.terminate()))
}

await mkdir(folder, { recursive: true })
const verified = (await jsonOf(verifiedFile)) ?? {}
const rest = values.verify ? keepBusy() : () => {}
const waiting = [...rows]
await Promise.all(
  Array.from({ length: jobs }, async () => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) await row(task)
  }),
).finally(rest)
if (values.verify) {
  const sorted = Object.entries(verified).sort(([a], [b]) => (a < b ? -1 : 1))
  await writeFile(verifiedFile, `${JSON.stringify(Object.fromEntries(sorted), null, 1)}\n`)
}
await writePage()
