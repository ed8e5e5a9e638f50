// Each example is run as a user would run it, and says what it should.

import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

/** Arguments, and what its output holds. */
const expected: Readonly<Record<string, readonly [args: readonly string[], ...says: RegExp[]]>> = {
  'drive-the-arm-by-hand': [[], /5 cm up, done: armed/, /stopped in the middle of a jog, stopped/, /cleared, disarmed/],
  'predict-on-a-frame': [[], /^pick {6}0\.\d+/m, /camera_learn35\.png/],
  'record-and-read-a-run': [[], /run\.mcap: complete/, /\/heightmap\/height +2/, /"outcome":"achieved"/],
  'run-a-goal': [[], /outcome {2}achieved/, /truth {4}achieved, score 1\.00/],
  'score-a-policy': [['put-block-in-bowl-seen-colors', '1'], /mean score 1\.000 of 1 scenes/],
  'talk-to-a-controller': [[], /backend: 'sim'/, /mode: 'disarmed'/],
  'use-your-own-policy': [[], /step 1: picked at/, /outcome achieved/],
  'watch-a-run': [[], /step 6 {4}placed/, /outcome {3}achieved/, /propose +p50/],
}

test('every example is run here', () => {
  const programs = readdirSync('examples').flatMap((file) => (file.endsWith('.mjs') ? [file.slice(0, -4)] : []))
  expect(programs.sort()).toEqual([...Object.keys(expected), 'simulated-controller'].sort())
})

for (const [name, [args, ...says]] of Object.entries(expected)) {
  test(`examples/${name}.mjs`, async () => {
    const { stdout } = await run(process.execPath, [`examples/${name}.mjs`, ...args])
    for (const words of says) expect(stdout).toMatch(words)
  })
}
