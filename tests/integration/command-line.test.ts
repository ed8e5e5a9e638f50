// Words that are wrong before any verb begins, in this process.

import { expect, test } from 'vitest'
import { runHere } from '../fixtures/cli.js'

test.each([
  [['heightmap', '--out', '--json'], /Expected a value but received the option --json/],
  [['train', '--data', '--out', 'x', '--json'], /Expected a value but received the option --out/],
  [['run', 'a goal', '--sead', '3', '--json'], /unknown option '--sead'/],
  [['no-such-verb', '--json'], /unknown/],
  [['link', 'ping', '--count', '0', '--json'], /whole number 1\.\.100000/],
  [['link', 'status', '--robot', 'deoxys://127.0.0.1', '--json'], /cliport-controller/],
])('%j: exit code 2, and one object that says why', async (args, why) => {
  const { exitCode, stdout } = await runHere(args, 10_000)
  expect(exitCode).toBe(2)
  expect(JSON.parse(stdout)).toMatchObject({
    outcome: 'error',
    error: { code: 'USAGE', message: expect.stringMatching(why) },
  })
})

test.each([['--help'], ['--version'], ['run', '--help']])('%s with --json is one object too', async (...args) => {
  const { exitCode, stdout } = await runHere([...args, '--json'], 10_000)
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ text: expect.stringMatching(/./) })
})
