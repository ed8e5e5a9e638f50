// The service as a lab leaves it running, for hours: random goals, readers, faults every few minutes, and kills of each
// process (scripts/soak; docs/service.md has what came of it). Prints what happens; writes RESULT.json and soak.svg; exit
// code 1 when anything was lost, ran twice, or did not come back.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { faultNames } from './faults.mjs'
import { Ledger } from './ledger.mjs'
import { Person, randomFrom } from './person.mjs'
import { pictureOf } from './picture.mjs'
import { Recordings } from './recordings.mjs'
import { resultOf } from './result.mjs'
import { Soak } from './soak.mjs'
import { Standstill, Vitals } from './vitals.mjs'

const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    python: { type: 'string', default: 'python3' },
    out: { type: 'string', default: fileURLToPath(new URL('../../benchmarks/soak', import.meta.url)) },
    faults: { type: 'string' },
    'disk-mb': { type: 'string', default: '1500' },
  },
})
const hours = Number(values.hours)
if (!(hours > 0)) throw new Error(`Expected a number of hours for --hours but received '${values.hours}'`)
const unknown = values.faults?.split(',').find((name) => !faultNames.includes(name))
if (unknown !== undefined) {
  throw new Error(`Expected faults of ${faultNames.join(', ')} for --faults but received '${unknown}'`)
}
execFileSync(values.python, ['-c', 'import mcap'], { stdio: 'inherit' })

const folder = mkdtempSync(join(tmpdir(), 'cliport-soak-'))
const disk = join(folder, 'disk')
mkdirSync(disk)
const isDiskLimited = mountSmallDisk(Number(values['disk-mb']))
const failures = []
const log = (line) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`)
const fail = (line) => {
  failures.push({ minute: vitals.minutes, what: line })
  log(`FAILED: ${line}`)
}
const vitals = new Vitals()
const random = randomFrom(Number(values.seed))
const ledger = new Ledger(fail)
const recordings = new Recordings(join(disk, 'runs'), values.python, fail)
const person = new Person(ledger, random, fail)
const soak = new Soak({
  folder,
  disk,
  isDiskLimited,
  recordingsGb: Number(values['disk-mb']) / 4000,
  ledger,
  recordings,
  person,
  vitals,
  standstill: new Standstill(),
  random,
  onlyFaults: values.faults?.split(',') ?? null,
  log,
  fail,
})

/** A disk that can be filled. @returns false where this user may not mount one */
function mountSmallDisk(megabytes) {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}M`, 'cliport-soak', disk], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function machine() {
  const [{ model }] = cpus()
  return { cpu: model, cores: cpus().length, node: process.version, load_at_start: loadavg() }
}

const about = {
  date: new Date().toISOString(),
  commit: execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8' }).trim(),
  command: `scripts/soak --hours ${hours} --seed ${values.seed}`,
  machine: machine(),
  version: JSON.parse(readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8')).version,
}

let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    interrupted = true
    log(`${signal}: the soak ends early`)
  })
}

try {
  log(`soak of ${hours} h in ${folder}${isDiskLimited ? '' : '; no disk faults: mounting a small disk needs root'}`)
  await soak.run(hours * 3_600_000, () => interrupted)
} catch (error) {
  fail(error.stack)
} finally {
  await soak.end().catch((error) => fail(error.stack))
  await sleep(100)
}
const result = resultOf({ about, hours, isDiskLimited, soak, failures })
mkdirSync(values.out, { recursive: true })
writeFileSync(join(values.out, 'RESULT.json'), `${JSON.stringify(result, null, 1)}\n`)
writeFileSync(join(values.out, 'soak.svg'), pictureOf(result))
console.log(JSON.stringify({ ...result, samples: undefined }))
if (isDiskLimited) execFileSync('umount', [disk])
if (failures.length === 0) rmSync(folder, { recursive: true })
else log(`logs are kept in ${folder}`)
process.exit(failures.length === 0 ? 0 : 1)
