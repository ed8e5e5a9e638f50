// The oracle on every task of the published table: docs/oracle.md, and one file a row in benchmarks/oracle. Rows that are
// there already are kept, so that an interrupted run goes on; remove a file to measure its row again.
//
//   node scripts/oracle-table.mjs                    100 scenes a row from seed 10001, two rows at a time
//   node scripts/oracle-table.mjs --episodes 20 --jobs 1 align-rope separating-piles-seen-colors
//   node scripts/oracle-table.mjs --verify           runs the rows again and compares every line, bit for bit

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { publishedPercent, taskNames } from '../dist/sim/tasks/index.js'

const root = new URL('..', import.meta.url).pathname
const folder = join(root, 'benchmarks/oracle')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    episodes: { type: 'string', default: '100' },
    seed: { type: 'string', default: '10001' },
    jobs: { type: 'string', default: `${availableParallelism()}` },
    verify: { type: 'boolean', default: false },
  },
})
const isPublished = (name) => publishedPercent(name) !== null && !name.endsWith('-as-published')
const rows = positionals.length > 0 ? positionals : taskNames.filter(isPublished)

/** Runs one row. @returns the report of `cliport eval`, and a digest of its lines, which have nothing but what was decided and done */
async function measure(task) {
  const out = await mkdtemp(join(tmpdir(), 'cliport-oracle-'))
  try {
    const args = ['dist/cli/main.js', 'eval', '--policy', 'oracle', '--task', task, '--out', out]
    await run([...args, '--episodes', values.episodes, '--seed', values.seed])
    const { report } = JSON.parse(await readFile(join(out, 'report.json'), 'utf8'))
    const lines = await readFile(join(out, 'lines.jsonl'))
    return { ...report, lines_sha256: createHash('sha256').update(lines).digest('hex'), jobs: Number(values.jobs) }
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
    child.on('error', reject)
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${args.join(' ')} ended with code ${code}`)),
    )
  })
}

const fileOf = (task) => join(folder, `${task}.json`)

async function known(task) {
  try {
    return JSON.parse(await readFile(fileOf(task), 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}

async function row(task) {
  const before = await known(task)
  if (before !== null && !values.verify) return
  const report = await measure(task)
  console.log(
    `${task}: score ${report.mean_score.toFixed(3)}, ${report.episodes_per_minute.toFixed(1)} scenes a minute`,
  )
  if (!values.verify) return writeFile(fileOf(task), `${JSON.stringify(report, null, 1)}\n`)
  const isSame = before !== null && before.lines_sha256 === report.lines_sha256
  console.log(`${task}: ${isSame ? 'the same to the last bit' : 'DIFFERS from what is written down'}`)
  if (!isSame) process.exitCode = 1
}

async function writePage() {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort()
  const reports = await Promise.all(files.map(async (file) => JSON.parse(await readFile(join(folder, file), 'utf8'))))
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

Made by \`node scripts/oracle-table.mjs\` from benchmarks/oracle. The oracle knows the truth and acts through the same plans, checks, controller and physics as a policy, so its score bounds what a policy can reach here. Score and success in per cent; *scenes a minute* on ${cpus()[0]?.model ?? 'an unknown processor'}, ${Math.max(...reports.map(({ jobs }) => jobs))} processes at a time; *published*: best published policy at 100 demonstrations a task, in the publication's own simulator. The same seed gives the same result bit for bit: \`node scripts/oracle-table.mjs --verify\`.

| task | seeds (scenes) | score | 95 % | success | steps | scenes a minute | published |
|---|---|---|---|---|---|---|---|
${lines.join('\n')}
`
  await writeFile(join(root, 'docs/oracle.md'), page)
}

await mkdir(folder, { recursive: true })
const waiting = [...rows]
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async () => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) await row(task)
  }),
)
if (!values.verify) await writePage()
