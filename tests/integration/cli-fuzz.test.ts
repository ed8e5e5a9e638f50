// Random command lines against the whole program, in this process: whatever is typed ends in order.
// FUZZ_CASES=2000 makes it thorough (scripts/verify).

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runHere } from '../fixtures/cli.js'
import { breach, commandLine, isHeavy } from '../fixtures/command-lines.js'

const cases = Number(process.env.FUZZ_CASES ?? 150)
const firstSeed = Number(process.env.FUZZ_SEED ?? 1)
/** Enough for what is wrong to be found; what is right and takes longer is stopped. */
const patienceMs = 300
/** Of the thorough run, every so many lines of a heavy verb begin to work; else such a verb is stopped at its start. */
const heavyShare = 20
const hangMs = 120_000

const home = process.cwd()
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cliport-fuzz-'))
  // Whatever is written lands here.
  process.chdir(folder)
  writeFileSync('a-file', 'x')
  writeFileSync('settings.yaml', 'version: 1\nrobot:\n  connect_timeout_s: 0.2\n')
  process.env.CLIPORT_ROBOT_CONNECT_TIMEOUT_S = '0.2'
})
afterAll(() => {
  delete process.env.CLIPORT_ROBOT_CONNECT_TIMEOUT_S
  process.chdir(home)
  rmSync(folder, { recursive: true, force: true })
})

function patienceOf(args: readonly string[], seed: number): number {
  const begins = !isHeavy(args) || (cases > 1000 && seed % heavyShare === 0)
  return begins ? patienceMs : 0
}

/** A line that never ends is named, instead of a test that ran out of time. */
async function orHangs<T>(args: readonly string[], ended: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It never ends: ${JSON.stringify(args)}`)), hangMs)
  })
  return Promise.race([ended, hangs]).finally(() => clearTimeout(timer))
}

test(`${cases} random command lines end with a known exit code, no stack trace, and one object with --json`, {
  timeout: 10_000 * cases,
}, async () => {
  const breaches: string[] = []
  for (let seed = firstSeed; seed < firstSeed + cases; seed++) {
    const args = commandLine(seed)
    const ended = await orHangs(args, runHere(args, patienceOf(args, seed)))
    const problem = breach(ended)
    if (problem !== null) breaches.push(`case ${seed}: ${problem}: ${JSON.stringify(args)}\n${ended.stderr}`)
  }
  expect(breaches).toEqual([])
})
